"""Bring a new subscriber up to date: tell it the present state of everything, then events as they come.

Events are kept for 90 days only, so a replay starts from snapshots: the owner publishes one event per subject that
carries the whole of it, to that subscriber alone, in order with all that follows. Each state is read under the lock of
its subject, in the transaction that publishes it: read earlier, it could follow an event that is newer than it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock, db
from .catalog import BY_TYPE
from .outbox import emit
from .relay import subscribers

State = Callable[[Connection], dict[str, Any] | None]
Snapshot = Callable[[Connection], Iterable[tuple[str, str, State]]]
_snapshots: dict[str, list[Snapshot]] = {}
STEP = 500  # events a transaction
LEASE = 120.0  # seconds without a step after which whoever was at it is taken for dead


def snapshot(service: str) -> Callable[[Snapshot], Snapshot]:
    """Register a function of `service` that yields (subject, type, state) for all that subscribers keep copies of.

    Whoever replays is told of the types that the catalogue owes them.

    `state(tx)` is called later and returns the event's data as of then, or None when nothing is left to tell.
    """

    def register(function: Snapshot) -> Snapshot:
        _snapshots.setdefault(service, []).append(function)
        return function

    return register


class Running(ValueError):
    """Somebody is at this replay already."""


def replay(service: str, subscriber: str, by: str = "system", seconds: float = math.inf) -> int:
    """Publish the present state of `service` to `subscriber` alone; returns how many events that took, this time.

    One at a time: its row is claimed, and whoever lost the claim stops. One that was broken off goes on where it was.
    Doing it twice is harmless: a copy is replaced by an equal one.

    :param by: who asks, as the audit log names actors.
    :param seconds: stop after so long; a tick goes on with it.
    :raises ValueError: the catalogue does not name it as a subscriber.
    :raises Running: it is under way elsewhere.
    """
    with db.write(service) as tx:
        ask(tx, subscriber, by)
        claim, after = _claim(tx, subscriber)
    end = clock.machine() + seconds
    count = 0
    with db.read(service) as tx:
        listed = sorted(itertools.chain(*(function(tx) for function in _snapshots.get(service, []))), key=_place)
    for step in _steps(entry for entry in listed if _place(entry) > after):
        if clock.machine() > end:
            with db.write(service) as tx:
                tx.execute(_LET_GO, {"claim": claim})
            return count
        with db.write(service) as tx:
            told = sum(_tell(tx, subscriber, entry) for entry in step)
            _renew(tx, claim, _place(step[-1]), told)
        count += told
    with db.write(service) as tx:
        tx.execute(_FINISH, {"claim": claim, "now": clock.machine()})
        know(tx, subscriber)
    return count


def ask(tx: Connection, subscriber: str, by: str) -> bool:
    """Ask for a replay, which a tick then does; False when one is asked for or under way.

    :raises ValueError: the catalogue does not name it as a subscriber.
    """
    service = db.service_of(tx)
    if subscriber not in subscribers(service):
        raise ValueError(f"{subscriber} subscribes to no event of {service}")
    table = db.metadata(service).tables["replay"]
    fresh = {"asked_by": by, "asked_at": clock.machine(), "claim": None, "touched": None, "after": "", "told": 0}
    insert = db.insert(tx, table).values(subscriber=subscriber, finished=None, **fresh)
    over = table.c.finished.is_not(None)
    asked = insert.on_conflict_do_update(index_elements=["subscriber"], set_={**fresh, "finished": None}, where=over)
    return bool(tx.execute(asked).rowcount)


def waiting(service: str) -> list[str]:
    """Subscribers whose replay is asked for, or was broken off by a process that died."""
    with db.read(service) as tx:
        return list(tx.execute(_WAITING, {"stale": clock.machine() - LEASE}).scalars())


def states(tx: Connection) -> dict[str, dict[str, Any]]:
    """The last replay to each subscriber: {name: {asked_by, asked_at, told, touched, finished}}."""
    table = db.metadata(db.service_of(tx)).tables["replay"]
    return {row["subscriber"]: dict(row) for row in tx.execute(table.select()).mappings()}


def tell(tx: Connection, subscriber: str, subject: str) -> None:
    """Tell one subscriber the present state of one subject, behind all that it is owed about it."""
    for function in _snapshots.get(db.service_of(tx), []):
        for entry in list(function(tx)):
            if entry[0] == subject:
                _tell(tx, subscriber, entry)


def _tell(tx: Connection, subscriber: str, entry: tuple[str, str, State]) -> int:
    subject, type, state = entry
    if subscriber not in BY_TYPE[type].subscribers:
        return 0
    db.lock(tx, f"subject:{subject}")
    data = state(tx)
    if data is None:
        return 0
    emit(tx, type, subject, data, only=(subscriber,))
    return 1


def _claim(tx: Connection, subscriber: str) -> tuple[str, str]:
    """(claim, the place up to which all is told)."""
    now = clock.machine()
    claim = db.new_id()
    mine = {"claim": claim, "subscriber": subscriber, "now": now, "stale": now - LEASE}
    if not tx.execute(_CLAIM, mine).rowcount:
        raise Running(f"a replay to {subscriber} is under way already: it goes on by itself")
    return claim, str(tx.execute(_AFTER, {"claim": claim}).scalar_one())


def _renew(tx: Connection, claim: str, after: str, told: int) -> None:
    if not tx.execute(_RENEW, {"claim": claim, "now": clock.machine(), "after": after, "told": told}).rowcount:
        raise Running("another process took this replay over, since this one was silent for long")


def _place(entry: tuple[str, str, State]) -> str:
    return f"{entry[0]} {entry[1]}"


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


_OPEN = "finished IS NULL AND (claim IS NULL OR touched < :stale)"
_WAITING = sa.text(f"SELECT subscriber FROM replay WHERE {_OPEN} ORDER BY asked_at")
_CLAIM = sa.text(f"UPDATE replay SET claim = :claim, touched = :now WHERE subscriber = :subscriber AND {_OPEN}")
_AFTER = sa.text("SELECT after FROM replay WHERE claim = :claim")
_RENEW = sa.text(
    "UPDATE replay SET touched = :now, after = :after, told = told + :told WHERE claim = :claim AND finished IS NULL"
)
_LET_GO = sa.text("UPDATE replay SET claim = NULL WHERE claim = :claim")
_FINISH = sa.text("UPDATE replay SET claim = NULL, touched = :now, finished = :now WHERE claim = :claim")
