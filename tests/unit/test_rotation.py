"""The properties F1 to F9 of turns, each on the real rules; and two thousand simulated programs."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from statistics import mean
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.sessions.rules import rotation
from services.sessions.rules.rotation import Absence, Duty, Kind, Ledger, Member, Role, Session
from services.sessions.rules.states import HOLDING, TurnState
from tests.rotating import NAMES, PROOF, START, Circle, day, founders, people, some

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
