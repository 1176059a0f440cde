"""Loads the ledgers that rules.rotation chooses by: of one circle, or of thousands by the same few statements."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock
from shared.columns import instant_text
from shared.quick import Quick

from ..models import policy
from ..rules import rotation
from ..rules.rotation import Absence, Duty, Ledger, Member, Role, Session

# Sessions within these bounds of now are looked at: neighbours and duties near by; whatever is planned lies ahead less
# than AHEAD. A circle that paused for longer than BEHIND has its last session looked up by itself.
BEHIND, AHEAD = timedelta(days=35), timedelta(days=130)
_PAUSED, _GONE = "paused", ("left", "erased", None)
_day = lru_cache(4096)(date.fromisoformat)


@dataclass
class Books:
    """Ledgers of one role. Duties and absences are kept by person: somebody may be in several."""

    role: Role
    near: int
    cap: int
    members: dict[str, list[Member]]
    sessions: dict[str, list[Session]]
    duties: dict[str, list[Duty]] = field(default_factory=dict)
    absences: dict[str, list[Absence]] = field(default_factory=dict)

    def of(self, circle: str) -> Ledger:
        """The ledger of that circle as it is now."""
        members, duties, absences = self.members[circle], self.duties, self.absences
        held: list[Duty] = []
        away: list[Absence] = []
        for member in members:
            if member.id in duties:
                held += duties[member.id]
            if member.id in absences:
                away += absences[member.id]
        return Ledger(
            circle, self.role, tuple(members), tuple(self.sessions[circle]), tuple(held), tuple(away), self.near,
            self.cap,
        )  # fmt: skip

    def add(self, duty: Duty) -> None:
        """Somebody has one more duty: the next choice knows of it."""
        self.duties.setdefault(duty.person, []).append(duty)


def load(
    tx: Connection, circle: str, role: Role = Role.COORDINATOR, gone: bool = False, dropped: str | None = None
) -> Ledger:
    """The ledger of one circle and role.

    :param gone: those who left are in it, too.
    :param dropped: a cancelled session whose turns are in it, too.
    """
    found = books(tx, [circle], role, gone)
    if dropped:
        for id, where, what, person, day, state in _ask(tx, "duties_at", {"session": dropped}):
            found.add(Duty(id, where, what, person, _day(day), state))
    return found.of(circle)


def since() -> date:
    """From when on turns are forecast: what was yesterday is over wherever one is."""
    return clock.now().date() - timedelta(days=1)


def books(tx: Connection, circles: Iterable[str], role: Role, gone: bool = False) -> Books:
    """The ledgers of these circles."""
    ids, now = list(circles), clock.now()
    held = tx.execute(sa.select(policy.c.gap_days, policy.c.mentor_cap)).first()
    near, cap = (held.gap_days, held.mentor_cap) if held else (rotation.NEAR_DAYS, rotation.MENTOR_CAP)
    lo = now - max(BEHIND, timedelta(days=near))
    given = {"circles": _list(tx, ids), "role": role.value, "lo": _at(tx, lo), "hi": _at(tx, now + AHEAD)}
    given["now"] = _at(tx, now)
    sessions, zones = _sessions(tx, ids, given)
    found = Books(role, near, cap, _members(tx, ids, given, zones, gone), sessions)
    persons = {member.id for members in found.members.values() for member in members}
    given |= {"persons": _list(tx, persons), "today": (since() - timedelta(days=1)).isoformat()}
    several = {row[0] for row in _ask(tx, "several", given)}
    here = [row for row in _ask(tx, "duties", given) if row[3] in persons and row[3] not in several]
    elsewhere = _ask(tx, "duties_anywhere", {**given, "persons": _list(tx, several)}) if several else []
    for id, where, what, person, day, state in [*here, *elsewhere]:
        found.duties.setdefault(person, []).append(Duty(id, where, what, person, _day(day), state))
    for person, first, last, only in [*_ask(tx, "absences", given), *_ask(tx, "cannot", given)]:
        found.absences.setdefault(person, []).append(Absence(person, _day(first), _day(last), only))
    return found


def _sessions(tx: Connection, ids: list[str], given: dict[str, Any]) -> tuple[dict[str, list[Session]], dict[str, str]]:
    """The sessions of each circle that take place, and the zone it meets in."""
    sessions: dict[str, list[Session]] = {id: [] for id in ids}
    zones: dict[str, str] = {}
    past: set[str] = set()
    for id, circle, day, zone, before in _ask(tx, "sessions", given):
        sessions[circle].append(Session(id, _day(day)))
        zones[circle] = zone
        if before:
            past.add(circle)
    lonely = [id for id in ids if id not in past]
    if lonely:
        for id, circle, day in _ask(tx, "before", {**given, "circles": _list(tx, lonely)}):
            sessions[circle].append(Session(id, _day(day)))
    return sessions, zones


def _members(
    tx: Connection, ids: list[str], given: dict[str, Any], zones: dict[str, str], gone: bool
) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {id: [] for id in ids}
    places = {id: clock.zone(zones.get(id, "UTC")) for id in ids}
    asked = _ask(tx, "members_gone" if gone else "members", given)
    for circle, person, joined_at, credit, left_at, count, last, state in asked:
        joined = joined_at if isinstance(joined_at, datetime) else datetime.fromisoformat(joined_at)
        standing = "left" if left_at or state in _GONE else "paused" if state == _PAUSED else "active"
        found[circle].append(
            Member(
                person, joined.astimezone(places[circle]).date(), credit, count, _day(last) if last else None, standing
            )
        )
    return found


# ---- statements, told to the driver as they are: rows come as plain tuples ----


def _ask(tx: Connection, name: str, given: dict[str, Any]) -> Any:
    return _STATEMENTS[name](tx, given).fetchall()


def _list(tx: Connection, ids: Iterable[str]) -> Any:
    """Ids as one parameter."""
    return json.dumps(list(ids)) if tx.dialect.name == "sqlite" else list(ids)


def _at(tx: Connection, moment: datetime) -> Any:
    return instant_text(moment) if tx.dialect.name == "sqlite" else moment


_TAKES_PLACE = "state IN ('planned', 'confirmed', 'held', 'minuted', 'closed')"
_SQL = {
    "sessions": f"""SELECT id, circle, day, zone, starts_at < :now FROM session
        WHERE circle {{circles}} AND {_TAKES_PLACE} AND starts_at BETWEEN :lo AND :hi""",
    "before": f"""SELECT id, circle, day FROM session s WHERE circle {{circles}} AND {_TAKES_PLACE}
        AND starts_at = (SELECT max(p.starts_at) FROM session p WHERE p.circle = s.circle AND p.{_TAKES_PLACE}
            AND p.starts_at < :lo)""",
    "members": """SELECT s.circle, s.person, s.joined_at, s.credit, s.left_at, s.served, s.last, p.state
        FROM standing s LEFT JOIN person p ON p.id = s.person
        WHERE s.circle {circles} AND s.role = :role AND s.left_at IS NULL""",
    "members_gone": """SELECT s.circle, s.person, s.joined_at, s.credit, s.left_at, s.served, s.last, p.state
        FROM standing s LEFT JOIN person p ON p.id = s.person WHERE s.circle {circles} AND s.role = :role""",
    # Who stands in one ledger alone has duties there alone: found by its sessions, of which the window has a few. Only
    # of the others all turns are looked through; there are years of them.
    "several": "SELECT person FROM standing WHERE person {persons} GROUP BY person HAVING count(*) > 1",
    "duties": f"""SELECT s.id, t.circle, t.role, t.person, s.day, t.state FROM session s JOIN turn t ON t.session = s.id
        WHERE s.circle {{circles}} AND s.{_TAKES_PLACE} AND s.starts_at BETWEEN :lo AND :hi
        AND t.state <> 'proposed'""",
    "duties_anywhere": f"""SELECT s.id, t.circle, t.role, t.person, s.day, t.state FROM turn t
        JOIN session s ON s.id = t.session WHERE s.{_TAKES_PLACE} AND s.starts_at BETWEEN :lo AND :hi
        AND t.state <> 'proposed' AND t.person {{persons}}""",
    "duties_at": """SELECT s.id, t.circle, t.role, t.person, s.day, t.state FROM session s
        JOIN turn t ON t.session = s.id WHERE s.id = :session AND t.state <> 'proposed'""",
    "absences": """SELECT person, first, last, role FROM absence
        WHERE withdrawn_at IS NULL AND last >= :today AND person {persons}""",
    # Who said that they cannot come to a session is not asked to lead it.
    "cannot": """SELECT r.person, s.day, s.day, NULL FROM session s JOIN rsvp r ON r.session = s.id
        WHERE s.circle {circles} AND s.state IN ('planned', 'confirmed') AND s.starts_at BETWEEN :now AND :hi
        AND r.answer = 'cannot' AND r.source <> 'absence'""",
}
_LISTS = {
    "sqlite": {name: f"IN (SELECT value FROM json_each(:{name}))" for name in ("circles", "persons")},
    "postgresql": {name: f"= ANY(CAST(:{name} AS varchar[]))" for name in ("circles", "persons")},
}


def _statement(sql: str) -> Quick:
    return Quick(lambda tx: sa.text(sql.format(**_LISTS[tx.dialect.name])))


_STATEMENTS = {name: _statement(sql) for name, sql in _SQL.items()}
