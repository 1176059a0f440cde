"""Who was there. What somebody said before is offered as a mark, silence never is; what counts is what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from . import people
from .models import attendance, circle, place, rsvp, session
from .rules.refusals import Refused
from .rules.states import SessionState

Row = Mapping[Any, Any]
_ANSWERS = {"coming": True, "cannot": False}


@dataclass(frozen=True)
class Mark:
    """One line of the sheet.

    :param answer: what they said themselves before: coming, cannot, or None.
    :param present: as recorded; None: not so far.
    :param gone: they have left the circle since.
    """

    person: str
    name: str
    answer: str | None
    present: bool | None
    gone: bool

    @property
    def offered(self) -> bool | None:
        """The mark to begin with: what was recorded, or what they said; None has to be asked."""
        return self.present if self.present is not None else _ANSWERS.get(self.answer or "")


def sheet(tx: Connection, of: Row) -> list[Mark]:
    """Everybody who was in the circle when it met, by name."""
    there = people.members_at(tx, of["circle"], of["starts_at"], of["ends_at"])
    here = set(people.members(tx, of["circle"]))
    names = people.names(tx, there)
    answers = sa.select(rsvp.c.person, rsvp.c.answer).where(rsvp.c.session == of["id"])
    said = {row.person: row.answer for row in tx.execute(answers)}
    marks = sa.select(attendance.c.person, attendance.c.present).where(attendance.c.session == of["id"])
    seen = {row.person: row.present for row in tx.execute(marks)}
    return [Mark(id, names[id], said.get(id), seen.get(id), id not in here) for id in there]


def whole(tx: Connection, of: Row) -> bool:
    """Whether it is known of everybody who is still in the program if they were there; and somebody was in the circle.

    (Who has gone since cannot be asked any more.)
    """
    marks = sheet(tx, of)
    return bool(marks) and all(mark.present is not None or not people.is_here(tx, mark.person) for mark in marks)


def record(tx: Connection, of: Row, marks: Mapping[str, bool], by: str, closed_too: bool = False) -> None:
    """Record who was there and who was not; a mark replaces the one before.

    :param of: the session, held by the caller.
    :param closed_too: also of a session that is closed, as organizers may.
    :raises Refused: somebody was not in the circle then; the session has not begun, is closed or cancelled.
    """
    if not marks:
        return
    if clock.now() < of["starts_at"]:
        raise Refused("attendance", "This session has not begun.", "Mark who is there when it has.")
    if of["state"] == SessionState.CANCELLED or (of["state"] == SessionState.CLOSED and not closed_too):
        raise Refused("attendance", f"This session is {of['state']}.", "Its attendance stays as it is.")
    known = {mark.person: mark.present for mark in sheet(tx, of)}
    if not marks.keys() <= known.keys():
        raise Refused("attendance", "Somebody here was not in the circle then.", "Load the page again, and mark anew.")
    for id, present in marks.items():
        if known[id] is present:
            continue
        fresh = {"present": present, "by": by, "at": clock.now()}
        insert = db.insert(tx, attendance).values(session=of["id"], person=id, **fresh)
        tx.execute(insert.on_conflict_do_update(index_elements=["session", "person"], set_=fresh))


@dataclass(frozen=True)
class Turnout:
    """How many came to one session."""

    session: str
    starts_at: datetime
    present: int
    marked: int


def turnouts(tx: Connection, of: Row, most: int = 6) -> list[Turnout]:
    """The last sessions of the circle up to that one, oldest first, of which attendance is known."""
    present = sa.func.sum(sa.case((attendance.c.present, 1), else_=0))
    query = (
        sa.select(session.c.id, session.c.starts_at, present, sa.func.count())
        .join(attendance, attendance.c.session == session.c.id)
        .where(session.c.circle == of["circle"], session.c.starts_at <= of["starts_at"])
        .group_by(session.c.id, session.c.starts_at)
        .order_by(session.c.starts_at.desc())
        .limit(most)
    )
    return [Turnout(*row) for row in reversed(tx.execute(query).all())]


@dataclass(frozen=True)
class Visit:
    """One session that somebody was to be at.

    :param present: as recorded; None: nobody noted it.
    """

    session: str
    name: str
    starts_at: datetime
    present: bool | None


def of_person(tx: Connection, person: str, most: int = 24) -> list[Visit]:
    """The last sessions of circles that they were in then, or were noted at, the newest first."""
    was_in = sa.exists().where(
        place.c.person == person,
        place.c.circle == session.c.circle,
        place.c.since < session.c.ends_at,
        sa.or_(place.c.until.is_(None), place.c.until > session.c.starts_at),
    )
    query = (
        sa.select(session.c.id, sa.func.coalesce(session.c.title, circle.c.name, "A session"), session.c.starts_at)
        .add_columns(attendance.c.present)
        .outerjoin(circle, circle.c.id == session.c.circle)
        .outerjoin(attendance, sa.and_(attendance.c.session == session.c.id, attendance.c.person == person))
        .where(
            session.c.ends_at <= clock.now(),
            session.c.state != SessionState.CANCELLED.value,
            sa.or_(was_in, attendance.c.person.is_not(None)),
        )
        .order_by(session.c.starts_at.desc(), session.c.id)
        .limit(most)
    )
    return [Visit(*row) for row in tx.execute(query)]
