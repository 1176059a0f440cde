"""Reading about invites: who is invited to a session, who leads it, who answered what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..circles import reading as circles
from ..meetings import reading as meetings
from ..models import absence, invite, place, remark, rsvp, session, turn
from ..models import circle as circle_table
from ..rules.states import TAKEN

Row = Mapping[Any, Any]
ROLES = ("coordinator", "mentor")


def duties(tx: Connection, sessions: Iterable[str]) -> dict[str, dict[str, str | None]]:
    """Who said yes to which session: {session: {coordinator, mentor}}, each an id or None."""
    found: dict[str, dict[str, str | None]] = {id: dict.fromkeys(ROLES) for id in sessions}
    query = sa.select(turn.c.session, turn.c.role, turn.c.person)
    sure = turn.c.state.in_([state.value for state in TAKEN])
    for row in tx.execute(query.where(turn.c.session.in_(list(found)), sure)):
        found[row.session][row.role] = row.person
    return found


def answers(tx: Connection, sessions: Iterable[str]) -> dict[str, dict[str, str]]:
    """{session: {person: coming or cannot}}; who did not answer is not in it."""
    found: dict[str, dict[str, str]] = {id: {} for id in sessions}
    query = sa.select(rsvp.c.session, rsvp.c.person, rsvp.c.answer).where(rsvp.c.session.in_(list(found)))
    for row in tx.execute(query):
        found[row.session][row.person] = row.answer
    return found


def answer_of(tx: Connection, session_id: str, person: str) -> Row | None:
    """What they answered, and how; None: nothing."""
    query = sa.select(rsvp).where(rsvp.c.session == session_id, rsvp.c.person == person)
    return tx.execute(query).mappings().first()


def remarks(tx: Connection, session_id: str) -> dict[str, Row]:
    """What calendars sent that is no answer, by person."""
    rows = tx.execute(sa.select(remark).where(remark.c.session == session_id)).mappings()
    return {row["person"]: row for row in rows}


def invited(tx: Connection, session_id: str, person: str) -> Row | None:
    """What they were last told of that session; None when they were not invited, or are no more."""
    query = sa.select(invite).where(invite.c.session == session_id, invite.c.person == person)
    return tx.execute(query.where(~invite.c.cancelled)).mappings().first()


def invited_to(tx: Connection, session_id: str) -> list[str]:
    """Who is invited to that session."""
    query = sa.select(invite.c.person).where(invite.c.session == session_id, ~invite.c.cancelled)
    return list(tx.execute(query.order_by(invite.c.person)).scalars())


def open_invites(tx: Connection, person: str) -> set[str]:
    """The sessions that they can answer for now."""
    query = sa.select(session.c.id).join(invite, invite.c.session == session.c.id)
    query = query.where(invite.c.person == person, ~invite.c.cancelled, session.c.starts_at > clock.now())
    return set(tx.execute(query.where(session.c.state.in_(meetings.AHEAD))).scalars())


def away(tx: Connection, people: Iterable[str], day: str, role: str | None = None) -> set[str]:
    """Those of them who said that they cannot come to anything on that local date; or, given a role, not in that."""
    roles = sa.or_(absence.c.role.is_(None), absence.c.role == role) if role else absence.c.role.is_(None)
    query = sa.select(absence.c.person).where(
        absence.c.person.in_(list(people)), roles, absence.c.withdrawn_at.is_(None),
        absence.c.first <= day, absence.c.last >= day,
    )  # fmt: skip
    return set(tx.execute(query).scalars())


def of_person(tx: Connection, person: str, first: date) -> list[Row]:
    """The sessions of their circle, those that they mentor, and what else they are invited to, from that day on:
    session's columns and `name`, the circle's.
    """
    here = sa.select(place.c.circle).where(place.c.person == person, circles.present)
    mentored = sa.select(turn.c.session).where(
        turn.c.person == person, turn.c.role == "mentor", turn.c.state.in_([state.value for state in TAKEN])
    )
    told = sa.exists().where(
        invite.c.session == session.c.id, invite.c.person == person,
        sa.or_(~invite.c.cancelled, session.c.state == "cancelled"),
    )  # fmt: skip
    gatherings = sa.and_(session.c.circle.is_(None), told)
    return _with_names(tx, sa.or_(session.c.circle.in_(here), session.c.id.in_(mentored), gatherings), first)


def of_circle(tx: Connection, circle: str, first: date) -> list[Row]:
    """The same of one circle."""
    return _with_names(tx, session.c.circle == circle, first)


def _with_names(tx: Connection, where: Any, first: date) -> list[Row]:
    query = sa.select(session, circle_table.c.name, circle_table.c.stream)
    query = query.outerjoin(circle_table, circle_table.c.id == session.c.circle)
    query = query.where(where, session.c.day >= first.isoformat())
    return list(tx.execute(query.order_by(session.c.starts_at, session.c.id)).mappings())
