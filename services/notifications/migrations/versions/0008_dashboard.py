"""The dashboard: how many came to each session, and how far everybody who signed up has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("meeting", sa.Column("present", sa.Integer, nullable=False, server_default="0"))
    op.add_column("meeting", sa.Column("marked", sa.Integer, nullable=False, server_default="0"))
    for column, where in (("present", " AND attended.present"), ("marked", "")):
        counted = f"SELECT count(*) FROM attended WHERE attended.session = meeting.id{where}"
        op.execute(f"UPDATE meeting SET {column} = ({counted})")
    op.create_table(
        "arrival",
        sa.Column("person", Key, primary_key=True),
        sa.Column("applied_at", Instant, nullable=False),
        sa.Column("confirmed_at", Instant),
        sa.Column("placed_at", Instant),
    )
    op.create_index("arrival_applied", "arrival", ["applied_at"])
