"""What happens to people by time: a reminder, the purge of what nobody confirmed, erasing, the daily summary.

Days are program time; keys and tokens age in machine time. Each step is one transaction and takes at most STEP people.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, worker
from shared.events import emit
from shared.schedule import daily, every, job, never
from shared.worker import on_tick

from . import api_tokens, audit, importing, people, program, rules
from .models import asked, idempotency, used_token
from .models import person as people_table

STEP = 200
PURGE_STEP = 5_000
SUMMARY_HOUR = 8
SUMMARY_MOST = 200
DAY_SECONDS = 86_400.0
MONTH = timedelta(days=31)
HOUR = timedelta(hours=1)

c = people_table.c
# Waiting for somebody to confirm: a new application, or one of somebody who had left.
UNCONFIRMED = sa.or_(c.state.in_(rules.UNPROVEN), sa.and_(c.state.in_(rules.OUTSIDE), c.reapplied.is_not(None)))
ASKED_AT = sa.func.coalesce(c.applied_at, c.imported_at)


def next_expiry(tx: Connection, since: datetime) -> datetime | None:
    """When the next application expires, after an instant."""
    return _next(tx, _EXPIRES, since, timedelta(days=rules.PURGE_AFTER_DAYS))


def next_reminder(tx: Connection, since: datetime) -> datetime | None:
    """When somebody is next reminded to confirm."""
    return _next(tx, _REMINDED, since, timedelta(days=rules.REMIND_AFTER_DAYS))


def next_guest_expiry(tx: Connection, since: datetime) -> datetime | None:
    """When somebody who was asked to be a guest is next forgotten."""
    return _next(tx, _GUEST_EXPIRES, since, timedelta(days=rules.PURGE_AFTER_DAYS))


def next_erasure(tx: Connection, since: datetime) -> datetime | None:
    """When somebody is next to be erased."""
    return _next(tx, _ERASED, since, timedelta(0))


def _next(tx: Connection, first: Any, since: datetime, after: timedelta) -> datetime | None:
    begun: datetime | None = tx.execute(first, {"since": since - after}).scalar()
    return None if begun is None else begun + after


def _first(begun: Any, *where: Any) -> sa.Select[tuple[datetime | None]]:
    """The first after `since`. Built once: whoever steps program time asks this at each moment."""
    return sa.select(sa.func.min(begun)).where(begun > sa.bindparam("since", type_=c.pool_at.type), *where)


_EXPIRES = _first(ASKED_AT, UNCONFIRMED)
_REMINDED = _first(ASKED_AT, UNCONFIRMED, c.reminded_at.is_(None))
_GUEST_EXPIRES = _first(c.pool_at, c.state == "invited", c.reapplied.is_(None))
_ERASED = _first(c.erase_after)


@job("signup", "applications.expire", every(HOUR, next_expiry))
def expire_applications(tx: Connection, _period: str) -> bool:
    """Purge applications that nobody confirmed within 14 days."""
    before = clock.now() - timedelta(days=rules.PURGE_AFTER_DAYS)
    due = _step(tx, UNCONFIRMED, ASKED_AT <= before)
    for row in due:
        if row["state"] in rules.UNPROVEN:
            people.expire(tx, row)
        else:
            tx.execute(sa.update(people_table).where(c.id == row["id"]).values(reapplied=None))
    return len(due) == STEP


@job("signup", "guests.expire", every(HOUR, next_guest_expiry))
def expire_guests(tx: Connection, _period: str) -> bool:
    """Forget who was asked to be a guest and has not said yes within 14 days."""
    before = clock.now() - timedelta(days=rules.PURGE_AFTER_DAYS)
    due = _step(tx, c.state == "invited", c.pool_at <= before, c.reapplied.is_(None))
    for row in due:
        people.expire(tx, row)
    return len(due) == STEP


@job("signup", "applications.remind", every(HOUR, next_reminder))
def remind_applicants(tx: Connection, _period: str) -> bool:
    """Remind once who has not confirmed after 3 days."""
    now = clock.now()
    due = _step(tx, UNCONFIRMED, c.reminded_at.is_(None), ASKED_AT <= now - timedelta(days=rules.REMIND_AFTER_DAYS))
    for row in due:
        typed = {**row, **(row["reapplied"] or {})}
        data = {field: typed[field] for field in ("name", "email", "timezone", "stream")}
        tx.execute(sa.update(people_table).where(c.id == row["id"]).values(reminded_at=now))
        if row["state"] == "imported" and not row["reapplied"]:
            people.ask_imported(tx, row, reminder=True)
            continue
        emit(tx, "application.reminded", people.subject(row["id"]), {"person": row["id"], **data, "again": True})
    return len(due) == STEP


@job("signup", "people.erase", every(HOUR, next_erasure))
def erase_people(tx: Connection, _period: str) -> bool:
    """Erase who asked for it 30 days ago."""
    due = _step(tx, c.erase_after <= clock.now())
    for row in due:
        people.erase_now(tx, audit.SYSTEM, row["id"])
    return len(due) == STEP


@job("signup", "downloads.purge", every(HOUR, never))
def purge_downloads(tx: Connection, _period: str) -> None:
    """Forget what was gathered for somebody's download a week after they asked for it."""
    people.forget_downloads(tx)


@job("signup", "imports.purge", every(HOUR, never))
def purge_imports(tx: Connection, _period: str) -> None:
    """Forget the files of imports a week after they were last touched."""
    importing.purge(tx)


@on_tick("signup")
def look_after_imports() -> None:
    """Call a worker for every import on which nobody works: one just begun, or one whose worker died."""
    with db.read("signup") as tx:
        ids = importing.waiting(tx, importing.PATIENCE)
    for id in ids:
        with db.write("signup") as tx:
            importing.call(tx, id)
        worker.send("slow.import", id)


@job("signup", "spent.purge", every(HOUR, never))
def purge_spent(tx: Connection, _period: str) -> bool:
    """Forget Idempotency-Keys, used tokens, who asked for links, and addresses nobody confirmed, after a day."""
    people.forget_unconfirmed(tx)
    before = clock.machine() - DAY_SECONDS
    gone = 0
    for table, key in ((idempotency, idempotency.c.key), (used_token, used_token.c.jti), (asked, asked.c.id)):
        old = sa.select(key).where(table.c.at < before).limit(PURGE_STEP)
        gone = max(gone, tx.execute(sa.delete(table).where(key.in_(old))).rowcount)
    return gone == PURGE_STEP


@job("signup", "audit.prune", daily(3, lambda _tx: "UTC", never))
def prune_audit(tx: Connection, _period: str) -> bool:
    """Forget what was done so long ago that nobody is kept to account for it; the log is in the order of its ids."""
    api_tokens.prune(tx)
    return audit.prune(tx, clock.now() - timedelta(days=config.current().keep_audit), PURGE_STEP)


def _step(tx: Connection, *where: Any) -> list[people.Row]:
    query = sa.select(people_table).where(*where).order_by(c.id).limit(STEP).with_for_update(skip_locked=True)
    return list(tx.execute(query).mappings())


def _zone(tx: Connection) -> str:
    try:
        return program.load(tx).timezone
    except program.NotSeeded:
        return "UTC"


def next_summary(tx: Connection, since: datetime) -> datetime | None:
    """When there is next somebody of whom organizers are told: at the end of the day on which they applied."""
    asked = sa.select(sa.func.min(c.applied_at)).where(c.state != "erased")
    first = tx.execute(asked.where(c.applied_at >= _midnight(tx, _local_day(tx, since)))).scalar()
    return _midnight(tx, _local_day(tx, first) + timedelta(days=1)) if first else None


@job("signup", "applications.summarize", daily(SUMMARY_HOUR, _zone, next_summary))
def summarize_applications(tx: Connection, period: str) -> None:
    """Tell the organizers, each morning, who applied since the last summary; when nobody did, nothing is said."""
    today = date.fromisoformat(period)
    last = _last_summary(tx, today)
    start, end = _midnight(tx, last or today - MONTH), _midnight(tx, today)
    window = (c.applied_at >= start, c.applied_at < end, c.state != "erased")
    per_stream = sa.select(c.stream, sa.func.count()).where(*window).group_by(c.stream)
    counts = {stream or "": count for stream, count in tx.execute(per_stream)}
    if not counts:
        return
    first = sa.select(sa.func.min(c.applied_at)).where(*window)
    listed = sa.select(c.id.label("person"), c.name, c.stream, c.state).where(*window).order_by(c.applied_at, c.id)
    emit(
        tx,
        "applications.summarized",
        program.SUBJECT,
        {
            "since": (last or _local_day(tx, tx.execute(first).scalar_one())).isoformat(),
            "day": (today - timedelta(days=1)).isoformat(),
            "organizers": [{"person": o["id"], "name": o["name"], "email": o["email"]} for o in people.organizers(tx)],
            "applications": [dict(row) for row in tx.execute(listed.limit(SUMMARY_MOST)).mappings()],
            "counts": counts,
        },
    )


def _last_summary(tx: Connection, today: date) -> date | None:
    """The day of the summary before today's, so that days on which nothing ran, or it failed, are made up for.

    At most a month; None before the first one.
    """
    run = db.metadata("signup").tables["run"]
    name = "applications.summarize"
    told = (run.c.job == name, run.c.finished.is_not(None), run.c.period < today.isoformat())
    before = sa.select(sa.func.max(run.c.period)).where(*told)
    last = tx.execute(before).scalar()
    return max(date.fromisoformat(last), today - MONTH) if last else None


def _local_day(tx: Connection, instant: datetime) -> date:
    return instant.astimezone(clock.zone(_zone(tx))).date()


def _midnight(tx: Connection, day: date) -> datetime:
    return datetime.combine(day, time(), clock.zone(_zone(tx)))
