"""What organizers say of the program's blog: what makes it, where posts go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "aim",
        sa.Column("place", sa.String(500), primary_key=True),
        sa.Column("shape", sa.String(16), nullable=False),
        sa.Column("folder", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("aim")
