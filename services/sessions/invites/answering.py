"""Answers: coming, or cannot (this one, or until a date); from a mail's link, the page, or somebody's calendar.

No answer stays no answer. What is answered is the invite that they were last told; when the time changes, telling asks
anew. Who cannot gives their turn back: `gives_up` registers how. "Until a date" is turns.absences.cannot_until.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log

from .. import locks
from ..circles import reading as circles
from ..meetings import reading as meetings
from ..models import absence, place, remark, rsvp, session
from ..rules.refusals import Refused
from . import due, reading

Row = Mapping[Any, Any]
COMING, CANNOT = "coming", "cannot"
MAYBE, COUNTER = "maybe", "counter"
ABSENCE = "absence"  # the source of what was not answered for one session alone
LONGEST = timedelta(days=366)
GiveUp = Callable[[Connection, str, str, str], None]
_give_up: list[GiveUp] = []
logger = log.get()


def gives_up(hook: GiveUp) -> GiveUp:
    """Register what happens to the turn of somebody who cannot come: `hook(tx, session, person, source)`."""
    _give_up.append(hook)
    return hook


def gives_back() -> bool:
    """Whether the turn of who cannot come is given back by itself."""
    return bool(_give_up)


def answer(tx: Connection, session_id: str, person: str, said: str, source: str) -> None:
    """Take an answer: `coming` or `cannot`; the last one counts. `source`: link, page or calendar.

    :raises Refused: it is neither, the session has begun, is over or off, or they are not invited.
    """
    if said not in (COMING, CANNOT):
        raise Refused("answer", "This is no answer.", "Say that you are coming, or that you cannot.")
    locks.sessions(tx)  # before looking: it may be moved, or cancelled, meanwhile
    told = open_invite(tx, session_id, person)
    _write(tx, session_id, person, said, told["sequence"], source)


def comes_after_all(tx: Connection, session_id: str, person: str) -> None:
    """Who said that they cannot come, and now takes a turn there, comes. No other answer changes, nor an absence."""
    mine = (rsvp.c.session == session_id, rsvp.c.person == person, rsvp.c.answer == CANNOT, rsvp.c.source != ABSENCE)
    tx.execute(sa.update(rsvp).where(*mine).values(answer=COMING, at=clock.now()))


def open_invite(tx: Connection, session_id: str, person: str) -> Row:
    """What they were told of a session that they can answer for.

    :raises Refused: it has begun, is over or off, or they are not invited.
    """
    row = meetings.one(tx, session_id)
    if row["state"] == "cancelled":
        raise Refused("session", "This session will not take place.", "There is nothing to answer.")
    if row["state"] not in meetings.AHEAD or row["starts_at"] <= clock.now():
        raise Refused("session", "This session has begun or is over.", "There is nothing to answer any more.")
    told = reading.invited(tx, session_id, person)
    if told is None:
        raise Refused("session", "You are not invited to this session, or are no more.", "Ask an organizer why.")
    return told


def cannot_between(tx: Connection, person: str, first: str, last: str) -> None:
    """They cannot come to any planned session of theirs from one local date to another. What they had answered for one
    of them is kept, for when they take it back.
    """
    locks.sessions(tx)
    for id, sequence in planned(tx, person, first, last).items():
        theirs, said = reading.invited(tx, id, person), reading.answer_of(tx, id, person)
        if said and (said["answer"], said["source"] == ABSENCE) == (CANNOT, False):
            continue  # their own no stands by itself
        before = said and (said["before"] if said["source"] == ABSENCE else _kept(said))
        _write(tx, id, person, CANNOT, theirs["sequence"] if theirs else sequence, ABSENCE, before)


def planned(tx: Connection, person: str, first: str, last: str) -> dict[str, int]:
    """The sessions to come of their circle between these local dates, and each one's sequence."""
    here = sa.select(place.c.circle).where(place.c.person == person, circles.present)
    query = _ahead(first, last).where(session.c.circle.in_(here)).order_by(session.c.starts_at)
    return {row.id: row.sequence for row in tx.execute(query)}


def no_answer_between(tx: Connection, person: str, first: str, last: str) -> None:
    """What was answered for who is away then is no answer any more, unless they are away all the same; what they had
    answered themselves is one again.
    """
    other = sa.exists().where(
        absence.c.person == person, absence.c.role.is_(None), absence.c.withdrawn_at.is_(None),
        absence.c.first <= session.c.day, absence.c.last >= session.c.day,
    )  # fmt: skip
    said = sa.select(_ahead(first, last).where(~other).subquery().c.id)
    where = (rsvp.c.person == person, rsvp.c.source == ABSENCE, rsvp.c.session.in_(said))
    for row in tx.execute(sa.select(rsvp).where(*where, rsvp.c.before.is_not(None))).mappings().all():
        back = {**row["before"], "at": datetime.fromisoformat(row["before"]["at"]), "before": None}
        mine = (rsvp.c.session == row["session"], rsvp.c.person == person)
        tx.execute(sa.update(rsvp).where(*mine).values(**back))
    tx.execute(sa.delete(rsvp).where(*where))


def _kept(said: Row) -> dict[str, Any]:
    """An answer as `rsvp.before` keeps it."""
    return {**{name: said[name] for name in ("answer", "sequence", "source")}, "at": said["at"].isoformat()}


def _ahead(first: str, last: str) -> Any:
    return sa.select(session.c.id, session.c.sequence).where(
        session.c.state.in_(meetings.AHEAD), session.c.starts_at > clock.now(),
        session.c.day >= first, session.c.day <= last,
    )  # fmt: skip


def by_calendar(
    tx: Connection, session_id: str, person: str, said: str, sequence: int | None, proposed: str | None = None
) -> None:
    """What somebody's calendar sent. Nothing is refused, since nobody reads it: what does not fit is logged and left.

    :param said: coming or cannot; maybe or counter are kept for the coordinator to see, and change nothing.
    :param sequence: of the invite that it answers, which may be an older one, if that told the same time and place;
        None when the calendar did not say.
    :param proposed: of a counter, the instant, RFC 3339; None where nobody could read it.
    """
    locks.sessions(tx)
    told = reading.invited(tx, session_id, person)
    if told is not None and sequence is not None and sequence < told["stands_from"]:
        logger.info("reply.ignored", why="older-sequence", session=session_id)
        return
    try:
        if said in (MAYBE, COUNTER):
            open_invite(tx, session_id, person)
            _remark(tx, session_id, person, said, proposed)
        else:
            answer(tx, session_id, person, said, "calendar")
    except Refused as refused:
        logger.info("reply.ignored", why=refused.message, session=session_id)


def _remark(tx: Connection, session_id: str, person: str, what: str, proposed: str | None) -> None:
    fresh = {"what": what, "proposed": datetime.fromisoformat(proposed) if proposed else None, "at": clock.now()}
    insert = db.insert(tx, remark).values(session=session_id, person=person, **fresh)
    tx.execute(insert.on_conflict_do_update(index_elements=["session", "person"], set_=fresh))
    if what == MAYBE:  # whatever they had said before, it is neither a yes nor a no now
        tx.execute(sa.delete(rsvp).where(rsvp.c.session == session_id, rsvp.c.person == person))


def _write(
    tx: Connection, session_id: str, person: str, said: str, sequence: int, source: str, before: Any = None
) -> None:
    locks.sessions(tx)  # before the row: a "cannot" goes on to turns
    was = reading.answer_of(tx, session_id, person)
    fresh = {"answer": said, "sequence": sequence, "source": source, "at": clock.now(), "before": before}
    insert = db.insert(tx, rsvp).values(session=session_id, person=person, **fresh)
    tx.execute(insert.on_conflict_do_update(index_elements=["session", "person"], set_=fresh))
    tx.execute(sa.delete(remark).where(remark.c.session == session_id, remark.c.person == person))
    if said == COMING and was and was["answer"] == CANNOT:  # they were not told meanwhile who leads it
        due.touch(tx, [tx.execute(sa.select(session.c.circle).where(session.c.id == session_id)).scalar()])
    if said == CANNOT:
        for hook in _give_up:
            hook(tx, session_id, person, source)


def day_until(typed: str, first: str) -> date:
    """The last day on which somebody cannot, as they typed it.

    :param first: the local date of the session that they answer for.
    :raises Refused: it is no date, before the session, or too far.
    """
    value = typed.strip()
    try:
        found = date.fromisoformat(value) if len(value) == 10 else None
    except ValueError:
        found = None
    if found is None:
        what = "This is no date." if value else "The date is missing."
        raise Refused("until", what, "Write year, month and day, as in 2027-01-31.")
    if found.isoformat() < first:
        raise Refused("until", "This is before the session.", f"Choose {first} or a later day.")
    if found > date.fromisoformat(first) + LONGEST:
        raise Refused("until", "This is more than a year away.", "Take a break instead: your own page has a button.")
    return found
