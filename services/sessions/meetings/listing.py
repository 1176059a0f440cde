"""All sessions by their state, those that are late first: for organizers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import people
from ..circles import health
from ..invites import reading as invites
from ..models import circle, minutes, session
from ..rules.states import SessionState
from .reading import AHEAD

PAGE = 50
_DAY = timedelta(days=1)
STATES = tuple(state.value for state in SessionState)
_FIRST = {SessionState.CLOSED, SessionState.CANCELLED}  # of these the latest first: nothing is to be done


def counts(tx: Connection, stream: str = "") -> dict[str, int]:
    """How many sessions there are in each state."""
    query = sa.select(session.c.state, sa.func.count().label("number")).group_by(session.c.state)
    if stream:
        query = query.join(circle, circle.c.id == session.c.circle).where(circle.c.stream == stream)
    return {**dict.fromkeys(STATES, 0), **{row.state: row.number for row in tx.execute(query)}}


def listed(tx: Connection, state: str, stream: str = "", page: int = 1) -> list[dict[str, Any]]:
    """A page of the sessions in that state: session's columns with `circle_name`, `stream`, who leads and mentors by
    name, and since when they are `late`.
    """
    order = session.c.starts_at.desc() if state in _FIRST else session.c.starts_at
    query = (
        sa.select(session, circle.c.name.label("circle_name"), circle.c.stream, minutes.c.published_at)
        .add_columns(health.is_unclosed().label("unclosed"))
        .outerjoin(circle, circle.c.id == session.c.circle)
        .outerjoin(minutes, minutes.c.session == session.c.id)
        .where(session.c.state == state)
    )
    if stream:
        query = query.where(circle.c.stream == stream)
    rows = tx.execute(query.order_by(order, session.c.id).limit(PAGE).offset((page - 1) * PAGE)).mappings().all()
    duties = invites.duties(tx, [row["id"] for row in rows])
    names = people.names(tx, [person for each in duties.values() for person in each.values()])
    return [
        {**row, "late": _late(row), **{role: names.get(person) for role, person in duties[row["id"]].items()}}
        for row in rows
    ]


def _late(row: Any) -> Any:
    """Since when something about it is late: it should be held, minuted or closed by now; None: nothing is."""
    now = clock.now()
    if row["state"] in AHEAD:
        return row["ends_at"] if row["ends_at"] <= now else None
    if row["state"] == SessionState.HELD:
        return row["ends_at"] if row["ends_at"] <= now - _DAY else None
    return row["published_at"] if row["unclosed"] else None
