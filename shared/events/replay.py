"""Bring a new subscriber up to date: tell it the present state of everything, then events as they come.

Events are kept for 90 days only, so a replay starts from snapshots: the owner publishes one event per subject that
carries the whole of it, to that subscriber alone, in order with all that follows. Each state is read under the lock of
its subject, in the transaction that publishes it: read earlier, it could follow an event that is newer than it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from sqlalchemy.engine import Connection

from .. import clock, db
from .outbox import emit
from .relay import subscribers

State = Callable[[Connection], dict[str, Any] | None]
Snapshot = Callable[[Connection], Iterable[tuple[str, str, State]]]
_snapshots: dict[str, list[Snapshot]] = {}
STEP = 500  # events a transaction


def snapshot(service: str) -> Callable[[Snapshot], Snapshot]:
    """Register a function of `service` that yields (subject, type, state) for all that subscribers keep copies of.

    `state(tx)` is called later and returns the event's data as of then, or None when nothing is left to tell.
    """

    def register(function: Snapshot) -> Snapshot:
        _snapshots.setdefault(service, []).append(function)
        return function

    return register


def replay(service: str, subscriber: str) -> int:
    """Publish the present state of `service` to `subscriber` alone; returns how many events that took.

    Doing it twice is harmless: a copy is replaced by an equal one.

    :raises ValueError: the catalogue does not name it as a subscriber.
    """
    if subscriber not in subscribers(service):
        raise ValueError(f"{subscriber} subscribes to no event of {service}")
    count = 0
    for function in _snapshots.get(service, []):
        with db.read(service) as tx:
            subjects = sorted(function(tx), key=lambda entry: entry[0])
        for step in _steps(iter(subjects)):
            with db.write(service) as tx:
                for subject, type, state in step:
                    db.lock(tx, f"subject:{subject}")
                    data = state(tx)
                    if data is not None:
                        emit(tx, type, subject, data, only=(subscriber,))
                        count += 1
    with db.write(service) as tx:
        know(tx, subscriber)
    return count


def newcomers(service: str) -> list[str]:
    """Subscribers in the catalogue that this service never published to although it has published before."""
    table = db.metadata(service).tables["subscriber"]
    event = db.metadata(service).tables["event"]
    with db.read(service) as tx:
        if tx.execute(event.select().limit(1)).first() is None:
            return []
        known = set(tx.execute(table.select().with_only_columns(table.c.name)).scalars())
    return [name for name in subscribers(service) if name not in known]


def know(tx: Connection, subscriber: str) -> None:
    """Remember that this subscriber has been told everything so far."""
    table = db.metadata(db.service_of(tx)).tables["subscriber"]
    row = {"name": subscriber, "since": clock.machine()}
    tx.execute(db.insert(tx, table).values(row).on_conflict_do_nothing())


def _steps(items: Iterator[Any]) -> Iterator[list[Any]]:
    while step := list(islice(items, STEP)):
        yield step
