"""When people joined, who was reminded of a first post, and who moved that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("person", sa.Column("joined_at", Instant))
    op.create_index("ix_person_joined", "person", ["joined_at"])
    op.create_table(
        "nudge",
        sa.Column("person", Key, primary_key=True),
        sa.Column("pushed", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "pushed",
        sa.Column("person", Key, primary_key=True),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("pushed")
    op.drop_table("nudge")
    op.drop_index("ix_person_joined", "person")
    op.drop_column("person", "joined_at")
