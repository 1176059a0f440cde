"""A maybe, and another time that somebody's calendar proposes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.db import Instant, Key

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "remark",
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_remark_session"), primary_key=True),
        sa.Column("person", Key, primary_key=True),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("proposed", Instant),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_remark_person", "remark", ["person"])


def downgrade() -> None:
    op.drop_table("remark")
