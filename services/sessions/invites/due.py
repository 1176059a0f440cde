"""Noting that what a circle's people were told may not be so any more. Whoever changes such a thing calls `touch`.

A note is a row of its own, not a mark on the circle: whoever changes two circles would else wait for whoever changes
the same two in another order.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import unannounced

FOLD, NEAR = timedelta(minutes=5), timedelta(days=1)
FREED = timedelta(
    hours=1
)  # for which a seat that became free is not told: whoever is asked next often says yes by then


def soon(tx: Connection, circles: Iterable[str | None], starts_at: datetime, freed: bool = False) -> None:
    """Look in a few minutes, so that several changes become one mail, and what is taken back none. At once where that
    session begins within a day.

    :param freed: all that changed is that nobody has a seat any more. That can wait for who has it next, so that
        calendars get one update and not two.
    """
    touch(tx, circles, clock.now() + (FREED if freed else FOLD) if starts_at > clock.now() + NEAR else None)


def touch(tx: Connection, circles: Iterable[str | None], at: datetime | None = None) -> None:
    """Look at the invites of these circles, as soon as `tx` is committed, or at that instant."""
    wanted = sorted({circle for circle in circles if circle})
    if wanted:
        due = at or clock.now()
        rows = [{"id": id, "circle": of, "due": due} for id, of in zip(db.new_ids(len(wanted)), wanted, strict=True)]
        tx.execute(sa.insert(unannounced), rows)
