"""The first tables of sessions: the copies of people and program."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json, Key
from shared.migrate import shared_tables_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    shared_tables_v1(op)
    op.create_table(
        "person",
        sa.Column("id", Key, primary_key=True),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("stream", sa.String(64)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("roles", Json, nullable=False),
        sa.Column("joined_at", Instant),
    )
    op.create_index("person_stream", "person", ["stream", "state"])
    op.create_table(
        "program",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("streams", Json, nullable=False),
    )
