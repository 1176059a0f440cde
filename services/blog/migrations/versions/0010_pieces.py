"""Pieces that members write, what is said about them, and who may review one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json, Key

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("person", sa.Column("roles", Json, nullable=False, server_default="[]"))
    op.create_table(
        "piece",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Key, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("link", sa.String(1000), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("reviewer", Key),
        sa.Column("post", Key, sa.ForeignKey("post.id", name="fk_piece_post")),
        sa.Column("begun", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", Instant, nullable=False),
        sa.UniqueConstraint("post", name="one_piece_per_post"),
    )
    op.create_index("ix_piece_person", "piece", ["person"])
    op.create_index("ix_piece_reviewer", "piece", ["reviewer"])
    op.create_table(
        "comment",
        sa.Column("id", Key, primary_key=True),
        sa.Column("piece", Key, sa.ForeignKey("piece.id", name="fk_comment_piece", ondelete="CASCADE"), nullable=False),
        sa.Column("person", Key, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_comment_piece", "comment", ["piece"])
    op.create_index("ix_comment_person", "comment", ["person"])


def downgrade() -> None:
    op.drop_table("comment")
    op.drop_table("piece")
    op.drop_column("person", "roles")
