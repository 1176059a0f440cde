"""Chat: channels, what was said in them, and since when the invite to it is the one it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Json, Key, Machine

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("program", sa.Column("chat_invite_at", Instant))
    op.create_table(
        "chat_channel",
        sa.Column("id", Key, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("host", sa.String(200), nullable=False),
        sa.Column("stream", sa.String(64)),
        sa.Column("wants", Json, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("due", Machine, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failing_since", Machine),
        sa.Column("said", sa.Text),
        sa.Column("posted_at", Machine),
        sa.Column("off_at", Instant),
        sa.Column("off_why", sa.Text),
    )
    op.create_table(
        "chat_message",
        sa.Column("id", Key, primary_key=True),
        sa.Column("channel", Key, sa.ForeignKey("chat_channel.id", name="message_channel"), nullable=False),
        sa.Column("cause", sa.String(160), nullable=False),
        sa.Column("what", sa.String(20), nullable=False),
        sa.Column("person", Key),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("claim", Key),
        sa.Column("claimed_at", Machine),
        sa.Column("deadline", Instant, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("posted_at", Machine),
        sa.UniqueConstraint("cause", "channel", name="one_message_per_cause_and_channel"),
    )
    still_open = sa.text("state IN ('queued', 'sending', 'held')")
    op.create_index(
        "chat_open", "chat_message", ["state", "created_at"], postgresql_where=still_open, sqlite_where=still_open
    )
    op.create_index("chat_newest", "chat_message", ["created_at"])
    op.create_index("chat_person", "chat_message", ["person"])
