"""Monthly letters of streams: who had which, and who is in which circle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_table("place", sa.Column("person", Key, primary_key=True), sa.Column("circle", Key, nullable=False))
    op.create_index("place_circle", "place", ["circle"])
    op.create_table(
        "monthly",
        sa.Column("person", Key, nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("until", Instant, nullable=False),
        sa.PrimaryKeyConstraint("person", "period", name="one_letter_per_person_and_period"),
    )


def downgrade() -> None:
    op.drop_table("monthly")
    op.drop_table("place")
