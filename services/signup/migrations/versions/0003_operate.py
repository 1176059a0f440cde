"""What operating needs, and members counted by state without reading them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.migrate import operating_tables_v1

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    operating_tables_v1(op)
    told = sa.text("state <> 'applied'")
    op.create_index("ix_person_state", "person", ["state"], sqlite_where=told, postgresql_where=told)
