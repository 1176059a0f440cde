"""Where a person begins in the ledger of turns of a circle: written when they join it, ended when they go."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import standing, turn
from ..rules import rotation
from ..rules.states import HOLDING, TurnState

COORDINATOR = rotation.Role.COORDINATOR


def credit(tx: Connection, circle: str, person: str, role: rotation.Role = COORDINATOR) -> int:
    """What who joins or comes back is given, as the rules of rotation have it: they come after everybody present."""
    served = sa.case((turn.c.state == TurnState.SERVED, 1), else_=0)
    mine = sa.and_(turn.c.circle == standing.c.circle, turn.c.role == role, turn.c.person == standing.c.person)
    query = (
        sa.select(standing.c.person, standing.c.credit, standing.c.left_at, sa.func.coalesce(sa.func.sum(served), 0))
        .select_from(standing.outerjoin(turn, mine))
        .where(standing.c.circle == circle, standing.c.role == role)
        .group_by(standing.c.person, standing.c.credit, standing.c.left_at)
    )
    day = clock.now().date()  # nothing of what is asked here depends on days
    members = tuple(
        rotation.Member(id, day, given, int(turns), state="left" if left_at else "active")
        for id, given, left_at, turns in tx.execute(query)
    )
    held = sa.select(turn.c.session, turn.c.person, turn.c.state).where(turn.c.circle == circle, turn.c.role == role)
    duties = tuple(
        rotation.Duty(session, circle, role, id, day, state)
        for session, id, state in tx.execute(held.where(turn.c.state.in_(sorted(HOLDING))))
    )
    return rotation.credit(rotation.Ledger(circle, role, members, duties=duties), person)


def begin(tx: Connection, circle: str, person: str) -> None:
    """The person joins: again with new numbers, if they were here before."""
    fresh = {"joined_at": clock.now(), "credit": credit(tx, circle, person), "left_at": None}
    row = db.insert(tx, standing).values(circle=circle, role=COORDINATOR, person=person, **fresh)
    tx.execute(row.on_conflict_do_update(index_elements=["circle", "role", "person"], set_=fresh))


def end(tx: Connection, circle: str, person: str) -> None:
    """The person goes; what they served stays."""
    where = (standing.c.circle == circle, standing.c.person == person, standing.c.left_at.is_(None))
    tx.execute(sa.update(standing).where(*where, standing.c.role == COORDINATOR).values(left_at=clock.now()))
