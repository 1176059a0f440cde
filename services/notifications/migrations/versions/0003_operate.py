"""What operating needs; what a person decided about a held mail, mails in doubt after a restore, the mail server."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Machine
from shared.migrate import operating_tables_v1

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    operating_tables_v1(op)
    op.add_column("mail", sa.Column("decided", sa.String(10)))
    op.add_column("mail", sa.Column("decided_by", sa.String(64)))
    op.add_column("mail", sa.Column("decided_at", Machine))
    op.add_column("mail", sa.Column("emptied_at", Instant))
    op.execute("UPDATE mail SET emptied_at = created_at WHERE address = ''")
    stuck, whole = sa.text("state IN ('held', 'failed')"), sa.text("emptied_at IS NULL")
    op.create_index("mail_stuck", "mail", ["state", "created_at"], postgresql_where=stuck, sqlite_where=stuck)
    op.create_index("mail_whole", "mail", ["created_at"], postgresql_where=whole, sqlite_where=whole)
    op.create_table(
        "mail_server",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("down_since", Machine),
        sa.Column("asked", Machine),
        sa.Column("said", sa.Text),
    )
    op.create_table(
        "doubt",
        sa.Column("cause", sa.String(80), primary_key=True),
        sa.Column("until", Machine, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
