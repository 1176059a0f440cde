"""The organizers' monthly meeting, and talks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json, Key

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "gathering",
        sa.Column("id", Key, primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("draft", Json, nullable=False),
        sa.Column("streams", Json, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("guest", Key),
        sa.Column("guest_name", sa.String(200)),
        sa.Column("guest_email", sa.String(254)),
        sa.Column("notes", sa.Text, nullable=False),
        sa.Column("shared_at", Instant),
        sa.Column("recording", sa.String(2000)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
    op.create_index("ix_gathering_kind", "gathering", ["kind", "created_at"])
    op.create_table(
        "gathering_plan",
        sa.Column("kind", sa.String(12), primary_key=True),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("week", sa.Integer, nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("time", sa.String(5), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("link", sa.String(2000)),
        sa.Column("location", sa.String(400)),
        sa.Column("ahead", sa.Integer, nullable=False),
    )
    op.create_table(
        "no_talks",
        sa.Column("person", Key, primary_key=True),
        sa.Column("at", Instant, nullable=False),
    )
