"""Rows into empty databases: tables of the revision the rows were written by, the rows, then today's tables.

All services are one undertaking: each in one transaction, all committed at the end. SQLite files are made beside the
old ones and take their place last, so whatever goes wrong before leaves everything as it was.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import config, db, engines, faults, migrate
from . import Wrong, kinds
from .file import Table, Tell

STEP = 500  # rows an INSERT
DRAFT = ".restoring"


@dataclass(frozen=True)
class Source:
    """Where rows come from: `rows(table)` gives those of one, as portable lists."""

    tables: list[Table]
    revisions: dict[str, str]
    rows: Callable[[Table], Iterable[list[Any]]]


Finish = Callable[[dict[str, Connection]], None]


def load(source: Source, urls: dict[str, str], aside: str | None, tell: Tell, finish: Finish) -> list[dict[str, Any]]:
    """Fill the databases at `urls`; returns a row per table: {service, table, there, arrived}.

    :param aside: the name under which old data is kept; None when there must be none.
    :param finish: called with the open transactions when all rows are in and migrated.
    :raises Wrong: a database is not empty and nothing may be set aside, or does not take the rows.
    """
    before, real = config.current(), dict(urls)
    drafts = {service: f"{url}{DRAFT}" if url.startswith("sqlite") else url for service, url in real.items()}
    for service, url in real.items():
        if aside is None and not empty(url):
            raise Wrong(f"the database of {service} is not empty")
        if url.startswith("sqlite"):
            _remove(_path(drafts[service]))
    config.use(replace(before, database_urls=tuple(drafts.items()), database_pool=max(2, before.database_pool)))
    try:
        with ExitStack() as open_:
            txs = {service: open_.enter_context(db.write(service)) for service in drafts}
            counted = _fill(source, txs, aside, tell)
            finish(txs)
        engines.close({*drafts.values(), *real.values()})
        for service, url in real.items():
            if url.startswith("sqlite"):
                _swap(_path(url), _path(drafts[service]), aside)
    except sa.exc.SQLAlchemyError as error:
        raise Wrong(reason(error)) from None
    except OSError as error:
        raise Wrong(f"a file cannot be written ({error.strerror or error}): see to it, and run it again") from None
    finally:
        engines.close({*drafts.values(), *real.values()})
        for url in drafts.values():
            if url.startswith("sqlite"):
                _remove(_path(url))
        config.use(before)
    return counted


def _fill(source: Source, txs: dict[str, Connection], aside: str | None, tell: Tell) -> list[dict[str, Any]]:
    total, done, counted = sum(table.rows for table in source.tables), 0, []
    for service, tx in txs.items():
        importlib.import_module(f"services.{service}.models")
        if aside and tx.dialect.name == "postgresql":
            _set_tables_aside(tx, aside)
        migrate.run(tx, source.revisions[service])
        there = set(sa.inspect(tx).get_table_names())
        for table in (each for each in source.tables if each.service == service):
            if table.name not in there:
                raise Wrong(f"{service} has no table {table.name} at revision {source.revisions[service]}: damaged?")
            done = _copy(tx, table, source.rows(table), done, total, tell)
            arrived = tx.execute(sa.select(sa.func.count()).select_from(sa.table(table.name))).scalar_one()
            counted.append({"service": service, "table": table.name, "there": table.rows, "arrived": arrived})
            if arrived != table.rows:
                raise Wrong(
                    f"{service}.{table.name}: {table.rows} rows were there and {arrived} arrived; nothing is kept"
                )
        migrate.run(tx, migrate.head(service))
        _count_on(tx, service)
    return counted


def _copy(tx: Connection, table: Table, rows: Iterable[list[Any]], done: int, total: int, tell: Tell) -> int:
    target = sa.table(table.name, *(sa.column(name, kinds.TYPES[kind]) for name, kind in table.columns))
    number = 0
    for step in _steps(iter(rows)):
        try:
            tx.execute(target.insert(), [kinds.natives(table.columns, row) for row in step])
        except (sa.exc.SQLAlchemyError, ValueError, OverflowError) as error:
            where = f"{table.service}.{table.name}, rows {number + 1} to {number + len(step)}"
            raise Wrong(f"{where}: {reason(error)}") from None
        number += len(step)
        tell(done + number, total, f"{table.service}: {table.name}")
    return done + number


def _steps(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while step := list(islice(rows, STEP)):
        yield step


def _count_on(tx: Connection, service: str) -> None:
    """Columns that count by themselves go on where the rows end. SQLite sees to that itself."""
    if tx.dialect.name != "postgresql":
        return
    for table in db.metadata(service).sorted_tables:
        for column in table.primary_key:
            if isinstance(column.type, sa.Integer):
                named = {"table": table.name, "column": column.name}
                sequence = tx.execute(sa.text("SELECT pg_get_serial_sequence(:table, :column)"), named).scalar()
                if sequence:
                    last = tx.execute(sa.select(sa.func.max(column))).scalar()
                    tx.execute(sa.select(sa.func.setval(sequence, last or 1, last is not None)))


# ---- what was there before ----


def empty(url: str) -> bool:
    """Is there nothing at this URL? A SQLite file that is not there is empty, and stays away.

    :raises Wrong: it does not answer.
    """
    if url.startswith("sqlite"):
        path = _path(url)
        if not path.exists() or not path.stat().st_size:
            return True
    engine = sa.create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as tx:
            return not sa.inspect(tx).get_table_names()
    except sa.exc.SQLAlchemyError as error:
        raise Wrong(reason(error)) from None
    finally:
        engine.dispose()


def connections(url: str) -> int:
    """How many others are connected to a PostgreSQL database; 0 for SQLite, where nobody can tell."""
    if url.startswith("sqlite"):
        return 0
    engine = sa.create_engine(url, hide_parameters=True)
    try:
        with engine.connect() as tx:
            return int(tx.execute(_OTHERS).scalar_one())
    except sa.exc.SQLAlchemyError as error:
        raise Wrong(reason(error)) from None
    finally:
        engine.dispose()


_OTHERS = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


def _set_tables_aside(tx: Connection, aside: str) -> None:
    """Move all tables into a schema of that name, out of the way."""
    names = sa.inspect(tx).get_table_names()
    if names:
        tx.exec_driver_sql(f'CREATE SCHEMA "{aside}"')
        for name in names:
            tx.exec_driver_sql(f'ALTER TABLE "{name}" SET SCHEMA "{aside}"')


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///").partition("?")[0])


def _beside(path: Path) -> list[Path]:
    """A SQLite file and what SQLite and we keep beside it."""
    return [path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm", "-turn"))]


def _remove(path: Path) -> None:
    for each in _beside(path):
        each.unlink(missing_ok=True)


def _swap(path: Path, draft: Path, aside: str | None) -> None:
    """The draft takes the file's place; what was there goes into the folder `aside` beside it."""
    if aside is not None:
        set_aside(_beside(path), path.parent / aside)
    os.replace(draft, path)


def set_aside(paths: Iterable[Path], folder: Path) -> None:
    """Move what is there of `paths` into `folder`."""
    for path in paths:
        if path.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            shutil.move(path, folder / path.name)


def reason(error: Exception) -> str:
    """A database's refusal in one line, with what to do."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if faults.full(error):
        return "the disk is full: free some space and run it again; nothing was changed"
    if "does not exist" in said and "database" in said:
        return f"{said}: create it first (createdb), with the right to make tables in it"
    if "0x00" in said:
        return f"a text holds a NUL character, which PostgreSQL does not take ({said})"
    return f"the database refuses ({said})"
