"""One person's turns, in whichever circles: what they are asked, what they said yes to, what they still owe minutes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..models import circle, session, turn
from ..rules.rotation import Role
from ..rules.states import TAKEN, SessionState, TurnState
from . import reading, seats

OWED = timedelta(days=30)  # how long somebody is reminded of minutes that nobody wrote
_UNWRITTEN = (*seats.AHEAD, SessionState.HELD.value)


@dataclass(frozen=True)
class Own:
    """One turn.

    :param state: offered, accepted or served; proposed: a forecast, of which nobody was asked so far.
    :param owes: the session has begun, and its minutes are not published.
    :param turn: its id, but for a forecast.
    """

    session: str
    circle: str | None
    name: str
    role: str
    state: str
    day: str
    starts_at: datetime
    minutes: int
    why: str
    turn: str | None = None
    answer_by: datetime | None = None
    owes: bool = False


def of_person(tx: Connection, person: str) -> list[Own]:
    """Their turns that lie ahead, and sessions that they coordinated and that have no minutes yet, by time."""
    now = clock.now()
    asked = sa.and_(
        turn.c.state.in_([TurnState.OFFERED.value, TurnState.ACCEPTED.value]),
        session.c.state.in_(seats.AHEAD),
        session.c.starts_at > now,
    )
    owed = sa.and_(
        turn.c.role == Role.COORDINATOR.value,
        turn.c.state.in_([state.value for state in TAKEN]),
        session.c.state.in_(_UNWRITTEN),
        session.c.starts_at <= now,
        session.c.ends_at > now - OWED,
    )
    query = (
        sa.select(*(session.c[name] for name in "id day starts_at minutes".split()))
        .add_columns(turn.c.id.label("turn"), turn.c.circle, turn.c.role, turn.c.state, turn.c.why, turn.c.answer_by)
        .add_columns(sa.func.coalesce(session.c.title, circle.c.name, "A session").label("name"))
        .join(session, session.c.id == turn.c.session)
        .outerjoin(circle, circle.c.id == turn.c.circle)
        .where(turn.c.person == person, sa.or_(asked, owed))
        .order_by(session.c.starts_at, turn.c.id)
    )
    return [_own(row, now) for row in tx.execute(query).mappings()]


def _own(row: Mapping[Any, Any], now: datetime) -> Own:
    return Own(
        session=row["id"],
        circle=row["circle"],
        name=row["name"],
        role=row["role"],
        state=row["state"],
        day=row["day"],
        starts_at=row["starts_at"],
        minutes=row["minutes"],
        why=seats.said(row["why"]),
        turn=row["turn"],
        answer_by=row["answer_by"] if row["state"] == TurnState.OFFERED else None,
        owes=row["starts_at"] <= now,
    )


def forecast(tx: Connection, person: str) -> Own | None:
    """When their turn to coordinate comes, as things stand; None: not among the next six, or they have one."""
    of = reading.circle_of(tx, person)
    about = reading.one(tx, of) if of else None
    for each in reading.upcoming(tx, of) if of and about else ():
        if each.person == person:
            if each.turn:
                return None
            at = each.session
            when = {name: at[name] for name in ("day", "starts_at", "minutes")}
            assert about is not None, "checked by the loop"
            return Own(at["id"], of, about["name"], Role.COORDINATOR.value, each.state, why=each.why_you, **when)
    return None


def served(tx: Connection, person: str) -> dict[str, int]:
    """How many turns they served: {role: count}, without roles in which it is none."""
    query = sa.select(turn.c.role, sa.func.count()).where(
        turn.c.person == person, turn.c.state == TurnState.SERVED.value
    )
    return {role: count for role, count in tx.execute(query.group_by(turn.c.role))}
