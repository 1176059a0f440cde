"""The four verbs: each shows its effect, is undone, and refuses what cannot be."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from services.sessions.rules import rotation
from services.sessions.rules.refusals import Refused
from services.sessions.rules.rotation import Absence, Duty, Kind, Ledger, Member, Session
from services.sessions.rules.states import TurnState
from tests.rotating import STANDING, Circle, day

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
