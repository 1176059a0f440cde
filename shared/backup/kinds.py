"""Values as JSON that both databases take back: bytes in base64, instants as ISO 8601 in UTC, the rest as it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from ..columns import Instant

_Json = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TYPES: dict[str, Any] = {
    "instant": Instant(),
    "json": _Json,
    "bytes": sa.LargeBinary(),
    "bool": sa.Boolean(),
    "int": sa.BigInteger(),
    "real": sa.Double(),
    "text": sa.Text(),
}


def of(column: sa.Column[Any]) -> str:
    """The kind of a column: a key of TYPES."""
    for kind, types in (
        ("instant", Instant), ("json", sa.JSON), ("bytes", sa.LargeBinary), ("bool", sa.Boolean),
        ("int", sa.Integer), ("real", sa.Float), ("text", sa.String),
    ):  # fmt: skip
        if isinstance(column.type, types):  # type: ignore[arg-type]
            return kind
    raise TypeError(f"{column.table.name}.{column.name}: backups know no {column.type!r}; add its kind here")


def portable(kind: str, value: Any) -> Any:
    """A value of that kind, as JSON."""
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64encode(bytes(value)).decode("ascii")
    if kind == "instant":
        return value.isoformat()
    return value


def native(kind: str, value: Any) -> Any:
    """What `portable` wrote, as Python has it.

    :raises ValueError: it is none of that kind.
    """
    if value is None or kind == "json":
        return value
    if kind == "bytes" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except binascii.Error:
            raise ValueError("is not base64") from None
    if kind == "instant" and isinstance(value, str):
        return datetime.fromisoformat(value)
    if kind == "real" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if type(value) is {"bool": bool, "int": int, "text": str}.get(kind):
        return value
    raise ValueError(f"is no {kind}")


def rows(tx: Connection, table: sa.Table, columns: list[tuple[str, str]]) -> Iterator[list[Any]]:
    """All rows of a table as portable lists, in the order of its key, without holding them in memory."""
    query = sa.select(*(table.c[name] for name, _ in columns)).order_by(*table.primary_key.columns)
    for row in tx.execution_options(yield_per=500).execute(query):
        yield [portable(kind, value) for (_, kind), value in zip(columns, row, strict=True)]


def columns(table: sa.Table) -> list[tuple[str, str]]:
    """(name, kind) of each column."""
    return [(column.name, of(column)) for column in table.c]


def natives(columns: list[tuple[str, str]], row: Iterable[Any]) -> dict[str, Any]:
    """One portable row as parameters of an INSERT.

    :raises ValueError: a value does not fit; names the column.
    """
    found = {}
    for (name, kind), value in zip(columns, row, strict=True):
        try:
            found[name] = native(kind, value)
        except ValueError as error:
            raise ValueError(f"column {name} {error}") from None
    return found
