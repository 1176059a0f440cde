"""API tokens: which are void, and when each was last used here."""

from __future__ import annotations

from alembic import op

from shared.migrate import token_tables_v1

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    token_tables_v1(op)
