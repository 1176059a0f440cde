"""Where a person begins in the ledger of turns of a circle: written when they join it, ended when they go."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import standing, turn

COORDINATOR = "coordinator"


COUNTED = ("offered", "accepted", "served")  # states of a turn that counts for whoever has it


def credit(tx: Connection, circle: str, person: str, role: str = COORDINATOR) -> int:
    """What who joins or comes back is given: it brings them to the highest score (turns + credit) of those present."""
    own = sa.select(sa.func.count()).where(turn.c.circle == circle, turn.c.role == role, turn.c.state.in_(COUNTED))
    turns = own.where(turn.c.person == standing.c.person).correlate(standing).scalar_subquery()
    others = (standing.c.circle == circle, standing.c.role == role, standing.c.person != person)
    highest = sa.select(sa.func.max(standing.c.credit + turns)).where(*others, standing.c.left_at.is_(None))
    before = tx.execute(own.where(turn.c.person == person)).scalar_one()
    return (tx.execute(highest).scalar() or 0) - int(before)


def begin(tx: Connection, circle: str, person: str) -> None:
    """The person joins: again with new numbers, if they were here before."""
    fresh = {"joined_at": clock.now(), "credit": credit(tx, circle, person), "left_at": None}
    row = db.insert(tx, standing).values(circle=circle, role=COORDINATOR, person=person, **fresh)
    tx.execute(row.on_conflict_do_update(index_elements=["circle", "role", "person"], set_=fresh))


def end(tx: Connection, circle: str, person: str) -> None:
    """The person goes; what they served stays."""
    where = (standing.c.circle == circle, standing.c.person == person, standing.c.left_at.is_(None))
    tx.execute(sa.update(standing).where(*where, standing.c.role == COORDINATOR).values(left_at=clock.now()))
