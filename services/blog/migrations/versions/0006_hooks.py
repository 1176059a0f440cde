"""Deliveries of webhooks, so that each rings once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "hook",
        sa.Column("id", Key, primary_key=True),
        sa.Column("forge", sa.String(8), nullable=False),
        sa.Column("delivery", sa.String(64), nullable=False),
        sa.Column("blog", Key, sa.ForeignKey("blog.id", name="fk_hook_blog")),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.UniqueConstraint("forge", "delivery", name="one_hook_per_delivery"),
    )
    op.create_index("ix_hook_at", "hook", ["at"])
