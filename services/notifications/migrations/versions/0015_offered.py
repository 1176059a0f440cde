"""Posts on their way to the program's blog, for digest and dashboard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Day, Instant, Key

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "offered",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Key, nullable=False),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("original", sa.String(2000), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("opened_at", Instant),
        sa.Column("published_at", Instant),
        sa.Column("told", Day),
        sa.Column("refusal_told", Day),
    )
    op.create_index("offered_state", "offered", ["state", "since"])
    op.create_index("offered_person", "offered", ["person", "published_at"])
    op.create_index("offered_told", "offered", ["told"])
    op.create_index("offered_refused", "offered", ["refusal_told"])


def downgrade() -> None:
    op.drop_table("offered")
