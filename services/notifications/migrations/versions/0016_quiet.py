"""Quiet hours: when they are, and until when a mail rests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "quiet",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("begins", sa.Integer, nullable=False),
        sa.Column("ends", sa.Integer, nullable=False),
    )
    op.add_column("mail", sa.Column("rests_until", Instant))
    rests = sa.text("rests_until IS NOT NULL")
    op.create_index("mail_rests", "mail", ["rests_until"], postgresql_where=rests, sqlite_where=rests)


def downgrade() -> None:
    op.drop_index("mail_rests", "mail")
    op.drop_column("mail", "rests_until")
    op.drop_table("quiet")
