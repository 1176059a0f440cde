"""The monthly letter of a stream, pure: when it is due for a reader, what it says, what is left of it without somebody.

Of the reader's own circle it repeats what its minutes say in short; of others it has dates and counts alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from .digest import MANY

HOUR = 8  # of the first of a month, where the reader lives
TAKES_PART = ("confirmed", "waiting", "active")  # states in which somebody gets it
MAY_BE_OWED = (*TAKES_PART, "alumni")  # in which they get what was kept for it before, of a stream or of none
POSTS = 10  # that are listed; the rest is a number
DAY = timedelta(days=1)

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Stream:
    """What became of a stream since then, the same for all its readers.

    :param meetings: sessions that were held, or whose minutes came, oldest first: {id, circle, name, starts_at, held,
        present, of, minuted, fresh, excerpt, links}; `held`: in that time, `minuted`: their minutes are out, `fresh`:
        since then.
    :param posts: of its members, published in that time: {person, title, original}.
    """

    slug: str
    name: str
    since: datetime
    until: datetime
    meetings: Sequence[Row] = ()
    posts: Sequence[Row] = ()


@dataclass(frozen=True)
class Own:
    """What is the reader's own.

    :param circle: theirs, or None; `members`: whom its words may name.
    :param then: the next session of that circle; `turn`: their own next session, as coordinator or mentor: {name,
        starts_at, coordinator}.
    :param items: their open action items: {text, due}.
    :param owed: sessions whose minutes are theirs and stood in no letter of theirs, as of `Stream.meetings`, whichever
        circle they were in then; `read`: ids of those whose minutes stood in one.
    """

    person: str
    circle: str | None = None
    members: Collection[str] = ()
    then: Row | None = None
    turn: Row | None = None
    items: Sequence[Row] = ()
    owed: Sequence[Row] = ()
    read: Collection[str] = ()


def addressees(of: Row) -> list[str]:
    """Whose letters tell of minutes: everybody's who is in that circle as they come out. A mentor from elsewhere, and
    whoever is told of a meeting of no circle, has them at once.

    :param of: {circle, to, mentor, members}, as minutes are told.
    """
    if not of["circle"]:
        return []
    return [id for id in of["to"] if id != of["mentor"] or id in of["members"]]


def due(now: datetime, zone: tzinfo) -> tuple[str, datetime]:
    """The last one that has come by `now` in that zone: its period, as 2027-02, and the instant at which it came."""
    first = now.astimezone(zone).date().replace(day=1)
    if _at(first, zone) > now:
        first = (first - DAY).replace(day=1)
    return f"{first:%Y-%m}", _at(first, zone)


def following(now: datetime, zone: tzinfo) -> datetime:
    """When the next one after `now` comes there."""
    first = now.astimezone(zone).date().replace(day=1)
    while _at(first, zone) <= now:
        first = (first + timedelta(days=31)).replace(day=1)
    return _at(first, zone)


def _at(day: date, zone: tzinfo) -> datetime:
    """An hour that a clock change leaves out is the one after it."""
    return datetime.combine(day, time(HOUR), zone).astimezone(UTC)


def reaches_back(asked: datetime, last: datetime | None, zone: tzinfo) -> datetime:
    """From where on a letter tells: the end of the one before, but never what was before the month in which they asked
    for it."""
    month = datetime.combine(asked.astimezone(zone).date().replace(day=1), time(), zone).astimezone(UTC)
    return max(month, last) if last else month


def compose(of: Stream, own: Own) -> dict[str, Any] | None:
    """The letter, its `names` still to be filled for the authors of its posts; None: nothing is new."""
    held = [row for row in of.meetings if row["held"]]
    links = sum(row["links"] for row in of.meetings)
    circles: dict[str, list[Row]] = {}
    for row in held:
        circles.setdefault(row["circle"], []).append(row)
    mine = _mine(of, own)
    minutes = sum(row["minuted"] for row in mine)
    if not (held or of.posts or links or minutes):
        return None
    others = [rows for circle, rows in circles.items() if circle != own.circle]
    members = {*own.members, *(row[role] for row in mine for role in ("coordinator", "mentor") if row.get(role))}
    return {
        "since": of.since.isoformat(),
        "until": of.until.isoformat(),
        "slug": of.slug,
        "stream": of.name,
        "sessions": len(held),
        "met": len(circles),
        "circles": [] if len(circles) > MANY else [_dates(rows) for rows in others],
        "own": [_own(row, own.circle) for row in mine],
        "posts": [{name: row[name] for name in ("person", "title", "original")} for row in of.posts[:POSTS]],
        "more_posts": max(0, len(of.posts) - POSTS),
        "links": links,
        "minutes": minutes,
        "next": _ahead(own.then, own.person),
        "turn": _ahead(own.turn, own.person),
        "items": [{"text": each["text"], "due": each["due"]} for each in own.items],
        "members": sorted(members - {own.person}) if mine or own.items else [],
        "names": {},
    }


def _dates(rows: Sequence[Row]) -> dict[str, Any]:
    return {"name": rows[-1]["name"], "dates": [row["starts_at"].isoformat() for row in rows]}


def _mine(of: Stream, own: Own) -> list[Row]:
    """Sessions that are told one by one: of the reader's circle what was held and has no minutes so far, and all whose
    minutes they have not read in a letter. When minutes came out says nothing: they may be heard of late."""
    owed = {row["id"]: row for row in own.owed}
    here = {row["id"]: row for row in of.meetings if row["circle"] == own.circle}
    unread = [row for id, row in {**here, **owed}.items() if not (row["minuted"] and id in own.read)]
    return sorted(unread, key=lambda row: (row["starts_at"], row["id"]))


def _own(row: Row, circle: str | None) -> dict[str, Any]:
    """:param circle: the reader's now; of one that they were in before, nothing is left for them to open."""
    told = {name: row[name] for name in ("id", "name", "present", "of", "minuted", "excerpt")}
    return {**told, "starts_at": row["starts_at"].isoformat(), "here": row["circle"] == circle}


def read(told: Row) -> list[str]:
    """Ids of the sessions whose minutes stand in a letter."""
    return [each["id"] for each in told["own"] if each["minuted"]]


def _ahead(row: Row | None, person: str) -> dict[str, Any] | None:
    if row is None:
        return None
    role = "coordinator" if row["coordinator"] == person else "mentor" if row["mentor"] == person else None
    return {"name": row["name"], "starts_at": row["starts_at"].isoformat(), "role": role}


def named(told: Row) -> list[str]:
    """The ids of those whom a letter names, or whom words in it that people wrote freely may name."""
    return list(dict.fromkeys([*(each["person"] for each in told["posts"]), *told["members"]]))


def without(told: Row, person: str) -> dict[str, Any]:
    """The same letter without somebody: no post of theirs, and no words that a circle of theirs wrote freely."""
    names = {id: name for id, name in told["names"].items() if id != person}
    posts = [each for each in told["posts"] if each["person"] != person]
    left = {**told, "names": names, "posts": posts, "members": [id for id in told["members"] if id != person]}
    if person in told["members"]:
        left["own"] = [{**each, "excerpt": ""} for each in told["own"]]
        left["items"] = [{**each, "text": "an action item"} for each in told["items"]]
    return left
