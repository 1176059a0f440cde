"""The tables that every service's database has: events, their deliveries, receipts, runs of jobs, revoked access."""

from __future__ import annotations

import sqlalchemy as sa

from .columns import Instant, Json, Key, Machine, Serial


def define(metadata: sa.MetaData) -> None:
    """Add the shared tables to one service's metadata."""
    # A row is a fact this service published. Written by `emit`; never changed but by erasure; deleted BATON_KEEP_EVENTS
    # days after it was recorded, once all its deliveries are confirmed, unless it is the last of its subject (the
    # sequence must go on rising).
    sa.Table(
        "event",
        metadata,
        sa.Column("position", Serial, primary_key=True, autoincrement=True),
        sa.Column("id", Key, nullable=False, unique=True),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("time", Instant, nullable=False),
        sa.Column("recorded", Machine, nullable=False),
        sa.Column("correlation", sa.String(64)),
        sa.Column("erased", sa.Boolean, nullable=False, default=False),
        sa.Column("data", Json, nullable=False),
        sa.UniqueConstraint("subject", "seq", name="event_subject_seq"),
    )
    # A row is one event owed to one subscriber. Written by `emit`, moved by the relay, deleted with its event.
    delivery = sa.Table(
        "delivery",
        metadata,
        sa.Column("event", sa.BigInteger, sa.ForeignKey("event.position", ondelete="CASCADE"), primary_key=True),
        sa.Column("subscriber", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False, default=0),  # times it was put on the queue
        sa.Column("failures", sa.Integer, nullable=False, default=0),  # failure receipts
        sa.Column("silences", sa.Integer, nullable=False, default=0),  # lone sends unanswered while others answered
        sa.Column("asked", Machine),  # when a handler first answered "not yet"
        sa.Column("due", Machine, nullable=False),
        sa.Column("sent", Machine),
        sa.Column("batch", Key),  # the message it is in flight with
        sa.Column("confirmed_at", Machine),
        sa.Column("dead_at", Machine),
        sa.Column("error", sa.Text),
        sa.Column("skipped_at", Machine),  # given up by a person, who and why; confirmed_at says the same moment
        sa.Column("skipped_by", sa.String(64)),
        sa.Column("skipped_why", sa.Text),
    )
    unconfirmed = delivery.c.confirmed_at.is_(None)
    for name, columns in (
        ("delivery_due", (delivery.c.subscriber, delivery.c.due, delivery.c.event)),
        ("delivery_head", (delivery.c.subscriber, delivery.c.subject, delivery.c.seq)),
    ):
        sa.Index(name, *columns, postgresql_where=unconfirmed, sqlite_where=unconfirmed)
    # What a person looks at: few rows, found without reading the rest.
    dead, skipped = delivery.c.dead_at.is_not(None), delivery.c.skipped_at.is_not(None)
    sa.Index("delivery_dead", delivery.c.subscriber, delivery.c.event, postgresql_where=dead, sqlite_where=dead)
    sa.Index("delivery_skipped", delivery.c.skipped_at, postgresql_where=skipped, sqlite_where=skipped)
    # A row is a subscriber this service publishes to. Written for all when the database is made, later when one was
    # told everything; says who is new (and gets a replay) and who is alive (the last receipt). Deleted by nobody: as
    # many rows as services.
    sa.Table(
        "subscriber",
        metadata,
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("since", Machine, nullable=False),
        sa.Column("answered", Machine),
    )
    # A row is one replay to a subscriber: asked for, under way, or the last one that ended. Written by who asks, moved
    # on with each step, in its transaction; kept until the next one takes its place: as many rows as services.
    sa.Table(
        "replay",
        metadata,
        sa.Column("subscriber", sa.String(40), primary_key=True),
        sa.Column("asked_by", sa.String(64), nullable=False),  # as the audit log names actors
        sa.Column("asked_at", Machine, nullable=False),
        sa.Column("claim", Key),  # who is at it: two at once would tell everything twice
        sa.Column("touched", Machine),
        sa.Column("after", sa.String(240), nullable=False),  # subjects up to here were told
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("finished", Machine),
    )
    # A row is a sign of life: `tick` is renewed by the worker's ticks, `woke` by the first after they were missed;
    # `job:<name>` says that a job failed, and is deleted when it ends again. A handful of rows.
    sa.Table(
        "pulse",
        metadata,
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("at", Machine, nullable=False),
    )
    # A row is the proof that an event was handled here. Written with the handler's own changes; deleted when its
    # publisher says that nothing so old can come again (keeping.forget), at the earliest BATON_KEEP_EVENTS + 30 days.
    sa.Table(
        "inbox",
        metadata,
        sa.Column("source", sa.String(40), primary_key=True),
        sa.Column("event", Key, primary_key=True),
        sa.Column("handled", Machine, nullable=False),
    )
    # A row is one run of a job for one period: the answer to "is it time?". Deleted after BATON_KEEP_RUNS days of
    # program time.
    run = sa.Table(
        "run",
        metadata,
        sa.Column("job", sa.String(60), primary_key=True),
        sa.Column("period", sa.String(40), primary_key=True),
        sa.Column("started", Instant, nullable=False),
        sa.Column("finished", Instant),
    )
    sa.Index("run_last", run.c.job, run.c.started)
    # A row says: cookies and tokens of this person made before that moment are worthless. Kept for ever (one row a
    # person). The person "*" is everybody: written by a restore, since who was signed in, or an organizer, since the
    # backup is not known any more.
    sa.Table(
        "revoked",
        metadata,
        sa.Column("person", Key, primary_key=True),
        sa.Column("before", Machine, nullable=False),
    )
    # A row says: this API token is worthless, whatever its signature says. Written when signup tells so; deleted with
    # the daily `prune`, BATON_KEEP_AUDIT days after the token would have ended anyway.
    sa.Table(
        "revoked_token",
        metadata,
        sa.Column("token", Key, primary_key=True),
        sa.Column("until", Machine, nullable=False),
    )
    # A row is the last use of an API token in one service: here its own, and in signup those of all. Renewed at most
    # once a minute (uses.py); deleted as the row above.
    sa.Table(
        "token_use",
        metadata,
        sa.Column("token", Key, primary_key=True),
        sa.Column("service", sa.String(40), primary_key=True),
        sa.Column("at", Machine, nullable=False),
        sa.Column("told", Machine),  # when signup was last told of it
        sa.Column("until", Machine, nullable=False),
    )
