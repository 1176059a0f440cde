"""Subscribe: `on(service, type)` registers a handler; `receive` runs a batch of events through them, once each.

The inbox row and the handler's own changes are one transaction, so an event handled twice changes nothing the second
time. A batch is handled optimistically in one transaction; if anything in it fails, again with a savepoint each.

What is long to work out (the mails to a circle) a handler may have worked out before its transaction begins (`ahead`):
on SQLite nobody else can write while that is open.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock, db, die, log
from ..quick import Quick
from . import relay
from .envelope import Event

Handler = Callable[[Connection, Event], None]
_handlers: dict[tuple[str, str], Handler] = {}
_ahead: dict[tuple[str, str], Handler] = {}
AHEAD = 8  # events for which something is worked out ahead, and kept for their transaction
_own = threading.local()
logger = log.get()


class _Stuck(Exception):
    """What comes after it may have to wait for it, so each is looked at."""


class NotYet(Exception):
    """A handler misses what another publisher will tell it: ask again, uncounted, for a day."""


def on(service: str, *types: str) -> Callable[[Handler], Handler]:
    """Register the one handler of `service` for events of these types.

    :raises ValueError: there is one already, or the catalogue does not name the service as a subscriber.
    """
    from .catalog import BY_TYPE

    def register(handler: Handler) -> Handler:
        for type in types:
            if type not in BY_TYPE or service not in BY_TYPE[type].subscribers:
                raise ValueError(f"the catalogue does not name {service} as a subscriber of {type}")
            if _handlers.get((service, type), handler) is not handler:
                raise ValueError(f"{service} handles {type} already")
            _handlers[service, type] = handler
        return handler

    return register


def ahead(service: str, *types: str) -> Callable[[Handler], Handler]:
    """Register what is worked out before the transaction in which `service` handles events of these types.

    It is given a view of the database, changes nothing, and puts what it finds into `kept`. Its handler must not trust
    that this is still so, nor that it was called at all: what it raises is not heard.
    """

    def register(prepare: Handler) -> Handler:
        _ahead.update({(service, type): prepare for type in types})
        return prepare

    return register


def handled(service: str) -> set[str]:
    """Types that `service` has a handler for."""
    return {type for owner, type in _handlers if owner == service}


def receive(service: str, payload: dict[str, Any]) -> relay.Receipt:
    """Handle a message that reached `service`, and return the receipt it is owed."""
    events = [Event.from_envelope(envelope) for envelope in payload["events"]]
    receipt = relay.Receipt(subscriber=service, batch=payload["batch"])
    slow = any((service, event.type) in _ahead for event in events)
    stuck: set[tuple[str, str]] = set()
    size = AHEAD if slow else len(events)
    for start in range(0, len(events), size):
        some = events[start : start + size]
        _own.kept = {}
        try:
            if slow:
                _work_ahead(service, [event for event in some if (event.source, event.subject) not in stuck])
            try:
                if stuck:
                    raise _Stuck
                with db.write(service) as tx:
                    _mark(tx, some)
                    for event in some:
                        _handle(tx, service, event)
                    die.at("inbox.handled")
                receipt.done += [event.position for event in some]
            except Exception:
                # Something in it failed or was handled before: nothing is kept, each is tried on its own.
                _receive_each(service, some, receipt, stuck)
        finally:
            _own.kept = None
    die.at("inbox.committed")
    return receipt


def kept() -> dict[Any, Any]:
    """What was worked out ahead for the events that this thread handles now; gone with their transaction."""
    found: dict[Any, Any] | None = getattr(_own, "kept", None)
    return {} if found is None else found


def _work_ahead(service: str, events: Iterable[Event]) -> None:
    """Whatever fails here, the handlers still meet it where it counts, and say so in the receipt."""
    try:
        with db.read(service) as tx:
            for event in events:
                prepare = _ahead.get((service, event.type))
                if prepare and not event.erased and not _seen(tx, event):
                    with suppress(NotYet):
                        prepare(tx, event)
    except Exception as error:
        # PostgreSQL answers nothing more in this view: what is left is worked out in the transaction.
        logger.warning("inbox.not_ahead", service=service, error=type(error).__name__)


def _seen(tx: Connection, event: Event) -> bool:
    """Whether it was handled before: it comes again when its receipt was late or lost."""
    return _SEEN(tx, {"source": event.source, "event": event.id}).fetchone() is not None


def answer(source: str, receipt: relay.Receipt) -> None:
    """Send the receipt to its publisher. If it is lost, the events come again and are found handled."""
    try:
        relay.publish(
            f"{source}.confirm",
            {
                "subscriber": receipt.subscriber,
                "batch": receipt.batch,
                "done": receipt.done,
                "failed": {str(position): error for position, error in receipt.failed.items()},
                "not_yet": receipt.not_yet,
                "later": receipt.later,
            },
        )
    except Exception as error:
        logger.info("inbox.receipt_not_sent", source=source, batch=receipt.batch, error=str(error))
    die.at("inbox.receipted")


def _mark(tx: Connection, events: Iterable[Event]) -> None:
    # One statement for all: of many rows the driver sends each to PostgreSQL on its own.
    rows = json.dumps([[event.source, event.id] for event in events])
    tx.execute(_MARK[tx.dialect.name], {"rows": rows, "now": clock.machine()})


def _handle(tx: Connection, service: str, event: Event) -> None:
    """Run the handler. A personal event that was erased since has nothing left to tell."""
    handler = _handlers.get((service, event.type))
    if handler is None:
        raise LookupError(f"{service} has no handler for {event.type}")
    if event.erased:
        return
    log.bind(event_id=event.id, correlation=event.correlation)
    handler(tx, event)


def _receive_each(service: str, events: Iterable[Event], receipt: relay.Receipt, stuck: set[tuple[str, str]]) -> None:
    """:param stuck: subjects (source, subject) of which an event could not be handled: those after it must wait."""
    with db.write(service) as tx:
        for event in events:
            subject = (event.source, event.subject)
            if subject in stuck:
                receipt.later.append(event.position)
                continue
            hooks = list(tx.info["after"])
            try:
                with tx.begin_nested():
                    if _unseen(tx, event):
                        _handle(tx, service, event)
                receipt.done.append(event.position)
                continue
            except NotYet:
                receipt.not_yet.append(event.position)
            except Exception as error:
                logger.exception("inbox.handler_failed", service=service, event_id=event.id, type=event.type)
                receipt.failed[event.position] = f"{type(error).__name__}: {error}"[:500]
            stuck.add(subject)
            tx.info["after"][:] = hooks


def _unseen(tx: Connection, event: Event) -> bool:
    """Write the inbox row; False when it is there already."""
    inbox = db.metadata(db.service_of(tx)).tables["inbox"]
    row = {"source": event.source, "event": event.id, "handled": clock.machine()}
    return tx.execute(db.insert(tx, inbox).values(row).on_conflict_do_nothing()).rowcount == 1


_SEEN = Quick(lambda _: sa.text("SELECT 1 FROM inbox WHERE source = :source AND event = :event"))
_MARK = {
    "sqlite": sa.text(
        "INSERT INTO inbox (source, event, handled)"
        " SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), :now FROM json_each(:rows)"
    ),
    "postgresql": sa.text(
        "INSERT INTO inbox (source, event, handled)"
        " SELECT value ->> 0, value ->> 1, :now FROM jsonb_array_elements(CAST(:rows AS jsonb)) AS each (value)"
    ),
}
