"""What operating needs: skips with who and why, replays, signs of life."""

from __future__ import annotations

from alembic import op

from shared.migrate import operating_tables_v1

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    operating_tables_v1(op)
