"""The list of members by name, however many have been here."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    listed = sa.text("state <> 'erased'")
    op.create_index("ix_person_listed", "person", ["search", "id"], sqlite_where=listed, postgresql_where=listed)
