"""The digest as data, pure: what it says of what is known, and what is left of it without somebody.

Persons are ids; what they are called stands once, in `names`. All of it is plain enough for JSON, so that page and mail
are made of the same, now and years later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

NEEDS = 5  # at the top, with a button each
MANY = 12  # circles, beyond which only sums and exceptions are told
EXCEPTIONS = 10
LISTED = 12  # names in one line
LAST = 8  # sessions in a chart
ITEMS = 8  # new action items of a circle that are named
SILENT = 3  # sessions running without somebody
EXCERPT = 280  # letters
ERASED = "somebody who was erased"
WAITS = ("open", "held", "failed")  # states of a post in which it waits for an organizer
REFUSED, SETTLED = "closed", ("closed", "merged", "skipped", "withdrawn")
CHANGES = ("joined", "returned", "moved", "paused", "left", "graduated", "goal", "quiet", "writing", "posted")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """What a digest is made of.

    :param streams: {slug: name}, in their order.
    :param meetings: those that ended, or whose minutes came, since the last digest; oldest first.
    :param charts: {circle: its last sessions with attendance, oldest first}: {starts_at, present, of}.
    :param ahead: {circle: its next session}.
    :param agreed: {circle: its open items}.
    :param open, late: sessions that lack a coordinator, and minutes, whenever it began.
    :param undated: streams whose members have had a place for a day, while none of their circles meets: {stream,
        number}.
    :param silent: who was not there, time after time, and since now: {person, number, name,
        asked}; `asked` as facts.checkins has it, or None.
    :param news: what became of people: {kind, person}.
    :param published, refused: posts of which that is news; `review`: all that wait for an organizer, longest first;
        each {id, person, what, kind, state, title, original, since}.
    :param held: mails that wait for a person.
    :param silent_chats: names of a chat's channels where nobody answers any more.
    :param circles: how many circles meet.
    """

    since: datetime
    until: datetime
    today: date
    streams: Mapping[str, str]
    meetings: Sequence[Row] = ()
    charts: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    ahead: Mapping[str, Row] = field(default_factory=dict)
    agreed: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    open: Sequence[Row] = ()
    late: Sequence[Row] = ()
    undated: Sequence[Row] = ()
    silent: Sequence[Row] = ()
    silent_chats: Sequence[str] = ()
    news: Sequence[Row] = ()
    published: Sequence[Row] = ()
    refused: Sequence[Row] = ()
    review: Sequence[Row] = ()
    held: int = 0
    circles: int = 0
    members: Mapping[str, int] = field(default_factory=dict)


def compose(of: Known) -> dict[str, Any]:
    """The digest; its `names` are still to be filled for `named` of it."""
    many = of.circles > MANY
    needs, quiet = _needs(of)
    met = [row for row in of.meetings if row["ended"]]
    counted = [row for row in met if row["of"]]
    told: dict[str, Any] = {
        "since": of.since.isoformat(),
        "until": of.until.isoformat(),
        "many": many,
        "needs": needs[:NEEDS],
        "more_needs": max(0, len(needs) - NEEDS),
        "streams": list(_streams(of, many)),
        "people": _people(of, quiet),
        "posts": _posts(of),
        "numbers": {
            "members": dict(of.members),
            "circles": of.circles,
            "sessions": len(met),
            "present": sum(row["present"] for row in counted),
            "of": sum(row["of"] for row in counted),
            "minuted": sum(bool(row["minuted"]) for row in met),
            "published": len(of.published),
            "review": len(of.review),
        },
        "names": {},
    }
    told["nothing"] = not (told["needs"] or told["streams"] or told["people"]["any"] or told["posts"]["any"])
    return told


def _needs(of: Known) -> tuple[list[dict[str, Any]], Sequence[Row]]:
    """What waits for an organizer, most pressing first; and who is silent and has no place among it."""
    found = [_need("seat", "Find a coordinator", f"/sessions/circles/{row['circle']}/turns", row) for row in of.open]
    if of.held:
        found.append({"what": "held", "label": "Decide", "path": "/notifications/ops#held", "number": of.held})
    for name in of.silent_chats:
        found.append({"what": "chat", "label": "Look at it", "path": "/notifications/chat", "name": name})
    found += [_need("minutes", "Open the session", f"/sessions/s/{row['id']}", row) for row in of.late]
    for row in of.undated:
        told = {"stream": of.streams.get(row["stream"], row["stream"]), "number": row["number"]}
        found.append({"what": "dates", "label": "Set dates", "path": "/sessions/circles?show=dates", **told})
    if of.review:
        found.append(_review(of))
    room = max(0, NEEDS - len(found))
    for row in of.silent[:room]:
        path = f"/signup/organizer/members/{row['person']}"
        found.append({"what": "silent", "label": "Look them up", "path": path, **_plain(row)})
    return found, of.silent[room:]


def _need(what: str, label: str, path: str, row: Row) -> dict[str, Any]:
    when = row["starts_at"].isoformat()
    return {"what": what, "label": label, "path": path, "circle": row["name"], "starts_at": when}


def _review(of: Known) -> dict[str, Any]:
    """One button for all posts that wait; who wrote it and what, where it is one."""
    label, path = "Read them", "/blog/offers/"
    if len(of.review) == 1:
        label, path = "Look at it", f"/blog/offers/{of.review[0]['id']}"
    first = _offered(of.review[0], of)
    return {"what": "post", "label": label, "path": path, "number": len(of.review), "first": first,
            "person": first["person"] if len(of.review) == 1 else None}  # fmt: skip


def _posts(of: Known) -> dict[str, Any]:
    """What is news of posts, and what waits, longest first; one that waits alone is told among the needs."""
    review = of.review if len(of.review) > 1 else ()
    told: dict[str, Any] = {}
    for name, rows in (("published", of.published), ("review", review), ("refused", of.refused)):
        told[name] = [_offered(row, of) for row in rows[:LISTED]]
        told[f"more_{name}"] = max(0, len(rows) - LISTED)
    return {**told, "any": any(told[name] for name in ("published", "review", "refused"))}


def _offered(row: Row, of: Known) -> dict[str, Any]:
    told = {name: row[name] for name in ("id", "person", "what", "kind", "state", "title", "original")}
    return {**told, "days": max(0, (of.until - row["since"]).days)}


def _plain(row: Row) -> dict[str, Any]:
    return {"person": row["person"], "number": row["number"], "circle": row["name"], "asked": row.get("asked")}


def _streams(of: Known, many: bool) -> Iterator[dict[str, Any]]:
    slugs = [*of.streams, *(row["stream"] for row in of.meetings)]
    left = EXCEPTIONS
    for slug in dict.fromkeys(slugs):
        mine = [row for row in of.meetings if row["stream"] == slug]
        if not mine:
            continue
        per: dict[str, list[Row]] = {}
        for row in mine:
            per.setdefault(row["circle"], []).append(row)
        shown = {circle: rows for circle, rows in per.items() if not many or _is_exception(rows[-1])}
        if many:
            shown = dict(list(shown.items())[:left])
            left -= len(shown)
        met = [row for row in mine if row["ended"]]
        yield {
            "name": of.streams.get(slug, slug),
            "circles": [_circle(of, circle, rows, many) for circle, rows in shown.items()],
            "met": len(met),
            "of_circles": len(per),
            "present": sum(row["present"] for row in met),
            "of": sum(row["of"] for row in met),
            "minuted": sum(bool(row["minuted"]) for row in met),
        }


def _is_exception(row: Row) -> bool:
    """Of many circles only those are told of where fewer than half came, or that cannot go on alone."""
    return bool(row["of"] and 2 * row["present"] < row["of"]) or bool(row["help"])


def _circle(of: Known, circle: str, rows: Sequence[Row], many: bool) -> dict[str, Any]:
    last, then, items = rows[-1], of.ahead.get(circle), list(of.agreed.get(circle, ()))
    overdue = [] if many else [each for each in items if _fell_due(each, of)]
    fresh = [] if many else [each for each in items if _is_new(each, of) and each not in overdue][:ITEMS]
    return {
        "name": last["name"],
        "session": last["id"],
        "starts_at": last["starts_at"].isoformat(),
        "ended": last["ended"],
        "present": last["present"],
        "of": last["of"],
        "minuted": last["minuted"],
        "excerpt": "" if many else last["excerpt"],
        "also": len(rows) - 1,
        "chart": [{**each, "starts_at": each["starts_at"].isoformat()} for each in of.charts.get(circle, ())],
        "open": len(items),
        "overdue": overdue,
        "fresh": fresh,
        "next": then
        and {"starts_at": then["starts_at"].isoformat(), "coordinator": then["coordinator"], "mentor": then["mentor"]},
        "members": sorted({*last["members"], *(each["person"] for each in items)}),
    }


def _fell_due(item: Row, of: Known) -> bool:
    """An item is told once: in the digest after the day it was due."""
    if not item["due"]:
        return False
    due = date.fromisoformat(item["due"])
    return of.today - (of.until - of.since) <= due < of.today


def _is_new(item: Row, of: Known) -> bool:
    """Agreed since the last digest; of what was known before that was kept, nobody can say."""
    return bool(item.get("since")) and of.since < datetime.fromisoformat(item["since"]) <= of.until


def _people(of: Known, quiet: Sequence[Row]) -> dict[str, Any]:
    became = {kind: list(dict.fromkeys(r["person"] for r in of.news if r["kind"] == kind)) for kind in CHANGES}
    asked = [
        {"circle": row["name"], "session": row["id"], "text": row["help"], "members": list(row["members"])}
        for row in of.meetings
        if row["help"]
    ]
    told: dict[str, Any] = {
        "changes": [[kind, who[:LISTED], max(0, len(who) - LISTED)] for kind, who in became.items() if who],
        "silent": [_plain(row) for row in quiet[:LISTED]],
        "more_silent": max(0, len(quiet) - LISTED),
        "help": asked[:EXCEPTIONS],
        "more_help": max(0, len(asked) - EXCEPTIONS),
    }
    return {**told, "any": bool(told["changes"] or told["silent"] or told["help"])}


def named(told: Row) -> list[str]:
    """The ids of those whom a digest names, or whom words in it that people wrote freely may name."""
    ids: list[str | None] = [each.get("person") for each in told["needs"]]
    ids += [each["person"] for each in offered(told)]
    for circle in _circles(told):
        then = circle["next"] or {}
        ids += [*circle["members"], then.get("coordinator"), then.get("mentor")]
    people = told["people"]
    ids += [person for _, who, _ in people["changes"] for person in who]
    ids += [each["person"] for each in people["silent"]]
    ids += [person for each in people["help"] for person in each["members"]]
    return list(dict.fromkeys(id for id in ids if id))


def offered(told: Row) -> Iterator[dict[str, Any]]:
    """All posts of a digest; those that were written before there were any have none."""
    posts = told.get("posts") or {}
    for name in ("published", "review", "refused"):
        yield from posts.get(name, ())


def without(told: Row, person: str) -> dict[str, Any]:
    """The same digest without somebody: unnamed, and without the words that circles of theirs wrote freely."""
    streams = [
        {**stream, "circles": [_bare(circle, person) for circle in stream["circles"]]} for stream in told["streams"]
    ]
    people = dict(told["people"])
    people["help"] = [each if person not in each["members"] else {**each, "text": ""} for each in people["help"]]
    names = {id: ERASED if id == person else name for id, name in told["names"].items()}
    needs = [{**each, "first": _untitled(each["first"], person)} if "first" in each else each for each in told["needs"]]
    less = {**told, "needs": needs, "streams": streams, "people": people, "names": names}
    if "posts" in told:
        lists = {name: value for name, value in told["posts"].items() if isinstance(value, list)}
        untitled = {name: [_untitled(each, person) for each in value] for name, value in lists.items()}
        less["posts"] = {**told["posts"], **untitled}
    return less


def _untitled(post: Row, person: str) -> dict[str, Any]:
    return {**post, "title": "", "original": ""} if post["person"] == person else dict(post)


def _bare(circle: dict[str, Any], person: str) -> dict[str, Any]:
    return circle if person not in circle["members"] else {**circle, "excerpt": "", "overdue": [], "fresh": []}


def _circles(told: Row) -> Iterator[dict[str, Any]]:
    for stream in told["streams"]:
        yield from stream["circles"]


def silent(marks: Iterable[tuple[bool, bool]]) -> int:
    """How many times running somebody was not there, where that is to be told: at every third time, and once.

    :param marks: of their sessions, the latest first: whether they were there, and whether no digest has told of it.
    """
    number = fresh = 0
    for present, untold in marks:
        if present:
            break
        number += 1
        fresh += untold
    return number if number // SILENT > (number - fresh) // SILENT else 0


# ---- what minutes say, in a few plain words ----

_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)[ \t#]*$")
_LINK = re.compile(r"\[([^\[\]]{1,200})\]\([^()\s]{1,2000}\)")
_STRESS = re.compile(r"(\*{1,3}|`)(?![\s*`])([^*`]{1,200})(?<!\s)\1")
_MARKS = re.compile(r"^[ \t]*(?:[-*+>]|\d{1,3}[.)])[ \t]+")
_ADDRESS = re.compile(r"<?https?://\S+", re.IGNORECASE)  # alone, and no link here, it says nothing
_DECIDED, _HELP = ("decision", "decided", "agreed"), ("help",)


def excerpt(minutes: str) -> str:
    """What was decided, where a heading says so; else how the minutes begin. One plain line."""
    return _line(_under(minutes, _DECIDED) or [row for row in minutes.split("\n") if not _HEADING.match(row)])


def asked_help(minutes: str) -> str:
    """What stands under a heading that speaks of help, as one plain line; empty if nothing does."""
    return _line(_under(minutes, _HELP))


def _under(minutes: str, words: tuple[str, ...]) -> list[str]:
    found, inside = [], False
    for row in minutes.split("\n"):
        heading = _HEADING.match(row)
        if heading:
            inside = any(word in heading.group(1).casefold() for word in words)
        elif inside:
            found.append(row)
    return found


def _line(rows: list[str]) -> str:
    plain = ""
    for row in rows:
        words = " ".join(_STRESS.sub(r"\2", _LINK.sub(r"\1", _MARKS.sub("", row))).split())
        if words and not _ADDRESS.fullmatch(words):
            apart = "; " if _MARKS.match(row) and plain[-1:] not in ".!?:;," else " "
            plain += apart + words if plain else words
    return plain if len(plain) <= EXCERPT else plain[: EXCERPT - 1].rstrip() + "…"
