"""The first tables: the ledger of mail, suppressed addresses, and the copies of people and program."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json, Key, Machine
from shared.migrate import shared_tables_v1

revision = "0001"
down_revision = None


def upgrade() -> None:
    shared_tables_v1(op)
    op.create_table(
        "mail",
        sa.Column("id", Key, primary_key=True),
        sa.Column("cause", sa.String(80), nullable=False),
        sa.Column("person", Key, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("address", sa.String(320), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(400), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("headers", Json, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("duty", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due", Machine, nullable=False),
        sa.Column("claim", Key),
        sa.Column("claimed_at", Machine),
        sa.Column("data_at", Machine),
        sa.Column("sent_at", Instant),
        sa.Column("deadline", Instant),
        sa.Column("expires", Machine),
        sa.Column("error", sa.Text),
        sa.Column("created_at", Instant, nullable=False),
        sa.UniqueConstraint("cause", "person", "kind", name="one_mail_per_cause_person_and_kind"),
    )
    waiting, claimed = sa.text("state = 'queued'"), sa.text("state = 'sending'")
    op.create_index("mail_due", "mail", [sa.text("duty DESC"), "due"], postgresql_where=waiting, sqlite_where=waiting)
    op.create_index("mail_claimed", "mail", ["claimed_at"], postgresql_where=claimed, sqlite_where=claimed)
    op.create_index("mail_newest", "mail", ["created_at", "id"])
    op.create_index("mail_person", "mail", ["person"])
    op.create_table(
        "mention",
        sa.Column("person", Key, primary_key=True),
        sa.Column("mail", Key, sa.ForeignKey("mail.id", name="mention_mail"), primary_key=True),
    )
    op.create_table(
        "suppression",
        sa.Column("address", sa.String(320), primary_key=True),
        sa.Column("scope", sa.String(10), primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("until", Machine),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_table(
        "person",
        sa.Column("id", Key, primary_key=True),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("email", sa.String(320), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("stream", sa.String(64)),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("roles", Json, nullable=False),
    )
    op.create_table(
        "program",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("chat_invite", sa.Text),
        sa.Column("charter_version", sa.String(20), nullable=False),
    )
    op.create_table(
        "stream",
        sa.Column("slug", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("position", sa.Integer),
    )
