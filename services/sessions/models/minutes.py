"""What a session leaves behind: minutes and their history, action items, links worth keeping."""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Day, Instant, Key

metadata = db.metadata("sessions")

# The agenda and minutes of a session, Markdown. Written by autosave, each save a version higher; published once, then
# open to correction for 48 hours, and again until `reopened_until` where an organizer says so. Never deleted; private
# to the circle, its mentors and the organizers.
minutes = sa.Table(
    "minutes",
    metadata,
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_minutes_session"), primary_key=True),
    sa.Column("agenda", sa.Text, nullable=False),
    sa.Column("agenda_version", sa.Integer, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("saved_at", Instant, nullable=False),
    sa.Column("saved_by", sa.String(64), nullable=False),
    sa.Column("published_at", Instant),
    sa.Column("published_by", sa.String(64)),
    sa.Column("reopened_until", Instant),
)

# A text as it once was. Written at each save, so that two who edit can be merged: a draft, deleted 100 versions later;
# at publishing and at each correction; and when two could not be merged, both, set aside: the one that was not saved
# without a version. Those are never deleted.
revision = sa.Table(
    "revision",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_revision_session"), nullable=False),
    sa.Column("part", sa.String(8), nullable=False),  # agenda, text
    sa.Column("version", sa.Integer),
    sa.Column("kind", sa.String(12), nullable=False),  # draft, published, corrected, aside
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
)
sa.Index("one_text_per_version", revision.c.session, revision.c.part, revision.c.version, unique=True)

# An action item: open, done or dropped. One that is moved to the session after stays open, with another due day and one
# more in `moves`. Written with the minutes and by its owner; never deleted.
item = sa.Table(
    "item",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_item_circle")),
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_item_session"), nullable=False),
    sa.Column("owner", Key, nullable=False),
    sa.Column("text", sa.String(500), nullable=False),
    sa.Column("due", Day),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),  # who moved it last
    sa.Column("moves", sa.Integer, nullable=False),  # how often its due date was moved
)
_left = item.c.state == "open"
sa.Index("ix_item_open", item.c.circle, item.c.due, postgresql_where=_left, sqlite_where=_left)
sa.Index("ix_item_owner", item.c.owner, item.c.state)
sa.Index("ix_item_session", item.c.session)

# A link that was shared in published minutes, on its stream's page of resources. Written at publishing; `hidden_at` by
# an organizer or the circle; deleted when a correction takes the link out of the minutes.
resource = sa.Table(
    "resource",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("stream", sa.String(64), nullable=False),
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_resource_session"), nullable=False),
    sa.Column("url", sa.String(2000), nullable=False),
    sa.Column("title", sa.String(300), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("hidden_at", Instant),
)
sa.Index("one_resource_per_session_and_url", resource.c.session, resource.c.url, unique=True)
sa.Index("ix_resource_stream", resource.c.stream, resource.c.at)
