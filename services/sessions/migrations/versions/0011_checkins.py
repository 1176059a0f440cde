"""Whoever fell silent is asked if they are still with us."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.columns import Instant, Key

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "checkin",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Key, nullable=False),
        sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_checkin_circle"), nullable=False),
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_checkin_session"), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("answer_by", Instant, nullable=False),
        sa.Column("answer", sa.String(8)),
        sa.Column("answered_at", Instant),
        sa.UniqueConstraint("person", "session", name="one_checkin_per_person_and_session"),
    )
    unanswered: dict[str, Any] = {
        "postgresql_where": sa.text("answer IS NULL"),
        "sqlite_where": sa.text("answer IS NULL"),
    }
    op.create_index("one_open_checkin_per_person", "checkin", ["person"], unique=True, **unanswered)
    op.create_index("ix_checkin_answer_by", "checkin", ["answer_by"], **unanswered)
    op.create_index("ix_checkin_person", "checkin", ["person", "asked_at"])


def downgrade() -> None:
    op.drop_table("checkin")
