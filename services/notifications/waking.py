"""Whether what was due during a gap has been told, so that a letter that sums it up does not tell an old state.

A laptop that wakes, or a server that was down, finds all services behind at once: sessions to close, late minutes,
silent people, and events on their way. What others still have to do cannot be seen from here. But each of their ticks
is at most two seconds away, and what they do arrives.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, pulse

SETTLED = 60.0  # seconds of ticks that the others have at least: a task's time limit
QUIET = 20.0  # seconds in which nothing came any more
MOST = 600.0  # seconds that anything waits: in a busy program it is never quiet


def over(tx: Connection) -> bool:
    """Whether there was no gap in ticks, nor a jump of program time, whose consequences may still be on their way."""
    since = [at for at in (pulse.woke(tx), clock.moved()) if at is not None]
    awake = min((clock.machine() - at for at in since if clock.machine() >= at), default=MOST)
    if awake >= MOST:
        return True
    return awake >= SETTLED and not _owes(tx) and not _heard(tx, clock.machine() - QUIET)


def _owes(tx: Connection) -> bool:
    """Is something on its way from here, to which others may have an answer?"""
    return tx.execute(_OWED).first() is not None


def _heard(tx: Connection, since: float) -> bool:
    """Did an event come since then?"""
    return tx.execute(_HANDLED, {"since": since}).first() is not None


# Without what is behind a dead one of its subject: that comes when a person says so, not within minutes.
_OWED = sa.text(
    "SELECT 1 FROM delivery d WHERE d.confirmed_at IS NULL AND d.dead_at IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM delivery h WHERE h.subscriber = d.subscriber AND h.subject = d.subject"
    " AND h.confirmed_at IS NULL AND h.dead_at IS NOT NULL) LIMIT 1"
)
# Reads the whole table, which has no index for this: for some ticks after a gap, when a letter waits.
_HANDLED = sa.text("SELECT 1 FROM inbox WHERE handled > :since LIMIT 1")
