"""Who is asked for a session, in which order, and why everybody else is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ..states import HOLDING, PASSED, TAKEN
from .ledger import Ledger, Role, Session
from .why import Kind, Nobody, Why

_STANDING = HOLDING | TAKEN
_AHEAD = (Kind.DECLINED, Kind.LAPSED, Kind.RELEASED)
# What a turn at the session itself, in this role, says of its person; if there are several, the first of `Kind`.
_HERE: dict[str, Kind] = {
    **{state: Kind.HOLDS for state in _STANDING},
    **{state: Kind(state.value) for state in PASSED},
}
_RANK = {kind: rank for rank, kind in enumerate(Kind)}


class Place(NamedTuple):
    """A place in line; the smallest is asked first.

    :param tier: 0; 1: this person has the session just before or after; 2: this would be their first one
        here; 3: both.
    """

    tier: int
    score: int
    last: date
    joined: date
    person: str
    credit: int


class Bar(NamedTuple):
    """Why somebody is not in line, and the day that matters."""

    kind: Kind
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The line for one session and role. Reasons are worked out when they are asked for."""

    session: Session
    role: Role
    line: tuple[Place, ...]
    barred: Mapping[str, Bar]

    @property
    def order(self) -> tuple[str, ...]:
        """Who is asked, one after another; empty: nobody can be."""
        return tuple(place.person for place in self.line)

    @property
    def first(self) -> str | None:
        """Who is asked now; None: nobody can be, see `nobody`."""
        return self.line[0].person if self.line else None

    @property
    def nobody(self) -> Nobody | None:
        """When nobody can be asked: what keeps how many from it. It is a result like another, with words."""
        if self.line:
            return None
        kinds = [bar.kind for bar in self.barred.values()]
        return Nobody(self.role, self.session.date, tuple((kind, kinds.count(kind)) for kind in Kind if kind in kinds))

    def why(self, person: str) -> Why:
        """Why this person is asked first, later, or not at all.

        :raises KeyError: they are not in this ledger.
        """
        bar = self.barred.get(person)
        if bar is not None:
            return Why(bar.kind, self.role, bar.day)
        number, place = next(
            ((number, place) for number, place in enumerate(self.line, 1) if place.person == person), (0, None)
        )
        if place is None:
            raise KeyError(person)
        kind = Kind.LATER if number > 1 else self._first_by()
        passed = sum(bar.kind in _AHEAD for bar in self.barred.values())
        own = place.score - place.credit
        return Why(
            kind, self.role, place.last, number, own, place.credit, place.last == place.joined, place.tier, passed
        )

    def _first_by(self) -> Kind:
        """What put the first before the second."""
        if len(self.line) == 1:
            return Kind.ONLY
        first, second = self.line[:2]
        if first.tier != second.tier:
            return Kind.OTHERS
        if first.score != second.score:
            return Kind.FEWEST
        if first.last != second.last:
            return Kind.LONGEST
        return Kind.JOINED if first.joined != second.joined else Kind.LISTED


def choose(ledger: Ledger, session: Session) -> Choice:
    """Put in line everybody who can be asked for `session`, by (score, last turn, joined, id).

    Not in line: who left or is paused, has passed on this session or stands for it already, is away, has another duty
    fewer than `near` days off, or as a mentor is at the month's limit. Whoever has the session just before or after in
    this role comes after all others: nobody twice running if another can. Whoever came since the session before stands
    last: a newcomer does not lead their first session.
    """
    circle, role, near, day = ledger.circle, ledger.role, ledger.near, session.date
    before, beside = _beside(ledger, session)
    here: dict[str, Kind] = {}
    close: dict[str, date] = {}
    held: dict[str, int] = {}
    latest: dict[str, date] = {}
    month: dict[str, int] = {}
    again: set[str] = set()
    for at, where, what, person, when, state in ledger.duties:
        if at == session.id:
            kind = _HERE.get(state) if what == role else Kind.BOTH if state in _STANDING else None
            if kind is not None and (person not in here or _RANK[kind] < _RANK[here[person]]):
                here[person] = kind
            continue
        if state not in _STANDING:
            continue
        if what == role and where == circle:
            if state in HOLDING:
                held[person] = held.get(person, 0) + 1
                if person not in latest or when > latest[person]:
                    latest[person] = when
            if at in beside:
                again.add(person)
        if -near < (when - day).days < near and (person not in close or _closer(when, close[person], day)):
            close[person] = when
        if what == Role.MENTOR and when.month == day.month and when.year == day.year:
            month[person] = month.get(person, 0) + 1
    away: dict[str, date] = {}
    for person, first, last, only in ledger.absences:
        if first <= day <= last and (only is None or only == role):
            away[person] = max(last, away.get(person, last))
    cap = ledger.cap if role == Role.MENTOR else None
    line: list[Place] = []
    make = Place._make
    barred: dict[str, Bar] = {}
    for person, joined, credit, served, last_served, standing in ledger.members:
        if standing != "active":
            barred[person] = Bar(Kind.LEFT if standing == "left" else Kind.PAUSED)
        elif person in here:
            barred[person] = Bar(here[person])
        elif person in away:
            barred[person] = Bar(Kind.AWAY, away[person])
        elif person in close:
            barred[person] = Bar(Kind.NEAR, close[person])
        elif cap is not None and month.get(person, 0) >= cap:
            barred[person] = Bar(Kind.CAP)
        else:
            turn = joined if last_served is None or last_served < joined else last_served
            if person in held:
                turn = max(turn, latest[person])
            score = credit + served + held.get(person, 0)
            tier = 2 * (before is not None and joined > before) + (person in again)
            line.append(make((tier, score, turn, joined, person, credit)))
    line.sort()
    return Choice(session, role, tuple(line), barred)


def _beside(ledger: Ledger, session: Session) -> tuple[date | None, set[str]]:
    """The day of the session of this circle just before, if there is one, and the ids of those before and after."""
    before: tuple[date, str] | None = None
    after: tuple[date, str] | None = None
    this = (session.date, session.id)
    for id, day in ledger.sessions:
        at = (day, id)
        if at < this:
            if before is None or at > before:
                before = at
        elif at > this and (after is None or at < after):
            after = at
    return before[0] if before else None, {found[1] for found in (before, after) if found}


def _closer(one: date, other: date, day: date) -> bool:
    """Whether `one` is nearer to `day` than `other`; of two as near, the earlier."""
    return (abs((one - day).days), one) < (abs((other - day).days), other)
