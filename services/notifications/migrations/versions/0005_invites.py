"""Mails that tell the state of something: which state, so that no older one is sent after a newer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("mail", sa.Column("topic", sa.String(80)))
    op.add_column("mail", sa.Column("rank", sa.Integer))
    ranked = sa.text("topic IS NOT NULL")
    columns = ["topic", "person", "rank"]
    op.create_index("mail_topic", "mail", columns, postgresql_where=ranked, sqlite_where=ranked)
