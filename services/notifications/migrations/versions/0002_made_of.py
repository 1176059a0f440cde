"""What a mail that names others was made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import NullableJson

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("mail", sa.Column("made_of", NullableJson))
