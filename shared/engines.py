"""The engine of each service's database in this process, and how writers of one SQLite file take turns.

Connections are opened per process: nothing crosses a fork. What happens in them is a transaction of `db`.
"""

from __future__ import annotations

import fcntl
import os
import select
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy import event as sa_event
from sqlalchemy.engine import Connection, Engine

from . import clock, config, faults

BUSY_MS = 20_000
REST = 1.0  # seconds after which a connection to PostgreSQL is not taken for alive
_engines: dict[tuple[int, str], Engine] = {}


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
        path, ours = f"{opened.url.database}-turn", threading.Lock()
        sa_event.listen(opened, "connect", _prepare_sqlite)
        sa_event.listen(opened, "connect", lambda _, record: record.info.update(turn=Turn(open(path, "ab"), ours)))
        sa_event.listen(opened, "close", lambda _, record: record.info.pop("turn").file.close())
        return opened
    size = config.current().database_pool
    opened = sa.create_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={"connect_timeout": 10, "options": "-c timezone=UTC -c lock_timeout=20s"},
    )
    sa_event.listen(opened, "handle_error", faults.say_no_more)
    sa_event.listen(opened, "checkin", _note_rest)
    sa_event.listen(opened, "checkout", _look_after_rest)
    return opened


def _note_rest(_connection: Any, record: Any) -> None:
    record.info["rests_since"] = time.monotonic()


def _look_after_rest(connection: Any, record: Any, _proxy: object) -> None:
    """Before a connection to PostgreSQL is used again: does the server still answer?

    Asking it each time (`pool_pre_ping`) was one statement in six. One that ends, or ends this connection, says so
    itself: then there is something to read, though nothing was asked. One that vanished says nothing, and is asked
    once the connection has rested a while.

    :raises sa.exc.InvalidatePoolError: it does not: the pool makes this connection anew, and older ones at their turn.
    """
    since = record.info.pop("rests_since", None)
    if since is None or (time.monotonic() - since < REST and not _something_to_read(connection)):
        return
    try:
        connection.autocommit = True
        connection.execute("SELECT 1")
        connection.autocommit = False
    except Exception as error:
        raise sa.exc.InvalidatePoolError("the database ended this connection") from error


def _something_to_read(connection: Any) -> bool:
    if connection.closed:
        return True
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return bool(look.poll(0))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """WAL lets readers go on beside the writer; FULL keeps what was accepted through a power cut.

    What a savepoint may have to take back is kept in memory: for a file even an unwritten one is set up each time.
    """
    kept = ("journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY")
    for pragma in (*kept, f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def begin(tx: Connection, durable: bool | None = None) -> None:
    """Begin a transaction of SQLite, whose driver would begin another kind, and later; others begin by themselves.

    Called by `db`, not by an event of SQLAlchemy: as soon as one listens, each statement looks for listeners.

    :param durable: as of `db.write`; None for one that only reads.
    """
    if tx.dialect.name != "sqlite":
        return
    driver: Any = tx.connection.driver_connection
    if durable is None:
        driver.execute("BEGIN")
        return
    driver.execute(f"PRAGMA synchronous={'FULL' if durable and config.current().disk == 'sure' else 'NORMAL'}")
    tx.exec_driver_sql("BEGIN IMMEDIATE")


@dataclass(frozen=True)
class Turn:
    """What writers of a SQLite file wait for: those of this process for `ours`, one of them for the file."""

    file: IO[bytes]
    ours: threading.Lock


@contextmanager
def turn(of: Turn | None) -> Iterator[None]:
    """Wait for one's turn to write to a SQLite file.

    SQLite has no queue: who finds the file locked sleeps, longer each time, up to 100 ms. Writers who meet often (web,
    its bell, the worker's receipts) mostly slept. Here one of each process looks every fifth of a millisecond. The
    kernel lets go for a process that dies; after BUSY_MS it is left to BEGIN IMMEDIATE, which decides anyway.
    """
    if of is None:
        yield
        return
    end = clock.machine() + BUSY_MS / 1000
    first = of.ours.acquire(timeout=BUSY_MS / 1000)
    try:
        while True:
            try:
                fcntl.flock(of.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if clock.machine() > end:
                    break
                time.sleep(0.0002)
        try:
            yield
        finally:
            if not of.file.closed:  # as it is when an interrupt broke the connection; that lets go, too
                fcntl.flock(of.file, fcntl.LOCK_UN)
    finally:
        if first:
            of.ours.release()


def close(urls: Iterable[str] | None = None) -> None:
    """Close this process's connections to the databases at `urls`, or all (tests; before a fork)."""
    for key in [k for k in _engines if k[0] == os.getpid() and (urls is None or k[1] in urls)]:
        _engines.pop(key).dispose()
