"""The digest: what it is made of, when it comes, and those there were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared.columns import Day, Instant, Json, Key

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "meeting",
        sa.Column("id", Key, primary_key=True),
        sa.Column("circle", Key, nullable=False),
        sa.Column("name", sa.String(400), nullable=False),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("coordinator", Key),
        sa.Column("mentor", Key),
        sa.Column("opened_at", Instant),
        sa.Column("late_at", Instant),
        sa.Column("minuted_at", Instant),
        sa.Column("words", Json, nullable=False),
        sa.Column("told", Day),
    )
    op.create_index("meeting_circle", "meeting", ["circle", "starts_at"])
    op.create_index("meeting_starts", "meeting", ["starts_at"])
    op.create_index("meeting_told", "meeting", ["told", "minuted_at"])
    op.create_table(
        "attended",
        sa.Column("session", Key, sa.ForeignKey("meeting.id", name="attended_session"), primary_key=True),
        sa.Column("person", Key, primary_key=True),
        sa.Column("present", sa.Boolean, nullable=False),
    )
    op.create_index("attended_person", "attended", ["person"])
    op.create_table(
        "agreed",
        sa.Column("circle", Key, primary_key=True),
        sa.Column("items", Json, nullable=False),
        sa.Column("members", Json, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "news",
        sa.Column("id", Key, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("person", Key, nullable=False),
        sa.Column("told", Day),
    )
    op.create_index("news_told", "news", ["told"])
    op.create_index("news_person", "news", ["person"])
    op.create_table(
        "rhythm",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("every", sa.String(12), nullable=False),
        sa.Column("weekday", sa.Integer, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("since", Instant, nullable=False),
    )
    op.create_table(
        "digest",
        sa.Column("period", Day, primary_key=True),
        sa.Column("until", Instant, nullable=False),
        sa.Column("data", Json, nullable=False),
    )
