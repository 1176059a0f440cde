"""Who may be asked to mentor where nobody is above, and goals that members reached."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key, NullableJson

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("person", sa.Column("pool", sa.String(8)))
    op.add_column("person", sa.Column("pool_streams", NullableJson))
    op.add_column("person", sa.Column("pool_at", Instant))
    op.add_column("person", sa.Column("pool_was", sa.String(8)))
    pooled = sa.text("pool IS NOT NULL")
    op.create_index("ix_person_pool", "person", ["search", "id"], sqlite_where=pooled, postgresql_where=pooled)
    op.create_table(
        "goal",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Key, sa.ForeignKey("person.id", name="fk_goal_person"), nullable=False),
        sa.Column("stream", sa.String(64), sa.ForeignKey("stream.slug", name="fk_goal_stream"), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("withdrawn_at", Instant),
    )
    stands = sa.text("withdrawn_at IS NULL")
    name, columns = "one_goal_per_person_and_stream", ["person", "stream"]
    op.create_index(name, "goal", columns, unique=True, sqlite_where=stands, postgresql_where=stands)
