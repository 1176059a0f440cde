"""The tables of notifications: the ledger of mail, and its own copy of what it must know about people and program.

The copies are written by event handlers alone (handlers.py); nobody else's database is ever read.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.db import Instant, Json, Key, Machine, NullableJson

SERVICE = "notifications"
metadata = db.metadata(SERVICE)

# A row is one mail to one person for one cause. Written by compose with the handling of its cause, moved on by the
# ledger; emptied when its person is erased (and written anew without others who are), or of its text after
# BATON_KEEP_MAIL_TEXTS days; deleted after BATON_KEEP_MAILS days, unless somebody still has to look at it.
mail = sa.Table(
    "mail",
    metadata,
    sa.Column("id", Key, primary_key=True),  # uuid5(cause, person, kind): also the left side of the Message-ID
    sa.Column("cause", sa.String(80), nullable=False),  # the event's id
    sa.Column("person", Key, nullable=False),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("address", sa.String(320), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("subject", sa.String(400), nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("html", sa.Text, nullable=False),
    sa.Column("headers", Json, nullable=False),  # [[name, value]] as people read them
    sa.Column("raw", sa.LargeBinary, nullable=False),  # what goes over the wire, the same at every attempt
    sa.Column("duty", sa.Boolean, nullable=False),  # asked for or owed: overtakes the rest
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("due", Machine, nullable=False),
    sa.Column("claim", Key),  # who holds it: a sender that lost its lease no longer matches
    sa.Column("claimed_at", Machine),
    sa.Column("data_at", Machine),  # from here on its server may have it
    sa.Column("sent_at", Instant),
    sa.Column("deadline", Instant),  # program time after which it would mislead
    sa.Column("expires", Machine),  # machine time after which the link in it is dead
    sa.Column("error", sa.Text),
    # What a mail that names others was made of, so that it can be written anew without one of them.
    sa.Column("made_of", NullableJson),
    # What it tells the state of, as session/<id>, and which state: one of a lower rank is not sent after a later one.
    sa.Column("topic", sa.String(80)),
    sa.Column("rank", sa.Integer),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("decided", sa.String(10)),  # what a person said of it while it was held: arrived, again
    sa.Column("decided_by", sa.String(64)),
    sa.Column("decided_at", Machine),
    sa.Column("emptied_at", Instant),  # its text is gone, by age or by erasure
    sa.UniqueConstraint("cause", "person", "kind", name="one_mail_per_cause_person_and_kind"),
)
_waiting = mail.c.state == "queued"
sa.Index("mail_due", mail.c.duty.desc(), mail.c.due, postgresql_where=_waiting, sqlite_where=_waiting)
_claimed = mail.c.state == "sending"
sa.Index("mail_claimed", mail.c.claimed_at, postgresql_where=_claimed, sqlite_where=_claimed)
sa.Index("mail_newest", mail.c.created_at, mail.c.id)
_stuck = sa.text("state IN ('held', 'failed')")
sa.Index("mail_stuck", mail.c.state, mail.c.created_at, postgresql_where=_stuck, sqlite_where=_stuck)
_whole = mail.c.emptied_at.is_(None)
sa.Index("mail_whole", mail.c.created_at, postgresql_where=_whole, sqlite_where=_whole)
sa.Index("mail_person", mail.c.person)
_ranked = mail.c.topic.is_not(None)
sa.Index("mail_topic", mail.c.topic, mail.c.person, mail.c.rank, postgresql_where=_ranked, sqlite_where=_ranked)

# A row says that a mail to somebody else speaks of this person, so that erasing finds it. Written with the mail,
# deleted when the mail was written anew without them, or emptied.
mention = sa.Table(
    "mention",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("mail", Key, sa.ForeignKey("mail.id", name="mention_mail"), primary_key=True),
)

# A row is an address that a server refused for good, for duty mail or for other mail. Written when RCPT is refused;
# ignored after `until`; deleted when its person is erased.
suppression = sa.Table(
    "suppression",
    metadata,
    sa.Column("address", sa.String(320), primary_key=True),  # lower case
    sa.Column("scope", sa.String(10), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("until", Machine),
    sa.Column("created_at", Instant, nullable=False),
)

# A row is a person as signup last told of them. Written by handlers, emptied (never deleted: it says "erased") when
# they are erased or their application expires.
person = sa.Table(
    "person",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.String(400), nullable=False, default=""),
    sa.Column("email", sa.String(320), nullable=False, default=""),
    sa.Column("timezone", sa.String(64), nullable=False, default="UTC"),
    sa.Column("stream", sa.String(64)),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("roles", Json, nullable=False),
)

# The one program. Written at program.changed; never deleted.
program = sa.Table(
    "program",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),  # always 1
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("chat_invite", sa.Text),
    sa.Column("charter_version", sa.String(20), nullable=False),
)

# A row is a stream that is or was: a mail about somebody's stream may be written after the stream was closed. Written
# at program.changed; never deleted.
stream = sa.Table(
    "stream",
    metadata,
    sa.Column("slug", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("position", sa.Integer),  # null: no longer offered
)

# The one mail server (id 1): since when it has been out of reach, and what it said. Written by the sender when it finds
# it away or back; never deleted.
mail_server = sa.Table(
    "mail_server",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("down_since", Machine),
    sa.Column("asked", Machine),
    sa.Column("said", sa.Text),
)

# A row is an event whose mail may have gone out before a restore: that mail is held instead of sent. The row `*` stands
# for whatever is due by time for a day after the restore. Written by restore; deleted by the schedule after `until`.
doubt = sa.Table(
    "doubt",
    metadata,
    sa.Column("cause", sa.String(80), primary_key=True),
    sa.Column("until", Machine, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)
