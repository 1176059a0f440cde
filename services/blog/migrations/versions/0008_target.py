"""That the webhook of the program's blog works."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "target",
        sa.Column("place", sa.String(500), primary_key=True),
        sa.Column("hook_seen_at", Instant, nullable=False),
        sa.Column("hook_last_at", Instant, nullable=False),
    )
