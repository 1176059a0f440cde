"""Members' blogs and their posts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Day, Instant, Json, Key, Machine

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "blog",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Key, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("address", sa.String(2000), nullable=False),
        sa.Column("clone_url", sa.String(2000)),
        sa.Column("site", sa.String(2000)),
        sa.Column("dialect", sa.String(16)),
        sa.Column("permalink", sa.String(250)),
        sa.Column("roots", Json, nullable=False),
        sa.Column("branch", sa.String(250)),
        sa.Column("consent", sa.String(8)),
        sa.Column("consent_at", Instant),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("head", sa.String(64)),
        sa.Column("hook_secret", sa.String(64)),
        sa.Column("hook_seen_at", Instant),
        sa.Column("error", sa.Text),
        sa.Column("missing", Json, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("seen_at", Instant),
        sa.Column("failing_since", Instant),
        sa.Column("due", Machine),
        sa.Column("rung", sa.Integer, nullable=False, server_default="0"),
        sa.Column("touched", Machine, nullable=False, server_default="0"),
        sa.Column("next_head", sa.String(64)),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.UniqueConstraint("person", "address", name="one_blog_per_address"),
    )
    op.create_index("ix_blog_due", "blog", ["due"])
    op.create_table(
        "post",
        sa.Column("id", Key, primary_key=True),
        sa.Column("blog", Key, sa.ForeignKey("blog.id", name="fk_post_blog"), nullable=False),
        sa.Column("path", sa.String(600), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("blob", sa.String(64), nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("day", Day),
        sa.Column("first_day", Day),
        sa.Column("url", sa.String(2000)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("choice", sa.String(8)),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.UniqueConstraint("blog", "path", name="one_post_per_path"),
    )
    op.create_index("ix_post_state", "post", ["state"])
