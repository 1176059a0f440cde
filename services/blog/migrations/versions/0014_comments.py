"""Comments that their writers change, or delete."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("comment", sa.Column("edited_at", Instant))
    op.add_column("comment", sa.Column("deleted_at", Instant))


def downgrade() -> None:
    op.drop_column("comment", "deleted_at")
    op.drop_column("comment", "edited_at")
