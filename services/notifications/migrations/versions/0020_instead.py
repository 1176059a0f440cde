"""For which message in the chat a mail rests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Key

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("mail", sa.Column("chat", Key))
    instead = sa.text("chat IS NOT NULL")
    op.create_index("mail_chat", "mail", ["chat"], postgresql_where=instead, sqlite_where=instead)


def downgrade() -> None:
    op.drop_index("mail_chat", "mail")
    op.drop_column("mail", "chat")
