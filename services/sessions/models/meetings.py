"""Series and their sessions, who comes, and who was told what."""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Day, Instant, Json, Key, NullableJson

metadata = db.metadata("sessions")

# A series: sessions of a circle every so many weeks at one wall time. Written by organizers; a change from a date on
# ends it (`until`, the first day that is no longer its own) and begins another; never deleted.
series = sa.Table(
    "series",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_series_circle"), nullable=False),
    sa.Column("first", Day, nullable=False),  # local date of its first session
    sa.Column("until", Day),
    sa.Column("weeks", sa.Integer, nullable=False),
    sa.Column("time", sa.String(5), nullable=False),  # wall time, HH:MM
    sa.Column("other_time", sa.String(5)),  # of every second session, for split zones
    sa.Column("zone", sa.String(64), nullable=False),  # IANA name
    sa.Column("minutes", sa.Integer, nullable=False),
    sa.Column("link", sa.String(2000)),
    sa.Column("location", sa.String(400)),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.CheckConstraint("minutes BETWEEN 1 AND 90", name="ck_series_at_most_90_minutes"),
)
sa.Index("ix_series_circle", series.c.circle, series.c.first)

# A session. Written 12 weeks ahead by the schedule, or by hand; its state moves as rules.states says; never deleted: a
# skipped one is cancelled. `day`, `time` and `zone` are the truth, the instants are computed of them (and again when
# the zone's rules change). `slot` is the local date that its series gave it, wherever it was moved to.
session = sa.Table(
    "session",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),  # circle, organizers (the monthly meeting), talk
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
    sa.Column("sequence", sa.Integer, nullable=False),  # RFC 5545: rises with time, place, status
    sa.Column("changed_at", Instant, nullable=False),  # the invite's DTSTAMP
    sa.Column("invited", sa.Boolean, nullable=False),  # whether invites went out
    sa.Column("gaps", Json, nullable=False),  # {"minutes"|"attendance"|"next": the recorded reason}
    sa.Column("note", sa.Text),  # why it was cancelled or moved, in the words of who did it
    sa.UniqueConstraint("series", "slot", name="one_session_per_slot"),
    sa.CheckConstraint("minutes BETWEEN 1 AND 90", name="ck_session_at_most_90_minutes"),
)
sa.Index("ix_session_circle", session.c.circle, session.c.starts_at)
sa.Index("ix_session_state", session.c.state, session.c.starts_at)

# What somebody answered to an invite. Written by their link, page or calendar; no row is no answer, and stays one.
# Deleted with the erased person's name alone: the answer of an id stays.
rsvp = sa.Table(
    "rsvp",
    metadata,
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_rsvp_session"), primary_key=True),
    sa.Column("person", Key, primary_key=True),
    sa.Column("answer", sa.String(8), nullable=False),  # coming, cannot
    sa.Column("sequence", sa.Integer, nullable=False),  # of the invite that was answered
    sa.Column("source", sa.String(12), nullable=False),  # link, page, calendar, absence
    sa.Column("at", Instant, nullable=False),
    # Of an absence: the answer that it stands in for, {answer, sequence, source, at}.
    sa.Column("before", NullableJson),
)
sa.Index("ix_rsvp_person", rsvp.c.person)

# What somebody's calendar sent that is no answer: a maybe, or another time that they propose. Nothing happens by
# itself: the coordinator sees it. Written by it, one for each person; deleted when they answer, or the session moves.
remark = sa.Table(
    "remark",
    metadata,
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_remark_session"), primary_key=True),
    sa.Column("person", Key, primary_key=True),
    sa.Column("what", sa.String(8), nullable=False),  # maybe, counter
    sa.Column("proposed", Instant),  # of a counter, if it could be read
    sa.Column("at", Instant, nullable=False),
)
sa.Index("ix_remark_person", remark.c.person)

# Who was there. Written by the coordinator; never guessed from silence.
attendance = sa.Table(
    "attendance",
    metadata,
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_attendance_session"), primary_key=True),
    sa.Column("person", Key, primary_key=True),
    sa.Column("present", sa.Boolean, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
)
sa.Index("ix_attendance_person", attendance.c.person)

# The invite that a person was last told: what a later one has to supersede, and a cancellation to take back. Written
# when it is published; deleted BATON_KEEP_RUNS days after its session, once that is closed or cancelled.
invite = sa.Table(
    "invite",
    metadata,
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_invite_session"), primary_key=True),
    sa.Column("person", Key, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column(
        "told", Json, nullable=False
    ),  # what it said: {starts_at, zone, minutes, link, location, title, coordinator, mentor}
    # Of the first message that told this time and place: whoever answers that, or a later one, answers for these.
    sa.Column("stands_from", sa.Integer, nullable=False, server_default="0"),
    sa.Column("cancelled", sa.Boolean, nullable=False),
    sa.Column("since", Instant),  # when they were invited; null for who was before this was kept
)
sa.Index("ix_invite_person", invite.c.person)

# A row asks that a circle's invites be compared with what is true, from `due` on. Written by whatever changes something
# that invites say, and for the day when the next session comes near; deleted by the look itself (invites.telling). Rows
# are only added, so that nobody who changes a circle waits for anybody else.
unannounced = sa.Table(
    "unannounced",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("circle", Key, nullable=False),
    sa.Column("due", Instant, nullable=False),
)
sa.Index("ix_unannounced_due", unannounced.c.due, unannounced.c.circle)

# Names the one secret address of a member's calendar that counts; empty: none does. Written when they ask for a new
# address, or for none; without a row it is their first one. Never deleted: one that was replaced must stay dead.
feed = sa.Table(
    "feed",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("key", Key, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# A row says that something about a session was told once: a reminder, late minutes, no coordinator. Written with it;
# deleted as an invite is.
told = sa.Table(
    "told",
    metadata,
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_told_session"), primary_key=True),
    sa.Column("what", sa.String(32), primary_key=True),
    sa.Column("at", Instant, nullable=False),
)
