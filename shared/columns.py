"""Types of columns, the same on SQLite and PostgreSQL: instants, days, keys, JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator


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
