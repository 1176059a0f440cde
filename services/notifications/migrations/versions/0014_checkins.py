"""What became of questions to people who fell silent, for digest and dashboard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "checkin",
        sa.Column("person", Key, primary_key=True),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("answer", sa.String(8)),
        sa.Column("at", Instant),
    )


def downgrade() -> None:
    op.drop_table("checkin")
