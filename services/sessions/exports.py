"""What sessions owns, for taking along: circles, who is and was in them, who waits, series, sessions, the journal."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import export
from shared.export import Row, part

from .models import SERVICE, change, circle, person, place, series, session, waiting


@part(SERVICE, "circles", "All circles, closed ones too.", [c.name for c in circle.c if c.name != "feed"])
def circles(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(circle).order_by(circle.c.created_at, circle.c.id))


@part(
    SERVICE, "places", "Who is, and was, in which circle.", ["person", "name", "circle", "since", "until", "how", "by"]
)
def places(tx: Connection) -> Iterator[Row]:
    query = sa.select(place, person.c.name).outerjoin(person, person.c.id == place.c.person)
    yield from export.table(tx, query.order_by(place.c.since, place.c.id))


@part(SERVICE, "waiting", "Who waits for a place, in order.", ["person", "name", "stream", "since", "offered_until"])
def line(tx: Connection) -> Iterator[Row]:
    query = sa.select(waiting, person.c.name).outerjoin(person, person.c.id == waiting.c.person)
    yield from export.table(tx, query.order_by(waiting.c.stream, waiting.c.number))


@part(SERVICE, "series", "When circles meet, and met.", [c.name for c in series.c])
def rhythms(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(series).order_by(series.c.first, series.c.id))


@part(SERVICE, "sessions", "All sessions, held, planned and skipped.", [c.name for c in session.c])
def meetings(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(session).order_by(session.c.starts_at, session.c.id))


@part(SERVICE, "changes", "What organizers changed in circles, and why.", [c.name for c in change.c])
def changes(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(change).order_by(change.c.at, change.c.id))
