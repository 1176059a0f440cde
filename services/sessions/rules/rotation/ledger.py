"""What a choice is made from: the members of one circle and role, their turns, their absences.

Members, sessions, duties and absences are rows of queries, and so they are named tuples: `Member._make(row)` costs a
quarter of what a dataclass does, and ten of them are loaded for each choice.

A score is what was served, what is held (offered or accepted: it counts as if it were served, or whoever has the next
turn would be asked for the one after it too) and a credit for the time before one came.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ..states import HOLDING, TurnState

NEAR_DAYS = 7  # two duties of a person, in whatever circle and role, lie at least so many days apart
MENTOR_CAP = 2  # duties as a mentor that a person is asked for in a calendar month


class Role(StrEnum):
    """What a turn is."""

    COORDINATOR = "coordinator"
    MENTOR = "mentor"


class Member(NamedTuple):
    """Somebody in the ledger of one circle and role. `admitted` says what a joiner's row, or a returner's, is.

    :param joined: the day they came into this circle or pool; who comes back joins anew. Who comes on the day of a
        session was there: after it, it is the next day.
    :param credit: turns that they are taken to have had before they joined; may be negative.
    :param served: turns that they served here, in this role.
    :param last: the day of the latest of those.
    :param state: active, paused or left.
    """

    id: str
    joined: date
    credit: int = 0
    served: int = 0
    last: date | None = None
    state: str = "active"


class Session(NamedTuple):
    """A session of the circle that takes place: its id and local date."""

    id: str
    date: date


class Duty(NamedTuple):
    """One person's turn at one session, in any circle and role: the latest, if there were several. `date` is the
    session's."""

    session: str
    circle: str
    role: str
    person: str
    date: date
    state: str


class Absence(NamedTuple):
    """Days, the last included, on which a person cannot be asked: for one role, or (None) for both."""

    person: str
    first: date
    last: date
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """All that a choice for one circle and role depends on. The order within the tuples means nothing.

    :param sessions: those of the circle that take place: at least the one in question and its neighbours.
    :param duties: of these people, in all circles and roles: those on the session in question and its neighbours, those
        offered or accepted, and those served within `near` days of it or, of mentors, in its month. More do no harm.
    :param cap: see `MENTOR_CAP`; coordinators have none.
    """

    circle: str
    role: Role
    members: tuple[Member, ...]
    sessions: tuple[Session, ...] = ()
    duties: tuple[Duty, ...] = ()
    absences: tuple[Absence, ...] = ()
    near: int = NEAR_DAYS
    cap: int = MENTOR_CAP


def scores(ledger: Ledger) -> dict[str, int]:
    """Everybody's score: served + held + credit."""
    found = {member.id: member.credit + member.served for member in ledger.members}
    for duty in ledger.duties:
        if duty.state in HOLDING and duty.circle == ledger.circle and duty.role == ledger.role and duty.person in found:
            found[duty.person] += 1
    return found


def credit(ledger: Ledger, person: str) -> int:
    """The credit of somebody who joins or comes back now: it brings them to the highest score of those present.

    To it exactly, not at least to it: see docs/decisions/0011-the-ledger.md.
    """
    found = scores(ledger)
    present = [found[member.id] for member in ledger.members if member.id != person and member.state == "active"]
    own = next((found[member.id] - member.credit for member in ledger.members if member.id == person), 0)
    return max(present, default=0) - own


def admitted(ledger: Ledger, person: str, day: date) -> Ledger:
    """The ledger once `person` has joined, moved in or come back on `day`: after everyone who is there."""
    before = next((member for member in ledger.members if member.id == person), Member(person, day))
    row = before._replace(joined=day, credit=credit(ledger, person), state="active")
    others = tuple(member for member in ledger.members if member.id != person)
    return replace(ledger, members=(*others, row))


def tallied(ledger: Ledger) -> Ledger:
    """The ledger with `served` and `last` counted anew from its duties, which must be all there ever were."""
    served: dict[str, list[date]] = {}
    for duty in ledger.duties:
        if duty.state == TurnState.SERVED and duty.circle == ledger.circle and duty.role == ledger.role:
            served.setdefault(duty.person, []).append(duty.date)
    rows = (
        member._replace(served=len(served.get(member.id, ())), last=max(served.get(member.id, ()), default=None))
        for member in ledger.members
    )
    return replace(ledger, members=tuple(rows))
