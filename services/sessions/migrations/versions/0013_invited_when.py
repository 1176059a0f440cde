"""Since when somebody is invited: a newcomer is not reminded half an hour after their invite."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("invite", sa.Column("since", Instant))


def downgrade() -> None:
    op.drop_column("invite", "since")
