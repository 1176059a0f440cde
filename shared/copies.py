"""Copies: what a service keeps of another's facts, replaced whole by every event that tells of them.

Each event about a member or the program carries all that others may know, so a copy is replaced, never patched: a
replay is harmless, and the last event alone decides. A service names the columns it needs, and nothing else is kept.
Not for what a service owns.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import db
from .columns import Instant
from .events.catalog import ENTRIES, Member

ERASED = "erased"
MEMBER = tuple(
    entry.type for entry in ENTRIES if issubclass(entry.schema, Member)
)  # events that carry the whole of a person


def replace(tx: Connection, table: sa.Table, id: str | int, data: Mapping[str, Any]) -> None:
    """Put those fields of `data` that `table` has columns for in the place of the row `id`."""
    fresh = {column.name: _value(column, data[column.name]) for column in table.c if column.name in data}
    row = {"id": id, **fresh}
    tx.execute(db.insert(tx, table).values(row).on_conflict_do_update(index_elements=["id"], set_=fresh))


def blank(tx: Connection, table: sa.Table, id: str) -> None:
    """Leave of a person only that they were here: what refers to them keeps its id, nothing says who it was."""
    data = {c.name: None if c.nullable else _EMPTY.get(c.name, "") for c in table.c if not c.primary_key}
    replace(tx, table, id, {**data, "state": ERASED})


_EMPTY: dict[str, Any] = {"roles": [], "timezone": "UTC"}


def _value(column: sa.Column[Any], value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(column.type, Instant) and value else value
