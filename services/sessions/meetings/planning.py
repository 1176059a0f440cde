"""Sessions ahead of time: written a rolling 12 weeks ahead, and mended when the rules of a zone change.

Written again and again: what is there already (`one_session_per_slot`) is left as it is, moved and skipped ones too.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.events.outbox import emit_all
from shared.quick import Quick, params

from .. import locks
from ..invites import due
from ..models import circle as circles
from ..models import series, session
from ..rules import dates
from . import reading, telling

logger = log.get()


def ahead(tx: Connection, circle: str | None = None) -> int:
    """Write the sessions of the next 12 weeks that are not there yet, of all circles or of one; returns how many."""
    locks.sessions(tx)
    now = clock.now()
    query = sa.select(series, circles.c.name, circles.c.stream).join(circles, circles.c.id == series.c.circle)
    query = query.where(
        circles.c.closed_at.is_(None), sa.or_(series.c.until.is_(None), series.c.until > series.c.first)
    )
    known = sa.select(session.c.series, session.c.slot).where(session.c.slot >= _yesterday(now))
    if circle is not None:
        query = query.where(series.c.circle == circle)
        known = known.where(session.c.circle == circle)
    there = {(row.series, row.slot) for row in tx.execute(known)}
    found = [
        row | {"name": each["name"], "stream": each["stream"]}
        for each in tx.execute(query).mappings()
        for row in _sessions(each, now)
        if (row["series"], row["slot"]) not in there
    ]
    if not found:
        return 0
    rows = [row | {"id": id} for id, row in zip(db.new_ids(len(found)), found, strict=True)]
    _INSERT(tx, *rows)
    emit_all(tx, "session.planned", [(telling.subject(row["id"]), telling.data(row, row)) for row in rows])
    due.touch(tx, [row["circle"] for row in rows])
    logger.info("sessions.planned", count=len(rows))
    return len(rows)


def _yesterday(now: datetime) -> str:
    return (now.date() - timedelta(days=1)).isoformat()


_WRITTEN = """id kind circle series slot title day time zone minutes starts_at ends_at link location state sequence
    changed_at invited gaps note""".split()
_INSERT = Quick(lambda tx: sa.insert(session).values(params(session, _WRITTEN)))


def _sessions(row: Any, now: datetime) -> Iterator[dict[str, Any]]:
    """The sessions to come of one series, as rows without an id."""
    common = {
        "kind": "circle",
        "circle": row["circle"],
        "series": row["id"],
        "title": None,
        "zone": row["zone"],
        "minutes": row["minutes"],
        "link": row["link"],
        "location": row["location"],
        "state": "planned",
        "sequence": 0,
        "changed_at": now,
        "invited": False,
        "gaps": {},
        "note": None,
    }
    for each in slots(reading.rhythm(row), row["until"], now):
        day = each.planned.isoformat()
        at = {"slot": day, "day": day, "time": f"{each.start:%H:%M}", "starts_at": each.begins, "ends_at": each.ends}
        yield common | at


def slots(rhythm: dates.Rhythm, until: str | None, now: datetime) -> list[dates.Meeting]:
    """The meetings of a rhythm that begin from now on and within 12 weeks, `until` that day."""
    today = now.astimezone(rhythm.zone).date()
    found = dates.meetings(dates.Series((rhythm,)), today)
    return [each for each in found if each.begins > now and (until is None or each.planned.isoformat() < until)]


def mend(tx: Connection) -> int:
    """Compute the instants of all sessions to come anew; change, and tell of, only those that moved. Returns how many.

    For a new tzdata: the wall time and the zone are the truth.
    """
    locks.sessions(tx)
    query = sa.select(session).where(session.c.state.in_(reading.AHEAD), session.c.starts_at > clock.now())
    rows = {row["id"]: row for row in tx.execute(query).mappings()}
    fresh = {id: _instant(row) for id, row in rows.items()}
    moved = dates.shifted({id: row["starts_at"] for id, row in rows.items()}, fresh)
    for id, (_, begins) in moved.items():
        ends = begins + timedelta(minutes=rows[id]["minutes"])
        telling.change(tx, rows[id], {"starts_at": begins, "ends_at": ends})
    if moved:
        logger.info("sessions.mended", count=len(moved))
    return len(moved)


def _instant(row: Any) -> datetime:
    wall = time.fromisoformat(row["time"])
    return dates.instant(date.fromisoformat(row["day"]), wall, clock.zone(row["zone"]))[0]
