"""The words that organizers give to kinds of mail, in versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "wording",
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("words", Json, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("failed", sa.Text),
        sa.PrimaryKeyConstraint("kind", "version", name="one_wording_per_kind_and_version"),
    )
