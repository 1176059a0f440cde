"""What somebody chose before, and when: a choice that is taken back makes that no younger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("preference", sa.Column("was", sa.String(10)))
    op.add_column("preference", sa.Column("was_at", Instant))


def downgrade() -> None:
    op.drop_column("preference", "was_at")
    op.drop_column("preference", "was")
