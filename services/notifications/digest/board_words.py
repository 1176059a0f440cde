"""What the dashboard says, in sentences, as digest/wording does for the digest that is part of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any

from ..rules import health
from .wording import checkin, count, local, share

Row = Mapping[str, Any]
MINUTES = ("within a day", "within three days", "later", "not out yet")
FUNNEL = ("Signed up", "Confirmed", "Got a place", "Came to a session", "Active now")
FIRSTS = ("Within 60 days", "Later", "In review", "Not so far", "Still has time")
ANSWERS = ("within three days", "within a week", "later", "not so far")
TURNS = ("none", "one", "two", "three", "four or more")


def shown(of: Row, names: Mapping[str, str], zone: str) -> dict[str, Any]:
    """The board for somebody who lives in `zone`: sentences, and bars as [label, per cent, number], all plain text."""
    return {
        "streams": [stream(each, zone) for each in of["streams"]],
        "people": [{**judged(each, zone), "name": names.get(each["person"]) or "somebody"} for each in of["people"]],
        "more_people": f"And {count(of['more_people'], 'member')} more." if of["more_people"] else "",
        "weeks": [
            {"label": _week(day), "share": share(present, whole), "number": _parts(present, whole)}
            for day, present, whole in of["weeks"]
        ],
        "funnel": _bars(FUNNEL, of["funnel"], of["funnel"][0]),
        "minutes": _bars(MINUTES, of["minutes"], sum(of["minutes"])),
        "turns": _bars(TURNS, of["turns"], sum(of["turns"])),
        "firsts": _bars(FIRSTS, of["firsts"], sum(of["firsts"])),
        "answers": _bars(ANSWERS, of["answers"], sum(of["answers"])) if any(of["answers"]) else [],
        "health": [
            [state, number] for state in health.STATES if (number := Counter(e["state"] for e in of["circles"])[state])
        ],
    }


def circle(of: Row, streams: Mapping[str, str], zone: str) -> dict[str, Any]:
    """One circle in the list."""
    last = of["last"][-1] if of["last"] else None
    came = [each[1] for each in of["last"]], [each[2] for each in of["last"]]
    text = ""
    if last:
        text = f"{last[1]} of {last[2]} came last time"
        if len(of["last"]) > 1:
            text += f", {share(sum(came[0]), sum(came[1]))} % over the last {len(of['last'])}"
    return {
        **judged(of, zone),
        "name": of["name"],
        "stream": streams.get(of["stream"], of["stream"]),
        "home": f"/sessions/circles/{of['id']}",
        "bars": [share(present, whole) for _, present, whole in of["last"]],
        "came": text,
        "next": f"Next: {local(of['next'], zone)}" if of["next"] else "",
    }


def stream(of: Row, zone: str) -> dict[str, Any]:
    """One stream."""
    meet = "meets" if of["circles"] == 1 else "meet"
    size = f"{count(of['active'], 'active member')}, {count(of['circles'], 'circle')} that {meet}"
    return {**judged(of, zone), "name": of["name"], "size": size}


def judged(of: Row, zone: str) -> dict[str, Any]:
    """A judgement with its reasons as one sentence."""
    reasons = "; ".join(words for what, value in of["reasons"] if (words := _reason(what, value, zone)))
    return {"state": of["state"], "why": reasons[:1].upper() + reasons[1:], "path": of["path"], "label": of["label"]}


def _reason(what: str, value: Any, zone: str) -> str:
    if what == "seat":
        return f"nobody coordinates {local(value, zone)}"
    if what == "minutes":
        return f"the minutes of {local(value, zone)} are late"
    if what == "few":
        return "fewer than half came last time" if value == 1 else f"fewer than half came {value} times running"
    if what == "came":
        return f"{value[0]} of {value[1]} came last time, and nothing waits"
    if what == "absent":
        return f"not there {value[0]} times running ({value[1]})"
    if what == "asked":
        return checkin(value, zone).removeprefix("and ")
    if what in ("circles in trouble", "circles to watch"):
        number, whole = value
        return f"{number} of {count(whole, 'circle')} {'is' if number == 1 else 'are'} {what.removeprefix('circles ')}"
    if what == "waiting":
        return f"{count(value, 'person', 'people')} {'waits' if value == 1 else 'wait'} for a place"
    if what == "attendance":
        return f"{share(*value)} % came in the last eight weeks"
    return {
        "help": "its last minutes ask for help",
        "no date": "no next session is known",
        "not met": "no session so far of which it is known who came",
        "no circles": "no circle meets so far",
    }[what]


def _bars(labels: tuple[str, ...], numbers: list[int], whole: int) -> list[dict[str, Any]]:
    return [
        {"label": label, "share": share(number, whole), "number": str(number)}
        for label, number in zip(labels, numbers, strict=True)
    ]


def _parts(present: int, whole: int) -> str:
    return f"{present} of {whole}" if whole else "no minutes"


def _week(day: str) -> str:
    monday = date.fromisoformat(day)
    return f"{monday.day} {monday:%b}"
