"""How fast the mail server is given mails, all senders together."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Machine

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("mail_server", sa.Column("given_to", Machine))


def downgrade() -> None:
    op.drop_column("mail_server", "given_to")
