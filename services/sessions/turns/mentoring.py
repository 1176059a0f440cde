"""Who may mentor a circle: members of the streams above it; where nobody is, guests, alumni and organizers who said
that they may be asked. A few of them stand in its ledger, the least burdened.

They get a standing there when they are first needed, not before: with a thousand members above, a ledger of all of them
would be read at each choice to ask one.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nsmallest
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import circle, minutes, person, place, pool, program, session, standing, stream_policy, turn
from ..rules import rotation
from ..rules.rotation import Pooled, Role
from ..rules.states import TurnState
from . import ledger, seats

POOL = 12
_HELD = ("offered", "accepted")
_TAKES_PART = ("confirmed", "waiting", "active")
_PRESENT = person.c.state.in_(_TAKES_PART)


def levels(tx: Connection) -> dict[str, int]:
    """How high each stream stands, by slug."""
    found = tx.execute(sa.select(program.c.streams)).scalar() or []
    return {each["slug"]: each["position"] for each in found}


def asking(tx: Connection) -> list[str]:
    """The streams whose sessions ask for a mentor: with a stream above, or a pool; unless an organizer said no."""
    without = set(tx.execute(sa.select(stream_policy.c.stream).where(stream_policy.c.mentors.is_(False))).scalars())
    known = levels(tx)
    top = max(known.values(), default=0)
    pooled = set(tx.execute(sa.select(pool.c.stream).distinct()).scalars())
    return sorted(slug for slug, level in known.items() if (level < top or slug in pooled) and slug not in without)


def pooled(tx: Connection, data: Mapping[str, Any]) -> None:
    """Keep the streams in which somebody may be asked from the pool, as signup tells with everything about them."""
    kind = data["state"] if data["state"] in ("guest", "alumni") else "organizer"
    now = dict.fromkeys(data.get("mentors") or [], kind)
    rows = tx.execute(sa.select(pool.c.stream, pool.c.kind).where(pool.c.person == data["person"]))
    if now == {row.stream: row.kind for row in rows}:
        return
    unpool(tx, data["person"])
    for stream in now:
        tx.execute(sa.insert(pool).values(person=data["person"], stream=stream, kind=kind))


def unpool(tx: Connection, who: str) -> None:
    """They are in no pool any more. Whoever chooses mentors just now chooses before that, or after."""
    seats.lock(tx)
    tx.execute(sa.delete(pool).where(pool.c.person == who))


def settle(tx: Connection, who: str) -> None:
    """End their standing as mentor of circles for which they can be none any more, at once: turns become free.

    Whoever holds a turn that was asked of them keeps it while they are above, or in the pool.
    """
    mine = sa.select(standing.c.circle, circle.c.stream).join(circle, circle.c.id == standing.c.circle)
    mine = mine.where(standing.c.role == Role.MENTOR, standing.c.person == who, standing.c.left_at.is_(None))
    rows = tx.execute(mine).all()
    if not rows:
        return
    known = levels(tx)
    theirs = tx.execute(sa.select(person.c.stream, person.c.state).where(person.c.id == who)).first()
    takes_part = theirs is not None and theirs.state in (*_TAKES_PART, "paused")
    level = known.get(theirs.stream, -1) if theirs is not None and takes_part else -1
    pools = set(tx.execute(sa.select(pool.c.stream).where(pool.c.person == who)).scalars())
    gone = [row.circle for row in rows if level <= known.get(row.stream, -1) and row.stream not in pools]
    gone += _own(tx, {who})  # nobody mentors the circle that they are in
    _end(tx, who, gone)


def held(tx: Connection, who: str) -> list[Mapping[Any, Any]]:
    """Turns as mentor that they are asked for, or said yes to, of sessions that are not over; the next first."""
    query = sa.select(turn).join(session, session.c.id == turn.c.session)
    query = query.where(turn.c.person == who, turn.c.role == Role.MENTOR, turn.c.state.in_(_HELD))
    query = query.where(session.c.ends_at > clock.now(), session.c.state != "cancelled")
    return list(tx.execute(query.order_by(session.c.starts_at, turn.c.id)).mappings())


def may_see(tx: Connection, of: Mapping[Any, Any], who: str) -> bool:
    """Whether that session is shown to somebody as its circle's mentor: the one that they are asked for, and once they
    have said yes, until it is over, those that were. Of other circles, and of what is to come, nothing.
    """
    states = {row["session"]: row["state"] for row in held(tx, who) if row["circle"] == of["circle"]}
    return of["id"] in states or (TurnState.ACCEPTED in states.values() and of["starts_at"] <= clock.now())


def past(tx: Connection, of: Mapping[Any, Any]) -> list[Mapping[Any, Any]]:
    """Sessions of that one's circle whose minutes are published, the latest first."""
    query = sa.select(session.c.id, session.c.day, session.c.starts_at).join(minutes, minutes.c.session == session.c.id)
    query = query.where(session.c.circle == of["circle"], session.c.starts_at < of["starts_at"])
    query = query.where(minutes.c.published_at.is_not(None), session.c.starts_at <= clock.now())
    return list(tx.execute(query.order_by(session.c.starts_at.desc(), session.c.id)).mappings())


def fill(tx: Connection, circles: Mapping[str, str], more: bool = False) -> bool:
    """See that enough mentors stand in the ledger of each circle; with `more`, that there are some whom it had not.

    :param circles: stream by circle.
    :returns: whether anybody was added.
    """
    known = levels(tx)
    top = max(known.values(), default=0)
    above, there = _above(tx), _pool(tx, set(circles.values()))
    people = [(id, known.get(stream, -1)) for id, (stream, _) in above.items()]
    burden = {id: count for id, (_, count) in above.items()} | {id: count for id, _, _, count in there}
    pooled = [Pooled(id, known.get(stream, -1), kind) for id, stream, kind, _ in there]
    may = {stream: rotation.mentors(known.get(stream, top), people, pooled) for stream in set(circles.values())}
    own = _own(tx, {id for id, *_ in there})
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
        free = may[stream] - standing_now[id] - own.get(id, set())
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


def _pool(tx: Connection, streams: set[str]) -> list[tuple[str, str, str, int]]:
    """Who is in the pools of these streams and takes no break: id, stream, kind, in how many circles they stand."""
    stands = sa.select(standing.c.person, sa.func.count().label("count")).group_by(standing.c.person)
    stands = stands.where(standing.c.role == Role.MENTOR, standing.c.left_at.is_(None))
    counted = stands.where(standing.c.person.in_(sa.select(pool.c.person))).subquery()
    query = (
        sa.select(pool.c.person, pool.c.stream, pool.c.kind, sa.func.coalesce(counted.c.count, 0))
        .join(person, person.c.id == pool.c.person)
        .outerjoin(counted, counted.c.person == pool.c.person)
        .where(pool.c.stream.in_(streams), person.c.state.not_in(["paused", "left", "erased"]))
    )
    return [tuple(row) for row in tx.execute(query)]


def _own(tx: Connection, people: set[str]) -> dict[str, set[str]]:
    """Who of them is in which circle: an organizer is no mentor of their own."""
    found: dict[str, set[str]] = {}
    rows = sa.select(place.c.circle, place.c.person).where(place.c.person.in_(people), place.c.until.is_(None))
    for where, who in tx.execute(rows) if people else ():
        found.setdefault(where, set()).add(who)
    return found


def _let_go(
    tx: Connection, circles: Mapping[str, str], standing_now: dict[str, set[str]], may: dict[str, set[str]]
) -> None:
    """End the standing of those who may mentor there no more. Who pauses keeps it: they come back. So does a guest who
    said yes to a session, when somebody has come above in the meantime: `settle` ends what nobody shall keep.
    """
    for id, stream in circles.items():
        for who in standing_now[id] - may[stream]:
            state = tx.execute(sa.select(person.c.state).where(person.c.id == who)).scalar()
            if state != "paused" and not _holds(tx, who, id, stream):
                _end(tx, who, [id])


def _holds(tx: Connection, who: str, where: str, stream: str) -> bool:
    """Whether somebody of that stream's pool has a turn in this circle."""
    held = sa.select(turn.c.id).where(turn.c.person == who, turn.c.circle == where, turn.c.role == Role.MENTOR)
    there = sa.exists().where(pool.c.person == who, pool.c.stream == stream)
    return tx.execute(held.where(turn.c.state.in_(_HELD), there).limit(1)).first() is not None


def _end(tx: Connection, who: str, circles: list[str]) -> None:
    where = (standing.c.circle.in_(circles), standing.c.role == Role.MENTOR, standing.c.person == who)
    if circles:
        tx.execute(sa.update(standing).where(*where, standing.c.left_at.is_(None)).values(left_at=clock.now()))


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
