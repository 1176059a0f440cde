"""What organizers decide: minutes that are open once more; and turns served, counted once instead of at each choice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Day, Instant

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("minutes", sa.Column("reopened_until", Instant))
    op.add_column("standing", sa.Column("served", sa.Integer, nullable=False, server_default="0"))
    op.add_column("standing", sa.Column("last", Day))
    mine = """FROM turn JOIN session ON session.id = turn.session WHERE turn.circle = standing.circle
        AND turn.role = standing.role AND turn.person = standing.person AND turn.state = 'served'"""
    op.execute(f"UPDATE standing SET served = (SELECT count(*) {mine}), last = (SELECT max(session.day) {mine})")
