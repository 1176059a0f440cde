"""Mails that come in, those that come back, and what is lifted again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Day, Instant, Key, Machine

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("suppression", sa.Column("mail", Key))
    op.add_column("suppression", sa.Column("lifted_at", Machine))
    op.add_column("suppression", sa.Column("lifted_by", sa.String(64)))
    op.create_table(
        "soft_bounce",
        sa.Column("address", sa.String(320), primary_key=True),
        sa.Column("day", Day, primary_key=True),
    )
    op.create_table(
        "inbound",
        sa.Column("id", Key, primary_key=True),
        sa.Column("came_at", Instant, nullable=False),
        sa.Column("via", sa.String(10), nullable=False),
        sa.Column("what", sa.String(10), nullable=False),
        sa.Column("why", sa.String(40), nullable=False),
        sa.Column("person", Key),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("mail", Key),
    )
    op.create_index("inbound_came", "inbound", ["came_at", "id"])
    op.create_index("inbound_person", "inbound", ["person"])
