"""The mailbox that answers and returned mails come to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Machine

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "mailbox",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("due", Machine, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("down_since", Machine),
        sa.Column("asked", Machine),
        sa.Column("said", sa.Text),
    )
