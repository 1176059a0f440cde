"""Every way out of a circle frees the turns to come, also those that are only offered, and the next is asked; every way
in gives the credit of who joins. And what was served is counted as the turns themselves say, whatever happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.sessions import models
from services.sessions.circles import journal, moving, splitting
from services.sessions.rules import rotation
from services.sessions.rules.refusals import Refused
from services.sessions.rules.rotation import Role
from services.sessions.turns import answering, asking, ledger
from services.signup import people
from shared import db
from tests import circles
from tests.turns import circle, do, enter, person, promise_four, sessions, tick, turns

OLGA = "organizer/olga"


@pytest.fixture
def two(baton: Any) -> tuple[str, str]:
    """Two circles of a stream; in the first Ada has said yes to one session and is asked for another; a mentor has one
    too."""
    circle(baton, "Max", "Mia", stream="stream2", sessions=0)
    other = circle(baton, "Dan", "Eve")
    where = circle(baton, "Ada", "Bea", "Cem")
    tick(baton)
    first = sessions(baton, where)[0]["id"]
    ada = person(baton, "Ada")
    do(answering.assign, first, ada, True, "She wants to", OLGA, Role.COORDINATOR)
    do(answering.assign, sessions(baton, where)[2]["id"], ada, False, "Again?", OLGA, Role.COORDINATOR)
    for session in (sessions(baton, other)[0]["id"],):
        do(answering.assign, session, person(baton, "Dan"), True, "He wants to", OLGA, Role.COORDINATOR)
    baton.drain()
    assert held(baton, "Ada") == {"accepted": 1, "offered": 1}
    return where, other


def held(baton: Any, name: str) -> dict[str, int]:
    """How many turns of theirs are in the states that hold a seat."""
    found: dict[str, int] = {}
    for row in baton.rows("sessions", "turn", person=person(baton, name)):
        if row["state"] in ("offered", "accepted"):
            found[row["state"]] = found.get(row["state"], 0) + 1
    return found


def signup(command: Callable[..., Any], who: str, *given: Any) -> None:
    circles.signup(command, who, *given)


def erase(_baton: Any, ada: str, _where: str, _other: str) -> None:
    signup(people.erase_later, ada)
    with db.write("signup") as tx:
        people.erase_now(tx, "system", ada)


OUT: dict[str, Callable[[Any, str, str, str], Any]] = {
    "moved": lambda b, ada, where, other: circles.do(moving.move, ada, other),
    "merged": lambda b, ada, where, other: circles.do(moving.merge, where, other),
    "split": lambda b, ada, where, other: circles.do(
        splitting.split, where, [[person(b, "Bea"), person(b, "Cem")], [ada]]
    ),
    "paused": lambda b, ada, where, other: signup(people.pause, ada),
    "left": lambda b, ada, where, other: signup(people.leave, ada),
    "erased": erase,
    "another stream": lambda b, ada, where, other: signup(people.change_stream, ada, "stream2"),
}


@pytest.mark.parametrize("way", OUT)
def test_every_way_out_frees_turns_at_once(baton: Any, two: tuple[str, str], way: str) -> None:
    where, other = two
    first, _, third, *_ = [row["id"] for row in sessions(baton, where)]
    ada = person(baton, "Ada")
    OUT[way](baton, ada, where, other)
    baton.drain()
    rows = {row["session"]: row["state"] for row in baton.rows("sessions", "turn", person=ada, circle=where)}
    assert rows == {first: "released", third: "released"}, "without waiting for a tick"
    [standing] = baton.rows("sessions", "standing", circle=where, person=ada, role="coordinator")
    assert standing["left_at"] is not None
    rest = {row["person"] for row in baton.rows("sessions", "turn", session=first, role="coordinator", state="offered")}
    states = {row["state"] for row in sessions(baton, where)}
    if way == "merged":
        assert not rest and states == {"cancelled"}
        assert not [
            row for row in baton.rows("sessions", "turn", circle=where) if row["state"] in ("offered", "accepted")
        ]
    else:
        assert rest and ada not in rest, "the next in line is asked at once"
    promise_four(baton)


@pytest.mark.parametrize("way", ["moved", "merged", "returned"])
def test_every_way_in_gives_the_credit_of_who_joins(baton: Any, two: tuple[str, str], way: str) -> None:
    where, other = two
    ada = person(baton, "Ada")
    if way == "returned":
        tick(baton, hours=1)
        signup(people.pause, ada)
        baton.drain()
        tick(baton, days=14, hours=2)
        signup(people.come_back, ada)
        baton.drain()
        other = where
    else:
        OUT[way](baton, ada, where, other)
    [mine] = baton.rows("sessions", "standing", circle=other, person=ada, role="coordinator")
    assert mine["left_at"] is None
    with db.read("sessions") as tx:
        book = ledger.load(tx, other)
    score = rotation.scores(book)
    others = [points for id, points in score.items() if id != ada]
    assert others and score[ada] == max(others), "they come after everybody who is there"


def test_a_move_taken_back_frees_what_was_given_there(baton: Any, two: tuple[str, str]) -> None:
    where, other = two
    ada = person(baton, "Ada")
    circles.do(moving.move, ada, other)
    later = sessions(baton, other)[2]["id"]
    do(answering.assign, later, ada, True, "Welcome", OLGA, Role.COORDINATOR)
    assert held(baton, "Ada") == {"accepted": 1}
    [entry] = baton.rows("sessions", "change", verb="move")
    circles.do(journal.undo, entry["id"])
    assert held(baton, "Ada") == {} and turns(baton, later)["Ada"] == "released"
    promise_four(baton)


# ---- what was served ----


def counted() -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What is stored of each standing, and what the turns say."""
    turn, session, standing = models.turn, models.session, models.standing
    served = (
        sa.select(turn.c.circle, turn.c.role, turn.c.person, sa.func.count().label("n"), sa.func.max(session.c.day))
        .join(session, session.c.id == turn.c.session)
        .where(turn.c.state == "served")
        .group_by(turn.c.circle, turn.c.role, turn.c.person)
    )
    with db.read("sessions") as tx:
        stored = tx.execute(sa.select(standing).where(standing.c.served > 0)).mappings()
        return (
            sorted((row["circle"], row["role"], row["person"], row["served"], row["last"]) for row in stored),
            sorted(tuple(row) for row in tx.execute(served)),
        )


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["wait", "yes", "no", "correct", "undo", "go", "come"]), st.integers(0, 9), st.integers(0, 2)
    ),
    min_size=3,
    max_size=10,
)


def test_the_tally_is_always_what_a_recount_says(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea", "Cem", sessions=40, apart=7)
    names = ("Ada", "Bea", "Cem")
    ids = [person(baton, name) for name in names]
    elsewhere = circle(baton, "Dan", sessions=0)
    served = 0
    baton.pass_time(hours=2)  # or each look would fall on the begin of a session

    def step(kind: str, number: int, who: int) -> None:
        offered = [row for row in baton.rows("sessions", "turn", circle=where) if row["state"] == "offered"]
        past = [row for row in baton.rows("sessions", "turn", circle=where) if row["state"] == "served"]
        if kind == "wait":
            baton.pass_time(days=7)
            do(asking.work)
        elif kind in ("yes", "no") and offered:
            row = offered[number % len(offered)]
            do(answering.accept if kind == "yes" else answering.decline, row["id"], f"person/{row['person']}")
        elif kind == "correct" and past:
            session = past[number % len(past)]["session"]
            do(answering.assign, session, ids[who], True, "It was them", OLGA, Role.COORDINATOR)
        elif kind == "undo":
            entries = baton.rows("sessions", "change", verb="correct")
            if entries:
                do(journal.undo, OLGA, entries[number % len(entries)]["id"])
        elif kind == "go":
            do(enter, ids[who], elsewhere)
        elif kind == "come":
            do(enter, ids[who], where)

    @settings(
        max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(STEPS)
    def walk(steps: list[tuple[str, int, int]]) -> None:
        nonlocal served
        for each in [("wait", 0, 0), ("yes", 0, 0), ("wait", 0, 0), ("yes", 0, 0), *steps]:
            try:
                step(*each)
            except Refused:
                pass
            stored, recount = counted()
            assert stored == recount, each
            served = max(served, len(stored))

    walk()
    assert served > 1, "or nothing was looked at"
