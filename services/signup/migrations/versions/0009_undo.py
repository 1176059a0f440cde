"""Which import made a person, so that an import can be undone; how many it took back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Key

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("person", sa.Column("import", Key))
    made = sa.text("import IS NOT NULL")
    op.create_index("ix_person_import", "person", ["import", "id"], sqlite_where=made, postgresql_where=made)
    op.add_column("import", sa.Column("withdrawn", sa.Integer, nullable=False, server_default="0"))
