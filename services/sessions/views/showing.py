"""What pages and API show of a circle: members with their hours, sessions, the journal in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from shared import clock
from shared.face import day, local

from ..circles import journal, reading
from ..meetings import reading as meetings
from ..rules import placing as rules
from .pages import actor, by_name

Row = Mapping[Any, Any]

VERBS = {
    "split": "Split",
    "merge": "Merged with another circle",
    "move": "Somebody was moved",
    "moved-in": "Somebody was moved here",
    "settings": "Name or size changed",
    "series": "Dates changed",
    "skip-date": "A date was skipped",
    "move-date": "A session was moved",
    "swap": "Two dates were swapped",
    "substitute": "Somebody covers a date",
    "skip-me": "Somebody skipped a turn",
    "hand-over": "Somebody was asked to take a turn over",
    "ask": "A coordinator asked somebody",
    "assign": "An organizer gave a turn to somebody",
    "correct": "It was corrected who served",
    "free": "An organizer freed somebody of a turn",
}


def state(row: Row, next_at: Any) -> str:
    """A circle's state in one or two words; macros.html has its icon."""
    if row["closed_at"] is not None:
        return "closed"
    if not row["count"]:
        return "nobody in it"
    return "meets" if next_at else "needs dates"


def members(tx: Connection, circle: str) -> list[dict[str, Any]]:
    """Present members with their local time of the next session, and whether that is at night for them."""
    first, found = meetings.next_one(tx, circle), []
    for row in reading.members(tx, circle):
        at = first["starts_at"].astimezone(_zone(row["timezone"])) if first else None
        night = bool(at and not rules.awake(at.hour + at.minute / 60))
        found.append({**row, "local": f"{at:%a %H:%M}" if at else None, "night": night})
    return found


def _zone(name: str) -> ZoneInfo:
    try:
        return clock.zone(name)
    except ValueError:
        return clock.zone("UTC")


def sessions(tx: Connection, circle: str, most: int = 20, skipped: bool = True) -> list[dict[str, Any]]:
    """The next sessions, with what a clock change does to them."""
    return [session(row) for row in meetings.upcoming(tx, circle, most, skipped)]


def session(row: Row) -> dict[str, Any]:
    """One session, likewise."""
    return {**row, "warning": meetings.warning(row), "moved": row["slot"] not in (None, row["day"])}


def moments(tx: Connection, circle: str, zone: str) -> list[dict[str, Any]]:
    """The journal: what, who, when, why, and whether it can be undone."""
    return [
        {
            **entry,
            "words": VERBS.get(entry["verb"], entry["verb"]),
            "detail": _detail(tx, entry, zone),
            "by_name": by_name(tx, entry["by"]),
            "can_undo": journal.can_undo(entry, actor()),
        }
        for entry in journal.entries(tx, circle)
    ]


def _detail(tx: Connection, entry: Row, zone: str) -> str:
    before, after = entry["before"], entry["after"]
    if entry["verb"] in ("move", "moved-in"):
        person = after["person"]
        where = [reading.one(tx, id)["name"] if id else "the line" for id in (before["circle"], after["circle"])]
        return f"{reading.names(tx, [person]).get(person, reading.ERASED)}: from {where[0]} to {where[1]}"
    if entry["verb"] == "split":
        names = ", ".join(reading.one(tx, id)["name"] for id in after["made"])
        return f"{sum(map(len, after['made'].values()))} went to {names}"
    if entry["verb"] == "merge":
        return f"{len(before['people'])} came from {reading.one(tx, before['circle'])['name']}"
    if entry["verb"] == "series":
        return f"{len(after['sessions'])} sessions changed, {len(after['added'])} new"
    if entry["verb"] == "skip-date":
        return day(after["dropped"][1])
    if entry["verb"] == "move-date":
        old, new = (local(datetime.fromisoformat(each["starts_at"]), zone) for each in (before, after))
        return f"from {old} to {new}"
    if entry["verb"] == "settings":
        return f"was “{before['name']}”, at most {before['most'] or 'as all'}"
    return ""
