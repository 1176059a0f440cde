"""Where a person stands in the ledger of turns of a circle: written when they join it, ended when they go.

Turns served are counted when they change (`recount`), not at each choice.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import session, standing, turn
from ..rules import rotation
from ..rules.states import HOLDING, TurnState

COORDINATOR = rotation.Role.COORDINATOR
STEP = 500


def credit(tx: Connection, circle: str, person: str, role: rotation.Role = COORDINATOR) -> int:
    """What who joins or comes back is given, as the rules of rotation have it: they come after everybody present."""
    query = sa.select(standing.c.person, standing.c.credit, standing.c.left_at, standing.c.served)
    query = query.where(standing.c.circle == circle, standing.c.role == role)
    day = clock.now().date()  # nothing of what is asked here depends on days
    members = tuple(
        rotation.Member(id, day, given, turns, state="left" if left_at else "active")
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


def recount(tx: Connection, who: Iterable[tuple[str, str, str]]) -> None:
    """Count anew what these have served: (circle, role, person). Called by whatever makes a turn served, or unmakes it.

    Counted, not added to: it is right however often it is called, and reads the turns of these persons alone.
    """
    keys = sorted(set(who))
    mine = (turn.c.circle == standing.c.circle, turn.c.role == standing.c.role, turn.c.person == standing.c.person)
    done = sa.and_(*mine, turn.c.state == TurnState.SERVED)
    count = sa.select(sa.func.count()).select_from(turn).where(done).scalar_subquery()
    last = sa.select(sa.func.max(session.c.day)).select_from(turn.join(session)).where(done).scalar_subquery()
    for start in range(0, len(keys), STEP):
        some = sa.tuple_(standing.c.circle, standing.c.role, standing.c.person).in_(keys[start : start + STEP])
        tx.execute(sa.update(standing).where(some).values(served=count, last=last))
