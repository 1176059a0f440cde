"""The way from the outbox to the subscribers' queues and back: claim, publish, confirm.

The broker may lose anything at any time. So a delivery is claimed (its `due` pushed into the future) and committed
before it is published, and ends only with a receipt; without one it falls due again. Order per subject is kept by
sending only the first unconfirmed event of a subject, with those that follow it in the same message.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock, db, die, engines, log
from ..columns import Instant, Json
from .catalog import BY_TYPE
from .envelope import Event

BATCH = 100  # events in one message: the doorbell is the price, not the event
WINDOW = 3  # messages in flight per subscriber; more would fall due while still queued, and go out twice
LINGER = 0.2  # seconds for which a message that is not full waits while another is in flight
FIRST_WAIT, LONGEST_WAIT = 2.0, 600.0  # seconds until an unanswered delivery is sent again: doubling, with jitter
MOST_FAILURES = 8  # failure receipts after which a delivery is dead
MOST_SILENCES = 3  # lone sends without an answer, while others were answered, after which it is dead
PATIENCE = 86_400.0  # seconds for which a handler may answer "not yet"

logger = log.get()


@dataclass(frozen=True)
class Message:
    """Up to BATCH events for one subscriber, in order."""

    subscriber: str
    batch: str
    events: list[Event]

    def payload(self) -> dict[str, Any]:
        """What the task carries, as JSON."""
        return {"batch": self.batch, "events": [event.envelope() for event in self.events]}


@dataclass
class Receipt:
    """What became of a message: positions of its events by outcome.

    :param later: events that stay behind because an earlier one of their subject did.
    """

    subscriber: str
    batch: str
    done: list[int] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    not_yet: list[int] = field(default_factory=list)
    later: list[int] = field(default_factory=list)


def publish_by_celery(task: str, payload: dict[str, Any]) -> None:
    """Put a task message on the queue named like its service."""
    from ..worker import send

    send(task, payload)


publish: Callable[[str, dict[str, Any]], None] = publish_by_celery


def wait(attempts: int) -> float:
    """Seconds until a delivery that was sent `attempts` times is due again: 2 s doubling to 10 min, +-20 %."""
    return min(FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 16), LONGEST_WAIT) * random.uniform(0.8, 1.2)


def subscribers(service: str) -> list[str]:
    """All services that subscribe to an event of `service`."""
    return sorted({name for entry in BY_TYPE.values() if entry.owner == service for name in entry.subscribers})


def deliver_due(service: str) -> int:
    """Send what is due to every subscriber, as far as the window allows; returns how many messages went out."""
    return _deliver(service, _OWED)


def deliver_idle(service: str) -> int:
    """The same to those alone who have nothing in flight: to others the answer to that sends what is due (`confirm`).

    So that a process which answers people does no more for others than must be: under load that is next to nothing.
    """
    return _deliver(service, _OWED_AND_IDLE)


def _deliver(service: str, whom: dict[str, Any]) -> int:
    """Who is owed something is asked in one question: mostly it is nobody, and to claim costs each a transaction."""
    with db.read(service) as tx:
        asked = {"names": _list(tx, subscribers(service)), "now": clock.machine()}
        to = list(tx.execute(whom[tx.dialect.name], asked).scalars())
    return sum(send_all(service, claim(service, name)) for name in to)


def send_all(service: str, messages: list[Message]) -> int:
    """Publish claimed messages. What the broker refuses, and what follows, is released, to go out again in a batch."""
    sent = 0
    for message in messages:
        die.at("outbox.claimed")
        try:
            publish(f"{message.subscriber}.receive", message.payload())
        except Exception as error:
            logger.info("outbox.broker_refused", service=service, subscriber=message.subscriber, error=str(error))
            _release(service, messages[sent:])
            break
        die.at("outbox.published")
        sent += 1
    return sent


def claim(service: str, subscriber: str) -> list[Message]:
    """Take what is due for `subscriber`, as messages; each delivery in them is due again later if nobody answers.

    On SQLite what is to go is found out before the write lock is taken, for which requests wait, and taken if it still
    is as it was found; on PostgreSQL nobody else waits, and two who claim at once must not find the same. A claim or a
    receipt that a power cut takes away is made again: the event comes twice, and counts once.
    """
    if engines.engine(service).dialect.name != "sqlite":
        with db.write(service, durable=False) as tx:
            return _claim_alone(tx, service, subscriber)
    now = clock.machine()
    with db.read(service) as tx:
        found = _found(tx, service, subscriber, now, bury=False)
    if found == []:
        return []
    with db.write(service, durable=False) as tx:
        if found is None:
            return _claim_alone(tx, service, subscriber)
        # Others may have claimed since.
        free = max(WINDOW - _in_flight(tx, subscriber, now), 0)
        return _take(tx, found[:free], now)


def _claim_alone(tx: Connection, service: str, subscriber: str) -> list[Message]:
    """Find and take in one: nobody else claims for this subscriber before `tx` ends."""
    db.lock(tx, f"claim:{subscriber}")
    now = clock.machine()
    return _take(tx, _found(tx, service, subscriber, now, bury=True) or [], now)


def _take(tx: Connection, found: list[tuple[Message, int]], now: float) -> list[Message]:
    return [message for message, attempts in found if _push_due(tx, message, attempts, now)]


def _found(tx: Connection, service: str, subscriber: str, now: float, bury: bool) -> list[tuple[Message, int]] | None:
    """What is to go now; None when something silent is to be buried first, and that is not allowed here."""
    heads, free = _due(tx, subscriber, now)
    if any(row.attempts >= 2 and row.batch is not None for row in heads):
        if not bury:
            return None
        heads = _bury_silent(tx, subscriber, heads, now)
    return _plan(tx, service, subscriber, heads, now, free)


def _due(tx: Connection, subscriber: str, now: float) -> tuple[list[Any], int]:
    """What is due and first of its subject, and how many messages may go; nothing while it is better to wait."""
    asked = {"subscriber": subscriber, "now": now}
    waiting, since = tx.execute(_WAITING, {**asked, "most": BATCH}).one()
    if not waiting:
        return [], 0
    free = WINDOW - (in_flight := _in_flight(tx, subscriber, now))
    # The answer to what is in flight claims the rest: few full messages in place of many small ones, as Nagle's
    # algorithm has it (RFC 896). Should it be lost, the tick does.
    if free <= 0 or (in_flight and waiting < BATCH and now - since < LINGER):
        return [], 0
    return list(tx.execute(_HEADS, {**asked, "most": free * BATCH})), free


def _in_flight(tx: Connection, subscriber: str, now: float) -> int:
    return tx.execute(_IN_FLIGHT, {"subscriber": subscriber, "now": now, "most": WINDOW * BATCH}).scalar() or 0


def _plan(
    tx: Connection, service: str, subscriber: str, heads: list[Any], now: float, most: int
) -> list[tuple[Message, int]]:
    """Up to `most` messages, each with how often its events were sent before."""
    packed = list(itertools.islice(_packed(_runs(tx, subscriber, heads, now)), most))
    # Somebody erased from here on is told in clear once more; that they were erased follows, and blanks it there.
    events = _events(tx, service, [row.position for rows in packed for row in rows])
    return [
        (Message(subscriber, db.new_id(), [events[row.position] for row in rows]), rows[0].attempts) for rows in packed
    ]


def _runs(tx: Connection, subscriber: str, heads: list[Any], now: float) -> Iterable[list[Any]]:
    """For each head, oldest first: it and those of its subject that follow it and can go with it.

    What was sent before goes alone: if it kills its worker, it shall kill nothing else. Followers are looked up for
    a few heads at a time, since a message or two may be full with them.
    """
    heads = list(heads)
    while heads:
        some, heads = heads[:16], heads[16:]
        fresh = [row.subject for row in some if not row.attempts]
        wanted = {"subscriber": subscriber, "subjects": _list(tx, fresh), "most": 16 * BATCH}
        found = tx.execute(_FOLLOWERS[tx.dialect.name], wanted) if fresh else ()
        runs = {subject: list(rows) for subject, rows in itertools.groupby(found, key=lambda row: row.subject)}
        for head in some:
            if head.attempts:
                yield [head]
                continue
            ready = itertools.takewhile(
                lambda row: row.due <= now and row.dead_at is None and not row.attempts, runs.get(head.subject, [head])
            )
            # Empty when a late receipt of an older copy changed the head meanwhile: its turn comes again.
            if run := list(itertools.islice(ready, BATCH)):
                yield run


def _packed(runs: Iterable[list[Any]]) -> Iterable[list[Any]]:
    """Runs of one subject each, packed into messages of at most BATCH events.

    One subject never lies in two messages: two workers could handle them in the wrong order.
    """
    batch: list[Any] = []
    for run in runs:
        if run[0].attempts:
            yield run
        elif len(batch) + len(run) > BATCH:
            yield sorted(batch, key=lambda row: row.position)
            batch = list(run)
        else:
            batch.extend(run)
    if batch:
        yield sorted(batch, key=lambda row: row.position)


def _events(tx: Connection, service: str, positions: list[int]) -> dict[int, Event]:
    if not positions:
        return {}
    found = tx.execute(_EVENTS[tx.dialect.name], {"events": _list(tx, positions)})
    return {
        row.position: Event(
            row.position,
            row.id,
            service,
            row.type,
            row.version,
            row.subject,
            row.seq,
            row.time,
            row.correlation,
            row.erased,
            row.data,
        )
        for row in found
    }


def _push_due(tx: Connection, message: Message, attempts: int, now: float) -> bool:
    """Make its events due again later; False, and nothing done, when one of them is no longer to go."""
    events = [event.position for event in message.events]
    due = now + wait(attempts + 1)
    wanted = {"due": due, "now": now, "batch": message.batch, "subscriber": message.subscriber}
    told = {**wanted, "events": _list(tx, events), "count": len(events)}
    return bool(tx.execute(_PUSH[tx.dialect.name], told).rowcount)


def _bury_silent(tx: Connection, subscriber: str, heads: Iterable[Any], now: float) -> list[Any]:
    """Count silence for each delivery that was sent alone, got no answer, and others did since; bury the silent.

    A delivery without an answer while nobody answers is an outage. One that stays silent while others are answered
    kills its worker. Each send counts once, however often it is looked at before the window lets it go again.
    """
    alive = []
    answered = None
    for row in heads:
        if row.attempts >= 2 and row.batch is not None:
            if answered is None:
                answered = tx.execute(_ANSWERED, {"subscriber": subscriber}).scalar() or 0.0
            if answered > row.sent:
                dead = row.silences + 1 >= MOST_SILENCES
                error = "no receipt although others were answered: it may kill its worker" if dead else None
                found = {"event": row.position, "subscriber": subscriber, "batch": row.batch}
                tx.execute(_SILENT, {**found, "dead_at": now if dead else None, "error": error})
                if dead:
                    logger.error("delivery.dead", position=row.position, subscriber=subscriber, reason="silent")
                    continue
        alive.append(row)
    return alive


def _release(service: str, messages: list[Message]) -> None:
    due = clock.machine() + wait(1)
    with db.write(service, durable=False) as tx:
        for message in messages:
            tx.execute(_RELEASE, {"due": due, "batch": message.batch, "subscriber": message.subscriber})


def confirm(service: str, payload: dict[str, Any]) -> None:
    """Write a receipt down and send the subscriber what is due next."""
    receipt = Receipt(
        subscriber=payload["subscriber"],
        batch=payload["batch"],
        done=payload["done"],
        failed={int(position): error for position, error in payload["failed"].items()},
        not_yet=payload["not_yet"],
        later=payload["later"],
    )
    die.at("confirm.received")
    messages = None
    with db.write(service, durable=False) as tx:
        if tx.dialect.name != "sqlite":
            # The lock first: who claims may want to move on what a late receipt ends, and would wait for us.
            db.lock(tx, f"claim:{receipt.subscriber}")
            settle(tx, receipt)
            messages = _claim_alone(tx, service, receipt.subscriber)
        else:
            settle(tx, receipt)
    die.at("confirm.committed")
    send_all(service, claim(service, receipt.subscriber) if messages is None else messages)


def settle(tx: Connection, receipt: Receipt) -> None:
    """Mark what was handled, and when to try the rest again. A receipt that comes twice changes nothing."""
    now = clock.machine()
    who = receipt.subscriber
    subscriber = db.metadata(db.service_of(tx)).tables["subscriber"]
    tx.execute(
        db.insert(tx, subscriber)
        .values(name=who, since=now, answered=now)
        .on_conflict_do_update(index_elements=["name"], set_={"answered": now})
    )
    if receipt.done:
        tx.execute(_CONFIRM[tx.dialect.name], {"now": now, "subscriber": who, "events": _list(tx, receipt.done)})
    waits = dict.fromkeys(receipt.later, None) | dict.fromkeys(receipt.not_yet, "") | receipt.failed
    for position, error in waits.items():
        _postpone(tx, who, receipt.batch, position, error, now)


def _postpone(tx: Connection, who: str, batch: str, position: int, error: str | None, now: float) -> None:
    """`error`: None for an event that only waits behind another, "" for "not yet", else what went wrong."""
    row = tx.execute(_ONE, {"subscriber": who, "event": position}).mappings().one_or_none()
    if row is None or row["confirmed_at"] or row["dead_at"] or row["batch"] != batch:
        return  # answered already by another copy of the message
    asked = row["asked"] or (now if error == "" else None)
    too_long = error == "" and now - (asked or now) > PATIENCE
    failures = row["failures"] + (1 if error or too_long else 0)
    dead = failures >= MOST_FAILURES or too_long
    tx.execute(
        _POSTPONE,
        {
            "subscriber": who,
            "event": position,
            "failures": failures,
            "asked": asked,
            "due": now + (wait(max(row["attempts"], failures)) if error is not None else 0.0),
            "attempts": row["attempts"] if error is not None else 0,
            "error": error or ("waited a day for another event" if too_long else row["error"]),
            "dead_at": now if dead else None,
        },
    )
    if dead:
        logger.error("delivery.dead", event_id=row["id"], type=row["type"], subscriber=who, reason=error or "not yet")


# -- SQL ---------------------------------------------------------------------------------------------------------------


def _by_dialect(sql: str) -> dict[str, Any]:
    """A statement that is given a list of positions, `{events}`: as one parameter, since each length of a list written
    out is another statement to SQLAlchemy, the driver and the server.
    """
    words = {
        "sqlite": "IN (SELECT value FROM json_each(:events))",
        "postgresql": "= ANY(CAST(:events AS bigint[]))",
    }
    return {dialect: sa.text(sql.format(events=words[dialect])) for dialect in words}


def _list(tx: Connection, values: list[Any]) -> Any:
    return json.dumps(values) if tx.dialect.name == "sqlite" else values


_WAITING = sa.text(
    "SELECT count(*), min(due) FROM (SELECT due FROM delivery WHERE subscriber = :subscriber AND confirmed_at IS NULL"
    " AND due <= :now AND dead_at IS NULL ORDER BY due LIMIT :most) AS waiting"
)
# PostgreSQL takes the partial indexes for empty, as they are most of the time, whenever a backlog comes: it would scan
# one of them whole for what the other, or the primary key, finds at once. So these say in which order to look, and how
# far; and what is looked up by its key speaks of confirmed_at in words that fit no partial index.
_IN_FLIGHT = sa.text(
    "SELECT count(DISTINCT batch) FROM (SELECT batch FROM delivery WHERE subscriber = :subscriber"
    " AND confirmed_at IS NULL AND due > :now AND batch IS NOT NULL ORDER BY due LIMIT :most) AS flying"
)
# The head of its subject as a scalar sub-query: a NOT EXISTS took PostgreSQL seconds with stale statistics.
_HEADS = sa.text(
    """SELECT d.event AS position, d.subject, d.attempts, d.silences, d.sent, d.batch, d.due FROM delivery d
    WHERE d.subscriber = :subscriber AND d.confirmed_at IS NULL AND d.due <= :now AND d.dead_at IS NULL
    AND (SELECT h.seq FROM delivery h WHERE h.subscriber = d.subscriber AND h.subject = d.subject
         AND h.confirmed_at IS NULL ORDER BY h.seq LIMIT 1) = d.seq
    ORDER BY d.due, d.event LIMIT :most"""
)
_FOLLOWERS = {
    "sqlite": sa.text(
        """SELECT d.event AS position, d.subject, d.attempts, d.due, d.dead_at FROM delivery d
        WHERE d.subscriber = :subscriber AND d.confirmed_at IS NULL
        AND d.subject IN (SELECT value FROM json_each(:subjects)) ORDER BY d.subject, d.seq LIMIT :most"""
    ),
    "postgresql": sa.text(
        """SELECT d.event AS position, d.subject, d.attempts, d.due, d.dead_at
        FROM unnest(CAST(:subjects AS varchar[])) WITH ORDINALITY AS wanted (subject, place),
        LATERAL (SELECT * FROM delivery WHERE subscriber = :subscriber AND confirmed_at IS NULL
                 AND subject = wanted.subject ORDER BY seq LIMIT :most) AS d
        ORDER BY wanted.place, d.seq"""
    ),
}
_EVENTS = {
    dialect: sql.columns(erased=sa.Boolean, data=Json, time=Instant)
    for dialect, sql in _by_dialect(
        "SELECT position, id, type, version, subject, seq, time, correlation, erased, data FROM event"
        " WHERE position {events}"
    ).items()
}
_PUSH = _by_dialect(
    """UPDATE delivery SET due = :due, sent = :now, batch = :batch, attempts = attempts + 1
    WHERE subscriber = :subscriber AND event {events} AND :count =
    (SELECT count(*) FROM delivery WHERE subscriber = :subscriber AND event {events}
     AND coalesce(confirmed_at, 0) = 0 AND dead_at IS NULL AND due <= :now)"""
)
_FIRST = "SELECT 1 FROM delivery WHERE subscriber = each.name AND confirmed_at IS NULL AND due"


def _names_where(*conditions: str) -> dict[str, Any]:
    """A statement that picks from a list of names, `names`."""
    lists = {
        "sqlite": "SELECT value AS name FROM json_each(:names)",
        "postgresql": "SELECT unnest(CAST(:names AS varchar[])) AS name",
    }
    where = " AND ".join(conditions)
    return {
        dialect: sa.text(f"SELECT name FROM ({names}) AS each WHERE {where} ORDER BY name")
        for dialect, names in lists.items()
    }


_IS_OWED = f"({_FIRST} <= :now AND dead_at IS NULL ORDER BY due LIMIT 1) IS NOT NULL"
_IS_IDLE = f"({_FIRST} > :now AND batch IS NOT NULL ORDER BY due LIMIT 1) IS NULL"
_OWED = _names_where(_IS_OWED)
_OWED_AND_IDLE = _names_where(_IS_OWED, _IS_IDLE)
_ANSWERED = sa.text("SELECT answered FROM subscriber WHERE name = :subscriber")
_SILENT = sa.text(
    "UPDATE delivery SET silences = silences + 1, batch = NULL, dead_at = :dead_at, error = coalesce(:error, error)"
    " WHERE subscriber = :subscriber AND event = :event AND batch = :batch"
)
_RELEASE = sa.text(
    "UPDATE delivery SET due = :due, batch = NULL, attempts = attempts - 1"
    " WHERE subscriber = :subscriber AND batch = :batch AND confirmed_at IS NULL AND attempts > 0"
)
_CONFIRM = _by_dialect(
    "UPDATE delivery SET confirmed_at = :now, batch = NULL, dead_at = NULL, error = NULL"
    " WHERE subscriber = :subscriber AND event {events} AND coalesce(confirmed_at, 0) = 0"
)
_ONE = sa.text(
    "SELECT d.*, e.id, e.type, e.recorded FROM delivery d JOIN event e ON e.position = d.event"
    " WHERE d.subscriber = :subscriber AND d.event = :event"
)
_POSTPONE = sa.text(
    "UPDATE delivery SET failures = :failures, asked = :asked, due = :due, attempts = :attempts, error = :error,"
    " dead_at = :dead_at, batch = NULL WHERE subscriber = :subscriber AND event = :event"
)
