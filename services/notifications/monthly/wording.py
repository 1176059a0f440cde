"""What the monthly letter says, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from shared import clock, face

from ..digest.wording import count, local

Row = Mapping[str, Any]
MONTH = timedelta(days=33)  # a longer time is said by its days


def shown(told: Row, zone: str) -> dict[str, Any]:
    """The letter for somebody who lives in `zone`: sentences, and addresses on this site, all plain text."""
    here = [each for each in told["own"] if each.get("here", True)]
    before = [each for each in told["own"] if each not in here]
    return {
        "title": title(told),
        "when": _when(told, zone),
        "circle": here[-1]["name"] if here else "",
        "own": [_session(each, zone) for each in here],
        "before": [
            {"circle": name, "own": [_session(each, zone) for each in before if each["name"] == name]}
            for name in dict.fromkeys(each["name"] for each in before)
        ],
        "ahead": _ahead(told, zone),
        "agreed": [_item(each) for each in told["items"]],
        "sums": f"{count(told['sessions'], 'session')} in {count(told['met'], 'circle')}." if told["sessions"] else "",
        "circles": [f"{each['name']}: {_days(each['dates'], zone)}" for each in told["circles"]],
        "posts": [_post(each, told) for each in told["posts"]],
        "more_posts": f"And {told['more_posts']} more." if told["more_posts"] else "",
        "links": f"{count(told['links'], 'link')} {'was' if told['links'] == 1 else 'were'} shared in minutes."
        if told["links"]
        else "",
        "links_path": f"/sessions/resources/{told['slug']}",
    }


def title(told: Row) -> str:
    """As in: 5 sessions, 2 posts."""
    posts = len(told["posts"]) + told["more_posts"]
    parts = [(told["sessions"], "session"), (posts, "post"), (told["links"], "link")]
    said = ", ".join([count(number, noun) for number, noun in parts if number][:2])
    return said or f"Minutes of {count(told.get('minutes', 0), 'session')}"  # of last month's, and nothing else is new


def _when(told: Row, zone: str) -> str:
    there = clock.zone(zone)
    since, until = (datetime.fromisoformat(told[name]).astimezone(there) for name in ("since", "until"))
    if until - since > MONTH:
        return f"{since.day} {since:%b} to {until.day} {until:%b}"
    return f"{since + (until - since) / 2:%B}"


def _session(of: Row, zone: str) -> dict[str, Any]:
    line = f"{local(of['starts_at'], zone)}: "
    line += f"{of['present']} of {of['of']} were there." if of["of"] else "it is not noted who was there."
    if not of["minuted"]:
        line += " Its minutes are not out."
    label = "Read the minutes" if of["minuted"] else "Open the session"
    if not of.get("here", True):
        label = ""  # it is for who is in that circle now
    return {"line": line, "excerpt": of["excerpt"], "label": label, "path": f"/sessions/s/{of['id']}"}


def _ahead(told: Row, zone: str) -> list[str]:
    then, turn = told["next"], told["turn"]
    found = []
    if then:
        duty = {"coordinator": " You coordinate it.", "mentor": " You mentor it."}.get(then["role"], "")
        found.append(f"Your next session: {local(then['starts_at'], zone)}.{duty}")
    if turn and not (then and then["role"]):
        found.append(f"Your next turn, as {turn['role']}: {turn['name']}, {local(turn['starts_at'], zone)}.")
    return found


def _item(each: Row) -> str:
    return f"{each['text']} (due {face.day(each['due'])})" if each["due"] else str(each["text"])


def _days(moments: list[str], zone: str) -> str:
    there = clock.zone(zone)
    days = [datetime.fromisoformat(each).astimezone(there) for each in moments]
    said = [f"{day.day} {day:%b}" for day in days]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _post(each: Row, told: Row) -> dict[str, str]:
    original = each["original"]
    url = original if urlsplit(original).scheme in ("http", "https") else ""
    return {"text": f"“{each['title']}” by {told['names'].get(each['person']) or 'somebody'}", "url": url}
