"""How long events are kept, and what a person can do about a dead delivery."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock, db
from .outbox import bell

EVENT_DAYS = 90
INBOX_DAYS = 120
STEP = 5_000

DAY = 86_400.0


def dead(tx: Connection, most: int = 100) -> list[dict[str, Any]]:
    """Dead deliveries, oldest first, each with its event's type and subject and the error."""
    rows = tx.execute(
        sa.text(
            "SELECT d.event AS position, d.subscriber, d.subject, e.type, e.id, d.failures, d.dead_at, d.error"
            " FROM delivery d JOIN event e ON e.position = d.event"
            " WHERE d.dead_at IS NOT NULL AND d.confirmed_at IS NULL ORDER BY d.dead_at LIMIT :most"
        ),
        {"most": most},
    )
    return [dict(row) for row in rows.mappings()]


def retry(tx: Connection, position: int, subscriber: str) -> bool:
    """Owe a dead delivery again from the start; False when it is not dead."""
    fresh = "dead_at = NULL, failures = 0, silences = 0, attempts = 0, asked = NULL, due = :now"
    return _revive(tx, position, subscriber, fresh)


def skip(tx: Connection, position: int, subscriber: str) -> bool:
    """Give a dead delivery up, so that its subject goes on; False when it is not dead."""
    return _revive(tx, position, subscriber, "confirmed_at = :now, dead_at = NULL, error = 'skipped by a person'")


def _revive(tx: Connection, position: int, subscriber: str, changes: str) -> bool:
    done = tx.execute(
        sa.text(
            f"UPDATE delivery SET {changes}, batch = NULL"
            " WHERE event = :event AND subscriber = :subscriber AND dead_at IS NOT NULL AND confirmed_at IS NULL"
        ),
        {"event": position, "subscriber": subscriber, "now": clock.machine()},
    ).rowcount
    db.after_commit(tx, bell(db.service_of(tx)))
    return done == 1


def prune(tx: Connection) -> bool:
    """Delete a step of what is older than its age; True while there may be more.

    The last event of a subject stays, since the subject's sequence must go on rising.
    """
    now = clock.machine()
    events = tx.execute(
        sa.text(
            "DELETE FROM event WHERE position IN (SELECT e.position FROM event e WHERE e.recorded < :before"
            " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event = e.position AND d.confirmed_at IS NULL)"
            " AND e.seq < (SELECT max(l.seq) FROM event l WHERE l.subject = e.subject)"
            " ORDER BY e.position LIMIT :step)"
        ),
        {"before": now - EVENT_DAYS * DAY, "step": STEP},
    ).rowcount
    receipts = tx.execute(
        sa.text(
            "DELETE FROM inbox WHERE (source, event) IN"
            " (SELECT source, event FROM inbox WHERE handled < :before LIMIT :step)"
        ),
        {"before": now - INBOX_DAYS * DAY, "step": STEP},
    ).rowcount
    return events == STEP or receipts == STEP
