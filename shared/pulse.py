"""Signs of life: that ticks come is written down now and then, so that anybody can see when they stop; and that a job
fails, until it ends again.

Without ticks nothing that got lost is sent again and nothing happens by time, and no page and no mail would say so.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import clock, db, engines

EVERY = 30.0  # seconds between two notes: a tick each two seconds must not keep a laptop's disk awake
SILENT = 120.0  # seconds after which ticks are missed
FAILED = "job:"  # what the names of rows about failed jobs begin with
WOKE = "woke"

_noted: dict[str, float] = {}


def beat(service: str) -> None:
    """Note that a tick came, unless that was just noted; and that they come again, after they had been missed."""
    now = clock.machine()
    database = engines.engine(service).url.render_as_string()
    if 0 <= now - _noted.get(database, -EVERY) < EVERY:
        return
    with db.write(service, durable=False) as tx:
        before = ticked(tx)
        if before is not None and now - before > SILENT:
            _note(tx, WOKE, now)
        _note(tx, "tick", now)
    _noted[database] = now


def _note(tx: Connection, name: str, at: float) -> None:
    pulse = db.metadata(db.service_of(tx)).tables["pulse"]
    insert = db.insert(tx, pulse).values(name=name, at=at)
    tx.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"at": at}))


def ticked(tx: Connection) -> float | None:
    """When the last tick was noted, in machine time; None before the first."""
    return _noted_at(tx, "tick")


def made(tx: Connection) -> float | None:
    """When the database was made, in machine time: before that nothing can have ticked."""
    found: float | None = tx.execute(sa.text("SELECT min(since) FROM subscriber")).scalar()
    return found


def woke(tx: Connection) -> float | None:
    """Since when there have been ticks again, in machine time, after they had been missed; None: they never were.

    A gap that no tick has noted yet ends now.
    """
    last = ticked(tx)
    if last is not None and clock.machine() - last > SILENT:
        return clock.machine()
    return _noted_at(tx, WOKE)


def _noted_at(tx: Connection, name: str) -> float | None:
    found: float | None = tx.execute(sa.text("SELECT at FROM pulse WHERE name = :name"), {"name": name}).scalar()
    return found


def of_failed(job: str) -> str:
    """The name of the row that says that the job fails."""
    return f"{FAILED}{job}"


def fails(tx: Connection, job: str) -> None:
    """Note that a job failed now. What was wrong is in the log: an error may quote what people wrote."""
    _note(tx, of_failed(job), clock.machine())


def mends(tx: Connection, job: str) -> None:
    """It ended: whatever was wrong is not any more."""
    tx.execute(sa.text("DELETE FROM pulse WHERE name = :name"), {"name": of_failed(job)})


def failed(tx: Connection) -> dict[str, float]:
    """{job: when it last failed, in machine time} of those that have not ended since."""
    rows = tx.execute(sa.text("SELECT name, at FROM pulse WHERE name LIKE :names"), {"names": f"{FAILED}%"})
    return {row.name.removeprefix(FAILED): row.at for row in rows}
