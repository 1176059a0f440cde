"""Meetings of organizers and talks, for chat to tell of the day before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "gathering",
        sa.Column("id", Key, primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("title", sa.String(400), nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
    )
    op.create_index("gathering_starts", "gathering", ["starts_at"])


def downgrade() -> None:
    op.drop_table("gathering")
