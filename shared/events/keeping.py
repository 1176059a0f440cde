"""How long events are kept, and what a person can do about a delivery that is dead."""

from __future__ import annotations

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock, config, db, log
from . import relay, replay
from .outbox import hook

LONGER = 30  # days by which the proof that an event was handled outlives the event
STEP = 5_000
LARGEST = 2**63 - 1  # of a position; what is larger no database takes

DAY = 86_400.0

logger = log.get()


def dead(tx: Connection, most: int = 100) -> list[dict[str, Any]]:
    """Dead deliveries, oldest first, each with its event's type and subject, the error, and how many wait behind it."""
    return [dict(row) for row in tx.execute(_DEAD, {"most": most}).mappings()]


def skipped(tx: Connection, most: int = 20) -> list[dict[str, Any]]:
    """Deliveries that a person gave up, the latest first; as long as their events are kept."""
    return [dict(row) for row in tx.execute(_SKIPPED, {"most": most}).mappings()]


def one(tx: Connection, position: int, subscriber: str) -> dict[str, Any] | None:
    """One delivery with its event's type, or None."""
    if not 0 <= position <= LARGEST:
        return None
    row = tx.execute(_ONE, {"event": position, "subscriber": subscriber}).mappings().one_or_none()
    return dict(row) if row else None


def owed(tx: Connection, subject: str) -> bool:
    """Whether somebody has not confirmed an event about it: who blanks that now takes it from whoever it is for."""
    return tx.execute(_OWED, {"subject": subject}).first() is not None


def retry(tx: Connection, position: int, subscriber: str) -> bool:
    """Owe a delivery again from the start: a dead one, or one that was skipped. False when it is neither.

    What is about the same subject and came later may have been handled since a skip; it is not undone by what comes
    late, since the present state is told once more behind it.
    """
    found = one(tx, position, subscriber)
    if found is None or not (found["dead_at"] or found["skipped_at"]):
        return False
    changed = tx.execute(_RETRY, {"event": position, "subscriber": subscriber, "now": clock.machine()}).rowcount
    if changed and found["skipped_at"] and tx.execute(_OVERTOOK, found).first() is not None:
        replay.tell(tx, subscriber, found["subject"])
    db.after_commit(tx, hook(db.service_of(tx)))
    return bool(changed)


def skip(tx: Connection, position: int, subscriber: str, by: str, why: str) -> bool:
    """Give a dead delivery up, so that its subject goes on; False when it is not dead. `retry` undoes it."""
    if not 0 <= position <= LARGEST:
        return False
    done = tx.execute(
        _SKIP, {"event": position, "subscriber": subscriber, "now": clock.machine(), "by": by, "why": why}
    ).rowcount
    db.after_commit(tx, hook(db.service_of(tx)))
    return bool(done)


# ---- deleting what is old ----


def prune(tx: Connection) -> bool:
    """Delete a step of the events that are older than their age; True while there may be more.

    The last event of a subject stays, since the subject's sequence must go on rising.
    """
    before = clock.machine() - config.current().keep_events * DAY
    return bool(tx.execute(_PRUNE, {"before": before, "step": STEP}).rowcount == STEP)


def release(tx: Connection) -> None:
    """Tell each subscriber, after the commit, which proofs it needs no more: nothing older will ever be sent to it.

    A dead delivery, or one that an outage keeps, may be sent however old it is. So only the publisher knows what cannot
    come again; a subscriber that went by age alone would handle a late retry twice. If the message is lost, the next
    day's says the same.
    """
    service, now = db.service_of(tx), clock.machine()
    for name in relay.subscribers(service):
        oldest = tx.execute(_OLDEST, {"subscriber": name}).scalar()
        # An event is recorded a moment before it is committed; a day is more than any transaction takes.
        payload = {"source": service, "before": (now if oldest is None else oldest) - DAY}
        db.after_commit(tx, functools.partial(_say, f"{name}.forget", payload), once=False)


def _say(task: str, payload: dict[str, Any]) -> None:
    try:
        relay.publish(task, payload)
    except Exception as error:
        logger.info("keeping.not_said", task=task, reason=str(error))


def forget(service: str, payload: dict[str, Any]) -> int:
    """Delete the proofs that `payload` says are needed no more, if they are old enough; returns how many."""
    oldest = clock.machine() - (config.current().keep_events + LONGER) * DAY
    asked = {"source": payload["source"], "before": min(float(payload["before"]), oldest), "step": STEP}
    gone, step = 0, STEP
    while step == STEP:
        with db.write(service) as tx:
            step = tx.execute(_FORGET, asked).rowcount
        gone += step
    return gone


_COLUMNS = """d.event AS position, d.subscriber, d.subject, d.seq, e.type, e.id, e.recorded, d.failures, d.dead_at,
    d.confirmed_at, d.error, d.skipped_at, d.skipped_by, d.skipped_why"""
_FROM = "FROM delivery d JOIN event e ON e.position = d.event"
_DEAD = sa.text(
    f"""SELECT {_COLUMNS}, (SELECT count(*) FROM delivery w WHERE w.subscriber = d.subscriber
    AND w.subject = d.subject AND w.confirmed_at IS NULL) - 1 AS behind
    {_FROM} WHERE d.dead_at IS NOT NULL AND d.confirmed_at IS NULL ORDER BY d.dead_at, d.event LIMIT :most"""
)
_SKIPPED = sa.text(
    f"SELECT {_COLUMNS} {_FROM} WHERE d.skipped_at IS NOT NULL ORDER BY d.skipped_at DESC, d.event LIMIT :most"
)
_ONE = sa.text(f"SELECT {_COLUMNS} {_FROM} WHERE d.event = :event AND d.subscriber = :subscriber")
_RETRY = sa.text(
    "UPDATE delivery SET dead_at = NULL, failures = 0, silences = 0, attempts = 0, asked = NULL, due = :now,"
    " batch = NULL, confirmed_at = NULL, skipped_at = NULL, skipped_by = NULL, skipped_why = NULL"
    " WHERE event = :event AND subscriber = :subscriber"
    " AND ((dead_at IS NOT NULL AND confirmed_at IS NULL) OR skipped_at IS NOT NULL)"
)
_SKIP = sa.text(
    "UPDATE delivery SET confirmed_at = :now, dead_at = NULL, batch = NULL, skipped_at = :now, skipped_by = :by,"
    " skipped_why = :why"
    " WHERE event = :event AND subscriber = :subscriber AND dead_at IS NOT NULL AND confirmed_at IS NULL"
)
# Is anything later about the subject handled, or on its way? By the events' index: confirmed deliveries have none.
_OVERTOOK = sa.text(
    "SELECT 1 FROM event e JOIN delivery d ON d.event = e.position AND d.subscriber = :subscriber"
    " WHERE e.subject = :subject AND e.seq > :seq AND (d.confirmed_at IS NOT NULL OR d.attempts > 0) LIMIT 1"
)
_PRUNE = sa.text(
    "DELETE FROM event WHERE position IN (SELECT e.position FROM event e WHERE e.recorded < :before"
    " AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.event = e.position AND d.confirmed_at IS NULL)"
    " AND e.seq < (SELECT max(l.seq) FROM event l WHERE l.subject = e.subject)"
    " ORDER BY e.position LIMIT :step)"
)
_OWED = sa.text("SELECT 1 FROM delivery WHERE subject = :subject AND confirmed_at IS NULL LIMIT 1")
_OLDEST = sa.text(
    "SELECT recorded FROM event WHERE position ="
    " (SELECT min(event) FROM delivery WHERE subscriber = :subscriber AND confirmed_at IS NULL)"
)
_FORGET = sa.text(
    "DELETE FROM inbox WHERE (source, event) IN"
    " (SELECT source, event FROM inbox WHERE source = :source AND handled < :before LIMIT :step)"
)
