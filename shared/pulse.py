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

_noted: dict[str, float] = {}


def beat(service: str) -> None:
    """Note that a tick came, unless that was just noted."""
    now = clock.machine()
    database = engines.engine(service).url.render_as_string()
    if 0 <= now - _noted.get(database, -EVERY) < EVERY:
        return
    with db.write(service, durable=False) as tx:
        pulse = db.metadata(service).tables["pulse"]
        insert = db.insert(tx, pulse).values(name="tick", at=now)
        tx.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"at": now}))
    _noted[database] = now


def ticked(tx: Connection) -> float | None:
    """When the last tick was noted, in machine time; None before the first."""
    found: float | None = tx.execute(sa.text("SELECT at FROM pulse WHERE name = 'tick'")).scalar()
    return found


def fails(tx: Connection, job: str) -> None:
    """Note that a job failed now. What was wrong is in the log: an error may quote what people wrote."""
    noted = db.metadata(db.service_of(tx)).tables["pulse"]
    insert = db.insert(tx, noted).values(name=f"{FAILED}{job}", at=clock.machine())
    tx.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"at": clock.machine()}))


def mends(tx: Connection, job: str) -> None:
    """It ended: whatever was wrong is not any more."""
    tx.execute(sa.text("DELETE FROM pulse WHERE name = :name"), {"name": f"{FAILED}{job}"})


def failed(tx: Connection) -> dict[str, float]:
    """{job: when it last failed, in machine time} of those that have not ended since."""
    rows = tx.execute(sa.text("SELECT name, at FROM pulse WHERE name LIKE :names"), {"names": f"{FAILED}%"})
    return {row.name.removeprefix(FAILED): row.at for row in rows}
