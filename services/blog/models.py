"""The tables of blog: so far its own copy of what it must know about people and the program.

Written by event handlers alone (handlers.py); nobody else's database is ever read.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.db import Json, Key

SERVICE = "blog"
metadata = db.metadata(SERVICE)

# A row is a person as signup last told of them: whose blog it is, and who they are on GitHub. Neither address nor zone:
# what is mailed is mailed by notifications. Written by handlers; blanked, never deleted, when the person is erased.
person = sa.Table(
    "person",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.String(400), nullable=False),
    sa.Column("stream", sa.String(64)),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("github", sa.String(100)),
    sa.Column("blog", sa.String(2000)),
)

# The one program (id 1). Written at program.changed; never deleted. `streams`: list of {slug, name, position}.
program = sa.Table(
    "program",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("streams", Json, nullable=False),
)
