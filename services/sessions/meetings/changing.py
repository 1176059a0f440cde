"""What organizers do to dates: begin or change a series, skip or move one session; and the undo of each.

A change from a date on ends the series there and begins another. A session within six days of a new date goes over to
it, with its coordinator and answers, instead of being cancelled and planned anew; dates that were skipped stay skipped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import locks
from ..circles import journal
from ..models import circle as circles
from ..models import series, session
from ..rules import dates
from ..rules.refusals import Missing, Refused, Stale
from ..turns import verbs
from . import asking, clashes, planning, reading, telling
from .asking import Wanted
from .clashes import Clash

Row = Mapping[Any, Any]
NEAR = timedelta(days=6)
KEPT = ("series", "slot", "day", "time", "zone", "minutes", "link", "location", "state", "starts_at", "ends_at", "note")


@dataclass
class Plan:
    """What a change of series does to sessions. :param changes: (session as it is, values that it gets)."""

    ends: Row | None
    changes: list[tuple[Row, dict[str, Any]]] = field(default_factory=list)
    stays: list[Row] = field(default_factory=list)
    cancels: list[Row] = field(default_factory=list)
    adds: list[dates.Meeting] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    until: str = ""  # the first day that is no longer of the series before
    clashes: list[Clash] = field(default_factory=list)


def preview(tx: Connection, circle: str, wanted: Wanted) -> Plan:
    """What would change, and nothing is written."""
    rhythm, now = wanted.rhythm, clock.now()
    begins, around = rhythm.since.isoformat(), (rhythm.since - NEAR).isoformat()
    meetings = planning.slots(rhythm, None, now)
    plan = Plan(reading.current(tx, circle), warnings=[each.warning for each in meetings if each.warning])
    left = {each.planned: each for each in meetings}
    old = sa.select(session).where(session.c.circle == circle, session.c.slot >= around, session.c.starts_at > now)
    states = (*reading.AHEAD, "cancelled")
    rows = list(tx.execute(old.where(session.c.state.in_(states)).order_by(session.c.slot)).mappings())
    for row in [row for row in rows if row["state"] == "cancelled"]:
        if row["slot"] >= begins and left.pop(date.fromisoformat(row["slot"]), None):
            plan.stays.append(row)
    alive = {row["id"]: row for row in rows if row["state"] != "cancelled"}
    for id, day in _pairs(alive, left):
        plan.changes.append((alive[id], _values(alive.pop(id), left.pop(day), wanted)))
    plan.changes.sort(key=lambda change: str(change[1]["slot"]))
    plan.cancels = [row for row in alive.values() if row["slot"] >= begins]
    plan.adds = [left[day] for day in sorted(left)]
    plan.until = min([begins, *(row["slot"] for row, _ in plan.changes)])
    moved = [(row, values) for row, values in plan.changes if row["starts_at"] != values["starts_at"]]
    hours = [clashes.Wanted(values["starts_at"], values["ends_at"], row["id"]) for row, values in moved]
    hours += [clashes.Wanted(each.begins, each.begins + timedelta(minutes=rhythm.minutes)) for each in plan.adds]
    plan.clashes = clashes.found(tx, circle, hours)
    return plan


def _pairs(rows: Mapping[str, Row], days: Iterable[date]) -> list[tuple[str, date]]:
    """Sessions and the new dates that are theirs: the nearest first, a few days apart at most."""
    slots = {id: date.fromisoformat(row["slot"]) for id, row in rows.items()}
    near = sorted(
        (abs(day - slot), slot, day, id) for id, slot in slots.items() for day in days if abs(day - slot) <= NEAR
    )
    found: dict[str, date] = {}
    for _, _, day, id in near:
        if id not in found and day not in found.values():
            found[id] = day
    return list(found.items())


def _values(row: Row, meeting: dates.Meeting, wanted: Wanted) -> dict[str, Any]:
    """What a session is under the new series; one that was moved by hand stays there if its date has a session."""
    slot = meeting.planned.isoformat()
    at: dict[str, Any] = {"day": slot, "time": f"{meeting.start:%H:%M}", "starts_at": meeting.begins}
    zone = wanted.rhythm.zone
    if row["slot"] == slot and row["day"] != row["slot"] and row["zone"] == zone.key:
        at = {"day": row["day"], "time": row["time"], "starts_at": row["starts_at"]}
    ends = at["starts_at"] + timedelta(minutes=wanted.rhythm.minutes)
    same = {"minutes": wanted.rhythm.minutes, "link": wanted.link, "location": wanted.location}
    return {**at, **same, "slot": slot, "zone": zone.key, "ends_at": ends}


def token(current: Row | None) -> str:
    """The series that a form showed, in one word."""
    return current["id"] if current else "none"


def save(tx: Connection, by: str, circle: str, wanted: Wanted, reason: str = "", seen: str | None = None) -> str:
    """Begin a series, or change it from its first date on; returns the id of the new series.

    :param seen: `token` of what the form showed.
    :raises Refused: the circle is closed; Stale when somebody else changed the series meanwhile.
    """
    locks.sessions(tx)
    about = tx.execute(sa.select(circles).where(circles.c.id == circle)).mappings().first()
    if about is None or about["closed_at"] is not None:
        raise Missing("circle", "There is no such circle, or it is closed.", "Choose one from the list of circles.")
    now = reading.current(tx, circle)
    if seen is not None and seen != token(now):
        raise Stale("first", "Somebody else changed the dates meanwhile.", "Look at what holds now, and save again.")
    plan, columns = preview(tx, circle, wanted), wanted.columns()
    new = db.new_id()
    tx.execute(sa.insert(series).values(id=new, circle=circle, until=None, created_at=clock.now(), by=by, **columns))
    before: dict[str, Any] = {"series": {}, "sessions": {}}
    for row in _running(tx, circle, plan.until):
        if row["id"] != new:
            before["series"][row["id"]] = row["until"]
            until = max(row["first"], plan.until)
            tx.execute(sa.update(series).where(series.c.id == row["id"]).values(until=until))
    after: dict[str, Any] = {"series": new, "sessions": {}, "added": []}

    def put(row: Row, values: dict[str, Any]) -> None:
        before["sessions"][row["id"]] = _plain(row)
        after["sessions"][row["id"]] = _plain(telling.change(tx, row, values))

    for row in plan.stays:
        put(row, {"series": new})
    for row in plan.cancels:
        put(row, {"state": "cancelled", "note": reason or None})
    for row, values in plan.changes:
        put(row, {**values, "series": new, "note": reason or row["note"]})
    planning.ahead(tx, circle)
    known = [*after["sessions"]]
    fresh = sa.select(session.c.id).where(session.c.series == new, session.c.id.not_in(known))
    after["added"] = list(tx.execute(fresh).scalars())
    journal.note(tx, by, "series", circle, before, after, reason)
    return new


def _running(tx: Connection, circle: str, first: str) -> list[Row]:
    """Series of the circle that have dates on or after that day."""
    query = sa.select(series).where(series.c.circle == circle, sa.or_(series.c.until.is_(None), series.c.until > first))
    return list(tx.execute(query).mappings())


@journal.undoes("series")
def _undo_series(tx: Connection, by: str, entry: Row) -> None:
    """What it was before, for the sessions that lie ahead still."""
    locks.sessions(tx)
    now = clock.now()
    new = tx.execute(sa.select(series).where(series.c.id == entry["after"]["series"])).mappings().one()
    ids = [*entry["after"]["sessions"], *entry["after"]["added"]]
    rows = {row["id"]: row for row in tx.execute(sa.select(session).where(session.c.id.in_(ids))).mappings()}
    for id, made in entry["after"]["sessions"].items():
        if not _same(_plain(rows[id]), made):
            raise Refused("change", "One of its sessions was changed since.", "Undo the later change first.")
    if new["until"] is not None:
        raise Refused("change", "The dates were changed again since.", "Undo the later change first.")
    for id, until in entry["before"]["series"].items():
        tx.execute(sa.update(series).where(series.c.id == id).values(until=until))
    tx.execute(sa.update(series).where(series.c.id == new["id"]).values(until=new["first"]))
    later = sa.select(session).where(session.c.series == new["id"], session.c.starts_at > now)
    for row in tx.execute(later.where(session.c.state.in_(reading.AHEAD))).mappings().all():
        if row["id"] not in entry["after"]["sessions"]:
            telling.change(tx, row, {"state": "cancelled"})
    for id, was in entry["before"]["sessions"].items():
        if rows[id]["starts_at"] > now:
            telling.change(tx, rows[id], {**_typed(was), "state": _back(rows[id]["state"], was["state"])})
    planning.ahead(tx, entry["circle"])


def _back(now: str, was: str) -> str:
    """The state that an undo leads to: one that is cancelled is planned again, another one keeps its coordinator."""
    if was == "cancelled":
        return was
    return "planned" if now == "cancelled" else now


def skip(tx: Connection, by: str, id: str, reason: str = "", seen: str | None = None) -> None:
    """Leave out one date: who coordinates it gets the next one (turns.verbs).

    :param seen: the session's `sequence` that the form showed.
    :raises Refused: it is over, or cancelled already.
    """
    verbs.leave_out(tx, by, _ahead(tx, id, seen), reason)


def move(tx: Connection, by: str, id: str, day: str, hour: str, reason: str = "", seen: str | None = None) -> str:
    """Put one session on another date or hour, in its own zone; returns a warning when clocks change over it, or ''.

    :raises Refused: with every wrong field in `all`.
    """
    row = _ahead(tx, id, seen)
    refused: list[Refused] = []
    chosen, wall = date.min, None
    try:
        chosen = asking.day("day", day.strip())
    except Refused as refusal:
        refused.append(refusal)
    try:
        wall = asking.hour("time", hour.strip())
    except Refused as refusal:
        refused.append(refusal)
    if not refused and chosen.year not in dates.YEARS:
        refused.append(Refused("day", f"{chosen.year} is no year for a session.", "Choose a date of the coming weeks."))
    Refused.raise_any(refused)
    assert wall is not None  # or it was refused
    begins, warning = dates.instant(chosen, wall, clock.zone(row["zone"]))
    if begins <= clock.now():
        raise asking.past("day", chosen)
    others = sa.select(session.c.id).where(session.c.circle == row["circle"], session.c.id != id)
    others = others.where(session.c.day == chosen.isoformat(), session.c.state.in_(reading.AHEAD))
    if tx.execute(others).first():
        raise Refused("day", f"The circle meets on {chosen.day} {chosen:%B} already.", "Choose another date.")
    values = {"day": chosen.isoformat(), "time": f"{wall:%H:%M}", "starts_at": begins, "note": reason or None}
    values["ends_at"] = begins + timedelta(minutes=row["minutes"])
    if (values["day"], values["time"]) == (row["day"], row["time"]):
        raise Refused("day", "It is on this date and time already.", "Choose another one, or go back.")
    after = telling.change(tx, row, values)
    journal.note(tx, by, "move-date", row["circle"], _plain(row), _plain(after), reason, session=id)
    return warning


def clashes_of_move(tx: Connection, id: str, day: str, hour: str) -> list[Clash]:
    """What else people have at the hour to which `move` would put it; nothing where it would refuse that hour."""
    row = reading.one(tx, id)
    try:
        chosen, wall = asking.day("day", day.strip()), asking.hour("time", hour.strip())
    except Refused:
        return []
    if chosen.year not in dates.YEARS:
        return []
    begins, _ = dates.instant(chosen, wall, clock.zone(row["zone"]))
    wanted = clashes.Wanted(begins, begins + timedelta(minutes=row["minutes"]), id)
    return clashes.found(tx, row["circle"], [wanted])


@journal.undoes("move-date")
def _undo_one(tx: Connection, by: str, entry: Row) -> None:
    locks.sessions(tx)
    row = reading.one(tx, entry["session"])
    if not _same(_plain(row), entry["after"]):
        raise Refused("change", "This session was changed again since.", "Undo the later change first.")
    was = _typed(entry["before"])
    if was["starts_at"] <= clock.now():
        raise Refused("change", "The date it had is over.", "Move it to another one instead.")
    telling.change(tx, row, {**was, "state": row["state"]})


def _ahead(tx: Connection, id: str, seen: str | None) -> Row:
    locks.sessions(tx)
    row = reading.one(tx, id)
    if row["state"] not in reading.AHEAD or row["starts_at"] <= clock.now():
        raise Refused("session", "This session is over, or does not take place.", "Choose another date.")
    if seen is not None and seen != str(row["sequence"]):
        raise Stale("day", "Somebody else changed this session meanwhile.", "Look at what holds now.")
    return row


def _same(now: Mapping[str, Any], then: Mapping[str, Any]) -> bool:
    """Whether a session is as a change left it; who coordinates it is another matter."""
    gone = [each["state"] == "cancelled" for each in (now, then)]
    return gone[0] == gone[1] and all(now[name] == then[name] for name in KEPT if name not in ("state", "note"))


def _plain(row: Row) -> dict[str, Any]:
    return {name: row[name].isoformat() if name in ("starts_at", "ends_at") else row[name] for name in KEPT}


def _typed(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(plain[name]) if name in ("starts_at", "ends_at") else plain[name] for name in KEPT
    }
