"""From which message on an invite tells its time and place: an answer to it stands, whoever leads since."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("invite", sa.Column("stands_from", sa.Integer, nullable=False, server_default="0"))
    op.execute("UPDATE invite SET stands_from = sequence")


def downgrade() -> None:
    op.drop_column("invite", "stands_from")
