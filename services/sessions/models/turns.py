"""The ledger of turns: who stands where, who was asked, who is away."""

from __future__ import annotations

import sqlalchemy as sa

from shared import db
from shared.columns import Day, Instant, Json, Key

metadata = db.metadata("sessions")

# Where a person stands in the ledger of a circle and role: score = turns served + credit. Written when they join the
# circle, or first count as a mentor for it; `left_at` set when they go; a new row of numbers when they return. `served`
# and `last` are counted from `turn` (circles.standing.recount) in the transaction that changes what is served, so that
# a choice need not read years. Never deleted.
standing = sa.Table(
    "standing",
    metadata,
    sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_standing_circle"), primary_key=True),
    sa.Column("role", sa.String(12), primary_key=True),  # coordinator, mentor
    sa.Column("person", Key, primary_key=True),
    sa.Column("joined_at", Instant, nullable=False),
    sa.Column("credit", sa.Integer, nullable=False),
    sa.Column("left_at", Instant),
    sa.Column("served", sa.Integer, nullable=False, server_default="0"),  # turns, in this circle and role
    sa.Column("last", Day),  # local date of the latest of those
)
sa.Index("ix_standing_person", standing.c.person)

# A row is one person's duty at one session in one role, whatever became of it. Written when they are asked or say yes
# of their own accord; its state moves as rules.states says, and back to proposed when a change is undone; never
# deleted: the ledger is counted from it.
turn = sa.Table(
    "turn",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_turn_session"), nullable=False),
    sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_turn_circle")),
    sa.Column("role", sa.String(12), nullable=False),
    sa.Column("person", Key, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("why", Json, nullable=False),  # rules.rotation's reason, or {"kind": "handed", "by": person}
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("offered_at", Instant),
    sa.Column("answer_by", Instant),
    sa.Column("answered_at", Instant),
    sa.Column("by", sa.String(64)),  # who moved it last: person/<id>, organizer/<id>, system
)
_sure = turn.c.state.in_(["accepted", "served"])
sa.Index("one_sure_turn_per_session_and_role", turn.c.session, turn.c.role, unique=True,
         postgresql_where=_sure, sqlite_where=_sure)  # fmt: skip
sa.Index("one_turn_per_person_session_and_role", turn.c.session, turn.c.role, turn.c.person, unique=True)
# In the words of the queries: SQLite uses a partial index only for what it can read the condition in.
_held = sa.text("state IN ('offered', 'accepted')")
sa.Index("ix_turn_held", turn.c.session, postgresql_where=_held, sqlite_where=_held)
_asked = turn.c.state == "offered"
sa.Index("ix_turn_answer_by", turn.c.answer_by, postgresql_where=_asked, sqlite_where=_asked)
sa.Index("ix_turn_person", turn.c.person, turn.c.role)
sa.Index("ix_turn_circle", turn.c.circle, turn.c.role, turn.c.state)

# Days on which somebody cannot, for one role or for all. Written by them, an organizer, or (checkin/<id>) by a question
# that had no answer; `withdrawn_at` undoes it.
absence = sa.Table(
    "absence",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("person", Key, nullable=False),
    sa.Column("role", sa.String(12)),  # null: any role, and the sessions themselves
    sa.Column("first", Day, nullable=False),
    sa.Column("last", Day, nullable=False),
    sa.Column("by", sa.String(64), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("withdrawn_at", Instant),
)
sa.Index("ix_absence_person", absence.c.person, absence.c.last)

# Somebody who fell silent was asked if they are still with us. Written when minutes show it; never deleted: whoever was
# asked is not asked again for a while. One question at a time, and one for each session that showed it.
checkin = sa.Table(
    "checkin",
    metadata,
    sa.Column("id", Key, primary_key=True),
    sa.Column("person", Key, nullable=False),
    sa.Column("circle", Key, sa.ForeignKey("circle.id", name="fk_checkin_circle"), nullable=False),
    sa.Column("session", Key, sa.ForeignKey("session.id", name="fk_checkin_session"), nullable=False),
    sa.Column("since", Instant, nullable=False),  # when the first session began that they were silent about
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("answer_by", Instant, nullable=False),
    sa.Column("answer", sa.String(8)),  # rules.silence: yes, pause, leave; seen, lapsed, gone, back; null: none so far
    sa.Column("answered_at", Instant),
    sa.UniqueConstraint("person", "session", name="one_checkin_per_person_and_session"),
)
_open = sa.text("answer IS NULL")
sa.Index("one_open_checkin_per_person", checkin.c.person, unique=True, postgresql_where=_open, sqlite_where=_open)
sa.Index("ix_checkin_answer_by", checkin.c.answer_by, postgresql_where=_open, sqlite_where=_open)
sa.Index("ix_checkin_person", checkin.c.person, checkin.c.asked_at)
