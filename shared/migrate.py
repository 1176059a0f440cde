"""Alembic per service, without an env.py each: revisions are numbered files, `services/<service>/migrations/versions`.

A revision's id is the four digits its file name starts with, one line of history: `0001_start.py` has revision "0001".
So whether anything is to be done can be told without importing Alembic, which makes the second start quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from . import db, engines
from .columns import Instant, Json, Key, Machine, Serial

ROOT = Path(__file__).resolve().parent.parent


def versions(service: str) -> Path:
    """The folder of that service's revisions."""
    return ROOT / "services" / service / "migrations" / "versions"


def head(service: str) -> str:
    """The newest revision in the code."""
    return max(path.name[:4] for path in versions(service).glob("[0-9]*.py"))


def current(service: str) -> str | None:
    """The revision the database is at; None when it is empty."""
    with engines.engine(service).connect() as tx:
        if not sa.inspect(tx).has_table("alembic_version"):
            return None
        return tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def upgrade(service: str) -> bool:
    """Bring the database to the head; True when something was done. Two at once are safe: one waits.

    :raises RuntimeError: the database is newer than this code.
    """
    at = current(service)
    if at == head(service):
        return False
    if at is not None and at > head(service):
        raise RuntimeError(
            f"the database of {service} is at revision {at}, newer than this code ({head(service)}). "
            "Run the newer Baton, or restore a backup made by this one."
        )
    with db.write(service) as tx:
        db.lock(tx, "migrate")
        run(tx, head(service))
        if at is None:
            _know_subscribers(tx)
    return True


def run(tx: Any, to: str) -> None:
    """Take the database of `tx` to the revision `to`, in that transaction."""
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    folder = versions(db.service_of(tx))
    settings = Config()
    settings.set_main_option("script_location", str(folder.parent).replace("%", "%%"))
    settings.set_main_option("path_separator", "newline")
    script = ScriptDirectory(folder.parent, version_locations=[folder])

    def steps(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs(to, revision)

    with EnvironmentContext(settings, script, fn=steps) as environment:
        environment.configure(connection=tx, target_metadata=db.metadata(db.service_of(tx)))
        environment.run_migrations()


def _know_subscribers(tx: Any) -> None:
    """A database just made has told nobody anything: who subscribes now will hear all of it, and needs no replay."""
    from .events import relay, replay

    for name in relay.subscribers(db.service_of(tx)):
        replay.know(tx, name)


def shared_tables_v1(op: Any) -> None:
    """The shared tables as of the first revision of every service. Frozen: later changes are later functions."""
    op.create_table(
        "event",
        sa.Column("position", Serial, primary_key=True, autoincrement=True),
        sa.Column("id", Key, nullable=False, unique=True),
        sa.Column("type", sa.String(80), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("time", Instant, nullable=False),
        sa.Column("recorded", Machine, nullable=False),
        sa.Column("correlation", sa.String(64)),
        sa.Column("erased", sa.Boolean, nullable=False),
        sa.Column("data", Json, nullable=False),
        sa.UniqueConstraint("subject", "seq", name="event_subject_seq"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "delivery",
        sa.Column("event", sa.BigInteger, sa.ForeignKey("event.position", ondelete="CASCADE"), primary_key=True),
        sa.Column("subscriber", sa.String(40), primary_key=True),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("silences", sa.Integer, nullable=False),
        sa.Column("asked", Machine),
        sa.Column("due", Machine, nullable=False),
        sa.Column("sent", Machine),
        sa.Column("batch", Key),
        sa.Column("confirmed_at", Machine),
        sa.Column("dead_at", Machine),
        sa.Column("error", sa.Text),
    )
    where = sa.text("confirmed_at IS NULL")
    for name, columns in (
        ("delivery_due", ["subscriber", "due", "event"]),
        ("delivery_head", ["subscriber", "subject", "seq"]),
    ):
        op.create_index(name, "delivery", columns, postgresql_where=where, sqlite_where=where)
    op.create_table(
        "subscriber",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("since", Machine, nullable=False),
        sa.Column("answered", Machine),
    )
    op.create_table(
        "inbox",
        sa.Column("source", sa.String(40), primary_key=True),
        sa.Column("event", Key, primary_key=True),
        sa.Column("handled", Machine, nullable=False),
    )
    op.create_table(
        "run",
        sa.Column("job", sa.String(60), primary_key=True),
        sa.Column("period", sa.String(40), primary_key=True),
        sa.Column("started", Instant, nullable=False),
        sa.Column("finished", Instant),
    )
    op.create_table("revoked", sa.Column("person", Key, primary_key=True), sa.Column("before", Machine, nullable=False))


def operating_tables_v1(op: Any) -> None:
    """What operating needs in every service: skips with who and why, replays, signs of life. Frozen, likewise."""
    for column in (
        sa.Column("skipped_at", Machine),
        sa.Column("skipped_by", sa.String(64)),
        sa.Column("skipped_why", sa.Text),
    ):
        op.add_column("delivery", column)
    for name, columns, only in (
        ("delivery_dead", ["subscriber", "event"], "dead_at IS NOT NULL"),
        ("delivery_skipped", ["skipped_at"], "skipped_at IS NOT NULL"),
    ):
        op.create_index(name, "delivery", columns, postgresql_where=sa.text(only), sqlite_where=sa.text(only))
    op.create_index("run_last", "run", ["job", "started"])
    op.create_table(
        "replay",
        sa.Column("subscriber", sa.String(40), primary_key=True),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("asked_at", Machine, nullable=False),
        sa.Column("claim", Key),
        sa.Column("touched", Machine),
        sa.Column("after", sa.String(240), nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("finished", Machine),
    )
    op.create_table(
        "pulse", sa.Column("name", sa.String(40), primary_key=True), sa.Column("at", Machine, nullable=False)
    )


def token_tables_v1(op: Any) -> None:
    """What API tokens need in every service: which are void, and when each was last used. Frozen, likewise."""
    op.create_table(
        "revoked_token", sa.Column("token", Key, primary_key=True), sa.Column("until", Machine, nullable=False)
    )
    op.create_table(
        "token_use",
        sa.Column("token", Key, primary_key=True),
        sa.Column("service", sa.String(40), primary_key=True),
        sa.Column("at", Machine, nullable=False),
        sa.Column("told", Machine),
        sa.Column("until", Machine, nullable=False),
    )
