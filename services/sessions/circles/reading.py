"""Reading about circles: the list, one of them, its people, who waits, and where a person is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, face
from shared.events import NotYet

from .. import people as persons
from ..models import circle as circles
from ..models import person as people
from ..models import place as places
from ..models import program as programs
from ..models import waiting
from ..rules import placing as rules
from ..rules.refusals import Missing, Refused

Row = Mapping[Any, Any]
present = places.c.until.is_(None)


def stream_name(tx: Connection, slug: str) -> str:
    """What the stream is called; of one that was removed the slug is left.

    :raises NotYet: signup has not told of the program so far.
    """
    if tx.execute(sa.select(programs.c.id)).first() is None:
        raise NotYet("the program is not known yet")
    return persons.streams(tx).get(slug, slug)


def offset(zone: str, at: datetime) -> int:
    """Minutes from UTC of that zone at an instant; 0 for a zone that nobody knows."""
    try:
        shift = at.astimezone(clock.zone(zone)).utcoffset()
    except ValueError:
        return 0
    return int(shift.total_seconds() // 60) if shift else 0


def one(tx: Connection, id: str) -> Row:
    """The circle of that id.

    :raises Refused: there is none.
    """
    row = tx.execute(sa.select(circles).where(circles.c.id == id)).mappings().first()
    if row is None:
        raise Missing("circle", "There is no such circle.", "Choose one from the list of circles.")
    return row


def open_one(tx: Connection, id: str) -> Row:
    """The same, if it is not closed."""
    row = one(tx, id)
    if row["closed_at"] is not None:
        raise Refused("circle", f"{row['name']} is closed.", "Choose an open circle from the list.")
    return row


def listed(tx: Connection, stream: str | None = None, closed: bool = False) -> list[dict[str, Any]]:
    """Circles in the order of their making, each with `count`, its members; the open ones, unless `closed`."""
    count = (
        sa.select(sa.func.count()).where(places.c.circle == circles.c.id, present).correlate(circles).scalar_subquery()
    )
    query = sa.select(circles, count.label("count")).order_by(circles.c.created_at, circles.c.id)
    query = query.where(circles.c.closed_at.is_not(None) if closed else circles.c.closed_at.is_(None))
    if stream is not None:
        query = query.where(circles.c.stream == stream)
    return [dict(row) for row in tx.execute(query).mappings()]


def members(tx: Connection, circle: str) -> list[dict[str, Any]]:
    """Present members of a circle by name: {id, name, timezone, state, since, how}."""
    return members_of(tx, [circle])[circle]


def members_of(tx: Connection, ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The same of several circles."""
    found: dict[str, list[dict[str, Any]]] = {id: [] for id in ids}
    query = (
        sa.select(places.c.circle, places.c.since, places.c.how, people.c.id, people.c.name, people.c.timezone)
        .add_columns(people.c.state)
        .join(people, people.c.id == places.c.person)
        .where(places.c.circle.in_(list(found)), present)
    )
    for row in tx.execute(query).mappings():
        found[row["circle"]].append({**row, "name": row["name"] or persons.ERASED})
    for group in found.values():
        group.sort(key=lambda each: (each["name"].casefold(), each["id"]))
    return found


def circle_names(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """What these circles are called."""
    rows = tx.execute(sa.select(circles.c.id, circles.c.name).where(circles.c.id.in_(list(ids))))
    return {row.id: row.name for row in rows}


def seats(tx: Connection, stream: str, most: int, at: datetime, but: str | None = None) -> list[rules.Seats]:
    """The open circles of a stream as placing sees them, `but` one."""
    rows = [row for row in listed(tx, stream) if row["id"] != but]
    found = members_of(tx, [row["id"] for row in rows])
    return [
        rules.Seats(row["id"], row["most"] or most, tuple(offset(m["timezone"], at) for m in found[row["id"]]))
        for row in rows
    ]


def cities(zones: Iterable[str]) -> list[str]:
    """Cities of these zones, the most frequent first."""
    return [face.city(zone) for zone, _ in sorted(Counter(zones).items(), key=lambda each: (-each[1], each[0]))]


def place_of(tx: Connection, person: str) -> Row | None:
    """Where a person is: their open place with `stream` and `name` of its circle; None when nowhere."""
    query = sa.select(places, circles.c.stream, circles.c.name).join(circles, circles.c.id == places.c.circle)
    return tx.execute(query.where(places.c.person == person, present)).mappings().first()


def former(tx: Connection, person: str, stream: str) -> str | None:
    """The circle of that stream where the person was last, if it is open."""
    query = (
        sa.select(places.c.circle)
        .join(circles, circles.c.id == places.c.circle)
        .where(places.c.person == person, places.c.until.is_not(None), circles.c.stream == stream)
        .where(circles.c.closed_at.is_(None))
        .order_by(places.c.until.desc(), places.c.since.desc())
    )
    return tx.execute(query.limit(1)).scalar()


def line(tx: Connection, stream: str) -> list[dict[str, Any]]:
    """Who waits for a place in a stream, in order: waiting's columns with `position`, `name` and `timezone`."""
    query = (
        sa.select(waiting, people.c.name, people.c.timezone)
        .join(people, people.c.id == waiting.c.person)
        .where(waiting.c.stream == stream)
        .order_by(waiting.c.number)
    )
    rows = tx.execute(query).mappings()
    return [{**row, "name": row["name"] or persons.ERASED, "position": at} for at, row in enumerate(rows, start=1)]


def line_counts(tx: Connection) -> dict[str, int]:
    """How many wait in each stream."""
    rows = tx.execute(sa.select(waiting.c.stream, sa.func.count().label("number")).group_by(waiting.c.stream))
    return {row.stream: row.number for row in rows}


def waits(tx: Connection, person: str) -> dict[str, Any] | None:
    """The same of one person, or None when they do not wait."""
    row = tx.execute(sa.select(waiting.c.stream).where(waiting.c.person == person)).first()
    return next(each for each in line(tx, row.stream) if each["person"] == person) if row else None


def taken(tx: Connection, stream: str) -> int:
    """How many members have a place in the stream."""
    count = sa.select(sa.func.count()).select_from(places.join(circles, circles.c.id == places.c.circle))
    return int(tx.execute(count.where(circles.c.stream == stream, present)).scalar_one())
