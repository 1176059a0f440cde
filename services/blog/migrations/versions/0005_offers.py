"""Offers: members' posts on their way into the program's blog."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json, Key, Machine

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "offer",
        sa.Column("id", Key, primary_key=True),
        sa.Column("post", Key, sa.ForeignKey("post.id", name="fk_offer_post"), nullable=False),
        sa.Column("person", Key, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("looked", sa.Integer, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("branch", sa.String(200)),
        sa.Column("commit", sa.String(64)),
        sa.Column("pushing", sa.String(64)),
        sa.Column("number", sa.Integer),
        sa.Column("url", sa.String(2000)),
        sa.Column("moved", sa.Boolean, nullable=False),
        sa.Column("files", Json, nullable=False),
        sa.Column("live", Json, nullable=False),
        sa.Column("path", sa.String(300)),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("original", sa.String(2000), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("notes", Json, nullable=False),
        sa.Column("verdict", sa.String(8)),
        sa.Column("opened_at", Instant),
        sa.Column("published_at", Instant),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("due", Machine),
        sa.Column("leased", Machine, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.UniqueConstraint("post", name="one_offer_per_post"),
    )
    op.create_index("ix_offer_due", "offer", ["due"])
    op.create_index("ix_offer_state", "offer", ["state"])
