"""API tokens: who made which, which are void, when each was last used; and what was done through one;
what an Idempotency-Key was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key, Machine
from shared.migrate import token_tables_v1

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    token_tables_v1(op)
    op.add_column("audit", sa.Column("through", sa.String(64)))
    op.add_column("idempotency", sa.Column("answer", sa.String(64)))
    op.create_table(
        "api_token",
        sa.Column("id", Key, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("person", Key, sa.ForeignKey("person.id", name="fk_api_token_person"), nullable=False),
        sa.Column("made_through", Key),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("until", Machine, nullable=False),
        sa.Column("revoked_at", Instant),
        sa.Column("revoked_by", sa.String(64)),
    )
    alive = sa.text("revoked_at IS NULL")
    op.create_index("uq_api_token_name", "api_token", ["name"], unique=True, sqlite_where=alive, postgresql_where=alive)
