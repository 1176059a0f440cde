"""Each service's own database: SQLite by default, PostgreSQL by URL, through SQLAlchemy Core.

`write(service)` is the only way to change anything: one transaction, `BEGIN IMMEDIATE` on SQLite (a transaction that
reads first and writes later would fail half-way under load), then the hooks that wait for its commit, such as ringing
the outbox. `read(service)` never commits. Connections are opened per process: nothing crosses a fork.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import IO, Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.types import TypeDecorator

from . import clock, config, die, log
from .ids import new_id as new_id
from .ids import new_ids as new_ids

BUSY_MS = 20_000
logger = log.get()


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC (program time). Text of fixed width on SQLite, so that it sorts; else timestamptz."""

    impl = sa.String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> Any:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.DateTime(timezone=True))
        return dialect.type_descriptor(sa.String(32))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value.astimezone(UTC) if dialect.name == "postgresql" else instant_text(value)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return (value if isinstance(value, datetime) else datetime.fromisoformat(value)).astimezone(UTC)


@lru_cache(1024)  # rows that are written together often carry the same few
def instant_text(moment: datetime) -> str:
    """An aware instant as SQLite keeps it: in UTC, of fixed width, so that it sorts."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


Machine = sa.Double  # seconds since the epoch, machine time
Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
# In this one None is SQL's NULL, not JSON's null, so that it can be asked for.
NullableJson = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
Key = sa.String(36)  # a UUID as text
Day = sa.String(10)  # a local date, ISO 8601: the same text on every database, and it sorts
Serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # counts up by itself as a primary key

_metadata: dict[str, sa.MetaData] = {}
_engines: dict[tuple[int, str], Engine] = {}


def metadata(service: str) -> sa.MetaData:
    """The tables of one service; those of `shared` (events, schedule, access) are in it from the start."""
    if service not in _metadata:
        from .tables import define

        _metadata[service] = sa.MetaData()
        define(_metadata[service])
    return _metadata[service]


def engine(service: str) -> Engine:
    """The engine of this process for that service's database."""
    url = config.current().database_url(service)
    key = (os.getpid(), url)
    if key not in _engines:
        _engines[key] = _open(url)
    return _engines[key]


def _open(url: str) -> Engine:
    if url.startswith("sqlite"):
        opened = sa.create_engine(
            url, hide_parameters=True, connect_args={"isolation_level": None, "timeout": BUSY_MS / 1000}
        )
        turn = f"{opened.url.database}-turn"
        sa_event.listen(opened, "connect", _prepare_sqlite)
        sa_event.listen(opened, "connect", lambda _, record: record.info.update(turn=open(turn, "ab")))
        sa_event.listen(opened, "close", lambda _, record: record.info.pop("turn").close())
        sa_event.listen(opened, "begin", _begin_sqlite)
        return opened
    size = config.current().database_pool
    opened = sa.create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 10, "options": "-c timezone=UTC -c lock_timeout=20s"},
    )
    sa_event.listen(opened, "handle_error", _say_no_more)
    return opened


def _say_no_more(context: ExceptionContext) -> None:
    """What SQLAlchemy makes of an error of the driver quotes no more than that does now."""
    error = context.original_exception
    _quote_nothing(error)
    if context.sqlalchemy_exception is not None and getattr(error, "diag", None):
        context.sqlalchemy_exception.args = (f"({type(error).__module__}.{type(error).__name__}) {error}",)


def _quote_nothing(error: Any) -> None:
    """Leave of an error what PostgreSQL says first: further on it quotes whole rows ("Failing row contains (…)").

    Here, and not where errors are written down: each log, receipt and traceback would have to think of it.
    """
    diagnosis: Any = getattr(error, "diag", None)
    said = getattr(diagnosis, "message_primary", None)
    if not said:
        return
    if (diagnosis.sqlstate or "").startswith("22"):
        said = re.sub('".*"', '"…"', said, flags=re.DOTALL)  # class 22, data exceptions: what is quoted is the value
    error.args = (said,)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """WAL lets readers go on beside the writer; FULL keeps what was accepted through a power cut.

    What a savepoint may have to take back is kept in memory: for a file even an unwritten one is set up each time.
    """
    kept = ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY")
    for pragma in (*kept, f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    writes = options.get("writes", False)
    if writes:
        level = "FULL" if options.get("durable", True) and config.current().disk == "sure" else "NORMAL"
        connection.connection.driver_connection.execute(f"PRAGMA synchronous={level}")  # type: ignore[union-attr]
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _turn(file: IO[bytes] | None) -> Iterator[None]:
    """Wait for one's turn to write to a SQLite file.

    SQLite has no queue: who finds the file locked sleeps, longer each time, up to 100 ms. Writers who meet often (web,
    its bell, the worker's receipts) mostly slept. Here they look every half millisecond. The kernel lets go for a
    process that dies; after BUSY_MS it is left to BEGIN IMMEDIATE, which decides anyway.
    """
    if file is None:
        yield
        return
    end = clock.machine() + BUSY_MS / 1000
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if clock.machine() > end:
                break
            time.sleep(0.0005)
    try:
        yield
    finally:
        if not file.closed:  # as it is when an interrupt broke the connection; that lets go, too
            fcntl.flock(file, fcntl.LOCK_UN)


def close(urls: Iterable[str] | None = None) -> None:
    """Close this process's connections to the databases at `urls`, or all (tests; before a fork)."""
    for key in [k for k in _engines if k[0] == os.getpid() and (urls is None or k[1] in urls)]:
        _engines.pop(key).dispose()


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
    with engine(service).connect().execution_options(writes=True, durable=durable) as tx:
        tx.info["service"] = service
        tx.info["after"] = []
        with _turn(tx.info.get("turn")), tx.begin():
            if not durable and tx.dialect.name == "postgresql":
                tx.exec_driver_sql("SET LOCAL synchronous_commit TO off")
            yield tx
            _still_open(tx)


class Ended(Exception):
    """The database ended a transaction by itself: nothing of it happened."""


def full(error: BaseException | None) -> bool:
    """Whether an error, or its cause, is that there is no room to write: the disk is full, or a limit is reached."""
    while error is not None:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(_ROOMLESS) or isinstance(error, Ended):
            return True
        if getattr(error, "sqlstate", None) == "53100" or getattr(error, "errno", None) in _NO_ROOM:
            return True
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return False


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def away(error: BaseException | None) -> bool:
    """Whether an error, or its cause, is that the database does not answer: PostgreSQL is not there, starting, or hung
    up; a file of SQLite cannot be opened, read or written, or is none of its own."""
    while error is not None:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(_UNUSABLE) and not name.startswith(_ROOMLESS):
            return True
        if hasattr(error, "sqlstate") and any(kind.__name__ == "OperationalError" for kind in type(error).__mro__):
            # Without a code it is the way there that is broken; 08 and 57P are PostgreSQL's own words for the same.
            return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
        error = getattr(error, "orig", None) or error.__cause__ or error.__context__
    return False


_ROOMLESS = ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")  # the last: of its index of the log
_UNUSABLE = ("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_PERM", "SQLITE_READONLY")


@contextmanager
def watched(service: str) -> Iterator[None]:
    """Around what is done again and again: that the database does not answer is said once, and once that it is back."""
    try:
        yield
    except Exception as error:
        if not away(error):
            raise
        if service not in _away:
            _away.add(service)
            logger.warning("database.away", service=service, said=first_line(error))
    else:
        if service in _away:
            _away.discard(service)
            logger.info("database.back", service=service)


_away: set[str] = set()


def first_line(error: BaseException) -> str:
    """What the database itself said, as far as one line goes."""
    text = str(getattr(error, "orig", None) or error.__cause__ or error).strip()
    return text.partition("\n")[0][:200] or type(error).__name__


def _still_open(tx: Connection) -> None:
    """SQLite rolls everything back by itself when, for one, the disk is full (https://www.sqlite.org/lang_transaction).

    Whoever caught that error to go on with the rest would commit nothing, and not learn of it.

    :raises Ended: it did.
    """
    if tx.dialect.name == "sqlite" and not tx.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
        raise Ended("the database ended this transaction by itself: is the disk full?")


@contextmanager
def read(service: str) -> Iterator[Connection]:
    """One view of the database, however many questions it is asked; whatever is changed in it is thrown away.

    Within `together` it sees what was written.
    """
    group = _group()
    if group is not None and service in group.open:
        yield group.open[service]
        return
    with engine(service).connect() as tx:
        if tx.dialect.name == "postgresql":  # whose own default gives each question a view of its own
            tx = tx.execution_options(isolation_level="REPEATABLE READ")
        tx.info["service"] = service
        tx.info["after"] = []
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


class Quick:
    """A statement that is told to the driver as it is, for the few that every sign-up needs.

    Compiled once a dialect; its parameters are bound by their types. SQLAlchemy's own execution costs four times as
    much. What comes back is the driver's cursor, with plain tuples; its errors are the driver's own.
    """

    def __init__(self, build: Callable[[Connection], Any]) -> None:
        """
        :param build: makes the statement for a connection's dialect; its parameters are named, none is expanding.
        """
        self.build = build
        self.compiled: dict[str, _Compiled] = {}

    def __call__(self, tx: Connection, *rows: Mapping[str, Any]) -> Any:
        """Execute it with each of `rows`; the cursor of the last (of one row, when a result is wanted)."""
        made = self.compiled.get(tx.dialect.name) or self._compile(tx)
        told = [made.constants | {name: row[name] for name in made.names} for row in rows]
        for row in told:
            for name, process in made.processors:
                row[name] = process(row[name])
        cursor = tx.connection.driver_connection.cursor()  # type: ignore[union-attr]
        try:
            if len(told) == 1:
                return cursor.execute(made.sql, told[0])
            cursor.executemany(made.sql, told)
        except Exception as error:
            _quote_nothing(error)
            raise
        return cursor

    def _compile(self, tx: Connection) -> _Compiled:
        dialect = tx.dialect if tx.dialect.name == "postgresql" else sqlite.dialect(paramstyle="named")
        compiled = self.build(tx).compile(dialect=dialect)
        processors = []
        for bind, name in compiled.bind_names.items():
            if process := bind.type.dialect_impl(dialect).bind_processor(dialect):
                processors.append((name, process))
        constants = {name: bind.value for bind, name in compiled.bind_names.items() if not bind.required}
        names = [name for name in compiled.bind_names.values() if name not in constants]
        return self.compiled.setdefault(tx.dialect.name, _Compiled(str(compiled), names, constants, processors))


def params(table: sa.Table, names: Iterable[str]) -> dict[str, sa.BindParameter[Any]]:
    """A named parameter for each of these columns of `table`, of its type."""
    return {name: sa.bindparam(name, type_=table.c[name].type) for name in names}


class _Compiled(NamedTuple):
    """A statement in a dialect's words. :param processors: how parameters are turned into what the driver takes."""

    sql: str
    names: list[str]
    constants: dict[str, Any]
    processors: list[tuple[str, Callable[[Any], Any]]]


def lock(tx: Connection, name: str) -> None:
    """Hold the named lock until `tx` ends. On SQLite a write transaction is alone anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(_LOCK, {"name": name})


_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
