"""Who may mentor a circle: members of the streams above it. A few of them stand in its ledger, the least burdened.

They get a standing there when they are first needed, not before: with a thousand members above, a ledger of all of them
would be read at each choice to ask one.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nsmallest

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import circle, person, place, program, standing, stream_policy
from ..rules import rotation
from ..rules.rotation import Role
from . import ledger

POOL = 12
_PRESENT = person.c.state.in_(["confirmed", "waiting", "active"])


def levels(tx: Connection) -> dict[str, int]:
    """How high each stream stands, by slug."""
    found = tx.execute(sa.select(program.c.streams)).scalar() or []
    return {each["slug"]: each["position"] for each in found}


def asking(tx: Connection) -> list[str]:
    """The streams whose sessions ask for a mentor: those with a stream above, unless an organizer said no."""
    without = set(tx.execute(sa.select(stream_policy.c.stream).where(stream_policy.c.mentors.is_(False))).scalars())
    known = levels(tx)
    top = max(known.values(), default=0)
    return sorted(slug for slug, level in known.items() if level < top and slug not in without)


def fill(tx: Connection, circles: Mapping[str, str], more: bool = False) -> bool:
    """See that enough mentors stand in the ledger of each circle; with `more`, that there are some whom it had not.

    :param circles: stream by circle.
    :returns: whether anybody was added.
    """
    known = levels(tx)
    top = max(known.values(), default=0)
    above = _above(tx)
    people = [(id, known.get(stream, -1)) for id, (stream, _) in above.items()]
    burden = {id: count for id, (_, count) in above.items()}
    may = {stream: rotation.mentors(known.get(stream, top), top, people, []) for stream in set(circles.values())}
    standing_now: dict[str, set[str]] = {id: set() for id in circles}
    ever: dict[str, set[str]] = {id: set() for id in circles}
    rows = sa.select(standing.c.circle, standing.c.person, standing.c.left_at).where(standing.c.role == Role.MENTOR)
    if len(circles) == 1:
        rows = rows.where(standing.c.circle == next(iter(circles)))
    for where, who, left_at in tx.execute(rows):
        if where in circles:
            ever[where].add(who)
            if left_at is None:
                standing_now[where].add(who)
    _let_go(tx, circles, standing_now, may)
    wanted: dict[str, list[str]] = {}
    for id, stream in circles.items():
        count = POOL if more else POOL - len(standing_now[id] & may[stream])
        free = may[stream] - standing_now[id]
        if count > 0 and free:
            wanted[id] = nsmallest(count, free, key=lambda who: (burden[who], who))
            for who in wanted[id]:
                burden[who] += 1
    if wanted:
        _begin(tx, wanted, ever)
    return bool(wanted)


def _above(tx: Connection) -> dict[str, tuple[str, int]]:
    """Present members by id: their stream, and in how many circles they stand as mentor already."""
    stands = (
        sa.select(standing.c.person, sa.func.count().label("count"))
        .where(standing.c.role == Role.MENTOR, standing.c.left_at.is_(None))
        .group_by(standing.c.person)
        .subquery()
    )
    rows = (
        sa.select(person.c.id, circle.c.stream, sa.func.coalesce(stands.c.count, 0))
        .join(place, sa.and_(place.c.person == person.c.id, place.c.until.is_(None)))
        .join(circle, circle.c.id == place.c.circle)
        .outerjoin(stands, stands.c.person == person.c.id)
        .where(_PRESENT)
    )
    return {id: (stream, count) for id, stream, count in tx.execute(rows)}


def _let_go(
    tx: Connection, circles: Mapping[str, str], standing_now: dict[str, set[str]], may: dict[str, set[str]]
) -> None:
    """End the standing of those who are in a stream above no more. Who pauses keeps it: they come back."""
    for id, stream in circles.items():
        for who in standing_now[id] - may[stream]:
            state = tx.execute(sa.select(person.c.state).where(person.c.id == who)).scalar()
            if state != "paused":
                where = (standing.c.circle == id, standing.c.role == Role.MENTOR, standing.c.person == who)
                tx.execute(sa.update(standing).where(*where).values(left_at=clock.now()))


def _begin(tx: Connection, wanted: dict[str, list[str]], ever: dict[str, set[str]]) -> None:
    """They stand in these ledgers from now on, after everybody who is there."""
    books = ledger.books(tx, wanted, Role.MENTOR, gone=True)
    now = clock.now()
    for id, people in wanted.items():
        of = books.of(id)
        for who in people:
            fresh = {"joined_at": now, "credit": rotation.credit(of, who), "left_at": None}
            row = db.insert(tx, standing).values(circle=id, role=Role.MENTOR.value, person=who, **fresh)
            tx.execute(row.on_conflict_do_update(index_elements=["circle", "role", "person"], set_=fresh))
