"""Changing one's address; who asked for links, in SQL; the organizer's role is given back with the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Key, Machine

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "asked",
        sa.Column("id", Key, primary_key=True),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", Machine, nullable=False),
    )
    op.create_index("ix_asked_who", "asked", ["who", "at"])
    for name, kind in (
        ("was_organizer", sa.Boolean()),
        ("new_email", sa.String(320)),
        ("new_email_request", Key),
        ("new_email_at", Machine()),
        ("readdressed_at", Machine()),
    ):
        op.add_column("person", sa.Column(name, kind))
