"""Circles, series and sessions, turns, minutes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from shared.columns import Day, Instant, Json, Key

revision = "0003"
down_revision = "0002"


def _only(sql: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(sql), "sqlite_where": sa.text(sql)}


def upgrade() -> None:
    op.create_table(
        "policy",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("gap_days", sa.Integer, nullable=False),
        sa.Column("mentor_cap", sa.Integer, nullable=False),
        sa.Column("minutes_at_once", sa.Boolean, nullable=False),
        sa.CheckConstraint("id = 1", name="ck_policy_one_row"),
    )
    op.create_table(
        "stream_policy",
        sa.Column("stream", sa.String(64), primary_key=True),
        sa.Column("places", sa.Integer),
        sa.Column("agenda", sa.Text),
        sa.Column("mentors", sa.Boolean, nullable=False),
    )
    op.create_table(
        "circle",
        sa.Column("id", Key, primary_key=True),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("most", sa.Integer),
        sa.Column("feed", Key, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("closed_at", Instant),
        sa.Column("merged_into", Key, sa.ForeignKey("circle.id", name="fk_circle_merged_into")),
    )
    op.create_index("ix_circle_stream", "circle", ["stream", "closed_at"])
    op.create_table(
        "place",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Key, nullable=False),
        sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_place_circle"), nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("until", Instant),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
    )
    op.create_index("ix_place_circle", "place", ["circle", "until"])
    op.create_index("ix_place_person", "place", ["person", "since"])
    op.create_index("one_place_per_person", "place", ["person"], unique=True, **_only("until IS NULL"))
    op.create_table(
        "waiting",
        sa.Column("person", Key, primary_key=True),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("since", Instant, nullable=False),
        sa.Column("offered_at", Instant),
        sa.Column("offered_until", Instant),
        sa.Column("offer", Key),
        sa.Column("rests_until", Instant),
    )
    op.create_index("ix_waiting_stream", "waiting", ["stream", "number"])
    op.create_table(
        "change",
        sa.Column("id", Key, primary_key=True),
        sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_change_circle")),
        sa.Column("session", Key),
        sa.Column("verb", sa.String(32), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("before", Json, nullable=False),
        sa.Column("after", Json, nullable=False),
        sa.Column("undone_at", Instant),
        sa.Column("undone_by", sa.String(64)),
    )
    op.create_index("ix_change_circle", "change", ["circle", "at"])
    op.create_index("ix_change_session", "change", ["session"])
    op.create_table(
        "series",
        sa.Column("id", Key, primary_key=True),
        sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_series_circle"), nullable=False),
        sa.Column("first", Day, nullable=False),
        sa.Column("until", Day),
        sa.Column("weeks", sa.Integer, nullable=False),
        sa.Column("time", sa.String(5), nullable=False),
        sa.Column("other_time", sa.String(5)),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("link", sa.String(2000)),
        sa.Column("location", sa.String(400)),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.CheckConstraint("minutes BETWEEN 1 AND 90", name="ck_series_at_most_90_minutes"),
    )
    op.create_index("ix_series_circle", "series", ["circle", "first"])
    op.create_table(
        "session",
        sa.Column("id", Key, primary_key=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_session_circle")),
        sa.Column("series", Key, sa.ForeignKey("series.id", name="fk_session_series")),
        sa.Column("slot", Day),
        sa.Column("title", sa.String(200)),
        sa.Column("day", Day, nullable=False),
        sa.Column("time", sa.String(5), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("minutes", sa.Integer, nullable=False),
        sa.Column("starts_at", Instant, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.Column("link", sa.String(2000)),
        sa.Column("location", sa.String(400)),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("invited", sa.Boolean, nullable=False),
        sa.Column("gaps", Json, nullable=False),
        sa.Column("note", sa.Text),
        sa.CheckConstraint("minutes BETWEEN 1 AND 90", name="ck_session_at_most_90_minutes"),
        sa.UniqueConstraint("series", "slot", name="one_session_per_slot"),
    )
    op.create_index("ix_session_circle", "session", ["circle", "starts_at"])
    op.create_index("ix_session_state", "session", ["state", "starts_at"])
    op.create_table(
        "rsvp",
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_rsvp_session"), primary_key=True),
        sa.Column("person", Key, primary_key=True),
        sa.Column("answer", sa.String(8), nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("source", sa.String(12), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_rsvp_person", "rsvp", ["person"])
    op.create_table(
        "attendance",
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_attendance_session"), primary_key=True),
        sa.Column("person", Key, primary_key=True),
        sa.Column("present", sa.Boolean, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("ix_attendance_person", "attendance", ["person"])
    op.create_table(
        "invite",
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_invite_session"), primary_key=True),
        sa.Column("person", Key, primary_key=True),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("told", Json, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
    )
    op.create_index("ix_invite_person", "invite", ["person"])
    op.create_table(
        "unannounced",
        sa.Column("id", Key, primary_key=True),
        sa.Column("circle", Key, nullable=False),
        sa.Column("due", Instant, nullable=False),
    )
    op.create_index("ix_unannounced_due", "unannounced", ["due", "circle"])
    op.create_table(
        "feed",
        sa.Column("person", Key, primary_key=True),
        sa.Column("key", Key, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "told",
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_told_session"), primary_key=True),
        sa.Column("what", sa.String(32), primary_key=True),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "standing",
        sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_standing_circle"), primary_key=True),
        sa.Column("role", sa.String(12), primary_key=True),
        sa.Column("person", Key, primary_key=True),
        sa.Column("joined_at", Instant, nullable=False),
        sa.Column("credit", sa.Integer, nullable=False),
        sa.Column("left_at", Instant),
    )
    op.create_index("ix_standing_person", "standing", ["person"])
    op.create_table(
        "turn",
        sa.Column("id", Key, primary_key=True),
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_turn_session"), nullable=False),
        sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_turn_circle")),
        sa.Column("role", sa.String(12), nullable=False),
        sa.Column("person", Key, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("why", Json, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("offered_at", Instant),
        sa.Column("answer_by", Instant),
        sa.Column("answered_at", Instant),
        sa.Column("by", sa.String(64)),
    )
    op.create_index("ix_turn_answer_by", "turn", ["answer_by"], **_only("state = 'offered'"))
    op.create_index("ix_turn_circle", "turn", ["circle", "role", "state"])
    op.create_index("ix_turn_person", "turn", ["person", "role"])
    op.create_index("ix_turn_held", "turn", ["session"], **_only("state IN ('offered', 'accepted')"))
    op.create_index("one_turn_per_person_session_and_role", "turn", ["session", "role", "person"], unique=True)
    op.create_index(
        "one_sure_turn_per_session_and_role",
        "turn",
        ["session", "role"],
        unique=True,
        **_only("state IN ('accepted', 'served')"),
    )
    op.create_table(
        "absence",
        sa.Column("id", Key, primary_key=True),
        sa.Column("person", Key, nullable=False),
        sa.Column("role", sa.String(12)),
        sa.Column("first", Day, nullable=False),
        sa.Column("last", Day, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("withdrawn_at", Instant),
    )
    op.create_index("ix_absence_person", "absence", ["person", "last"])
    op.create_table(
        "minutes",
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_minutes_session"), primary_key=True),
        sa.Column("agenda", sa.Text, nullable=False),
        sa.Column("agenda_version", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("saved_at", Instant, nullable=False),
        sa.Column("saved_by", sa.String(64), nullable=False),
        sa.Column("published_at", Instant),
        sa.Column("published_by", sa.String(64)),
    )
    op.create_table(
        "revision",
        sa.Column("id", Key, primary_key=True),
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_revision_session"), nullable=False),
        sa.Column("part", sa.String(8), nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_index("one_text_per_version", "revision", ["session", "part", "version"], unique=True)
    op.create_table(
        "item",
        sa.Column("id", Key, primary_key=True),
        sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_item_circle")),
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_item_session"), nullable=False),
        sa.Column("owner", Key, nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("due", Day),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("moves", sa.Integer, nullable=False),
    )
    op.create_index("ix_item_open", "item", ["circle", "due"], **_only("state = 'open'"))
    op.create_index("ix_item_owner", "item", ["owner", "state"])
    op.create_index("ix_item_session", "item", ["session"])
    op.create_table(
        "resource",
        sa.Column("id", Key, primary_key=True),
        sa.Column("stream", sa.String(64), nullable=False),
        sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_resource_session"), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("hidden_at", Instant),
    )
    op.create_index("ix_resource_stream", "resource", ["stream", "at"])
    op.create_index("one_resource_per_session_and_url", "resource", ["session", "url"], unique=True)
