"""What people want of mail that is no duty, and by which list each mail came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "preference",
        sa.Column("person", Key, nullable=False),
        sa.Column("list", sa.String(40), nullable=False),
        sa.Column("choice", sa.String(10), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("person", "list", name="one_preference_per_person_and_list"),
    )
    op.add_column("mail", sa.Column("list", sa.String(40)))
    op.add_column("mail", sa.Column("unsubscribed_at", Instant))
