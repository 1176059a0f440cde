"""The first tables of signup."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from shared import migrate
from shared.columns import Instant, Json, Key, Machine, Serial

revision = "0001"
down_revision = None


def upgrade() -> None:
    migrate.shared_tables_v1(op)
    _program()
    _people()
    op.create_table(
        "audit",
        sa.Column("id", Serial, primary_key=True, autoincrement=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("what", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(80), nullable=False),
        sa.Column("detail", Json, nullable=False),
    )
    op.create_index("ix_audit_subject", "audit", ["subject", "id"])
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("body", sa.String(64), nullable=False),
        sa.Column("at", Machine, nullable=False),
    )
    op.create_index("ix_idempotency_at", "idempotency", ["at"])
    op.create_table(
        "used_token",
        sa.Column("jti", sa.String(64), primary_key=True),
        sa.Column("at", Machine, nullable=False),
    )


def _program() -> None:
    op.create_table(
        "program",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("version", Key, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("sections", Json, nullable=False),
        sa.Column("video_url", sa.String(2000)),
        sa.Column("chat_invite", sa.String(2000)),
        sa.Column("chat_invite_at", Instant),
        sa.CheckConstraint("id = 1", name="ck_program_one_row"),
    )
    op.create_table(
        "stream",
        sa.Column("slug", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("removed_at", Instant),
    )
    op.create_table(
        "question",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("stream", sa.String(64), sa.ForeignKey("stream.slug", name="fk_question_stream"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("label", sa.String(300), nullable=False),
        sa.Column("help", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("options", Json, nullable=False),
        sa.Column("required", sa.Boolean, nullable=False),
        sa.Column("retired_at", Instant),
    )
    op.create_table(
        "charter",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("published_at", Instant, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", Key, primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("stream", sa.String(64), sa.ForeignKey("stream.slug", name="fk_person_stream")),
        sa.Column("name", sa.String(400)),
        sa.Column("email", sa.String(320)),
        sa.Column("email_key", sa.String(320)),
        sa.Column("search", sa.String(800), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("charter_version", sa.Integer),
        sa.Column("charter_at", Instant),
        sa.Column("answers", Json, nullable=False),
        sa.Column("github", sa.String(100)),
        sa.Column("blog", sa.String(2000)),
        sa.Column("checklist", Json, nullable=False),
        sa.Column("is_organizer", sa.Boolean, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("applied_at", Instant),
        sa.Column("reapplied", Json),
        sa.Column("mailed_at", Machine),
        sa.Column("reminded_at", Instant),
        sa.Column("confirmed_at", Instant),
        sa.Column("left_at", Instant),
        sa.Column("left_from", sa.String(16)),
        sa.Column("leave_reason", sa.Text),
        sa.Column("erase_after", Instant),
        sa.UniqueConstraint("email_key", name="uq_person_email_key"),
    )
    due = sa.text("erase_after IS NOT NULL")
    op.create_index("ix_person_erase_after", "person", ["erase_after"], sqlite_where=due, postgresql_where=due)
