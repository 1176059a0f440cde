"""What is gathered about a person, for their download."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Json, Key, Machine

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "download",
        sa.Column("person", Key, primary_key=True),
        sa.Column("request", Key, nullable=False),
        sa.Column("asked_at", Machine, nullable=False),
        sa.Column("ready_at", Machine),
    )
    op.create_table(
        "download_part",
        sa.Column("person", Key, sa.ForeignKey("download.person", name="fk_download_part"), primary_key=True),
        sa.Column("service", sa.String(40), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("part", sa.String(60), nullable=False),
        sa.Column("rows", Json, nullable=False),
        sa.Column("last", sa.Boolean, nullable=False),
        sa.Column("cut", Json, nullable=False),
    )
    op.create_index("ix_download_asked", "download", ["asked_at"])
