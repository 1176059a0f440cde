"""The tables of notifications: the ledger of mail, and its own copy of what it must know about people and program.

The copies are written by event handlers alone (handlers); nobody else's database is ever read.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Day, Instant, Json, Key, Machine, NullableJson

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
    sa.Column("duty", sa.Boolean, nullable=False),  # asked for or owed: it has a suppression of its own
    sa.Column("bulk", sa.Boolean, nullable=False, default=False),  # waits for what is not, and goes out some at a time
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("due", Machine, nullable=False),
    sa.Column("rests_until", Instant),  # the end of its reader's quiet hours, or of `chat`, before which it is not due
    sa.Column("chat", Key),  # the message in the chat that makes it needless: it rests until that is there, or is not
    sa.Column("claim", Key),  # who holds it: a sender that lost its lease no longer matches
    sa.Column("claimed_at", Machine),
    sa.Column("data_at", Machine),  # from here on its server may have it
    sa.Column("sent_at", Instant),
    sa.Column("deadline", Instant),  # program time after which it would mislead
    sa.Column("expires", Machine),  # machine time after which the link in it is dead
    sa.Column("error", sa.Text),
    # What it tells the state of, as session/<id>, and which state: one of a lower rank is not sent after a later one.
    sa.Column("topic", sa.String(80)),
    sa.Column("rank", sa.Integer),
    sa.Column("list", sa.String(40)),  # by which it came (rules/lists.py); null for duty mail
    sa.Column("unsubscribed_at", Instant),  # the one click of its header, or of its foot, was used: it counts once
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("decided", sa.String(10)),  # what a person said of it while it was held: arrived, again
    sa.Column("decided_by", sa.String(64)),
    sa.Column("decided_at", Machine),
    sa.Column("emptied_at", Instant),  # its text is gone, by age or by erasure
    sa.UniqueConstraint("cause", "person", "kind", name="one_mail_per_cause_person_and_kind"),
)
_waiting = mail.c.state == "queued"
sa.Index("mail_due", mail.c.bulk, mail.c.due, postgresql_where=_waiting, sqlite_where=_waiting)
_rests = mail.c.rests_until.is_not(None)
sa.Index("mail_rests", mail.c.rests_until, postgresql_where=_rests, sqlite_where=_rests)
_instead = mail.c.chat.is_not(None)
sa.Index("mail_chat", mail.c.chat, postgresql_where=_instead, sqlite_where=_instead)
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

# A row is what a mail says. A table of its own, since a mail is moved on three times until it is sent, and SQLite would
# write some 18 kB anew each time. Written with its mail; deleted when that is emptied.
content = sa.Table(
    "content",
    metadata,
    sa.Column("mail", Key, sa.ForeignKey("mail.id", name="content_mail"), primary_key=True),
    sa.Column("headers", Json, nullable=False),  # [[name, value]] as people read them
    sa.Column("raw", sa.LargeBinary, nullable=False),  # what goes over the wire, the same at every attempt
    # Its words stand in `raw`. Here are those of one that cannot be put on the wire.
    sa.Column("text", sa.Text),
    sa.Column("html", sa.Text),
    # What a mail that names others was made of, so that it can be written anew without one of them.
    sa.Column("made_of", NullableJson),
)

# A row says that a mail to somebody else speaks of this person, so that erasing finds it. Written with the mail,
# deleted when the mail was written anew without them, or emptied.
mention = sa.Table(
    "mention",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("mail", Key, sa.ForeignKey("mail.id", name="mention_mail"), primary_key=True),
)

# A row is what somebody said they want of one list of mail that is no duty (rules/lists.py); who has none gets what is
# usual. Written by them alone; deleted when they are erased.
preference = sa.Table(
    "preference",
    metadata,
    sa.Column("person", Key, nullable=False),
    sa.Column("list", sa.String(40), nullable=False),
    sa.Column("choice", sa.String(10), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("was", sa.String(10)),  # what they chose before that, and when, if they did: it may be taken back
    sa.Column("was_at", Instant),
    sa.PrimaryKeyConstraint("person", "list", name="one_preference_per_person_and_list"),
)

# A row is one version of what organizers made of the words of a kind of mail; the highest is in use. Written by them;
# never deleted: it is the program's memory of what it told people.
wording = sa.Table(
    "wording",
    metadata,
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("words", Json, nullable=False),  # {part: Jinja} (mail/parts.py); a part that is not there is the original
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("failed", sa.Text),  # where and why it could not be used for a mail, which then got the original
    sa.PrimaryKeyConstraint("kind", "version", name="one_wording_per_kind_and_version"),
)

# A row is an address that gets no duty mail, or no other mail. Written when a server refuses it for good, at RCPT or by
# a mail that comes back, or for a while too often; ignored after `until`, or once an organizer lifted it; deleted when
# its person is erased, and, where it is not without an end, by the schedule.
suppression = sa.Table(
    "suppression",
    metadata,
    sa.Column("address", sa.String(320), primary_key=True),  # lower case
    sa.Column("scope", sa.String(10), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("until", Machine),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("mail", Key),  # the last one that was refused, or came back
    sa.Column("lifted_at", Machine),
    sa.Column("lifted_by", sa.String(64)),
)

# A row is a day of program time (UTC) on which mail to an address came back for a while. Written by inbound/bounces;
# deleted after rules.bounces.SOFT_WITHIN, and when its person is erased.
soft_bounce = sa.Table(
    "soft_bounce",
    metadata,
    sa.Column("address", sa.String(320), primary_key=True),  # lower case
    sa.Column("day", Day, primary_key=True),
)

# A row is a mail that came in, but not what it says: what a person wrote is in the mails that pass it on, which
# it caused. Written by inbound/taking; deleted after BATON_KEEP_REPLIES days, and when its person is erased.
inbound = sa.Table(
    "inbound",
    metadata,
    sa.Column("id", Key, primary_key=True),  # uuid5 of what its writer wrote: the same mail again is the same row
    sa.Column("came_at", Instant, nullable=False),
    sa.Column("via", sa.String(10), nullable=False),  # webhook, mailbox
    sa.Column("what", sa.String(10), nullable=False),  # answer (of a calendar), bounce, reply, left
    sa.Column("why", sa.String(40), nullable=False),  # why it was left; empty when it was taken
    sa.Column("person", Key),  # whose mail it answers or brings back, or who wrote it
    sa.Column("address", sa.String(320), nullable=False),  # who wrote it, as the mail has it
    sa.Column("subject", sa.String(200), nullable=False),
    sa.Column("mail", Key),  # the mail of ours that it answers or brings back
)
sa.Index("inbound_came", inbound.c.came_at, inbound.c.id)
sa.Index("inbound_person", inbound.c.person)

# The one mailbox that is read (id 1): how far, since when it cannot be read, and what it said. Written by
# inbound/mailbox; never deleted.
mailbox = sa.Table(
    "mailbox",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(300), nullable=False),  # user, host and folder: another one is read anew
    sa.Column("uidvalidity", sa.BigInteger),
    sa.Column("uid", sa.BigInteger, nullable=False),  # of the last mail that was handled
    sa.Column("due", Machine, nullable=False),  # not asked before
    sa.Column("failures", sa.Integer, nullable=False),  # running
    sa.Column("down_since", Machine),
    sa.Column("asked", Machine),
    sa.Column("said", sa.Text),
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
    sa.Column("chat_invite_at", Instant),  # since when it is that one: some chats' links run out
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

# The one mail server (id 1): since when it has been out of reach, and what it said, written by the sender when it finds
# it away or back; and, with BATON_SMTP_RATE, up to when its senders have used what it may be given. Never deleted.
mail_server = sa.Table(
    "mail_server",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("down_since", Machine),
    sa.Column("asked", Machine),
    sa.Column("said", sa.Text),
    sa.Column("given_to", Machine),
)

# A row is a channel of a chat that hears what happens. Written by organizers, the first by the setting; deleted by
# them, with its messages.
chat_channel = sa.Table(
    "chat_channel",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("address", sa.Text, nullable=False),  # a secret, sealed (shared/sealing.py); empty: the setting's
    sa.Column("host", sa.String(200), nullable=False),  # what of it may be shown
    sa.Column("stream", sa.String(64)),  # of which it hears; null: of all
    sa.Column("wants", Json, nullable=False),  # what it hears (rules/chat.py)
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due", Machine, nullable=False),  # nothing is posted before: its pace, Retry-After, failures
    sa.Column("failures", sa.Integer, nullable=False),  # running
    sa.Column("failing_since", Machine),
    sa.Column("said", sa.Text),  # of the last failure
    sa.Column("posted_at", Machine),
    sa.Column("off_at", Instant),  # nothing is posted from then on
    sa.Column("off_why", sa.Text),  # null with off_at: an organizer turned it off
)

# A row is one message to a channel for one cause. Written with the handling of its cause, moved on by chat/posting;
# emptied when the person it tells of is erased; deleted with its channel, or after BATON_KEEP_MAILS days.
chat_message = sa.Table(
    "chat_message",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("channel", Key, sa.ForeignKey("chat_channel.id", name="message_channel"), nullable=False),
    sa.Column("cause", sa.String(160), nullable=False),  # as minutes/<session>: whatever event tells it again
    sa.Column("what", sa.String(20), nullable=False),
    sa.Column("person", Key),  # whose words are in it
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("claim", Key),
    sa.Column("claimed_at", Machine),  # from here on its server may have it
    sa.Column("deadline", Instant, nullable=False),  # program time after which it is no news
    sa.Column("error", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("posted_at", Machine),
    sa.UniqueConstraint("cause", "channel", name="one_message_per_cause_and_channel"),
)
_open = sa.text("state IN ('queued', 'sending', 'held')")
sa.Index("chat_open", chat_message.c.state, chat_message.c.created_at, postgresql_where=_open, sqlite_where=_open)
sa.Index("chat_newest", chat_message.c.created_at)
sa.Index("chat_person", chat_message.c.person)

# A row is an event whose mail may have gone out before a restore: that mail is held instead of sent. The row `*` stands
# for whatever is due by time for a day after the restore. Written by restore; deleted by the schedule after `until`.
doubt = sa.Table(
    "doubt",
    metadata,
    sa.Column("cause", sa.String(80), primary_key=True),
    sa.Column("until", Machine, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
)

# ---- what the digest is made of: facts of sessions as they were last told, by id. Names stand in `person`. ----

# A row is a session of a circle. Written by handlers; its words are emptied when somebody who was in the circle then
# is erased; deleted BATON_KEEP_MAILS days after it began.
meeting = sa.Table(
    "meeting",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("circle", Key, nullable=False),
    sa.Column("name", sa.String(400), nullable=False),  # of the circle
    sa.Column("stream", sa.String(64), nullable=False),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("ends_at", Instant, nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False),
    sa.Column("coordinator", Key),  # who said yes
    sa.Column("mentor", Key),
    sa.Column("opened_at", Instant),  # organizers were told that anyone may lead it, and nobody has said yes since
    sa.Column("late_at", Instant),  # organizers were asked for its minutes
    sa.Column("minuted_at", Instant),
    sa.Column("words", Json, nullable=False),  # of its minutes: {excerpt, help, links}
    # How many were there, of how many, as its minutes have it; 0 of 0: they do not say.
    sa.Column("present", sa.Integer, nullable=False, server_default="0"),
    sa.Column("marked", sa.Integer, nullable=False, server_default="0"),
    sa.Column("told", Day),  # the digest that told of its minutes
)
sa.Index("meeting_circle", meeting.c.circle, meeting.c.starts_at)
sa.Index("meeting_starts", meeting.c.starts_at)
sa.Index("meeting_told", meeting.c.told, meeting.c.minuted_at)

# A row says of somebody who was in the circle when it met if they were there, as its minutes have it. Deleted with it.
attended = sa.Table(
    "attended",
    metadata,
    sa.Column("session", Key, sa.ForeignKey("meeting.id", name="attended_session"), primary_key=True),
    sa.Column("person", Key, primary_key=True),
    sa.Column("present", sa.Boolean, nullable=False),
)
sa.Index("attended_person", attended.c.person)

# A row is a meeting of organizers or a talk, for chat to tell of the day before. Replaced by events; deleted
# BATON_KEEP_MAILS days after it began.
gathering = sa.Table(
    "gathering",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("kind", sa.String(12), nullable=False),  # organizers, talk
    sa.Column("title", sa.String(400), nullable=False),
    sa.Column("starts_at", Instant, nullable=False),
    sa.Column("cancelled", sa.Boolean, nullable=False),
)
sa.Index("gathering_starts", gathering.c.starts_at)

# The open action items of a circle. Replaced whole; emptied when one of its people is erased.
agreed = sa.Table(
    "agreed",
    metadata,
    sa.Column("circle", Key, primary_key=True),
    sa.Column("items", Json, nullable=False),  # [{id, person, text, due, since}]; id: null, where an event told none
    sa.Column("members", Json, nullable=False),  # ids of those whom its words may name
    sa.Column(
        "position", sa.BigInteger, nullable=False
    ),  # of the event that told of them: an older one changes nothing
)

# A row is one thing that became of a person. Written by handlers; deleted with the person, or after BATON_KEEP_MAILS
# days.
news = sa.Table(
    "news",
    metadata,
    sa.Column("id", Key, primary_key=True),  # of the event
    sa.Column("at", Instant, nullable=False),
    sa.Column("kind", sa.String(20), nullable=False),  # joined, returned, moved, paused, left, graduated, goal, quiet
    sa.Column("person", Key, nullable=False),
    sa.Column("told", Day),  # the digest that told it
)
sa.Index("news_told", news.c.told)
sa.Index("news_person", news.c.person)

# A row says how far somebody who signed up has come, for the dashboard's numbers. Written by handlers; only an id is
# left of who is erased or never confirmed, so that sums stay true; deleted BATON_KEEP_MAILS days after they applied.
arrival = sa.Table(
    "arrival",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("applied_at", Instant, nullable=False),  # the first time
    sa.Column("confirmed_at", Instant),
    sa.Column("placed_at", Instant),  # in their first circle
)
sa.Index("arrival_applied", arrival.c.applied_at)

# A row is what became of the last question to somebody who fell silent. Replaced by events; deleted with the person, or
# BATON_KEEP_MAILS days after it was asked.
checkin = sa.Table(
    "checkin",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("answer", sa.String(8)),  # yes, pause, leave, seen, lapsed, gone, back; null: none so far
    sa.Column("at", Instant),
)

# A row is a post of a member's, or their place on the mentees page, on its way to the program's blog. Replaced by
# events; emptied of its words when its author is erased; deleted when it came to an end BATON_KEEP_MAILS days ago.
offered = sa.Table(
    "offered",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("person", Key, nullable=False),  # its author
    sa.Column("what", sa.String(8), nullable=False),  # post, profile
    sa.Column("kind", sa.String(8), nullable=False),  # what is proposed: post, update, removal
    sa.Column("state", sa.String(16), nullable=False),  # as blog has it
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("original", sa.String(2000), nullable=False),
    sa.Column("since", Instant, nullable=False),  # it is in that state
    sa.Column("opened_at", Instant),
    sa.Column("published_at", Instant),
    sa.Column("told", Day),  # the digest that told that it was published
    sa.Column("refusal_told", Day),  # the digest that told that it was declined
)
sa.Index("offered_state", offered.c.state, offered.c.since)
sa.Index("offered_person", offered.c.person, offered.c.published_at)
sa.Index("offered_told", offered.c.told)
sa.Index("offered_refused", offered.c.refusal_told)

# A row is the circle that somebody has their place in. Written by events; deleted when the place ends, and with the
# person.
place = sa.Table(
    "place",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("circle", Key, nullable=False),
)
sa.Index("place_circle", place.c.circle)

# A row says that somebody had their monthly letter of that period, or that there was nothing to tell. Written by the
# schedule, once; deleted with the person, or after BATON_KEEP_MAILS days.
monthly = sa.Table(
    "monthly",
    metadata,
    sa.Column("person", Key, nullable=False),
    sa.Column("period", sa.String(7), nullable=False),  # as 2027-02, by the reader's clock
    sa.Column("until", Instant, nullable=False),  # what it tells ends here, and the next begins
    sa.PrimaryKeyConstraint("person", "period", name="one_letter_per_person_and_period"),
)

# A row says that the minutes of a session are for somebody, who was in its circle when they came out, and which of
# their monthly letters told of them: each once, whenever they are heard of, and whichever circle they are in by then.
# Written by handlers, marked with the letter; deleted with the session, and with the person.
addressed = sa.Table(
    "addressed",
    metadata,
    sa.Column("session", Key, sa.ForeignKey("meeting.id", name="addressed_session"), primary_key=True),
    sa.Column("person", Key, primary_key=True),
    sa.Column("at", Instant, nullable=False),  # when that was heard of last
    sa.Column("told", sa.String(7)),  # the period of the letter, as of `monthly`
)
sa.Index("addressed_person", addressed.c.person, addressed.c.told)

# When mail that nobody waits for rests, by each reader's own clock (id 1); no row: as is usual. Written by organizers.
quiet = sa.Table(
    "quiet",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("begins", sa.Integer, nullable=False),  # a full hour
    sa.Column("ends", sa.Integer, nullable=False),
)

# When the digest comes (id 1). Written by the schedule at first, then by organizers.
rhythm = sa.Table(
    "rhythm",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("every", sa.String(12), nullable=False),  # weekly, fortnightly, monthly
    sa.Column("weekday", sa.Integer, nullable=False),  # 0 is Monday
    sa.Column("hour", sa.Integer, nullable=False),
    sa.Column("zone", sa.String(64), nullable=False),
    sa.Column("since", Instant, nullable=False),  # what was due by an earlier arrangement is due no more
)

# A row is a digest, as data (rules.digest). Written by the schedule, once a period; somebody who is erased is taken out
# of all of them; deleted after BATON_KEEP_MAILS days.
digest = sa.Table(
    "digest",
    metadata,
    sa.Column("period", Day, primary_key=True),  # the local date on which it was due
    sa.Column("until", Instant, nullable=False),  # what it tells ends here, and the next begins
    sa.Column("data", Json, nullable=False),
)
