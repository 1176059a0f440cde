"""What a digest says, in sentences: the same in the mail and on the page, which only lay them out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared import clock, face

Row = Mapping[str, Any]
_BECAME = {
    "joined": "New",
    "returned": "Back again",
    "moved": "Changed their stream",
    "paused": "Taking a break",
    "left": "Left",
    "graduated": "Alumni from now on",
    "goal": "Reached their goal",
    "writing": "On the way to their first post",
    "posted": "Have a new post on the program’s blog",  # in digests that were written before posts had a part
    "quiet": "Did not say if they are still with us, so nobody asks them for turns",
}

_STUCK = {"held": ", seems to hold a secret", "failed": ", not working"}


def shown(told: Row, zone: str) -> dict[str, Any]:
    """The digest for somebody who lives in `zone`: titles, sentences, and addresses on this site, all plain text."""
    return {
        "title": title(told),
        "when": f"{_day(told['since'], zone)} to {_day(told['until'], zone)}",
        "nothing": told["nothing"],
        "needs": [
            {"text": _need(each, told, zone), "label": each["label"], "path": each["path"]} for each in told["needs"]
        ],
        "more_needs": f"And {told['more_needs']} more, among your circles." if told["more_needs"] else "",
        "streams": [_stream(each, told, zone) for each in told["streams"]],
        "people": _people(told, zone),
        "help": [
            {"circle": each["circle"], "text": each["text"] or "Its words are in the minutes.", "path": _minutes(each)}
            for each in told["people"]["help"]
        ],
        "more_help": f"{count(told['people']['more_help'], 'circle')} more asked."
        if told["people"]["more_help"]
        else "",
        "posts": _posts(told),
        "numbers": _numbers(told["numbers"]),
    }


def title(told: Row) -> str:
    """What the subject counts: how many things need an organizer."""
    number = len(told["needs"]) + told["more_needs"]
    if number:
        return f"{count(number, 'thing')} {'needs' if number == 1 else 'need'} you"
    return "Nothing new, nothing to do" if told["nothing"] else "Nothing needs you"


def _need(each: Row, told: Row, zone: str) -> str:
    if each["what"] == "held":
        are, they = ("is", "it") if each["number"] == 1 else ("are", "they")
        return f"{count(each['number'], 'mail')} {are} held: nobody can know whether {they} arrived."
    if each["what"] == "chat":
        return f"Nobody answers for the chat channel {each['name']}: it hears nothing any more."
    if each["what"] == "silent":
        said = checkin(each.get("asked"), zone)
        tail = f", {said}" if said else ""
        return f"{_name(told, each['person'])} ({each['circle']}) was not there {each['number']} times running{tail}."
    if each["what"] == "post":
        return _waits(each, told)
    if each["what"] == "dates":
        have = "has" if each["number"] == 1 else "have"
        return f"{count(each['number'], 'member')} of {each['stream']} {have} a place, and no session is near."
    when = local(each["starts_at"], zone)
    if each["what"] == "seat":
        return f"Nobody coordinates {each['circle']} on {when}."
    return f"The minutes of {each['circle']}, {when}, are late."


def _waits(each: Row, told: Row) -> str:
    first = each["first"]
    if each["number"] > 1:
        return f"{each['number']} posts wait for you, the longest {_for(first['days'])}."
    said = {"open": "waits for somebody to accept or decline it", "failed": "does not get onto the program’s blog",
            "held": "seems to hold a secret, and waits for somebody to look"}[first["state"]]  # fmt: skip
    return f"{_upper(_post(first, told))} {said}, {_for(first['days'])}."


def _for(days: int) -> str:
    return f"for {count(days, 'day')}" if days else "since today"


def _post(each: Row, told: Row) -> str:
    """A post with its author, as part of a sentence."""
    name = _name(told, each["person"])
    if each["what"] == "profile":
        of = f"the place of {name} on the mentees page"
    else:
        of = f"“{each['title']}” by {name}" if each["title"] else f"a post by {name}"
    return {"update": f"a change of {of}", "removal": f"the removal of {of}"}.get(each["kind"], of)


def _posts(told: Row) -> list[dict[str, Any]]:
    """What is said of posts, in groups: what it is, its posts as {text, path}, and how many more."""
    of = told.get("posts") or {}
    says = {
        "published": lambda each: _post({**each, "kind": "post"}, told),
        "review": lambda each: f"{_post(each, told)}, {_for(each['days'])}{_STUCK.get(each['state'], '')}",
        "refused": lambda each: _post(each, told),
    }  # fmt: skip
    titles = {"published": "New on the program’s blog", "review": "Waiting for you", "refused": "Declined"}
    return [
        {
            "title": title,
            "posts": [{"text": _upper(says[name](each)), "path": f"/blog/offers/{each['id']}"} for each in of[name]],
            "more": f"And {of[f'more_{name}']} more." if of[f"more_{name}"] else "",
        }
        for name, title in titles.items()
        if of.get(name)
    ]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _stream(stream: Row, told: Row, zone: str) -> dict[str, Any]:
    sums = f"{count(stream['met'], 'session')} in {count(stream['of_circles'], 'circle')}"
    if stream["of"]:
        sums += f", {share(stream['present'], stream['of'])} % were there"
    sums += f", {_out(stream['minuted'])}"
    circles = [_circle(each, told, zone) for each in stream["circles"]]
    if len(circles) == 1 and circles[0]["name"] == stream["name"]:
        circles[0]["name"] = ""  # the heading above has said it
    return {"name": stream["name"], "sums": f"{sums}." if told["many"] else "", "circles": circles}


def _circle(of: Row, told: Row, zone: str) -> dict[str, Any]:
    met = "Met" if of["ended"] else "Minutes of"
    line = f"{met} {local(of['starts_at'], zone)}"
    line += f": {of['present']} of {of['of']} were there." if of["of"] else "."
    if of["also"]:
        line += f" {count(of['also'], 'more session')} before that."
    then = of["next"]
    ahead = ""
    if then:
        leads = f"coordinated by {_name(told, then['coordinator'])}" if then["coordinator"] else "no coordinator yet"
        ahead = f"Next: {local(then['starts_at'], zone)}, {leads}"
        ahead += f", with {_name(told, then['mentor'])} as mentor." if then["mentor"] else ", no mentor yet."
    due, fresh = ([_item(each, told) for each in of.get(name, ())] for name in ("overdue", "fresh"))
    rest = of["open"] - len(due) - len(fresh)
    items = (
        f"{count(rest, 'other action item' if due or fresh else 'action item')} {'is' if rest == 1 else 'are'} open."
        if rest
        else ""
    )
    return {
        "name": of["name"],
        "line": line,
        "excerpt": of["excerpt"],
        "minutes": "Read the minutes" if of["minuted"] else "Open the session: its minutes are not out",
        "path": _minutes(of) if of["minuted"] else f"/sessions/s/{of['session']}",
        "chart": [
            {**each, "share": share(each["present"], each["of"]), "day": _day(each["starts_at"], zone)}
            for each in of["chart"]
        ],
        "overdue": due,
        "fresh": fresh,
        "rest": items,
        "next": ahead,
    }


def _item(each: Row, told: Row) -> str:
    due = f", due {face.day(each['due'])}" if each["due"] else ""
    return f"{each['text']} ({_name(told, each['person'])}{due})"


def checkin(asked: Any, zone: str) -> str:
    """What became of the question whether somebody is still with us, as the end of a sentence about them."""
    if not asked:
        return ""
    at, answer, then = asked
    return {
        None: f"and was asked on {_day(at, zone)} if they are still with us",
        "lapsed": f"did not say if they are still with us (asked on {_day(at, zone)}), and is asked for no turns",
        "yes": f"and said on {_day(then or at, zone)} that they are still with us",
        "back": f"and said on {_day(then or at, zone)} that they are still with us",
    }.get(answer, "")


def _people(told: Row, zone: str) -> list[str]:
    found = []
    for kind, who, more in told["people"]["changes"]:
        names = ", ".join(_name(told, person) for person in who)
        found.append(f"{_BECAME[kind]}: {names}{f' and {more} more' if more else ''}.")
    silent = told["people"]["silent"]
    if silent:
        names = ", ".join(
            f"{_name(told, each['person'])} ({each['circle']}, {each['number']} times"
            + (f"; {said}" if (said := checkin(each.get("asked"), zone).removeprefix("and ")) else "")
            + ")"
            for each in silent
        )
        more = told["people"]["more_silent"]
        found.append(f"Not there time after time: {names}{f' and {more} more' if more else ''}.")
    return found


def _numbers(of: Row) -> list[str]:
    members = of["members"]
    found = [
        f"{count(members['active'], 'member')} active, {members['waiting']} waiting, {members['paused']} paused.",
        f"{count(of['circles'], 'circle')}, {count(of['sessions'], 'session')} held, {_out(of['minuted'])}.",
    ]
    if of["of"]:
        found.append(f"{share(of['present'], of['of'])} % were there: {of['present']} of {of['of']}.")
    if of.get("published") or of.get("review"):
        found.append(f"{count(of['published'], 'post')} published, {of['review']} waiting for an organizer.")
    return found


def _out(minuted: int) -> str:
    return f"the minutes of {minuted} are out"


def _minutes(each: Row) -> str:
    """On the page where the minutes of all circles are read, theirs first."""
    return f"/sessions/minutes?from={each['session']}"


def count(number: int, noun: str, many: str = "") -> str:
    """As in: 1 circle, 2 circles."""
    return f"{number} {noun if number == 1 else many or noun + 's'}"


def share(part: int, whole: int) -> int:
    """Per cent."""
    return round(100 * part / whole) if whole else 0


def _name(told: Row, person: str) -> str:
    return str(told["names"].get(person) or "somebody")


def local(moment: str, zone: str) -> str:
    """An instant, ISO 8601, as people in that zone say it."""
    return face.local(datetime.fromisoformat(moment), zone)


def _day(moment: str, zone: str) -> str:
    local = datetime.fromisoformat(moment).astimezone(clock.zone(zone))
    return f"{local.day} {local:%b}"
