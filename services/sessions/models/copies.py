"""Its own copy of what sessions must know about people and the program.

Written by event handlers alone (handlers.py); nobody else's database is ever read.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Instant, Json, Key

metadata = db.metadata("sessions")

# A row is a person as signup last told of them: whom to place, in which zone, since when. No address: what is mailed
# is mailed by notifications. Written by handlers; blanked, never deleted, when the person is erased.
person = sa.Table(
    "person",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.String(400), nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("stream", sa.String(64)),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("roles", Json, nullable=False),
    sa.Column("joined_at", Instant),
)
sa.Index("person_stream", person.c.stream, person.c.state)

# Somebody who may be asked to mentor circles of a stream, though in no stream above: a guest, alumni, an organizer.
# Replaced with every event about them; deleted with their yes.
pool = sa.Table(
    "pool",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("stream", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),  # guest, alumni, organizer
)
sa.Index("ix_pool_stream", pool.c.stream)

# The one program (id 1). Written at program.changed; never deleted. `streams`: list of {slug, name, position}.
program = sa.Table(
    "program",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("streams", Json, nullable=False),
)
