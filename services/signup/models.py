"""The tables of signup: the program, its people, and what was done to both.

Only signup writes them. Other services learn what is in them from events (see the catalogue), never from here.
"""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Instant, Json, Key, Machine, NullableJson, Serial

metadata = db.metadata("signup")

# The program, one row (id 1). Seeded at the first start, changed by organizers, never deleted.
# `version` is a fresh random token after every change of the program, its streams, questions or charter: whoever
# remembers the program in memory compares it (and intake inserts only where it still holds).
# `sections`: list of {slug, title, markdown, removed}; a removed one stays, so that it can be restored.
program = sa.Table(
    "program",
    metadata,
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

# A stream of the program. Written by the seed and organizers; never deleted (people and history refer to it),
# `removed_at` takes it off every page and can be undone.
stream = sa.Table(
    "stream",
    metadata,
    sa.Column("slug", sa.String(64), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Column("removed_at", Instant),
)

# A question asked at sign-up to one stream. Written by the seed and organizers; never deleted, because answers refer to
# it: `retired_at` takes it off the form and can be undone. The id is readable: it is the key in the API's `answers`.
question = sa.Table(
    "question",
    metadata,
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

# One published text of the charter. Written once per version by the seed or an organizer; never changed or deleted,
# since people have accepted that very text.
charter = sa.Table(
    "charter",
    metadata,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("published_at", Instant, nullable=False),
)

# A person: applicant, member or organizer. Inserted by intake (or as the first organizer), changed by the person and
# by organizers. An application nobody confirms is deleted after 14 days; at the end of the 30 days of grace an
# erased person's row stays as a blank (state erased, every personal field null), so that history keeps its ids.
person = sa.Table(
    "person",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("stream", sa.String(64), sa.ForeignKey("stream.slug", name="fk_person_stream")),
    sa.Column("name", sa.String(400)),
    sa.Column("email", sa.String(320)),
    # The address as compared (rules.email_key). Null once erased, so that the address can sign up anew.
    sa.Column("email_key", sa.String(320)),
    # Name and address, casefolded: what the organizer's search looks in (SQLite's lower() knows ASCII only).
    sa.Column("search", sa.String(800), nullable=False),
    sa.Column("timezone", sa.String(64), nullable=False),
    sa.Column("charter_version", sa.Integer),
    sa.Column("charter_at", Instant),
    sa.Column("answers", Json, nullable=False),  # {question id: value}
    sa.Column("github", sa.String(100)),
    sa.Column("blog", sa.String(2000)),
    # The checklist, ticked by hand: {"chat"|"github"|"blog"|"profile": ISO instant}.
    sa.Column("checklist", Json, nullable=False),
    sa.Column("is_organizer", sa.Boolean, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("applied_at", Instant),  # the latest application
    sa.Column("imported_at", Instant),  # when a file of an organizer brought them in
    sa.Column("import", Key),  # which import that was, so that it can be undone
    # What an unproven hand typed for the address of somebody who had left: takes effect when they confirm.
    sa.Column("reapplied", NullableJson),
    sa.Column("mailed_at", Machine),  # the last mail an application or a resend caused (at most one an hour)
    sa.Column("reminded_at", Instant),
    sa.Column("confirmed_at", Instant),
    sa.Column("left_at", Instant),
    sa.Column("left_from", sa.String(16)),  # the state before leaving, for the undo
    sa.Column("leave_reason", sa.Text),
    sa.Column("erase_after", Instant),
    sa.Column("was_organizer", sa.Boolean),  # until they left or asked to be erased; for the undo
    # The address that they want their mail at instead, until its link is pressed or a day is over.
    sa.Column("new_email", sa.String(320)),
    sa.Column("new_email_request", Key),  # names the one link that counts
    sa.Column("new_email_at", Machine),
    sa.Column("readdressed_at", Machine),  # links mailed before that may lie in a mailbox of somebody else
    # Whether they may be asked to mentor where nobody of the program is above (rules.pool), and in which streams.
    sa.Column("pool", sa.String(8)),  # asked, agreed, declined, left, removed
    sa.Column("pool_streams", NullableJson),  # [slug]
    sa.Column("pool_at", Instant),  # when that was said last
    sa.Column("pool_was", sa.String(8)),  # before an organizer removed them, for the undo
    sa.UniqueConstraint("email_key", name="uq_person_email_key"),
)
# No index for hourly jobs and lists by anything but the name: they read ten thousand rows in a few milliseconds, while
# every index is one more page in every signup's commit.
_listed = sa.text("state <> 'erased'")
sa.Index("ix_person_listed", person.c.search, person.c.id, sqlite_where=_listed, postgresql_where=_listed)
sa.Index(
    "ix_person_erase_after",
    person.c.erase_after,
    sqlite_where=person.c.erase_after.is_not(None),
    postgresql_where=person.c.erase_after.is_not(None),
)
_made = sa.text("import IS NOT NULL")
sa.Index("ix_person_import", person.c["import"], person.c.id, sqlite_where=_made, postgresql_where=_made)

# Few are in the pool: the organizer's list of it is read by this.
_pooled = sa.text("pool IS NOT NULL")
sa.Index("ix_person_pool", person.c.search, person.c.id, sqlite_where=_pooled, postgresql_where=_pooled)

# Members counted by state, for the metrics. Applicants are not in it, so that no signup pays for it.
_told = person.c.state != sa.literal_column("'applied'")
sa.Index("ix_person_state", person.c.state, sqlite_where=_told, postgresql_where=_told)

# A goal that a member reached (a job), in the stream in which they were then. Written by the member; taken back by them
# (`withdrawn_at`); never deleted: it is counted. `words` are theirs alone unless `shared`; both are emptied when the
# person is erased.
goal = sa.Table(
    "goal",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("person", Key, sa.ForeignKey("person.id", name="fk_goal_person"), nullable=False),
    sa.Column("stream", sa.String(64), sa.ForeignKey("stream.slug", name="fk_goal_stream"), nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("shared", sa.Boolean, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("withdrawn_at", Instant),
)
_stands = sa.text("withdrawn_at IS NULL")
sa.Index("one_goal_per_person_and_stream", goal.c.person, goal.c.stream, unique=True,
         sqlite_where=_stands, postgresql_where=_stands)  # fmt: skip

# Something done, by whom, to what: the audit log. Written with every command in the same transaction; never
# changed; deleted after BATON_KEEP_AUDIT days, but for who stepped down as an organizer (a start must not bring them
# back). `detail` names what changed (field names, states, slugs), never a person's own words, so that erasing a person
# leaves nothing of theirs here.
audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", Serial, primary_key=True, autoincrement=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),  # person/<id> | organizer/<id> | system
    sa.Column("through", sa.String(64)),  # token/<id>, when a program did it for them
    sa.Column("what", sa.String(64), nullable=False),  # as in person.paused, stream.saved
    sa.Column("subject", sa.String(80), nullable=False),  # person/<id> | program
    sa.Column("detail", Json, nullable=False),
)
sa.Index("ix_audit_subject", audit.c.subject, audit.c.id)

# An Idempotency-Key that was used, with the hash of its body. The answer to an accepted signup is one fixed text, so
# nothing of it is kept; of what organizers add, the id that was answered. Written by `once`; deleted by the schedule 24
# hours after (machine time).
idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("body", sa.String(64), nullable=False),  # SHA-256, hex
    sa.Column("answer", sa.String(64)),
    sa.Column("at", Machine, nullable=False),
)
sa.Index("ix_idempotency_at", idempotency.c.at)

# A single-use token that was used, by its jti. Written at sign-in; deleted by the schedule a day after (machine time),
# long after the token itself has expired.
used_token = sa.Table(
    "used_token",
    metadata,
    sa.Column("jti", sa.String(64), primary_key=True),
    sa.Column("at", Machine, nullable=False),
)

# A row says that a link was asked for by somebody, whom only a keyed hash names: known and unknown addresses alike, so
# that both cost the same and can be asked for equally often. Written by `people.asked`; deleted by the schedule a day
# after (machine time).
asked = sa.Table(
    "asked",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("who", sa.String(64), nullable=False),
    sa.Column("at", Machine, nullable=False),
)
sa.Index("ix_asked_who", asked.c.who, asked.c.at)
# A row says that a person wants all that is held about them: the last time they asked, one a person. Written by
# `people.ask_download`; deleted with its parts a week after (machine time), and when the person is erased.
download = sa.Table(
    "download",
    metadata,
    sa.Column("person", Key, primary_key=True),
    sa.Column("request", Key, nullable=False),
    sa.Column("asked_at", Machine, nullable=False),
    sa.Column("ready_at", Machine),  # every service has told its last
)

# A piece of what another service holds about that person, as it told it (personal.py there). Written by the handler;
# deleted with its download.
download_part = sa.Table(
    "download_part",
    metadata,
    sa.Column("person", Key, sa.ForeignKey("download.person", name="fk_download_part"), primary_key=True),
    sa.Column("service", sa.String(40), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("part", sa.String(60), nullable=False),
    sa.Column("rows", Json, nullable=False),
    sa.Column("last", sa.Boolean, nullable=False),
    sa.Column("cut", Json, nullable=False),  # in the last: names of parts that were too large to be whole
)
sa.Index("ix_download_asked", download.c.asked_at)

# An API token that an organizer made: what is known of it, never its text. Written when it is made and when it is
# revoked; deleted BATON_KEEP_AUDIT days after it ended, or with the data of who made it. When it was used last stands
# in token_use.
api_token = sa.Table(
    "api_token",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("scope", sa.String(16), nullable=False),  # a key of bearer.SCOPES
    sa.Column("person", Key, sa.ForeignKey("person.id", name="fk_api_token_person"), nullable=False),
    sa.Column("made_through", Key),  # the token that made it, if one did: revoked with it
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("until", Machine, nullable=False),
    sa.Column("revoked_at", Instant),
    sa.Column("revoked_by", sa.String(64)),
)
_alive = api_token.c.revoked_at.is_(None)
sa.Index("uq_api_token_name", api_token.c.name, unique=True, sqlite_where=_alive, postgresql_where=_alive)

# A file that an organizer gave to be imported, and how far that is (rules.imports has its states). Written by
# importing; the file's own words (header, answers, problem) are blanked a week after the last touch, the rest stays as
# history. `done` is the row of the file up to which the present pass is committed, `touched` the last step (machine
# time). The counts are those of the check until the import begins, then those of the import.
imports = sa.Table(
    "import",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("file", sa.String(200), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes
    sa.Column("form", sa.String(64), nullable=False),  # of the header: files of one form share a mapping
    sa.Column("header", Json, nullable=False),
    sa.Column("encoding", sa.String(16), nullable=False),
    sa.Column("delimiter", sa.String(1), nullable=False),
    sa.Column("mapping", NullableJson),  # as the last check used it
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("by", sa.String(64), nullable=False),  # organizer/<id> | system
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("touched", Machine, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),  # the last row of the file, once it was read to its end
    sa.Column("read", sa.BigInteger, nullable=False),  # bytes that the present pass has read
    sa.Column("fresh", sa.Integer, nullable=False),
    sa.Column("known", sa.Integer, nullable=False),
    sa.Column("repeated", sa.Integer, nullable=False),
    sa.Column("refused", sa.Integer, nullable=False),
    sa.Column("withdrawn", sa.Integer, nullable=False, server_default="0"),  # taken back by the undo
    sa.Column("superseded", Json, nullable=False),  # rows whose address comes again further down
    sa.Column("answers", Json, nullable=False),  # {"stream"|"timezone": {answer: how often}}
    sa.Column("problem", NullableJson),  # {message, remedy}: why the file could not be read to its end
)
sa.Index("ix_import_created", imports.c.created_at)

# A piece of that file, up to 1 MiB. Written when it is given; deleted when its import is done, thrown away, or a week
# after the last touch.
import_part = sa.Table(
    "import_part",
    metadata,
    sa.Column("import", Key, sa.ForeignKey("import.id", name="fk_import_part_import"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

# A row of the file that cannot be taken: its cells, and [{column, message, remedy}]. Written by the check and the
# import; deleted with a new check, when thrown away, or a week after the last touch.
import_refusal = sa.Table(
    "import_refusal",
    metadata,
    sa.Column("import", Key, sa.ForeignKey("import.id", name="fk_import_refusal_import"), primary_key=True),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("cells", Json, nullable=False),
    sa.Column("problems", Json, nullable=False),
)

# A version of the mapping of one form (importing/mapping.py). Written by organizers; the one that holds is the last
# that was not undone; never deleted.
import_mapping = sa.Table(
    "import_mapping",
    metadata,
    sa.Column("form", sa.String(64), primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("mapping", Json, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("undone_at", Instant),
)
