"""The organizers' monthly meeting and talks: what is proposed, what becomes of it, when the next one is due."""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Instant, Json, Key

metadata = db.metadata("sessions")

# A monthly meeting or a talk, from the proposal on. Written by an organizer's click or by a plan. Until it is sent,
# `draft` holds when and where it is to be; then a row of `session` with the same id does, and who was told is in
# `invite`, as with any session. Never deleted; the guest's name and address go when an organizer takes them out.
gathering = sa.Table(
    "gathering",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),  # organizers, talk: as session.kind
    sa.Column("state", sa.String(10), nullable=False),  # proposed, dropped, sent
    sa.Column("draft", Json, nullable=False),  # {title, day, time, zone, minutes, link, location}
    sa.Column("streams", Json, nullable=False),  # slugs whose coordinators are meant; empty: all
    sa.Column("text", sa.Text, nullable=False),  # Markdown: the agenda, or what the talk is about
    sa.Column("guest", Key),  # stands for a person in invite and rsvp; signup knows nothing of them
    sa.Column("guest_name", sa.String(200)),
    sa.Column("guest_email", sa.String(254)),
    sa.Column("former", Json, nullable=False, server_default="[]"),  # ids of guests of whom was told, not forgotten yet
    sa.Column("notes", sa.Text, nullable=False),  # Markdown
    sa.Column("shared_at", Instant),  # when the notes were told of
    sa.Column("recording", sa.String(2000)),
    sa.Column("version", sa.Integer, nullable=False),  # rises with each change by hand
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),  # organizer/<id> | system
)
sa.Index("ix_gathering_kind", gathering.c.kind, gathering.c.created_at)

# When the next monthly meeting, or talk, is proposed by itself. Written by organizers; never deleted: `active` ends it.
gathering_plan = sa.Table(
    "gathering_plan",
    metadata,
    sa.Column("kind", sa.String(12), primary_key=True),
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("week", sa.Integer, nullable=False),  # of the month: 1 to 4, or -1, the last
    sa.Column("weekday", sa.Integer, nullable=False),  # 0 is Monday
    sa.Column("time", sa.String(5), nullable=False),  # wall time, HH:MM
    sa.Column("zone", sa.String(64), nullable=False),  # IANA name
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("link", sa.String(2000)),
    sa.Column("location", sa.String(400)),
    sa.Column("ahead", sa.Integer, nullable=False),  # days before, from which on it is proposed
)

# A row is a person who wants no invites to talks. Written by their link or page; deleted when they want them again.
no_talks = sa.Table(
    "no_talks",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
