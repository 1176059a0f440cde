"""Shortcuts for tests of rotation: a circle that chooses, says yes and serves, by the real rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from services.sessions.rules import rotation
from services.sessions.rules.rotation import Absence, Duty, Ledger, Member, Role, Session
from services.sessions.rules.states import HOLDING, TAKEN, TurnState

PROOF = settings(deadline=None, derandomize=True, max_examples=200)
START = date(2027, 1, 4)
STANDING = HOLDING | TAKEN


def day(number: int) -> date:
    return START + timedelta(days=number)


class Circle:
    """A circle that meets: the rules decide, and what they decided is recorded as its tables would have it."""

    def __init__(self, members: dict[str, int], near: int = 7) -> None:
        """:param members: id and the day of joining, counted from START."""
        rows = tuple(Member(id, day(joined)) for id, joined in members.items())
        self.ledger = Ledger("c", Role.COORDINATOR, rows, near=near)
        self.passed: Counter[str] = Counter()
        self.declined: set[tuple[str, str]] = set()
        self.history: list[str | None] = []

    def plan(self, number: int) -> Session:
        """A session on that day comes into the calendar."""
        session = Session(f"s{number:04}", day(number))
        if session not in self.ledger.sessions:
            self.ledger = replace(self.ledger, sessions=(*self.ledger.sessions, session))
        return session

    def record(self, session: Session, person: str, state: TurnState) -> None:
        """The row of this person's turn at this session says this now; served ones are counted."""
        row = Duty(session.id, "c", self.ledger.role, person, session.date, state)
        others = tuple(duty for duty in self.ledger.duties if (duty.session, duty.person) != (session.id, person))
        self.ledger = rotation.tallied(replace(self.ledger, duties=(*others, row)))

    def meet(self, number: int, away: frozenset[str] = frozenset(), no: frozenset[str] = frozenset()) -> str | None:
        """One session: who is away is known before; who says no is asked first. Gives who served."""
        session = self.plan(number)
        absences = tuple(Absence(person, session.date, session.date) for person in sorted(away))
        self.ledger = replace(self.ledger, absences=absences)
        self.passed.update(list(rotation.choose(self.ledger, session).barred))
        while (asked := rotation.choose(self.ledger, session).first) in no and asked is not None:
            assert (session.id, asked) not in self.declined, "asked again after a no"
            self.declined.add((session.id, asked))
            self.record(session, asked, TurnState.DECLINED)
            self.passed[asked] += 1
        if asked is not None:
            self.record(session, asked, TurnState.SERVED)
        self.history.append(asked)
        return asked

    def admit(self, person: str, number: int) -> None:
        self.ledger = rotation.admitted(self.ledger, person, day(number))

    def mark(self, person: str, state: str) -> None:
        """They pause or leave."""
        rows = tuple(row._replace(state=state) if row.id == person else row for row in self.ledger.members)
        self.ledger = replace(self.ledger, members=rows)

    @property
    def present(self) -> list[str]:
        return [row.id for row in self.ledger.members if row.state == "active"]

    def scores(self) -> dict[str, int]:
        found = rotation.scores(self.ledger)
        return {person: found[person] for person in self.present}


NAMES = "abcdefgh"
people = st.integers(1, 8).map(lambda count: NAMES[:count])
founders = people.flatmap(lambda names: st.fixed_dictionaries({name: st.integers(-60, -30) for name in names}))
some = st.frozensets(st.sampled_from(NAMES), max_size=6)
