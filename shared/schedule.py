"""What happens by time. Beat only ticks; "is it time?" is answered by a unique row `run(job, period)`.

So lost, late and doubled ticks are harmless, and a laptop that slept three weeks does today's job once, not 21 times.
A job's work and its row are one transaction; long work goes in steps, one transaction each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import clock, db, die, log

Period = Callable[[Connection, datetime], str | None]
Work = Callable[[Connection, str], Any]
logger = log.get()
KEEP = timedelta(days=400)


@dataclass(frozen=True)
class Job:
    """One thing that happens by time: `period` names the period that is due, or None; `work` does one step of it."""

    service: str
    name: str
    period: Period
    work: Work


_jobs: dict[tuple[str, str], Job] = {}
_finished: dict[tuple[str, str, str], str] = {}


def job(service: str, name: str, period: Period) -> Callable[[Work], Work]:
    """Register `work(tx, period)`; it is called again, in a new transaction, as long as it returns True."""

    def register(work: Work) -> Work:
        _jobs[service, name] = Job(service, name, period, work)
        return work

    return register


def jobs(service: str) -> list[Job]:
    """All jobs of that service, by name."""
    return [entry for key, entry in sorted(_jobs.items()) if key[0] == service]


def every(step: timedelta) -> Period:
    """A period each `step` of program time, counted from the epoch."""

    def period(_tx: Connection, now: datetime) -> str:
        return str(int(now.timestamp() // step.total_seconds()))

    return period


def daily(hour: int, zone: Callable[[Connection], str]) -> Period:
    """A period each local day, from `hour` o'clock on in the zone that `zone` names."""

    def period(tx: Connection, now: datetime) -> str | None:
        local = now.astimezone(clock.zone(zone(tx)))
        return local.date().isoformat() if local.hour >= hour else None

    return period


def tick(service: str) -> list[str]:
    """Run every job of `service` whose period is due and not done; returns their names.

    One that fails is run again at the next tick, and keeps no other from running.
    """
    ran = []
    for entry in jobs(service):
        try:
            if _run(entry):
                ran.append(entry.name)
        except Exception:
            logger.exception("schedule.failed", service=service, job=entry.name)
    return ran


def _run(entry: Job) -> bool:
    with db.read(entry.service) as tx:
        period = entry.period(tx, clock.now())
    memo = (entry.service, db.engine(entry.service).url.render_as_string(), entry.name)
    if period is None or _finished.get(memo) == period:
        return False
    worked = False
    while True:
        with db.write(entry.service) as tx:
            db.lock(tx, f"job:{entry.name}")
            if _is_finished(tx, entry, period):
                break
            worked = True
            with log.bound(job=entry.name, period=period):
                more = bool(entry.work(tx, period))
            if not more:
                tx.execute(_FINISH, {"job": entry.name, "period": period, "at": clock.now()})
            die.at("schedule.ran")
        if not more:
            logger.info("schedule.ran", service=entry.service, job=entry.name, period=period)
            break
    _finished[memo] = period
    return worked


def _is_finished(tx: Connection, entry: Job, period: str) -> bool:
    run = db.metadata(entry.service).tables["run"]
    row = {"job": entry.name, "period": period, "started": clock.now()}
    tx.execute(db.insert(tx, run).values(row).on_conflict_do_nothing())
    found = tx.execute(sa.select(run.c.finished).where(run.c.job == entry.name, run.c.period == period)).scalar_one()
    return found is not None


def prune(tx: Connection) -> None:
    """Forget runs that are older than any period can come again."""
    run = db.metadata(db.service_of(tx)).tables["run"]
    tx.execute(run.delete().where(run.c.started < clock.now() - KEEP))


_FINISH = sa.text("UPDATE run SET finished = :at WHERE job = :job AND period = :period").bindparams(
    sa.bindparam("at", type_=db.Instant)
)
