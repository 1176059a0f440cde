"""What sessions deletes by age: who changed what by hand, and what was told of sessions that are long over.

Sessions themselves, turns, attendance, answers and minutes are the program's memory, and stay.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config

from .models import change, invite, session, told
from .rules.states import SessionState

STEP = 1_000
# What else is not over: late minutes would be asked for a second time.
_OVER = (SessionState.CLOSED.value, SessionState.CANCELLED.value)


def prune(tx: Connection) -> bool:
    """Delete a step of each; True while there may be more."""
    kept, now = config.current(), clock.now()
    over = sa.select(session.c.id).where(
        session.c.state.in_(_OVER), session.c.ends_at < now - timedelta(days=kept.keep_runs)
    )
    steps = (
        _step(tx, change, (change.c.id,), change.c.at < now - timedelta(days=kept.keep_audit)),
        _step(tx, invite, (invite.c.session, invite.c.person), invite.c.session.in_(over)),
        _step(tx, told, (told.c.session, told.c.what), told.c.session.in_(over)),
    )
    return max(steps) == STEP


def _step(tx: Connection, table: sa.Table, key: tuple[Any, ...], old: Any) -> int:
    some = sa.select(*key).where(old).limit(STEP)
    return tx.execute(sa.delete(table).where(sa.tuple_(*key).in_(some))).rowcount
