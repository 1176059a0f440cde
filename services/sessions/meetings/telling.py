"""What others are told of a session, and the one way to change one.

A session's `sequence` rises with whatever a calendar shows: time, place, state (RFC 5545, 3.8.7.4). What changes none
of that is told to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock
from shared.events import emit

from ..invites import due
from ..models import circle as circles
from ..models import session

Row = Mapping[Any, Any]
SHOWN = ("day", "time", "zone", "minutes", "starts_at", "ends_at", "link", "location", "state")
_LED = {"planned", "confirmed"}  # between these it changes with who leads it, and invites say that by themselves


def subject(id: str) -> str:
    """The subject of all events about a session."""
    return f"session/{id}"


def data(row: Row, circle: Row) -> dict[str, Any]:
    """All facts about a session, as its events carry them."""
    return {
        "session": row["id"],
        "kind": row["kind"],
        "circle": row["circle"],
        "name": circle["name"],
        "stream": circle["stream"],
        "title": row["title"],
        "day": row["day"],
        "time": row["time"],
        "zone": row["zone"],
        "minutes": row["minutes"],
        "starts_at": _iso(row["starts_at"]),
        "ends_at": _iso(row["ends_at"]),
        "link": row["link"],
        "location": row["location"],
        "state": row["state"],
        "sequence": row["sequence"],
        "note": row["note"],
    }


@lru_cache(1024)
def _iso(moment: datetime) -> str:
    """Many circles meet at the same instant."""
    return moment.isoformat()


def change(tx: Connection, row: Row, values: Mapping[str, Any]) -> Row:
    """Write `values` into a session and tell of it, if anything is different that people see; returns it as it is."""
    fresh = {**row, **values}
    if any(row[name] != fresh[name] for name in SHOWN):
        fresh |= {"sequence": row["sequence"] + 1, "changed_at": clock.now()}
    differs = {name: value for name, value in fresh.items() if row[name] != value}
    if not differs:
        return row
    tx.execute(sa.update(session).where(session.c.id == row["id"]).values(**differs))
    if "sequence" in differs:
        found = tx.execute(sa.select(circles).where(circles.c.id == row["circle"])).mappings().first()
        about = found or {"name": fresh["title"], "stream": ""}  # a gathering is of no circle
        gone = fresh["state"] == "cancelled"
        if any(row[name] != fresh[name] for name in SHOWN[:-1]) or not {row["state"], fresh["state"]} <= _LED:
            due.soon(tx, [row["circle"] or row["id"]], min(row["starts_at"], fresh["starts_at"]))
        emit(tx, "session.cancelled" if gone else "session.changed", subject(row["id"]), data(fresh, about))
    return fresh
