"""Reading about series and sessions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..models import series, session
from ..rules import dates
from ..rules.refusals import Missing

Row = Mapping[Any, Any]
AHEAD = ("planned", "confirmed")  # states of a session that will take place


def one(tx: Connection, id: str) -> Row:
    """The session of that id.

    :raises Refused: there is none.
    """
    row = tx.execute(sa.select(session).where(session.c.id == id)).mappings().first()
    if row is None:
        raise Missing("session", "There is no such session.", "Choose one from the circle's page.")
    return row


def upcoming(tx: Connection, circle: str, most: int = 20, skipped: bool = False) -> list[Row]:
    """The next sessions of a circle in order of time, `skipped` ones too if wanted."""
    states = (*AHEAD, "cancelled") if skipped else AHEAD
    query = sa.select(session).where(session.c.circle == circle, session.c.ends_at > clock.now())
    query = query.where(session.c.state.in_(states)).order_by(session.c.starts_at, session.c.id)
    return list(tx.execute(query.limit(most)).mappings())


def next_one(tx: Connection, circle: str) -> Row | None:
    """The session that comes next, or is going on."""
    return next(iter(upcoming(tx, circle, 1)), None)


def next_of(tx: Connection, circles: Iterable[str]) -> dict[str, datetime]:
    """When each of these circles meets next."""
    query = sa.select(session.c.circle, sa.func.min(session.c.starts_at).label("at"))
    query = query.where(session.c.circle.in_(list(circles)), session.c.ends_at > clock.now())
    found = tx.execute(query.where(session.c.state.in_(AHEAD)).group_by(session.c.circle))
    return {row.circle: row.at for row in found}


def days(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """The local dates of these sessions, ISO 8601."""
    rows = tx.execute(sa.select(session.c.id, session.c.day).where(session.c.id.in_(list(ids))))
    return {row.id: row.day for row in rows}


def current(tx: Connection, circle: str) -> Row | None:
    """The series that gives a circle its dates from now on; None when it has none."""
    query = sa.select(series).where(series.c.circle == circle)
    rows = list(tx.execute(query.order_by(series.c.first.desc(), series.c.created_at.desc())).mappings())
    return next((row for row in rows if lives(row)), None)


def lives(row: Row) -> bool:
    """Whether a series has dates to come."""
    return row["until"] is None or row["until"] > max(row["first"], today(row["zone"]))


def today(zone: str) -> str:
    """The local date in a zone, ISO 8601."""
    return clock.now().astimezone(clock.zone(zone)).date().isoformat()


def rhythm(row: Row) -> dates.Rhythm:
    """A series as the rules have it."""
    return dates.Rhythm(
        since=date.fromisoformat(row["first"]),
        start=time.fromisoformat(row["time"]),
        zone=clock.zone(row["zone"]),
        weeks=row["weeks"],
        minutes=row["minutes"],
        even=time.fromisoformat(row["other_time"]) if row["other_time"] else None,
    )


def warning(row: Row) -> str:
    """What a clock change does to this session, in words; mostly nothing."""
    wall = time.fromisoformat(row["time"])
    return dates.instant(date.fromisoformat(row["day"]), wall, clock.zone(row["zone"]))[1]
