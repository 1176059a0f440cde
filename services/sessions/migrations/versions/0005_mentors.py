"""Who may be asked to mentor where nobody of the program is above."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Key

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "pool",
        sa.Column("person", Key, primary_key=True),
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
    )
    op.create_index("ix_pool_stream", "pool", ["stream"])
