"""What pages and API show of a circle: members with their hours, sessions, the journal in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection

from shared import clock
from shared.face import day, local

from .. import people
from ..circles import journal, reading, timeline
from ..meetings import reading as meetings
from ..rules import placing as rules
from .pages import actor

Row = Mapping[Any, Any]


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


def moments(tx: Connection, entries: Sequence[Row], zone: str) -> list[dict[str, Any]]:
    """Entries of a journal: what, who, when, why, and whether it can be undone; all names by one statement each."""
    wanted = [_mentioned(entry) for entry in entries]
    names = people.names(tx, {id for each in wanted for id in each} | {e["by"].partition("/")[2] for e in entries})
    circles = reading.circle_names(tx, {id for entry in entries for id in _circles(entry)})
    days = meetings.days(tx, {entry["session"] for entry in entries if entry["session"]})
    return [
        {
            **entry,
            "words": journal.WORDS[entry["verb"]],
            "detail": _detail(entry, zone, names, circles),
            "day": days.get(entry["session"]),
            "by_name": names.get(entry["by"].partition("/")[2], "the program itself"),
            "can_undo": journal.can_undo(entry, actor()),
        }
        for entry in entries
    ]


def history(tx: Connection, found: Sequence[timeline.Moment], zone: str) -> list[dict[str, Any]]:
    """Moments of a timeline with everybody's name, and entries of the journal in words."""
    entries = {each["id"]: each for each in moments(tx, [one.row for one in found if one.kind == "change"], zone)}
    persons = [each.row["person"] for each in found if each.kind in ("joined", "left")]
    persons += [id for each in found for id in each.duties.values() if id]
    names = people.names(tx, persons)
    return [
        {
            "at": each.at,
            "kind": each.kind,
            "row": each.row,
            "name": names.get(each.row.get("person")),
            "duties": {role: names[id] for role, id in each.duties.items() if id},
            "present": each.present,
            "marked": each.marked,
            "entry": entries.get(each.row["id"]) if each.kind == "change" else None,
        }
        for each in found
    ]


def _mentioned(entry: Row) -> list[str]:
    """Persons that the detail of an entry names."""
    before, after = entry["before"], entry["after"]
    found = [each.get(name) for each in (before, after) for name in ("person", "owner")]
    found += [row[3] for row in _taken(entry)]
    return [id for id in [*found, *after.get("marks", {}), *after.get("people", ())] if id]


def _circles(entry: Row) -> list[str]:
    before, after = entry["before"], entry["after"]
    if entry["verb"] not in ("move", "moved-in", "merge", "split"):
        return []
    return [id for id in (before.get("circle"), after.get("circle"), *after.get("made", {})) if id]


def _taken(entry: Row) -> list[list[Any]]:
    """The rows that a change of turns made; for an item, “moves” is how often its due date was moved."""
    if entry["verb"].startswith("item-"):
        return []
    moves = entry["after"].get("moves") or entry["before"].get("moves") or ()
    return [after for _, after in moves if after]


def _detail(entry: Row, zone: str, names: Mapping[Any, str], circles: Mapping[str, str]) -> str:
    tell = _DETAILS.get(entry["verb"])
    return tell(entry["before"], entry["after"], zone, names, circles) if tell else ""


def _moved(before: Any, after: Any, _zone: str, names: Any, circles: Any) -> str:
    where = [circles[id] if id else "the line" for id in (before["circle"], after["circle"])]
    return f"{names[after['person']]}: from {where[0]} to {where[1]}"


def _split(_before: Any, after: Any, _zone: str, _names: Any, circles: Any) -> str:
    return f"{sum(map(len, after['made'].values()))} went to {', '.join(circles[id] for id in after['made'])}"


def _at(plain: Any, zone: str) -> str:
    return local(datetime.fromisoformat(plain["starts_at"]), zone)


def _turns(before: Any, after: Any, _zone: str, names: Any, _circles: Any) -> str:
    """What became of whose turn. Who asked is in the list by themselves."""
    rows = [new for _, new in after.get("moves") or before.get("moves") or () if new]
    return "; ".join(f"{names[row[3]]} {row[5]}, {row[4]}" for row in rows)


def _answered(before: Any, after: Any, _zone: str, names: Any, _circles: Any) -> str:
    words = {"coming": "comes", "cannot": "cannot come", None: "no answer"}
    return f"{names[after['person']]}: {words[after['answer']]}, before {words[before['answer']]}"


def _closed(before: Any, after: Any, _zone: str, _names: Any, _circles: Any) -> str:
    lacking = sorted(set(after["gaps"]) - set(before["gaps"]))
    return "without " + ", ".join(_GAPS[gap] for gap in lacking) if lacking else "it lacked nothing without a reason"


_GAPS = {"minutes": "minutes", "attendance": "attendance", "next": "a next coordinator"}
_DETAILS: dict[str, Callable[[Any, Any, str, Any, Any], str]] = {
    "move": _moved,
    "moved-in": _moved,
    "split": _split,
    "merge": lambda b, a, z, n, c: f"{len(b['people'])} came from {c[b['circle']]}",
    "series": lambda b, a, z, n, c: f"{len(a['sessions'])} sessions changed, {len(a['added'])} new",
    "skip-date": lambda b, a, z, n, c: "; ".join(filter(None, (day(a["dropped"][1]), _turns(b, a, z, n, c)))),
    "move-date": lambda b, a, z, n, c: f"from {_at(b, z)} to {_at(a, z)}",
    "settings": lambda b, a, z, n, c: f"was “{b['name']}”, at most {b['most'] or 'as all'}",
    **dict.fromkeys(("swap", "substitute", "skip-me", "assign"), _turns),
    "hand-over": lambda b, a, z, n, c: f"from {n[b['person']]} to {n[a['person']]}",
    "ask": lambda b, a, z, n, c: f"{n[a['person']]}" + (f" instead of {n[b['person']]}" if b["person"] else ""),
    "correct": lambda b, a, z, n, c: (
        (n[a["person"]] if a["person"] else "nobody") + (f" instead of {n[b['person']]}" if b["person"] else "")
    ),
    "free": lambda b, a, z, n, c: str(n[b["person"]]),
    "gap": lambda b, a, z, n, c: ", ".join(_GAPS[gap] for gap in sorted({*b, *a})),
    "item-given": lambda b, a, z, n, c: f"from {n[b['owner']]} to {n[a['owner']]}",
    "item-moved": lambda b, a, z, n, c: f"due {a['due']}",
    "answer": _answered,
    "attendance": lambda b, a, z, n, c: "; ".join(
        f"{n[id]} was {'there' if there else 'not there'}" for id, there in a["marks"].items()
    ),
    "close": _closed,
    "reopen": lambda b, a, z, n, c: f"until {local(datetime.fromisoformat(a['until']), z)}",
    "resend": lambda b, a, z, n, c: "to " + ", ".join(sorted(n[id] for id in a["people"])),
}
