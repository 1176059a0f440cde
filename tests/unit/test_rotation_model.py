"""A circle's years, whatever happens in them, beside a model that was written from the rules' words alone.

The model knows nothing of ledgers or changes: it has a dictionary of who is what at which session, and works
everything out of it anew, pair by pair. After every step both must say the same: who stands where in line, who has
which turn, what everybody's score is; and what one refuses the other must refuse.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.sessions.rules import rotation
from services.sessions.rules.refusals import Refused
from services.sessions.rules.rotation import Absence, Change, Duty, Ledger, Member, Role, Session
from services.sessions.rules.states import TurnState

START, APART, NEAR, AHEAD = date(2027, 1, 4), 14, 7, 5
HAS = ("offered", "accepted", "served")
SAID_NO = ("declined", "lapsed", "released")


class Model:
    """What is known, as plainly as can be; days are numbers."""

    def __init__(self) -> None:
        self.joined: dict[str, int] = {}
        self.extra: dict[str, int] = {}
        self.there: dict[str, str] = {}
        self.sessions: list[int] = []
        self.is_: dict[tuple[int, str], str] = {}
        self.away: list[tuple[str, int]] = []
        self.mentoring: list[tuple[str, int]] = []

    def turns(self, person: str) -> list[int]:
        return [at for (at, who), state in self.is_.items() if who == person and state in HAS]

    def score(self, person: str) -> int:
        return self.extra[person] + len(self.turns(person))

    def has(self, at: int) -> str | None:
        found = [who for (day, who), state in self.is_.items() if day == at and state in HAS]
        assert len(found) <= 1, "two have one turn"
        return found[0] if found else None

    def free(self, person: str, at: int, without: tuple[int, ...] = ()) -> bool:
        """Nothing but a no of theirs is in the way."""
        if self.there.get(person) != "active" or (person, at) in self.away:
            return False
        mine = [day for day in self.turns(person) if day not in without]
        mine += [day for who, day in self.mentoring if who == person]
        return all(abs(day - at) >= NEAR for day in mine)

    def asked_before(self, one: str, other: str, at: int) -> bool:
        """Whether `one` stands before `other` in line for that session."""
        earlier = [day for day in self.sessions if day < at]
        later = [day for day in self.sessions if day > at]
        beside = {self.has(max(earlier)) if earlier else None, self.has(min(later)) if later else None}
        for worse in (
            lambda who: bool(earlier) and self.joined[who] > max(earlier),
            lambda who: who in beside,
            self.score,
            lambda who: max([self.joined[who], *self.turns(who)]),
            lambda who: self.joined[who],
            lambda who: who,
        ):
            mine: Any = worse(one)
            theirs: Any = worse(other)
            if mine != theirs:
                return bool(mine < theirs)
        raise AssertionError("two people are one")

    def line(self, at: int) -> list[str]:
        can = [who for who in self.there if self.is_.get((at, who)) not in (*HAS, *SAID_NO) and self.free(who, at)]
        return sorted(can, key=lambda who: sum(self.asked_before(each, who, at) for each in can if each != who))

    def may_take(self, person: str, at: int, agreed: bool, without: tuple[int, ...] = ()) -> bool:
        """By a verb; a yes overrides a former no."""
        former = self.is_.get((at, person))
        return self.free(person, at, without) and (agreed or former not in ("declined", "lapsed"))

    def give(self, at: int, person: str, agreed: bool) -> None:
        self.is_[at, person] = "accepted" if agreed else "offered"

    def enters(self, person: str, day: int) -> None:
        self.extra[person] = 0
        others = [self.score(who) for who, state in self.there.items() if state == "active" and who != person]
        self.extra[person] = max(others, default=0) - self.score(person)
        self.joined[person], self.there[person] = day, "active"


class Years(RuleBasedStateMachine):
    """The rules' ledger and the model, led through the same years."""

    @initialize(count=st.integers(1, 4))
    def begin(self, count: int) -> None:
        self.model = Model()
        self.ledger = Ledger("c", Role.COORDINATOR, (), near=NEAR)
        self.changes: list[tuple[Change, dict[Any, str], dict[Any, str], int | None]] = []
        self.now = self.planned = 0
        self.names = iter(f"p{number:03}" for number in range(1000))
        for number in range(count):
            name = next(self.names)
            self.model.joined[name], self.model.extra[name] = number - 20, 0
            self.model.there[name] = "active"
            self.ledger = replace(self.ledger, members=(*self.ledger.members, Member(name, _day(number - 20))))
        self.plan()

    def plan(self) -> None:
        """Sessions are in the calendar some way ahead."""
        while len(self.ahead) < AHEAD:
            self.planned += APART
            self.model.sessions.append(self.planned)
            session = Session(f"s{self.planned}", _day(self.planned))
            self.ledger = replace(self.ledger, sessions=(*self.ledger.sessions, session))

    @property
    def ahead(self) -> list[int]:
        return sorted(day for day in self.model.sessions if day > self.now)

    def pick(self, number: int, of: list[Any]) -> Any:
        return of[number % len(of)]

    def record(self, at: int, person: str, state: TurnState) -> None:
        row = Duty(f"s{at}", "c", Role.COORDINATOR, person, _day(at), state)
        others = tuple(duty for duty in self.ledger.duties if (duty.session, duty.person) != (f"s{at}", person))
        self.ledger = replace(self.ledger, duties=(*others, row))
        self.model.is_[at, person] = state.value
        if state is TurnState.SERVED:
            self.ledger = rotation.tallied(self.ledger)

    # -- people --

    @rule()
    def joins(self) -> None:
        name = next(self.names)
        self.ledger = rotation.admitted(self.ledger, name, _day(self.now + 1))
        self.model.enters(name, self.now + 1)

    @rule(number=st.integers(0, 99), state=st.sampled_from(["left", "paused"]))
    def goes(self, number: int, state: str) -> None:
        who = self.pick(number, list(self.model.there))
        if self.model.there[who] != "active":
            return
        self.ledger = rotation.apply(self.ledger, rotation.freed(self.ledger, who, _day(self.now + 1)))
        rows = tuple(row._replace(state=state) if row.id == who else row for row in self.ledger.members)
        self.ledger = replace(self.ledger, members=rows)
        for at in self.ahead:
            if self.model.is_.get((at, who)) in HAS:
                self.model.is_[at, who] = "released"
        self.model.there[who] = state

    @rule(number=st.integers(0, 99))
    def returns(self, number: int) -> None:
        gone = [who for who, state in self.model.there.items() if state != "active"]
        if gone:
            who = self.pick(number, gone)
            self.ledger = rotation.admitted(self.ledger, who, _day(self.now + 1))
            self.model.enters(who, self.now + 1)

    @rule(number=st.integers(0, 99), session=st.integers(0, 99))
    def is_away(self, number: int, session: int) -> None:
        who, at = self.pick(number, list(self.model.there)), self.pick(session, self.ahead)
        self.model.away.append((who, at))
        absence = Absence(who, _day(at - 1), _day(at + 1))
        self.ledger = replace(self.ledger, absences=(*self.ledger.absences, absence))

    @rule(number=st.integers(0, 99), session=st.integers(0, 99), off=st.integers(-8, 8))
    def mentors_elsewhere(self, number: int, session: int, off: int) -> None:
        who, at = self.pick(number, list(self.model.there)), self.pick(session, self.ahead) + off
        if all(abs(day - at) >= NEAR for day in self.model.turns(who)):
            self.model.mentoring.append((who, at))
            duty = Duty(f"m{len(self.model.mentoring)}", "d", Role.MENTOR, who, _day(at), "accepted")
            self.ledger = replace(self.ledger, duties=(*self.ledger.duties, duty))

    # -- the program --

    @rule(session=st.integers(0, 2), answer=st.sampled_from([None, TurnState.ACCEPTED, TurnState.ACCEPTED,
                                                             TurnState.DECLINED, TurnState.LAPSED]))  # fmt: skip
    def asks(self, session: int, answer: TurnState | None) -> None:
        """The first in line, unless somebody has the turn."""
        at = self.ahead[session]
        if self.model.has(at) is None:
            who = rotation.choose(self.ledger, Session(f"s{at}", _day(at))).first
            if who is not None:
                self.record(at, who, answer or TurnState.OFFERED)

    @rule()
    def meets(self) -> None:
        """The next session comes: who accepted serves, silence lapses."""
        at = self.ahead[0]
        who = self.model.has(at)
        if who is not None:
            yes = self.model.is_[at, who] == "accepted"
            self.record(at, who, TurnState.SERVED if yes else TurnState.LAPSED)
        self.now = at
        self.plan()

    @rule()
    def restarts(self) -> None:
        """All that is kept are rows: the ledger is made of them anew."""
        rows = tuple(row._replace(served=-1, last=None) for row in reversed(self.ledger.members))
        again = replace(self.ledger, members=rows, duties=tuple(reversed(self.ledger.duties)))
        again = rotation.tallied(replace(again, sessions=tuple(reversed(self.ledger.sessions))))
        assert set(again.members) == set(rotation.tallied(self.ledger).members)
        self.ledger = again

    # -- the verbs --

    def attempt(self, verb: Any, allowed: bool, effect: Any, dropped: int | None = None) -> None:
        """Both do it, or both refuse."""
        before = dict(self.model.is_)
        try:
            change = verb()
            ledger = rotation.apply(self.ledger, change)
        except Refused as refused:
            assert not allowed, f"refused, though it can be done: {refused}"
            return
        assert allowed, f"done, though it cannot: {change.words({})}"
        self.ledger = ledger
        effect()
        assert change.words(dict.fromkeys(self.model.there, "Somebody"))
        self.changes.append((change, before, dict(self.model.is_), dropped))
        self.plan()

    @rule(one=st.integers(0, 99), other=st.integers(0, 99), who=st.integers(0, 99), yes=st.tuples(*[st.booleans()] * 2))
    def swap(self, one: int, other: int, who: int, yes: tuple[bool, bool]) -> None:
        model, people = self.model, list(self.model.there)
        first, second = self.pick(one, self.ahead), self.pick(other, self.ahead)
        a, b = model.has(first) or self.pick(who, people), model.has(second) or self.pick(who + 1, people)
        if first == second:
            return
        both = (first, second)
        allowed = (
            a != b and model.may_take(a, second, yes[0], both) and model.may_take(b, first, yes[1], both)
        )  # fmt: skip

        def effect() -> None:
            for at, mine, instead, agreed in ((first, a, b, yes[1]), (second, b, a, yes[0])):
                if model.is_.get((at, mine)) in HAS:
                    model.is_[at, mine] = "released"
                model.give(at, instead, agreed)

        agreed = [person for person, said in zip((a, b), yes, strict=True) if said]
        self.attempt(lambda: rotation.swap(self.ledger, (f"s{first}", a), (f"s{second}", b), agreed), allowed, effect)

    @rule(session=st.integers(0, 99), who=st.integers(0, 99), yes=st.booleans())
    def substitute(self, session: int, who: int, yes: bool) -> None:
        model, at, by = self.model, self.pick(session, self.ahead), self.pick(who, list(self.model.there))
        had = model.has(at)
        scores = {person: model.score(person) for person in model.there}

        def effect() -> None:
            if had:
                model.is_[at, had] = "released"
                scores[had] -= 1
            model.give(at, by, yes)
            scores[by] += 1
            assert scores == {person: model.score(person) for person in model.there}

        allowed = had != by and model.may_take(by, at, yes)
        self.attempt(lambda: rotation.substitute(self.ledger, f"s{at}", by, [by] if yes else []), allowed, effect)

    @rule(session=st.integers(0, 99), who=st.integers(0, 99), late=st.booleans())
    def skip_me(self, session: int, who: int, late: bool) -> None:
        model, at = self.model, self.pick(session, self.ahead)
        had = model.has(at)
        person = had or self.pick(who, list(model.there))

        def effect() -> None:
            model.is_[at, person] = "declined"
            line = model.line(at)
            if had and line and not late:
                model.give(at, line[0], False)

        self.attempt(lambda: rotation.skip_me(self.ledger, f"s{at}", person, late), True, effect)

    @rule(session=st.integers(0, 99), number=st.integers(0, 99), yes=st.booleans())
    def skip_date(self, session: int, number: int, yes: bool) -> None:
        model, at = self.model, self.pick(session, self.ahead)
        agreed = {self.pick(number, list(model.there))} if yes else set()

        def effect() -> None:
            model.sessions.remove(at)
            place, carried = at, model.has(at)
            if carried:
                model.is_[at, carried] = "released"
            for later in sorted(day for day in model.sessions if day > at):
                if carried is None:
                    break
                displaced = model.has(later)
                if displaced == carried:
                    place = later
                    continue
                if not model.may_take(carried, later, carried in agreed, (at, place)):
                    break
                if displaced:
                    model.is_[later, displaced] = "released"
                model.give(later, carried, carried in agreed)
                place, carried = later, displaced

        self.attempt(lambda: rotation.skip_date(self.ledger, f"s{at}", agreed), True, effect, dropped=at)

    @precondition(lambda self: self.changes)
    @rule(number=st.integers(0, 99))
    def undo(self, number: int) -> None:
        """As long as nothing that it touched was touched since; who would get a turn back must be able to take it."""
        change, before, after, dropped = self.changes.pop(-1 - number % min(3, len(self.changes)))
        model = self.model
        touched = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        back = {key: before.get(key) for key in touched}
        untouched = all(model.is_.get(key) == after.get(key) for key in touched)
        trial = dict(model.is_)
        for key, state in back.items():
            trial.pop(key, None)
            if state:
                trial[key] = state
        given = [key for key in touched if back[key] in HAS and after.get(key) not in HAS]
        taken = any(
            who != person and day == at and state in HAS
            for at, person in given for (day, who), state in trial.items()
        )  # fmt: skip
        kept, model.is_ = model.is_, trial
        able = all(self.model.free(person, at, (at,)) for at, person in given)
        model.is_ = kept
        if any(at <= self.now for at, _ in touched) or (dropped is not None and dropped <= self.now):
            return
        try:
            self.ledger = rotation.apply(self.ledger, change.undo())
        except Refused:
            assert not (untouched and able and not taken), "refused, though it can be undone"
            return
        assert untouched and able and not taken
        model.is_ = trial
        if dropped is not None:
            model.sessions.append(dropped)

    # -- after every step --

    @invariant()
    def both_say_the_same(self) -> None:
        if not hasattr(self, "model"):
            return
        model = self.model
        rows = {
            (int(duty.session[1:]), duty.person): str(duty.state) for duty in self.ledger.duties if duty.circle == "c"
        }
        assert rows == model.is_
        assert rotation.scores(self.ledger) == {who: model.score(who) for who in model.there}
        for at in self.ahead:
            assert list(rotation.choose(self.ledger, Session(f"s{at}", _day(at))).order) == model.line(at)
            model.has(at)

    @invariant()
    def nobody_has_two_duties_within_d_days(self) -> None:
        if not hasattr(self, "model"):
            return
        for who in self.model.there:
            days = sorted(self.model.turns(who))
            assert all(later - day >= NEAR for day, later in zip(days, days[1:], strict=False))
            elsewhere = [day for person, day in self.model.mentoring if person == who]
            assert all(abs(day - other) >= NEAR for day in days for other in elsewhere)


def _day(number: int) -> date:
    return START + timedelta(days=number)


TestYears = Years.TestCase
TestYears.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None, derandomize=True, report_multiple_bugs=False
)
