"""Each service's own database: SQLite by default, PostgreSQL by URL, through SQLAlchemy Core.

`write(service)` is the only way to change anything: one transaction, `BEGIN IMMEDIATE` on SQLite (a transaction that
reads first and writes later would fail half-way under load), then the hooks that wait for its commit, such as ringing
the outbox. `read(service)` never commits. Engines are in `engines`, types in `columns`, what errors mean in `faults`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from . import die, engines, faults
from .ids import new_id as new_id
from .ids import new_ids as new_ids

_metadata: dict[str, sa.MetaData] = {}


def metadata(service: str) -> sa.MetaData:
    """The tables of one service; those of `shared` (events, schedule, access) are in it from the start."""
    if service not in _metadata:
        from .tables import define

        _metadata[service] = sa.MetaData()
        define(_metadata[service])
    return _metadata[service]


@contextmanager
def write(service: str, durable: bool = True) -> Iterator[Connection]:
    """One transaction that may change things: committed at the end, rolled back on any error.

    What was asked for by `after_commit` happens after the commit, in order, and only then. Within `together` it is one
    of several that are committed as one.

    :param durable: must it survive a power cut? False spares the wait for the disk: for what is done again, without
        effect, if it is forgotten. A killed process forgets nothing either way.
    """
    group = _group()
    if group is not None:
        with group.part(service) as tx:
            yield tx
        return
    with _transaction(service, durable) as tx:
        hooks = tx.info["after"]
        yield tx
    die.at("web.committed")
    for hook in hooks:
        hook()


@contextmanager
def _transaction(service: str, durable: bool) -> Iterator[Connection]:
    with engines.engine(service).connect() as tx:
        tx.info["service"] = service
        tx.info["after"] = []
        with engines.turn(tx.info.get("turn")), tx.begin():
            engines.begin(tx, durable)
            if not durable and tx.dialect.name == "postgresql":
                tx.exec_driver_sql("SET LOCAL synchronous_commit TO off")
            yield tx
            _still_open(tx)


def _still_open(tx: Connection) -> None:
    """SQLite rolls everything back by itself when, for one, the disk is full (https://www.sqlite.org/lang_transaction).

    Whoever caught that error to go on with the rest would commit nothing, and not learn of it.

    :raises faults.Ended: it did.
    """
    if tx.dialect.name == "sqlite" and not tx.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
        raise faults.Ended("the database ended this transaction by itself: is the disk full?")


@contextmanager
def read(service: str) -> Iterator[Connection]:
    """One view of the database, however many questions it is asked; whatever is changed in it is thrown away.

    Within `together` it sees what was written.
    """
    group = _group()
    if group is not None and service in group.open:
        yield group.open[service]
        return
    with engines.engine(service).connect() as tx:
        if tx.dialect.name == "postgresql":  # whose own default gives each question a view of its own
            tx = tx.execution_options(isolation_level="REPEATABLE READ")
        tx.info["service"] = service
        tx.info["after"] = []
        engines.begin(tx)
        yield tx
        tx.rollback()


class _Group:
    """Transactions of one thread that are committed as one: each a savepoint, so that one can fail alone."""

    def __init__(self) -> None:
        self.open: dict[str, Connection] = {}
        self.hooks: list[list[Callable[[], None]]] = []
        self.ends = ExitStack()

    @contextmanager
    def part(self, service: str) -> Iterator[Connection]:
        if service not in self.open:
            self.open[service] = self.ends.enter_context(_transaction(service, durable=True))
            self.hooks.append(self.open[service].info["after"])
        tx = self.open[service]
        _still_open(tx)
        asked = list(tx.info["after"])
        # Plain words to the driver: SQLAlchemy's own savepoints cost a sign-up a tenth of its time.
        tell = tx.connection.driver_connection.execute  # type: ignore[union-attr]
        tell("SAVEPOINT part")
        try:
            yield tx
        except BaseException:
            tx.info["after"][:] = asked
            _still_open(tx)
            tell("ROLLBACK TO part")
            tell("RELEASE part")
            raise
        tell("RELEASE part")


_own = threading.local()


def _group() -> _Group | None:
    found: _Group | None = getattr(_own, "group", None)
    return found


@contextmanager
def together() -> Iterator[_Group]:
    """What this thread writes inside is committed at the end, once for all of it: the disk is waited for once.

    Nothing written inside is certain until this ends; on an error at its end none of it happened.
    """
    group = _own.group = _Group()
    try:
        with group.ends:
            yield group
    finally:
        _own.group = None
    if group.open:
        die.at("web.committed")
    for hooks in group.hooks:
        for hook in hooks:
            hook()


def after_commit(tx: Connection, hook: Callable[[], None], once: bool = True) -> None:
    """Call `hook` after `tx` is committed; the same hook asked for twice is called once."""
    hooks: list[Callable[[], None]] = tx.info["after"]
    if not (once and hook in hooks):
        hooks.append(hook)


def service_of(tx: Connection) -> str:
    """The service whose database `tx` writes to."""
    return str(tx.info["service"])


def insert(tx: Connection, table: sa.Table) -> Any:
    """An INSERT of this database's dialect, which knows `on_conflict_do_nothing` and `on_conflict_do_update`.

    Its result's `rowcount` says whether a row went in: without the option SQLAlchemy forgets it on PostgreSQL.
    """
    made: Any = postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
    return made.execution_options(preserve_rowcount=True)


def lock(tx: Connection, name: str) -> None:
    """Hold the named lock until `tx` ends. On SQLite a write transaction is alone anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(_LOCK, {"name": name})


_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
