"""What happens by time. Beat only ticks; "is it time?" is answered by a unique row `run(job, period)`.

So lost, late and doubled ticks are harmless, and a laptop that slept three weeks does today's job once, not 21 times.
A job's work and its row are one transaction; long work goes in steps, one transaction each.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import clock, config, db, die, engines, log, pulse
from .columns import Instant

Work = Callable[[Connection, str], Any]
Due = Callable[[Connection, datetime], datetime | None]
Ready = Callable[[Connection], bool]
logger = log.get()


class Period(Protocol):
    """Names the period that is due at an instant, or None."""

    @property
    def usual(self) -> timedelta | None:
        """How long lies between two periods; None where that is not always the same."""
        ...

    def __call__(self, tx: Connection, now: datetime, /) -> str | None: ...

    def next(self, tx: Connection, now: datetime, /) -> datetime:
        """When the period after the present one begins."""
        ...

    def upcoming(self, tx: Connection, now: datetime, /) -> datetime | None:
        """When there is next something to do, as far as is known; None: nothing before somebody does something."""
        ...


@dataclass(frozen=True)
class Every:
    """A period each `step` of program time, counted from the epoch.

    :param due: says when there is next something to do: the first such instant after the one it is given, which began
        the present period; None for nothing. Without it there is something to do in each period.
    """

    step: timedelta
    due: Due | None = None

    @property
    def usual(self) -> timedelta:
        return self.step

    def __call__(self, _tx: Connection, now: datetime) -> str:
        return str(self._number(now))

    def next(self, _tx: Connection, now: datetime) -> datetime:
        return self._begins(self._number(now) + 1)

    def upcoming(self, tx: Connection, now: datetime) -> datetime | None:
        return _upcoming(self, tx, now)

    def begun(self, _tx: Connection, now: datetime) -> datetime:
        """When the present period began."""
        return self._begins(self._number(now))

    def _begins(self, number: int) -> datetime:
        return datetime.fromtimestamp(number * self.step.total_seconds(), UTC)

    def _number(self, now: datetime) -> int:
        return int(now.timestamp() // self.step.total_seconds())


@dataclass(frozen=True)
class Daily:
    """A period each local day, from `hour` o'clock on in the zone that `zone` names.

    :param due: as of `Every`.
    """

    hour: int
    zone: Callable[[Connection], str]
    due: Due | None = None

    @property
    def usual(self) -> timedelta:
        return timedelta(days=1)

    def __call__(self, tx: Connection, now: datetime) -> str | None:
        local = now.astimezone(clock.zone(self.zone(tx)))
        return local.date().isoformat() if local.hour >= self.hour else None

    def next(self, tx: Connection, now: datetime) -> datetime:
        local = now.astimezone(clock.zone(self.zone(tx)))
        day = local.date() + timedelta(days=1) if local.hour >= self.hour else local.date()
        return datetime.combine(day, time(self.hour), local.tzinfo).astimezone(UTC)

    def upcoming(self, tx: Connection, now: datetime) -> datetime | None:
        return _upcoming(self, tx, now)

    def begun(self, tx: Connection, now: datetime) -> datetime:
        """When the present period began, today or yesterday."""
        local = now.astimezone(clock.zone(self.zone(tx)))
        day = local.date() if local.hour >= self.hour else local.date() - timedelta(days=1)
        return datetime.combine(day, time(self.hour), local.tzinfo).astimezone(UTC)


every, daily = Every, Daily


def _upcoming(period: Every | Daily, tx: Connection, now: datetime) -> datetime | None:
    if period.due is None:
        return period.next(tx, now)
    return _look(period, tx, now, period.due(tx, period.begun(tx, now)))


def _look(period: Every | Daily, tx: Connection, now: datetime, due: datetime | None) -> datetime | None:
    """When what is due then is seen to: at the first look from then on, when a period begins."""
    return None if due is None else max(period.next(tx, now), period.next(tx, due - timedelta.resolution))


def never(_tx: Connection, _since: datetime) -> None:
    """What is due by machine time, was overlooked, or need not be on time, is no moment of the program's."""


def soonest(*moments: datetime | None) -> datetime | None:
    """The earliest of those that there are."""
    return min((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True)
class Job:
    """One thing that happens by time: `period` names the period that is due, or None; `work` does one step of it.

    :param ready: whether it may begin by now, where it has to wait for something; it stays due.
    """

    service: str
    name: str
    period: Period
    work: Work
    ready: Ready | None = None


_jobs: dict[tuple[str, str], Job] = {}
_finished: dict[tuple[str, str, str], str] = {}


def job(service: str, name: str, period: Period, ready: Ready | None = None) -> Callable[[Work], Work]:
    """Register `work(tx, period)`; it is called again, in a new transaction, as long as it returns True.

    :param ready: as of `Job`.
    """

    def register(work: Work) -> Work:
        _jobs[service, name] = Job(service, name, period, work, ready)
        return work

    return register


def jobs(service: str) -> list[Job]:
    """All jobs of that service, by name."""
    return [entry for key, entry in sorted(_jobs.items()) if key[0] == service]


@dataclass(frozen=True)
class Times:
    """When a job last began and ended, and when its next period begins (program time).

    :param failed: machine time at which it failed, if it has not ended since.
    :param late: how long it has not begun, where that is much longer than its period.
    """

    job: str
    last: datetime | None
    finished: datetime | None
    next: datetime
    failed: float | None
    late: timedelta | None


def times(tx: Connection) -> list[Times]:
    """All jobs of the service, by name."""
    ran, now = {row.job: row for row in last_runs(tx)}, clock.now()
    # A job that never ran, as one that came with an update, may have been overlooked as long as others have run.
    begun = min((row.first for row in ran.values()), default=None)
    failed, found = pulse.failed(tx), []
    # When program time is moved, much is due at once: ticks get as long for it as before anybody misses them.
    moved = clock.moved()
    jumped = moved is not None and clock.machine() - moved < pulse.SILENT
    for entry in jobs(db.service_of(tx)):
        row = ran.get(entry.name)
        last, finished = (row.started, row.finished) if row else (None, None)
        late = None if jumped else _late(last or begun, entry.period.usual, now)
        if last is None and entry.period(tx, now) is None:
            late = None
        if late is not None and not _is_ready(tx, entry):
            late = None
        found.append(Times(entry.name, last, finished, entry.period.next(tx, now), failed.get(entry.name), late))
    return found


def _late(since: datetime | None, usual: timedelta | None, now: datetime) -> timedelta | None:
    """How long a job has not begun, if that is much longer than its period: two of them, and half an hour (or, where
    program time runs fast, what passes before ticks are missed)."""
    grace = max(timedelta(minutes=30), clock.during(pulse.SILENT))
    if since is None or usual is None or now - since <= 2 * usual + grace:
        return None
    return now - since


def last_runs(tx: Connection) -> list[Any]:
    """The last run of every job that ever ran here: rows of job, started, finished, and when its first one began."""
    return list(tx.execute(_LAST_RUNS))


_at_ticks: dict[str, list[Due]] = {}


def at_tick(service: str, due: Due) -> None:
    """Register when the next tick of `service` has something to do beside its jobs: the first instant after one."""
    _at_ticks.setdefault(service, []).append(due)


def upcoming(service: str) -> datetime | None:
    """The next instant at which something of `service` is due: who moves program time must not jump past it."""
    with db.read(service) as tx:
        now = clock.now()
        looks = [entry.period.upcoming(tx, now) for entry in jobs(service)]
        return soonest(*looks, *(due(tx, now) for due in _at_ticks.get(service, [])))


BESIDE = "beside"  # what ticks do beside jobs


def behind(service: str) -> list[str]:
    """What is due by now that no tick has done: names of jobs, BESIDE."""
    with db.read(service) as tx:
        now = clock.now()
        due = [entry.name for entry in jobs(service) if not _known_finished(tx, entry, entry.period(tx, now))]
        return [*([BESIDE] if _beside(tx, service, now)[0] else []), *due]


@dataclass(frozen=True)
class Survey:
    """What a service has to do by program time.

    :param late: as of `behind`, but for what has nothing to do; `next`: when there is next something, as far as is
        known, once that is done.
    """

    late: list[str]
    next: datetime | None


def survey(service: str, looked: dict[str, datetime]) -> Survey:
    """`behind` and `upcoming` at once, for whoever is in a hurry: a period of a job that says when it has something to
    do (its `due`) is not waited for when that is not in it; the tick, which never asks that, comes to it all the same.

    :param looked: since when each job is known to have had nothing to do, kept here from one question to the next.
    """
    with db.read(service) as tx:
        now = clock.now()
        waits, beside = _beside(tx, service, now)
        late, moments = [BESIDE] if waits else [], [beside]
        for entry in jobs(service):
            is_late, at = _surveyed(tx, entry, now, looked)
            moments.append(at)
            if is_late:
                late.append(entry.name)
    return Survey(late, soonest(*moments))


def _beside(tx: Connection, service: str, now: datetime) -> tuple[bool, datetime | None]:
    """Whether ticks have something to do beside jobs, and when else they next have."""
    firsts = [due(tx, _EVER) for due in _at_ticks.get(service, [])]
    return any(at is not None and at <= now for at in firsts), soonest(*firsts)


def _surveyed(tx: Connection, entry: Job, now: datetime, looked: dict[str, datetime]) -> tuple[bool, datetime | None]:
    """Whether that job has something to do by now, and when it next has."""
    plain = entry.period if isinstance(entry.period, Every | Daily) else None
    if plain is None or plain.due is None:
        return not _known_finished(tx, entry, entry.period(tx, now)), entry.period.upcoming(tx, now)
    begun, since = plain.begun(tx, now), looked.get(entry.name)
    due = None if since is None else plain.due(tx, since)
    # Nothing since then: what was asked of then is as true of the present period.
    if since is None or (due is not None and due <= now):
        if not _known_finished(tx, entry, plain(tx, now)):
            return True, None
        due = plain.due(tx, begun)
    looked[entry.name] = begun
    return False, _look(plain, tx, now, due)


def _known_finished(tx: Connection, entry: Job, period: str | None) -> bool:
    memo = _memo(entry)
    if period is None or _finished.get(memo) == period:
        return True
    if not tx.execute(_IS_FINISHED, {"job": entry.name, "period": period}).scalar():
        return False
    _finished[memo] = period
    return True


def _memo(entry: Job) -> tuple[str, str, str]:
    """Under which name this process remembers which period was done."""
    return entry.service, engines.engine(entry.service).url.render_as_string(), entry.name


_EVER = datetime(1, 1, 2, tzinfo=UTC)


def tick(service: str, only: Collection[str] | None = None) -> list[str]:
    """Run every job of `service` whose period is due and not done, and that is ready; returns their names.

    :param only: these alone, ready or not: asked for by who knows what else is due.

    One that fails is run again at the next tick, and keeps no other from running.
    """
    ran = []
    for entry, period in _due(service, only):
        try:
            if _run(entry, period):
                ran.append(entry.name)
        except Exception as error:
            _failed(entry, error)
    return ran


def _due(service: str, only: Collection[str] | None) -> list[tuple[Job, str]]:
    """The jobs that this process has not seen done in their present period; asked in one view of the database, but that
    whoever fails to say costs the others nothing but a new one."""
    found, rest = [], [entry for entry in jobs(service) if only is None or entry.name in only]
    while rest:
        failed = None
        with db.read(service) as tx:
            now = clock.now()
            while rest and failed is None:
                entry = rest.pop(0)
                try:
                    period = entry.period(tx, now)
                    if period is None or _finished.get(_memo(entry)) == period:
                        continue
                    if only is not None or _is_ready(tx, entry):
                        found.append((entry, period))
                except Exception as error:
                    failed = (entry, error)
        if failed:  # noted once the view is closed: who waits for a connection holds none
            _failed(*failed)
    return found


def _is_ready(tx: Connection, entry: Job) -> bool:
    return entry.ready is None or entry.ready(tx)


def _failed(entry: Job, error: Exception) -> None:
    logger.error("schedule.failed", service=entry.service, job=entry.name, exc_info=error)
    _note_begun(entry)


def _note_begun(entry: Job) -> None:
    """Keep that a run began, and failed: what it wrote is undone, and with it that it ever began, and nobody would see
    on the page or in the metrics that it does not end. Not if another process has ended it since."""
    try:
        with db.write(entry.service) as tx:
            db.lock(tx, f"job:{entry.name}")
            period = entry.period(tx, clock.now())
            if period is None or not _state(tx, entry, period)[0]:
                pulse.fails(tx, entry.name)
    except Exception as error:  # the database is what fails: the doctor and the log say so
        logger.warning("schedule.not_noted", service=entry.service, job=entry.name, error=type(error).__name__)


def _run(entry: Job, period: str) -> bool:
    worked = False
    while True:
        with db.write(entry.service) as tx:
            db.lock(tx, f"job:{entry.name}")
            finished, failing = _state(tx, entry, period)
            if finished:
                break
            worked = True
            with log.bound(job=entry.name, period=period):
                more = bool(entry.work(tx, period))
            if not more:
                tx.execute(_FINISH, {"job": entry.name, "period": period, "at": clock.now()})
                if failing:
                    pulse.mends(tx, entry.name)
            die.at("schedule.ran")
        if not more:
            logger.info("schedule.ran", service=entry.service, job=entry.name, period=period)
            break
    _finished[_memo(entry)] = period
    return worked


def _state(tx: Connection, entry: Job, period: str) -> tuple[bool, bool]:
    """Whether the period is done, and whether the job is noted as failing. If it has not begun, it begins."""
    begun = tx.execute(_BEGIN, _begin(entry, period)).one_or_none()
    if begun is not None:
        return False, bool(begun.failing)
    found = tx.execute(_STATE, {"job": entry.name, "period": period, "pulse": pulse.of_failed(entry.name)}).one()
    return bool(found.finished), bool(found.failing)


def _begin(entry: Job, period: str) -> dict[str, Any]:
    return {"job": entry.name, "period": period, "now": clock.now(), "pulse": pulse.of_failed(entry.name)}


def prune(tx: Connection) -> None:
    """Forget runs that are older than BATON_KEEP_RUNS days."""
    run = db.metadata(db.service_of(tx)).tables["run"]
    tx.execute(run.delete().where(run.c.started < clock.now() - timedelta(days=config.current().keep_runs)))


_FINISH = sa.text("UPDATE run SET finished = :at WHERE job = :job AND period = :period").bindparams(
    sa.bindparam("at", type_=Instant)
)
_FAILING = "(SELECT count(*) FROM pulse WHERE name = :pulse) AS failing"
_BEGIN = sa.text(
    "INSERT INTO run (job, period, started) VALUES (:job, :period, :now) ON CONFLICT (job, period) DO NOTHING"
    f" RETURNING {_FAILING}"
).bindparams(sa.bindparam("now", type_=Instant))
_STATE = sa.text(f"SELECT finished IS NOT NULL AS finished, {_FAILING} FROM run WHERE job = :job AND period = :period")
_IS_FINISHED = sa.text("SELECT finished IS NOT NULL FROM run WHERE job = :job AND period = :period")
# From job to job by the index (job, started): a few looks for each job. A GROUP BY looks at every run of a year.
_LAST_RUNS = sa.text(
    "WITH RECURSIVE known(job) AS (SELECT min(job) FROM run"
    " UNION ALL SELECT (SELECT min(later.job) FROM run later WHERE later.job > known.job) FROM known"
    " WHERE known.job IS NOT NULL)"
    " SELECT r.job, r.started, r.finished,"
    " (SELECT min(earliest.started) FROM run earliest WHERE earliest.job = known.job) AS first"
    " FROM known JOIN run r ON r.job = known.job"
    " AND r.started = (SELECT max(latest.started) FROM run latest WHERE latest.job = known.job)"
).columns(started=Instant, finished=Instant, first=Instant)
