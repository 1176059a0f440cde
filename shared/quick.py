"""Statements that are told to the driver as they are: `Quick`, and the parameters it binds by their types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from . import faults


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
            faults.quote_nothing(error)
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


def one_of(tx: Connection, name: str) -> str:
    """The condition that a column is one of those in the parameter `name`, which is given as `listed` has it."""
    return f"IN (SELECT value FROM json_each(:{name}))" if tx.dialect.name == "sqlite" else f"= ANY(:{name})"


def listed(tx: Connection, values: Iterable[Any]) -> Any:
    """Many values as one parameter: a statement with a parameter for each is another one for each number of them."""
    return json.dumps([*values]) if tx.dialect.name == "sqlite" else [*values]


def params(table: sa.Table, names: Iterable[str]) -> dict[str, sa.BindParameter[Any]]:
    """A named parameter for each of these columns of `table`, of its type."""
    return {name: sa.bindparam(name, type_=table.c[name].type) for name in names}


class _Compiled(NamedTuple):
    """A statement in a dialect's words. :param processors: how parameters are turned into what the driver takes."""

    sql: str
    names: list[str]
    constants: dict[str, Any]
    processors: list[tuple[str, Callable[[Any], Any]]]
