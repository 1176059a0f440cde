"""Circles, who is in them, who waits for a place, and the journal of what was changed by hand."""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Instant, Json, Key

metadata = db.metadata("sessions")

# What holds in the whole program (id 1). Written with its defaults by the first look, changed by organizers; never
# deleted.
policy = sa.Table(
    "policy",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("most", sa.Integer, nullable=False),  # members of a circle
    sa.Column("gap_days", sa.Integer, nullable=False),  # between two duties of one person: D
    sa.Column("mentor_cap", sa.Integer, nullable=False),  # turns as mentor of one person in a month
    sa.Column("minutes_at_once", sa.Boolean, nullable=False),  # to organizers, beside the digest
    sa.CheckConstraint("id = 1", name="ck_policy_one_row"),
)

# What holds in one stream. Written when an organizer sets it; never deleted. A stream without a row has no cap and the
# agenda of rules.
stream_policy = sa.Table(
    "stream_policy",
    metadata,
    sa.Column("stream", sa.String(64), primary_key=True),
    sa.Column("places", sa.Integer),  # null: as many as come
    sa.Column("agenda", sa.Text),  # Markdown; null: the usual one
    sa.Column("mentors", sa.Boolean, nullable=False),  # whether sessions of this stream ask for one
)

# A circle. Written by placing and by organizers; never deleted, since its sessions and turns are history: a merged or
# emptied one is closed.
circle = sa.Table(
    "circle",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("stream", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("most", sa.Integer),  # null: as policy says
    sa.Column("feed", Key, nullable=False),  # names the one secret address of its calendar that counts
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("closed_at", Instant),
    sa.Column("merged_into", Key, sa.ForeignKey("circle.id", name="fk_circle_merged_into")),
)
sa.Index("ix_circle_stream", circle.c.stream, circle.c.closed_at)

# A row says that a person is, or was, in a circle. Written by placing, moving, merging, splitting; ended (`until`) when
# they leave it, pause, or leave the program; never deleted: history.
place = sa.Table(
    "place",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("person", Key, nullable=False),
    sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_place_circle"), nullable=False),
    sa.Column("since", Instant, nullable=False),
    sa.Column("until", Instant),
    sa.Column("how", sa.String(16), nullable=False),  # placed, moved, merged, split, returned
    sa.Column("by", sa.String(64), nullable=False),  # organizer/<id> | system
)
_open = place.c.until.is_(None)
sa.Index("one_place_per_person", place.c.person, unique=True, postgresql_where=_open, sqlite_where=_open)
sa.Index("ix_place_circle", place.c.circle, place.c.until)
sa.Index("ix_place_person", place.c.person, place.c.since)

# A row is a confirmed member who waits for a place in their stream; first come, first served. Written by placing,
# `offered_until` when a place is free for them; deleted when they are placed or go. Who lets an offer lapse, or says
# "not now", goes to the end of the line and is not asked again before `rests_until`.
waiting = sa.Table(
    "waiting",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("stream", sa.String(64), nullable=False),
    sa.Column("number", sa.Integer, nullable=False),  # in the order of the line; not counted from 1
    sa.Column("since", Instant, nullable=False),
    sa.Column("offered_at", Instant),
    sa.Column("offered_until", Instant),
    sa.Column("offer", Key),  # names the one link that counts
    sa.Column("rests_until", Instant),
)
sa.Index("ix_waiting_stream", waiting.c.stream, waiting.c.number)

# The journal: what a person changed by hand in a circle, before and after, so that it can be explained and undone.
# Written with each such change; deleted after BATON_KEEP_AUDIT days. A person is named by id alone.
change = sa.Table(
    "change",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_change_circle")),
    sa.Column("session", Key),
    sa.Column("verb", sa.String(32), nullable=False),  # swap, substitute, skip-me, skip-date, move, merge, split …
    sa.Column("by", sa.String(64), nullable=False),  # organizer/<id> | person/<id> | system
    sa.Column("at", Instant, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("before", Json, nullable=False),
    sa.Column("after", Json, nullable=False),
    sa.Column("undone_at", Instant),
    sa.Column("undone_by", sa.String(64)),
)
sa.Index("ix_change_circle", change.c.circle, change.c.at)
sa.Index("ix_change_session", change.c.session)
