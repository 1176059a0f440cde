"""Small circles, mentors, forecasts; and the words that people read: why you."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from services.sessions.rules import rotation
from services.sessions.rules.rotation import Absence, Duty, Kind, Ledger, Member, Pooled, Role, Session
from services.sessions.rules.rotation.why import Nobody
from services.sessions.rules.states import TurnState
from tests.rotating import START, Circle, day

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
    assert choice.why("a").words().endswith("yours too, but there is nobody else to ask first.")
    assert (
        choice.why("j").words().endswith("This would be your first session since you came, so others are asked first.")
    )
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
    assert rotation.choose(ledger, Session("s", day(100))).why("a").words() == (
        "You are number 3 in line. You have had 9 turns here so far; 8 of these are not counted, since you came back "
        "after a time away."
    )


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
        "Of all who can be asked, you have the fewest turns. You have had no turn here so far."
    )
    assert why(base._replace(served=2, last=day(3)), Member("b", day(0), served=2, last=day(9))) == (
        "Nobody who can be asked has fewer turns than you. You have had 2 turns here so far. Of those with as many, "
        "your last turn is the longest ago, on 7 January 2027."
    )
    assert "you waited longest, since you joined on 4 January 2027" in why(base, Member("b", day(1)))
    assert why(base, Member("z", day(0))).endswith("so the order of the list decides.")
    older = Member("b", day(5), served=1, last=day(20))
    assert why(base._replace(served=1, last=day(20)), older).endswith("Of those with as many, you joined first.")
    assert why(base._replace(credit=3, served=1), Member("b", day(0)), person="first") == (
        "You are number 2 in line. You have had one turn here so far, and 3 are counted for the time when you were not "
        "here."
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
    assert why(base, Member("b", day(0)), duties=(passed,)).endswith("Somebody who was asked before could not.")
    two = (passed, passed._replace(person="c", state="lapsed"))
    assert why(base, Member("b", day(0)), Member("c", day(0)), duties=two).endswith(
        "Others who were asked before could not."
    )


def test_who_had_the_session_before_or_has_the_one_after_is_told_why_others_come_first() -> None:
    circle = Circle({"a": -3, "b": -2, "c": -1})
    circle.meet(0)
    after = circle.plan(28)
    circle.record(after, "b", TurnState.OFFERED)
    choice = rotation.choose(circle.ledger, circle.plan(14))
    assert choice.order[0] == "c" and choice.why("c").kind == Kind.OTHERS
    assert choice.why("b").words().endswith("The session just before or after is yours too, so others are asked first.")
    with pytest.raises(KeyError):
        choice.why("stranger")
