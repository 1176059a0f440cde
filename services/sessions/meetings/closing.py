"""The dates of circles that end or begin by merging and splitting."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import locks
from ..models import circle as circles
from ..models import series, session
from ..turns import asking
from . import planning, reading, telling


def end(tx: Connection, by: str, circle: str, note: str | None = None) -> dict[str, Any]:
    """End a circle's series and cancel its sessions to come, whose turns become free; what `revive` takes back."""
    locks.sessions(tx)
    ended: dict[str, Any] = {"series": {}, "sessions": []}
    for row in tx.execute(sa.select(series).where(series.c.circle == circle)).mappings().all():
        if reading.lives(row):
            ended["series"][row["id"]] = row["until"]
            until = max(row["first"], reading.today(row["zone"]))
            tx.execute(sa.update(series).where(series.c.id == row["id"]).values(until=until))
    query = sa.select(session).where(session.c.circle == circle, session.c.starts_at > clock.now())
    for row in tx.execute(query.where(session.c.state.in_(reading.AHEAD))).mappings().all():
        telling.change(tx, row, {"state": "cancelled", "note": note})
        ended["sessions"].append(row["id"])
    asking.sweep(tx)
    return ended


def revive(tx: Connection, by: str, ended: Mapping[str, Any]) -> None:
    """Take that back, for what lies ahead still."""
    locks.sessions(tx)
    for id, until in ended["series"].items():
        tx.execute(sa.update(series).where(series.c.id == id).values(until=until))
    query = sa.select(session).where(session.c.id.in_(ended["sessions"]), session.c.starts_at > clock.now())
    for row in tx.execute(query.where(session.c.state == "cancelled")).mappings().all():
        telling.change(tx, row, {"state": "planned", "note": None})
    planning.ahead(tx)


def carry_on(tx: Connection, by: str, circle: str, to: str) -> None:
    """Give a circle that was split off the dates of the one it comes from.

    Where there is a week between two sessions they alternate, and can share the link; else two circles would sit in one
    room, so that the new one needs a link or place of its own.
    """
    locks.sessions(tx)
    row, first = reading.current(tx, circle), reading.next_one(tx, circle)
    if row is None or first is None:
        return
    begins = date.fromisoformat(first["slot"] or first["day"]) + timedelta(weeks=1 if row["weeks"] > 1 else 0)
    shared = {
        name: row[name] if row["weeks"] > 1 and not _used_elsewhere(tx, name, row[name], circle) else None
        for name in ("link", "location")
    }
    fresh = {"id": db.new_id(), "circle": to, "first": begins.isoformat(), "until": None, "by": by, **shared}
    tx.execute(sa.insert(series).values(**{**row, **fresh, "created_at": clock.now()}))
    planning.ahead(tx, to)


def _used_elsewhere(tx: Connection, name: str, value: str | None, circle: str) -> bool:
    query = sa.select(series).join(circles, circles.c.id == series.c.circle)
    query = query.where(series.c[name] == value, series.c.circle != circle, circles.c.closed_at.is_(None))
    return value is not None and any(reading.lives(row) for row in tx.execute(query).mappings())
