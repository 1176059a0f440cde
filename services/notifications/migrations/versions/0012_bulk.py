"""Which mails wait for those whose readers wait, and go out ten at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("mail", sa.Column("bulk", sa.Boolean, nullable=False, server_default=sa.false()))
    op.execute("UPDATE mail SET bulk = NOT duty WHERE state = 'queued'")
    op.drop_index("mail_due", "mail")
    waiting = sa.text("state = 'queued'")
    op.create_index("mail_due", "mail", ["bulk", "due"], postgresql_where=waiting, sqlite_where=waiting)
