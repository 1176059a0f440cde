"""What somebody had answered before days on which they are away answered for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import NullableJson

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("rsvp", sa.Column("before", NullableJson))


def downgrade() -> None:
    op.drop_column("rsvp", "before")
