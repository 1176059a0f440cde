"""The properties F1 to F9 of turns, each on the real rules; two thousand simulated programs; the words that people
read."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict, replace
from datetime import date, timedelta
from itertools import pairwise
from statistics import mean
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.sessions.rules import rotation
from services.sessions.rules.refusals import Refused
from services.sessions.rules.rotation import Absence, Duty, Kind, Ledger, Member, Pooled, Role, Session
from services.sessions.rules.rotation.why import Nobody
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


# ---- F1 to F9 ----


@PROOF
@given(founders, st.integers(7, 30), st.integers(1, 3))
def test_f1_all_available_scores_differ_by_at_most_one_and_any_n_in_a_row_are_n_people(
    members: dict[str, int], apart: int, rounds: int
) -> None:
    circle = Circle(members)
    for number in range(rounds * len(members)):
        assert circle.meet(number * apart) is not None
        assert max(circle.scores().values()) - min(circle.scores().values()) <= 1
    for start in range(len(circle.history) - len(members) + 1):
        assert len(set(circle.history[start : start + len(members)])) == len(members)
    assert circle.history[0] == min(members, key=lambda name: (members[name], name)), "all new: who joined first"


coming_and_going = st.lists(
    st.tuples(some, some, st.sampled_from(["", "", "", "join", "leave", "pause", "return"]), st.sampled_from(NAMES)),
    min_size=1,
    max_size=40,
)


ALONE = (frozenset("bc"), frozenset[str](), "", "a")
NOTHING = frozenset[str]()


@PROOF
@given(founders, coming_and_going)
@example(
    {"a": -30, "b": -30, "c": -30},
    [ALONE] * 5 + [(NOTHING, NOTHING, happens, "a") for happens in ("leave", "join", "return")],
)
def test_f2_nobody_is_farther_behind_than_one_and_the_times_they_passed(
    members: dict[str, int], sessions: list[tuple[frozenset[str], frozenset[str], str, str]]
) -> None:
    circle = Circle(members)
    newcomers = iter("ijklmnopqrstuvwxyz" * 3)
    for number, (away, no, happens, who) in enumerate(sessions):
        states = {row.id: row.state for row in circle.ledger.members}
        if happens == "join":
            circle.admit(f"{next(newcomers)}{number}", number * 14)
        elif happens == "return" and states.get(who) in ("paused", "left"):
            circle.admit(who, number * 14)
        elif happens in ("leave", "pause") and states.get(who) == "active":
            circle.mark(who, "left" if happens == "leave" else "paused")
        circle.meet(number * 14, away, no)
        scores = circle.scores()
        for person, score in scores.items():
            assert max(scores.values()) - score <= 1 + circle.passed[person], f"{person} is too far behind: {scores}"


@PROOF
@given(founders, coming_and_going, st.lists(st.booleans(), min_size=40, max_size=40))
def test_f2_is_widened_by_one_for_each_turn_that_somebody_took_for_another(
    members: dict[str, int], sessions: list[tuple[frozenset[str], frozenset[str], str, str]], covers: list[bool]
) -> None:
    circle = Circle(members)
    covered = 0
    for number, (away, no, happens, who) in enumerate(sessions):
        if happens == "join":
            circle.admit(f"new{number:02}", number * 14)
        session = circle.plan(number * 14)
        if covers[number] and who in members and who not in away:
            asked = rotation.choose(circle.ledger, session).first
            circle.record(session, who, TurnState.SERVED)
            circle.history.append(who)
            circle.passed.update(away | ({asked} if asked and asked != who else set()))
            covered += 1
        else:
            circle.meet(number * 14, away, no)
        scores = circle.scores()
        for person, score in scores.items():
            assert max(scores.values()) - score <= 1 + circle.passed[person] + covered


@PROOF
@given(founders, st.lists(st.tuples(some, some), min_size=2, max_size=25), st.integers(7, 15))
def test_f3_nobody_twice_running_if_another_can(
    members: dict[str, int], sessions: list[tuple[frozenset[str], frozenset[str]]], apart: int
) -> None:
    circle = Circle(members)
    for number, (away, no) in enumerate(sessions):
        chosen = circle.meet(number * apart, away, no)
        if chosen is not None and circle.history[-2:] == [chosen] * 2:
            assert set(members) - away - no == {chosen}, "another could have"


@st.composite
def ledgers(draw: st.DrawFn, role: Role = Role.COORDINATOR) -> tuple[Ledger, Session]:
    """Any ledger that tables can hold, however odd, and one of its sessions."""
    names = draw(people)
    days = draw(st.lists(st.integers(0, 30), min_size=1, max_size=6, unique=True))
    sessions = [Session(f"s{number}", day(number)) for number in days]
    elsewhere = [Session(f"t{number}", day(number)) for number in draw(st.lists(st.integers(0, 30), max_size=4))]
    duties = {}
    for _ in range(draw(st.integers(0, 12))):
        at = draw(st.sampled_from([*sessions, *elsewhere]))
        what, who = draw(st.sampled_from(Role)), draw(st.sampled_from(names))
        where = "c" if at in sessions else "d"
        duties[at.id, what, who] = Duty(at.id, where, what, who, at.date, draw(st.sampled_from(TurnState)))
    members = [
        Member(
            name,
            day(draw(st.sampled_from([-5, -5, -5, 12]))),
            draw(st.sampled_from([0, 0, 0, -1, 2])),
            draw(st.sampled_from([0, 0, 0, 1, 2])),
            draw(st.none() | st.sampled_from([-5, 3, 14]).map(day)),
            draw(st.sampled_from(["active"] * 6 + ["paused", "left"])),
        )
        for name in names
    ]
    absences = [
        Absence(draw(st.sampled_from(names)), day(first), day(first + draw(st.integers(0, 20))), what)
        for first in draw(st.lists(st.integers(-10, 60), max_size=3))
        for what in [draw(st.none() | st.sampled_from(Role))]
    ]
    near, cap = draw(st.integers(0, 14)), draw(st.integers(0, 3))
    parts = (tuple(members), tuple(sessions), tuple(duties.values()), tuple(absences))
    return Ledger("c", role, *parts, near, cap), draw(st.sampled_from(sessions))


both_roles = st.sampled_from(Role).flatmap(ledgers)


@PROOF
@given(both_roles, st.randoms(use_true_random=False))
def test_f4_no_order_of_the_input_and_no_restart_changes_a_choice(
    given_: tuple[Ledger, Session], rng: random.Random
) -> None:
    ledger, session = given_
    parts = (ledger.members, ledger.sessions, ledger.duties, ledger.absences)
    shuffled: Any = [tuple(rng.sample(part, len(part))) for part in parts]
    members, sessions, duties, absences = shuffled
    other = Ledger("c", ledger.role, members, sessions, duties, absences, ledger.near, ledger.cap)
    assert choice_of(rotation.choose(other, session)) == choice_of(rotation.choose(ledger, session))
    assert rotation.forecast(other, START) == rotation.forecast(ledger, START)
    counted = rotation.tallied(ledger)
    forgotten = replace(other, members=tuple(row._replace(served=9, last=day(99)) for row in other.members))
    rebuilt = rotation.tallied(forgotten)
    assert choice_of(rotation.choose(rebuilt, session)) == choice_of(rotation.choose(counted, session))


def choice_of(choice: rotation.Choice) -> Any:
    return choice.line, choice.barred, [choice.why(person) for person in sorted([*choice.order, *choice.barred])]


@PROOF
@given(founders, st.lists(some, max_size=12), st.booleans())
def test_f5_a_joiner_comes_after_everyone_present(
    members: dict[str, int], before: list[frozenset[str]], asked: bool
) -> None:
    circle = Circle(members)
    for number, away in enumerate(before):
        circle.meet(number * 14, away)
    ahead = circle.plan(len(before) * 14)
    holder = rotation.choose(replace(circle.ledger, absences=()), ahead).first
    if asked and holder:
        circle.record(ahead, holder, TurnState.OFFERED)
    circle.admit("new", len(before) * 14 - 7)
    if asked and holder:
        circle.record(ahead, holder, TurnState.SERVED)
    since = [holder] if asked else []
    for number in range(len(before) + asked, len(before) + 60):
        chosen = circle.meet(number * 14)
        if chosen == "new":
            break
        since.append(chosen)
    assert set(since) >= set(members), "somebody present has not had a turn before the joiner's first"
    assert circle.history[-1] == "new", "and the joiner is not forgotten"


@PROOF
@given(both_roles)
def test_f6_a_leaver_is_never_picked_and_the_rest_keep_their_order(given_: tuple[Ledger, Session]) -> None:
    ledger, session = given_
    order = rotation.choose(ledger, session).order
    for leaver in order:
        rows = tuple(row._replace(state="left") if row.id == leaver else row for row in ledger.members)
        found = rotation.choose(replace(ledger, members=rows), session)
        assert found.order == tuple(person for person in order if person != leaver)
        assert found.why(leaver).kind == Kind.LEFT
        gone = replace(ledger, members=tuple(row for row in ledger.members if row.id != leaver))
        assert rotation.choose(gone, session).order == found.order


@PROOF
@given(both_roles, st.sampled_from(["declined", "lapsed", "released"]), some)
def test_f7_declines_end_in_an_acceptance_or_an_explicit_nobody(
    given_: tuple[Ledger, Session], how: str, no: frozenset[str]
) -> None:
    ledger, session = given_
    line = rotation.choose(ledger, session).order
    asked: list[str] = []
    while (person := rotation.choose(ledger, session).first) is not None and person in no:
        assert person not in asked, "asked again after a no"
        asked.append(person)
        row = Duty(session.id, "c", ledger.role, person, session.date, how)
        others = tuple(each for each in ledger.duties if each[:4] != row[:4])
        ledger = replace(ledger, duties=(*others, row))
    end = rotation.choose(ledger, session)
    assert tuple(asked) == line[: len(asked)], "in the order in which they stood, each once"
    if person is None:
        assert set(line) <= no and end.nobody is not None and end.nobody.words()
    else:
        assert end.nobody is None and person == line[len(asked)]


@PROOF
@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("xyz")), min_size=1, max_size=14, unique=True),
    st.integers(0, 14),
    st.integers(2, 8),
    some,
)
def test_f8_mentor_and_coordinator_differ_and_no_two_duties_are_within_d_days(
    meetings: list[tuple[int, str]], near: int, count: int, upper: frozenset[str]
) -> None:
    names = NAMES[:count]
    duties: tuple[Duty, ...] = ()
    # Three circles ask the same people for both roles, in whatever order the dates come to be filled.
    for number, circle in meetings:
        session = Session(f"{circle}{number}", day(number))
        for role in Role:
            members = tuple(Member(name, day(-9)) for name in names if role == Role.COORDINATOR or name in upper)
            sessions = tuple(Session(f"{circle}{other}", day(other)) for other, its in meetings if its == circle)
            ledger = Ledger(circle, role, members, sessions, duties, near=near, cap=31)
            chosen = rotation.choose(ledger, session).first
            if chosen is not None:
                duties += (Duty(session.id, circle, role, chosen, session.date, "accepted"),)
    for one in duties:
        for other in duties:
            if one.person == other.person and one != other:
                assert one.session != other.session, "both roles of one session"
                assert abs((one.date - other.date).days) >= near


@PROOF
@given(founders.filter(lambda names: len(names) > 1), st.integers(0, 12), st.data())
def test_f9_a_swap_keeps_the_sum_and_credit_goes_to_who_really_served(
    members: dict[str, int], past: int, data: st.DataObject
) -> None:
    circle = Circle(members)
    for number in range(past):
        circle.meet(number * 14)
    ahead = [circle.plan((past + number) * 14) for number in range(len(members))]
    for session in ahead:
        person = rotation.choose(circle.ledger, session).first
        assert person is not None
        circle.record(session, person, data.draw(st.sampled_from([TurnState.OFFERED, TurnState.ACCEPTED])))
    before = rotation.scores(circle.ledger)
    have = {turn.session.id: turn.person for turn in rotation.forecast(circle.ledger, START, 99) if turn.person}
    one, other = (session.id for session in data.draw(st.permutations(ahead))[:2])
    change = rotation.swap(circle.ledger, (one, have[one]), (other, have[other]), agreed=list(members))
    swapped = rotation.apply(circle.ledger, change)
    assert rotation.scores(swapped) == before
    assert rotation.apply(swapped, change.undo()) == circle.ledger or rotation.scores(swapped) == before
    circle.ledger = swapped
    for session in ahead:
        for turn in [each for each in swapped.duties if each.session == session.id and each.state in HOLDING]:
            circle.record(session, turn.person, TurnState.SERVED)
    assert sum(circle.scores().values()) == sum(before.values())
    served = {each.session: each.person for each in circle.ledger.duties if each.state == "served"}
    assert (served[one], served[other]) == (have[other], have[one])

    last = circle.plan((past + len(members)) * 14)
    asked = rotation.choose(circle.ledger, last).first
    assert asked is not None
    circle.record(last, asked, TurnState.ACCEPTED)
    cover = data.draw(st.sampled_from(sorted(set(members) - {asked})))
    counted = rotation.scores(rotation.tallied(circle.ledger))
    circle.ledger = rotation.apply(circle.ledger, rotation.substitute(circle.ledger, last.id, cover, agreed=[cover]))
    circle.record(last, cover, TurnState.SERVED)
    assert rotation.scores(circle.ledger) == {**counted, asked: counted[asked] - 1, cover: counted[cover] + 1}
    assert rotation.choose(circle.ledger, circle.plan((past + len(members) + 1) * 14)).first != cover


# ---- two thousand programs ----


def test_two_thousand_programs_stay_fair() -> None:
    """Eight members, a year of weekly sessions, 15 % absences, one joins, one leaves."""
    spreads = []
    for seed in range(2000):
        rng = random.Random(seed)
        members = {name: Member(name, day(-rng.randrange(1, 30))) for name in NAMES}
        joins, leaves, leaver = rng.randrange(5, 40), rng.randrange(5, 48), rng.choice(NAMES)
        passed: Counter[str] = Counter()
        recent: list[Duty] = []
        led = False
        for number in range(52):
            session = Session(f"s{number:02}", day(number * 7))
            near = tuple(Session(f"s{n:02}", day(n * 7)) for n in (number - 1, number, number + 1))
            if number == joins:
                ledger = Ledger("c", Role.COORDINATOR, tuple(members.values()), near, tuple(recent))
                members["new"] = rotation.admitted(ledger, "new", day(number * 7 - 3)).members[-1]
            if number == leaves:
                members[leaver] = members[leaver]._replace(state="left")
            away = [name for name in members if rng.random() < 0.15 and name != "new"]
            absences = tuple(Absence(name, session.date, session.date) for name in away)
            ledger = Ledger("c", Role.COORDINATOR, tuple(members.values()), near, tuple(recent[-1:]), absences)
            choice = rotation.choose(ledger, session)
            chosen = choice.first
            assert chosen is not None
            if recent and recent[-1].person == chosen:
                assert set(choice.order) <= {chosen, *(["new"] if number == joins else [])}, "F3"
            assert not (number == joins and chosen == "new"), "a joiner leads their first session"
            led = led or chosen == "new"
            passed.update(list(choice.barred))
            row = members[chosen]
            members[chosen] = row._replace(served=row.served + 1, last=session.date)
            recent.append(Duty(session.id, "c", Role.COORDINATOR, chosen, session.date, "served"))
            scores = {name: row.credit + row.served for name, row in members.items() if row.state == "active"}
            most = max(scores.values())
            assert all(most - score <= 1 + passed[name] for name, score in scores.items()), f"F2, seed {seed}"
        assert led or joins > 40, "the joiner gets turns"
        constant = [members[name].served for name in NAMES if name != leaver]
        spreads.append(max(constant) - min(constant))
        assert rotation.tallied(
            Ledger("c", Role.COORDINATOR, tuple(members.values()), duties=tuple(recent))
        ).members == tuple(members.values())
    assert mean(spreads) <= 1.05, mean(spreads)


# ---- small circles, mentors, forecasts ----


def test_a_circle_of_one_has_its_member_again_and_again_and_says_so() -> None:
    circle = Circle({"a": -3})
    assert [circle.meet(number * 7) for number in range(3)] == ["a", "a", "a"]
    why = rotation.choose(circle.ledger, circle.plan(21)).why("a")
    assert why.kind == Kind.ONLY and why.tier == 1
    assert "You are the only one who can be asked" in why.words() and "too" in why.words()


def test_nobody_is_a_result_with_words() -> None:
    circle = Circle({"a": -3, "b": -2})
    session = circle.plan(7)
    assert circle.meet(7, away=frozenset("ab")) is None
    nobody = rotation.choose(circle.ledger, session).nobody
    assert nobody is not None
    assert nobody.words() == (
        "Nobody can be asked to coordinate on 11 January 2027: 2 away. The session needs a coordinator."
    )
    circle.mark("a", "paused")
    circle.mark("b", "left")
    said = rotation.choose(circle.ledger, session).nobody
    assert said is not None and "1 paused." in said.words()
    empty = rotation.choose(Ledger("c", Role.COORDINATOR, ()), session).nobody
    assert empty is not None and "the circle has no members" in empty.words()


def test_no_mentor_this_time_is_an_outcome_like_another() -> None:
    session = Session("s", day(7))
    elsewhere = tuple(Duty(f"t{number}", "d", "mentor", "a", day(number), "served") for number in (14, 21))
    ledger = Ledger("c", Role.MENTOR, (Member("a", day(0)),), (session,), elsewhere)
    choice = rotation.choose(ledger, session)
    assert choice.why("a").kind == Kind.CAP and choice.first is None
    assert choice.nobody is not None
    assert choice.nobody.words() == "No mentor on 11 January 2027: 1 at this month's limit."
    for other in (replace(ledger, cap=3), replace(ledger, duties=elsewhere[1:])):
        assert rotation.choose(other, session).first == "a"
    next_month = Session("s", day(35))
    assert rotation.choose(replace(ledger, sessions=(next_month,)), next_month).first == "a"
    nobody = rotation.choose(replace(ledger, members=()), session).nobody
    assert nobody is not None and "there is nobody to ask" in nobody.words()


def test_coordinating_does_not_count_to_the_cap_of_mentors_nor_the_cap_against_coordinating() -> None:
    session = Session("s", day(21))
    done = tuple(Duty(f"t{number}", "d", "mentor", "a", day(number), "served") for number in (0, 7))
    ledger = Ledger("c", Role.COORDINATOR, (Member("a", day(0)),), (session,), done)
    assert rotation.choose(ledger, session).first == "a"
    coordinated = tuple(duty._replace(role="coordinator") for duty in done)
    assert rotation.choose(replace(ledger, role=Role.MENTOR, duties=coordinated), session).first == "a"


def test_mentors_come_from_above_and_pools() -> None:
    people = [("low", 1), ("middle", 2), ("high", 3)]
    pool = [Pooled("guest", 3, "guest"), Pooled("old", 3, "alumni"), Pooled("boss", 1, "organizer")]
    assert rotation.mentors(1, people, pool) == {"middle", "high", "boss"}
    assert rotation.mentors(2, people, pool) == {"high"}
    assert rotation.mentors(3, people, pool) == {"guest", "old"}
    assert rotation.mentors(1, people, [Pooled("guest", 1, "guest")]) == {"middle", "high"}
    assert rotation.mentors(1, [("only", 1)], [Pooled("boss", 1, "organizer")]) == {"boss"}
    assert rotation.mentors(1, [("only", 1)], [Pooled("guest", 1, "guest")]) == {"guest"}, "nobody is above yet"


def test_a_forecast_is_what_comes_if_all_say_yes() -> None:
    circle = Circle({"a": -3, "b": -2, "c": -1})
    circle.meet(0)
    for number in range(1, 9):
        circle.plan(number * 14)
    turns = rotation.forecast(circle.ledger, day(1))
    assert [turn.person for turn in turns] == ["b", "c", "a", "b", "c", "a"]
    assert all(
        isinstance(turn.why, rotation.Why) and turn.why.words().startswith(("Of all", "Nobody")) for turn in turns
    )
    assert [circle.meet(number * 14) for number in range(1, 7)] == [turn.person for turn in turns]


def test_a_forecast_keeps_turns_that_somebody_has_and_says_where_nobody_can() -> None:
    circle = Circle({"a": -3, "b": -2})
    sessions = [circle.plan(number * 14) for number in range(3)]
    circle.record(sessions[1], "a", TurnState.ACCEPTED)
    absent = (Absence("a", day(28), day(28)), Absence("b", day(28), day(28), "coordinator"))
    circle.ledger = replace(circle.ledger, absences=absent)
    turns = rotation.forecast(circle.ledger, START)
    assert [turn.person for turn in turns] == ["b", "a", None]
    assert [turn.state for turn in turns] == ["proposed", "accepted", "proposed"]
    assert isinstance(turns[2].why, Nobody) and "2 away" in turns[2].why.words()


def test_an_absence_is_for_a_role_or_for_both() -> None:
    session = Session("s", day(7))
    for role, only, first in [
        (Role.COORDINATOR, "mentor", "a"), (Role.COORDINATOR, "coordinator", None), (Role.COORDINATOR, None, None),
        (Role.MENTOR, "coordinator", "a"), (Role.MENTOR, "mentor", None),
    ]:  # fmt: skip
        ledger = Ledger("c", role, (Member("a", day(0)),), absences=(Absence("a", day(7), day(7), only),))
        assert rotation.choose(ledger, session).first == first
        outside = (Absence("a", day(1), day(6), only), Absence("a", day(8), day(9), only))
        assert rotation.choose(replace(ledger, absences=outside), session).first == "a"


def test_a_newcomer_does_not_lead_their_first_session_and_leads_the_one_after() -> None:
    """F3 and F5 contradict each other here: decision 11."""
    circle = Circle({"a": -3})
    circle.meet(0)
    circle.admit("j", 5)
    choice = rotation.choose(circle.ledger, circle.plan(14))
    assert choice.order == ("a", "j")
    assert choice.why("a").words().endswith("yours too, but there is nobody to ask before.")
    assert choice.why("j").words().endswith("This would be your first session here, so others are asked first.")
    assert circle.meet(14, away=frozenset("a")) == "j", "rather than nobody"
    other = Circle({"a": -3})
    other.meet(0)
    other.admit("j", 5)
    assert [other.meet(number * 14) for number in (1, 2, 3)] == ["a", "j", "a"]


def test_a_weekly_circle_of_two_finds_the_other_again_when_one_is_away() -> None:
    circle = Circle({"a": -3, "b": -2})
    assert [circle.meet(0), circle.meet(7, away=frozenset("b")), circle.meet(14)] == ["a", "a", "b"]
    assert circle.meet(20) == "a"
    assert rotation.choose(circle.ledger, circle.plan(26)).why("a").kind == Kind.NEAR


def test_who_returns_starts_level_with_the_highest_whichever_way_that_is() -> None:
    """The two counterexamples of decision 11."""
    rows = (Member("a", day(0), served=5, state="paused"), Member("b", day(0), served=6, last=day(90)))
    ledger = rotation.admitted(Ledger("c", Role.COORDINATOR, rows), "a", day(99))
    assert rotation.scores(ledger) == {"a": 6, "b": 6}
    others = (Member("b", day(0), served=1), Member("j", day(5), credit=1))
    back = Member("a", day(0), served=9, state="left")
    ledger = rotation.admitted(Ledger("c", Role.COORDINATOR, (back, *others)), "a", day(99))
    assert rotation.scores(ledger) == {"a": 1, "b": 1, "j": 1}
    assert rotation.choose(ledger, Session("s", day(100))).order == ("b", "j", "a")
    assert "1 (9 turns, less 8 for starting afresh)" in rotation.choose(ledger, Session("s", day(100))).why("a").words()


# ---- why you ----


def test_every_reason_has_words_that_name_nobody_else() -> None:
    session, names = Session("s", day(30)), {"first": "Ada"}
    base = Member("first", day(0))

    def why(*members: Member, duties: tuple[Duty, ...] = (), person: str = "first", **fields: Any) -> str:
        ledger = Ledger("c", Role.COORDINATOR, members or (base,), (session,), duties, **fields)
        reason = rotation.choose(ledger, session).why(person)
        about = reason.words(names["first"])
        assert "Ada" in about and "{" not in about and "you" not in about.lower().replace("young", ""), about
        assert "Ada" not in reason.words() and reason.words().lower().count("you")
        assert asdict(reason)["kind"] == reason.kind, "it can be stored"
        return reason.words()

    assert why(base, Member("b", day(0), served=1)) == (
        "Of all who can be asked, you have the lowest count: no turn yet."
    )
    assert why(base._replace(served=2, last=day(3)), Member("b", day(0), served=2, last=day(9))) == (
        "Nobody who can be asked has a lower count than you: 2 turns. Of equals your last turn is the earliest, on "
        "7 January 2027."
    )
    assert "since joining on 4 January 2027" in why(base, Member("b", day(1)))
    assert why(base, Member("z", day(0))).endswith("then the order of the list decides.")
    older = Member("b", day(5), served=1, last=day(20))
    assert why(base._replace(served=1, last=day(20)), older).endswith("Of equals you joined first.")
    assert why(base._replace(credit=3, served=1), Member("b", day(0)), person="first") == (
        "You are number 2 in line; the count is 4 (one turn, and 3 for the time before)."
    )
    turn = Duty("s", "c", "coordinator", "first", day(30), "declined")
    assert why(duties=(turn,)) == "You said no to this session."
    assert why(duties=(turn._replace(state="lapsed"),)).startswith("You were asked for this session")
    assert why(duties=(turn._replace(state="released"),)) == "You were freed from this session."
    assert why(duties=(turn._replace(state="offered"),)).startswith("You have this turn")
    assert why(duties=(turn._replace(role="mentor", state="accepted"),)).startswith("You have the other role")
    near = Duty("t", "d", "mentor", "first", day(33), "accepted")
    assert why(duties=(near,)) == "You have another duty close to it, on 6 February 2027."
    assert why(absences=(Absence("first", day(30), day(31)),)) == "You are away until 4 February 2027."
    assert why(base._replace(state="paused")) == "You are paused."
    assert why(base._replace(state="left")) == "You have left."
    passed = Duty("s", "c", "coordinator", "b", day(30), "declined")
    assert why(base, Member("b", day(0)), duties=(passed,)).endswith("One who came before could not.")
    two = (passed, passed._replace(person="c", state="lapsed"))
    assert why(base, Member("b", day(0)), Member("c", day(0)), duties=two).endswith("Others who came before could not.")


def test_who_had_the_session_before_or_has_the_one_after_is_told_why_others_come_first() -> None:
    circle = Circle({"a": -3, "b": -2, "c": -1})
    circle.meet(0)
    after = circle.plan(28)
    circle.record(after, "b", TurnState.OFFERED)
    choice = rotation.choose(circle.ledger, circle.plan(14))
    assert choice.order[0] == "c" and choice.why("c").kind == Kind.OTHERS
    assert choice.why("b").words().endswith("A session just before or after is yours too, so others are asked first.")
    with pytest.raises(KeyError):
        choice.why("stranger")


# ---- the verbs ----

WORDS = {"a": "Ada", "b": "Bea", "c": "Cem", "d": "Dan"}


def three() -> tuple[Circle, list[Session]]:
    """Ada has 4 January, Bea 18 January; Cem would be next."""
    circle = Circle({"a": -3, "b": -2, "c": -1})
    sessions = [circle.plan(number * 14) for number in range(4)]
    circle.record(sessions[0], "a", TurnState.ACCEPTED)
    circle.record(sessions[1], "b", TurnState.OFFERED)
    return circle, sessions


def turns(ledger: Ledger) -> dict[str, str]:
    """person and state by session, of turns that stand."""
    return {duty.session: f"{duty.person} {duty.state}" for duty in ledger.duties if duty.state in STANDING}


def test_swap_shows_its_effect_and_is_undone() -> None:
    circle, (one, two, *_) = three()
    change = rotation.swap(circle.ledger, (one.id, "a"), (two.id, "b"), agreed=["a"])
    assert change.words(WORDS) == [
        "Bea is asked to take 4 January 2027.",
        "Ada takes 18 January 2027.",
        "Ada is free on 4 January 2027.",
        "Bea is free on 18 January 2027.",
    ]
    after = rotation.apply(circle.ledger, change)
    assert turns(after) == {one.id: "b offered", two.id: "a accepted"}, "silence is no yes"
    back = rotation.apply(after, change.undo())
    assert set(back.duties) == set(circle.ledger.duties)
    assert change.undo().undo().moves == change.moves
    assert change.undo().words(WORDS)[0] == "All is again as it was before, on 4 January 2027."
    with pytest.raises(Refused, match="changed in the meantime"):
        rotation.apply(after, change)


def test_a_turn_that_is_only_forecast_can_be_swapped_too() -> None:
    circle, (one, _, three_, _) = three()
    ledger = rotation.apply(
        circle.ledger, rotation.swap(circle.ledger, (one.id, "a"), (three_.id, "c"), agreed=["a", "c"])
    )
    assert turns(ledger) == {"s0000": "c accepted", "s0014": "b offered", "s0028": "a accepted"}
    with pytest.raises(Refused, match="changed in the meantime"):
        rotation.swap(ledger, (one.id, "a"), (three_.id, "c"))


def test_substitute_keeps_what_the_other_has_and_leaves_a_turn_owed() -> None:
    circle, (one, *_) = three()
    change = rotation.substitute(circle.ledger, one.id, "b", agreed=["b"])
    assert change.words(WORDS) == [
        "Bea takes 4 January 2027.",
        "Ada is free on 4 January 2027.",
        "Ada still owes a turn.",
        "Bea keeps the turn on 18 January 2027.",
        "Bea then has two sessions running, with the one on 18 January 2027.",
    ]
    after = rotation.apply(circle.ledger, change)
    assert turns(after) == {"s0000": "b accepted", "s0014": "b offered"}
    assert rotation.forecast(after, day(28), 1)[0].person == "a"
    assert set(rotation.apply(after, change.undo()).duties) == set(circle.ledger.duties)


def test_a_volunteer_takes_what_nobody_has_even_after_a_no() -> None:
    circle, (_, _, third, _) = three()
    circle.record(third, "c", TurnState.DECLINED)
    with pytest.raises(Refused, match="Ask first"):
        rotation.substitute(circle.ledger, third.id, "c")
    after = rotation.apply(circle.ledger, rotation.substitute(circle.ledger, third.id, "c", agreed=["c"]))
    assert turns(after)[third.id] == "c accepted"


def test_skip_me_asks_the_next_and_leaves_a_turn_owed() -> None:
    circle, (one, two, *_) = three()
    change = rotation.skip_me(circle.ledger, one.id, "a")
    assert change.words(WORDS) == [
        "Cem is asked to take 4 January 2027.",
        "Ada is free on 4 January 2027.",
        "Ada still owes a turn.",
    ]
    after = rotation.apply(circle.ledger, change)
    assert turns(after) == {one.id: "c offered", two.id: "b offered"}
    assert rotation.forecast(after, day(28), 1)[0].person == "a"
    assert set(rotation.apply(after, change.undo()).duties) == set(circle.ledger.duties)
    said_yes = replace(after, duties=tuple(
        row._replace(state="accepted") if row.person == "c" else row for row in after.duties
    ))  # fmt: skip
    with pytest.raises(Refused, match="changed in the meantime"):
        rotation.apply(said_yes, change.undo())


def test_skip_me_when_nobody_is_left_or_it_is_late_opens_the_turn_to_anyone() -> None:
    alone = Circle({"a": -3})
    session = alone.plan(0)
    alone.record(session, "a", TurnState.ACCEPTED)
    assert rotation.skip_me(alone.ledger, session.id, "a").words(WORDS)[-1] == (
        "Nobody else can be asked for 4 January 2027: it is open to anyone."
    )
    circle, (one, *_) = three()
    late = rotation.apply(circle.ledger, rotation.skip_me(circle.ledger, one.id, "a", late=True))
    assert one.id not in turns(late)
    taken = rotation.apply(late, rotation.substitute(late, one.id, "c", agreed=["c"]))
    with pytest.raises(Refused, match="changed in the meantime"):
        rotation.apply(taken, rotation.skip_me(circle.ledger, one.id, "a", late=True).undo())


def test_skip_me_ahead_of_time_is_known_when_the_time_comes() -> None:
    circle, (_, _, third, _) = three()
    change = rotation.skip_me(circle.ledger, third.id, "c")
    assert change.words(WORDS)[-1] == "As it stands, Ada is asked for 1 February 2027."
    after = rotation.apply(circle.ledger, change)
    assert rotation.choose(after, third).why("c").kind == Kind.DECLINED
    assert set(rotation.apply(after, change.undo()).duties) == set(circle.ledger.duties)


def test_skip_date_moves_everybody_one_on() -> None:
    circle, (one, two, three_, _) = three()
    change = rotation.skip_date(circle.ledger, one.id, agreed=["a"])
    assert change.words(WORDS) == [
        "There is no session on 4 January 2027.",
        "Ada takes 18 January 2027.",
        "Bea is asked to take 1 February 2027.",
        "Ada is free on 4 January 2027.",
        "Bea is free on 18 January 2027.",
    ]
    after = rotation.apply(circle.ledger, change)
    assert turns(after) == {two.id: "a accepted", three_.id: "b offered"}
    assert one not in after.sessions
    back = rotation.apply(after, change.undo())
    assert set(back.duties) == set(circle.ledger.duties) and set(back.sessions) == set(circle.ledger.sessions)


def test_skip_date_frees_who_cannot_on_the_date_they_would_get() -> None:
    circle, (one, two, *_) = three()
    circle.ledger = replace(circle.ledger, absences=(Absence("a", two.date, two.date),))
    change = rotation.skip_date(circle.ledger, one.id)
    assert change.words(WORDS)[-1] == "Ada still owes a turn."
    assert turns(rotation.apply(circle.ledger, change)) == {two.id: "b offered"}, "those behind keep theirs"


def test_leaving_frees_what_lies_ahead() -> None:
    circle, (one, two, *_) = three()
    circle.record(one, "a", TurnState.SERVED)
    change = rotation.freed(circle.ledger, "b", day(1))
    assert change.words(WORDS) == ["Bea is free on 18 January 2027."]
    assert turns(rotation.apply(circle.ledger, change)) == {one.id: "a served"}


REFUSALS = [
    (lambda ledger: rotation.swap(ledger, ("s0000", "a"), ("s0028", "a")), "same person"),
    (lambda ledger: rotation.swap(ledger, ("s0000", "b"), ("s0014", "a")), "changed in the meantime"),
    (lambda ledger: rotation.swap(ledger, ("nowhere", "a"), ("s0014", "b")), "no such session"),
    (lambda ledger: rotation.substitute(ledger, "s0000", "a"), "theirs already"),
    (lambda ledger: rotation.substitute(ledger, "s0000", "stranger", ["stranger"]), "not in this circle"),
    (lambda ledger: rotation.substitute(ledger, "s0000", "d", ["d"]), "is paused"),
    (lambda ledger: rotation.substitute(ledger, "s0014", "c", ["c"]), "has another duty close to it"),
    (lambda ledger: rotation.substitute(ledger, "s0028", "c", ["c"]), "is away then"),
    (lambda ledger: rotation.substitute(ledger, "s0042", "c", ["c"]), "the other role"),
    (lambda ledger: rotation.skip_me(ledger, "s0000", "b"), "somebody else's"),
    (lambda ledger: rotation.skip_me(ledger, "", "b"), "no such session"),
    (lambda ledger: rotation.skip_date(ledger, "'; --"), "no such session"),
]


@pytest.mark.parametrize(("verb", "says"), REFUSALS, ids=[says for _, says in REFUSALS])
def test_what_a_verb_cannot_do_is_refused_with_a_remedy(verb: Any, says: str) -> None:
    circle, _ = three()
    mentoring = (
        Duty("x", "other", "mentor", "c", day(17), "accepted"),
        Duty("s0042", "c", "mentor", "c", day(42), "offered"),
    )
    circle.ledger = replace(
        circle.ledger,
        members=(*circle.ledger.members, Member("d", day(-9), state="paused")),
        duties=(*circle.ledger.duties, *mentoring),
        absences=(Absence("c", day(28), day(28)),),
    )
    with pytest.raises(Refused, match=says) as caught:
        verb(circle.ledger)
    assert caught.value.field and caught.value.remedy


def test_what_was_served_is_not_traded_away() -> None:
    circle, (one, two, *_) = three()
    circle.record(one, "a", TurnState.SERVED)
    for verb in (
        lambda: rotation.swap(circle.ledger, (one.id, "a"), (two.id, "b"), ["a", "b"]),
        lambda: rotation.substitute(circle.ledger, one.id, "c", ["c"]),
        lambda: rotation.skip_me(circle.ledger, one.id, "a"),
        lambda: rotation.skip_date(circle.ledger, one.id),
    ):
        with pytest.raises(Refused, match="served cannot"):
            verb()


def test_a_volunteer_who_comes_second_is_told() -> None:
    circle, (_, _, third, _) = three()
    changes = [rotation.substitute(circle.ledger, third.id, person, [person]) for person in "ac"]
    after = rotation.apply(circle.ledger, changes[0])
    with pytest.raises(Refused, match="changed in the meantime"):
        rotation.apply(after, changes[1])
    assert [state for state in turns(after).values() if state.startswith(("a", "c"))].count("a accepted") == 2


def test_consecutive_sessions_are_never_the_same_persons_while_two_can() -> None:
    circle = Circle({"a": -3, "b": -2})
    assert all(one != other for one, other in pairwise([circle.meet(number * 7) for number in range(9)]))
