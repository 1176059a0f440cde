"""Importing people from a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.columns import Instant, Json, Key, Machine

revision = "0004"
down_revision = "0003"
_null = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("person", sa.Column("imported_at", Instant))
    counts = ("done", "rows", "fresh", "known", "repeated", "refused")
    op.create_table(
        "import",
        sa.Column("id", Key, primary_key=True),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("form", sa.String(64), nullable=False),
        sa.Column("header", Json, nullable=False),
        sa.Column("encoding", sa.String(16), nullable=False),
        sa.Column("delimiter", sa.String(1), nullable=False),
        sa.Column("mapping", _null),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("touched", Machine, nullable=False),
        sa.Column("read", sa.BigInteger, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        sa.Column("superseded", Json, nullable=False),
        sa.Column("answers", Json, nullable=False),
        sa.Column("problem", _null),
    )
    op.create_index("ix_import_created", "import", ["created_at"])
    op.create_table(
        "import_part",
        sa.Column("import", Key, sa.ForeignKey("import.id", name="fk_import_part_import"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "import_refusal",
        sa.Column("import", Key, sa.ForeignKey("import.id", name="fk_import_refusal_import"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("cells", Json, nullable=False),
        sa.Column("problems", Json, nullable=False),
    )
    op.create_table(
        "import_mapping",
        sa.Column("form", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("mapping", Json, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("undone_at", Instant),
    )
