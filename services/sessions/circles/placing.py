"""Placing: whoever takes part has a place in a circle of their stream, or waits for one.

`settle` compares what signup last told of a person with where they are, and mends the difference. It can be called at
any time, for anybody, in any order, twice: the second time it finds nothing to do.

Where a stream has a cap, a place that becomes free is offered for 72 hours to the first in line. Who lets that pass, or
says "not now", keeps waiting, at the end of the line, and is not asked again for 14 days: a place is never held for a
mailbox that nobody reads, and nobody is put out for a holiday.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, schedule
from shared.events import emit

from .. import locks
from ..models import circle as circles
from ..models import person as people
from ..models import place as places
from ..models import waiting
from ..rules import placing as rules
from ..rules.refusals import Refused
from ..turns import asking
from . import membership, policy, reading, splitting

OFFER = timedelta(hours=72)
REST = timedelta(days=14)
STEP = 200
Row = Mapping[Any, Any]


def settle(tx: Connection, person: str) -> None:
    """Give them the place they should have now, let them wait for it, or end it."""
    locks.placing(tx)
    row = tx.execute(sa.select(people).where(people.c.id == person)).mappings().first()
    stream = row["stream"] if row and row["state"] in rules.TAKES_PART else None
    place, waits = reading.place_of(tx, person), reading.waits(tx, person)
    left = None
    if place and place["stream"] != stream:
        left = place
        membership.leave(tx, person, place["circle"])
        if stream is None:
            _tell_left(tx, place, row["state"] if row else "left")
            asking.forgo(tx, person)
    if waits and waits["stream"] != stream:
        tx.execute(sa.delete(waiting).where(waiting.c.person == person))
    settled = (place and not left) or (waits and waits["stream"] == stream)
    if row and stream and not settled:
        if _room(tx, stream):
            _put(tx, row, "placed", left["circle"] if left else None)
        else:
            _wait(tx, row, "full")
    for gone in {each["stream"] for each in (left, waits) if each and each["stream"] != stream}:
        offer_free(tx, gone)


def _tell_left(tx: Connection, place: Row, why: str) -> None:
    data = {"person": place["person"], "circle": place["circle"], "name": place["name"], "stream": place["stream"]}
    emit(tx, "circle.left", membership.subject(place["person"]), {**data, "why": why})


def _room(tx: Connection, stream: str) -> bool:
    """Whether somebody new gets a place at once: one is free that nobody was offered, and nobody is before them."""
    free = _free(tx, stream)
    return free is None or (free > 0 and _first_in_line(tx, stream) is None)


def _free(tx: Connection, stream: str) -> int | None:
    """Places of a capped stream that are neither taken nor offered; None where there is no cap."""
    cap = policy.read(tx).places.get(stream)
    if cap is None:
        return None
    offered = sa.select(sa.func.count()).where(waiting.c.stream == stream, waiting.c.offer.is_not(None))
    return cap - reading.taken(tx, stream) - int(tx.execute(offered).scalar_one())


def _first_in_line(tx: Connection, stream: str) -> Row | None:
    now = clock.now()
    query = (
        sa.select(waiting)
        .where(waiting.c.stream == stream, waiting.c.offer.is_(None))
        .where(sa.or_(waiting.c.rests_until.is_(None), waiting.c.rests_until <= now))
        .order_by(waiting.c.number)
    )
    return tx.execute(query.limit(1)).mappings().first()


def _put(tx: Connection, row: Row, how: str, left: str | None = None) -> None:
    """A place in the circle of their stream that suits them: their former one, the best one, or a new one."""
    now, stream = clock.now(), row["stream"]
    most = policy.read(tx).most
    all_seats = reading.seats(tx, stream, most, now)
    former = reading.former(tx, row["id"], stream)
    offset = reading.offset(row["timezone"], now)
    back = next((each for each in all_seats if each.circle == former and each.room), None)
    chosen = back or rules.choose(all_seats, offset)
    if chosen is None and all_seats:
        full = rules.to_split(all_seats, offset)
        splitting.split_for(tx, full.circle, row["id"], left)
        return
    circle = chosen.circle if chosen else membership.create(tx, stream, [row["timezone"]])
    how = "returned" if circle == former else how
    membership.enter(tx, row["id"], circle, how, "system")
    membership.tell(tx, [row["id"]], circle, how, left)


def _wait(tx: Connection, row: Row, why: str) -> None:
    last = {"number": _last(tx), "since": clock.now()}
    tx.execute(sa.insert(waiting).values(person=row["id"], stream=row["stream"], **last))
    tell_waiting(tx, row["id"], why)


def _last(tx: Connection) -> int:
    """The number of who comes last; the instant alone would not tell two apart."""
    return (tx.execute(sa.select(sa.func.max(waiting.c.number))).scalar() or 0) + 1


def tell_waiting(tx: Connection, person: str, why: str) -> None:
    """Publish that they wait, and where in line."""
    found = reading.waits(tx, person)
    assert found  # they were put in line in this very transaction
    data = {"person": person, "stream": found["stream"], "position": found["position"], "why": why}
    emit(tx, "place.waiting", membership.subject(person), data)


# ---- offers ----


def offer_free(tx: Connection, stream: str) -> None:
    """Offer every free place of a stream to who is next in line, for 72 hours."""
    locks.placing(tx)
    while (free := _free(tx, stream)) is None or free > 0:
        first = _first_in_line(tx, stream)
        if first is None:
            return
        now, offer = clock.now(), db.new_id()
        values = {"offered_at": now, "offered_until": now + OFFER, "offer": offer, "rests_until": None}
        tx.execute(sa.update(waiting).where(waiting.c.person == first["person"]).values(**values))
        data = {"person": first["person"], "stream": stream, "offer": offer, "until": (now + OFFER).isoformat()}
        emit(tx, "place.offered", membership.subject(first["person"]), data)


def offered(tx: Connection, person: str, offer: str) -> Row | None:
    """The offer of that link, while it stands."""
    mine = (waiting.c.person == person, waiting.c.offer == offer, waiting.c.offered_until > clock.now())
    return tx.execute(sa.select(waiting).where(*mine)).mappings().first()


def accept(tx: Connection, person: str, offer: str) -> None:
    """Take the place that was offered.

    :raises Refused: the offer does not stand any more.
    """
    locks.placing(tx)
    row = tx.execute(sa.select(people).where(people.c.id == person)).mappings().first()
    if row is None or offered(tx, person, offer) is None:
        raise _gone()
    tx.execute(sa.delete(waiting).where(waiting.c.person == person))
    _put(tx, row, "placed")


def decline(tx: Connection, person: str, offer: str) -> None:
    """Not now: they go to the end of the line, and the next one is asked.

    :raises Refused: the offer does not stand any more.
    """
    locks.placing(tx)
    found = offered(tx, person, offer)
    if found is None:
        raise _gone()
    _to_the_end(tx, person, clock.now())
    offer_free(tx, found["stream"])


def lapse(tx: Connection) -> bool:
    """Take back offers that nobody answered in time, and offer what is free; True while there may be more."""
    locks.placing(tx)
    now = clock.now()
    late = sa.select(waiting).where(waiting.c.offered_until <= now).order_by(waiting.c.offered_until, waiting.c.number)
    due = list(tx.execute(late.limit(STEP)).mappings())
    for row in due:
        _to_the_end(tx, row["person"], now)
        tell_waiting(tx, row["person"], "lapsed")
    for stream in tx.execute(sa.select(waiting.c.stream).distinct()).scalars().all():
        offer_free(tx, stream)  # also to those whose rest is over
    return len(due) == STEP


def next_lapse(tx: Connection, since: datetime) -> datetime | None:
    """When the next offer lapses, or somebody's rest is over, after that instant."""
    return schedule.soonest(*(tx.execute(first, {"since": since}).scalar() for first in _NEXT_ENDS))


_NEXT_ENDS = [
    sa.select(sa.func.min(end)).where(end > sa.bindparam("since", type_=end.type))
    for end in (waiting.c.offered_until, waiting.c.rests_until)
]


def _to_the_end(tx: Connection, person: str, now: datetime) -> None:
    values: dict[str, Any] = {"number": _last(tx), "rests_until": now + REST}
    values |= {"offered_at": None, "offered_until": None, "offer": None}
    tx.execute(sa.update(waiting).where(waiting.c.person == person).values(**values))


def _gone() -> Refused:
    return Refused(
        "offer",
        "This place is not offered to you any more.",
        "Your sessions page says where you are in line; when a place is free again, you get a new mail.",
    )


# ---- whoever was overlooked ----


def unsettled(tx: Connection, most: int = STEP) -> list[str]:
    """Persons whose place is not what it should be: who was a member before there were circles, most of all."""
    here = sa.select(places.c.person).where(places.c.person == people.c.id, reading.present)
    there = here.join(circles, circles.c.id == places.c.circle).where(circles.c.stream == people.c.stream)
    line = sa.select(waiting.c.person).where(waiting.c.person == people.c.id)
    takes_part = sa.and_(people.c.state.in_(sorted(rules.TAKES_PART)), people.c.stream.is_not(None))
    wrong = sa.or_(
        sa.and_(takes_part, ~there.exists(), ~line.where(waiting.c.stream == people.c.stream).exists()),
        sa.and_(~takes_part, sa.or_(here.exists(), line.exists())),
    )
    query = sa.select(people.c.id).where(wrong).order_by(people.c.joined_at, people.c.id)
    return list(tx.execute(query.limit(most)).scalars())
