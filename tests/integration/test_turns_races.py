"""Many at once, with real threads and transactions: whatever meets, a session has one coordinator; nobody crashes."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from services.sessions import models
from services.sessions.rules.refusals import Refused
from services.sessions.turns import absences, answering, asking, verbs
from shared import clock, db
from tests.turns import circle, do, person, promise_four, sessions, tick, turn, turns

from .test_turns_pages import mailed, sign_in


def at_once(*commands: Callable[[], Any]) -> list[Any]:
    """What each of these gave, all begun together; a refusal counts as its words, anything else is raised."""
    gate = threading.Barrier(len(commands))
    given: list[Any] = [None] * len(commands)
    failed: list[BaseException] = []

    def run(number: int, command: Callable[[], Any]) -> None:
        gate.wait()
        try:
            given[number] = command()
        except Refused as refused:
            given[number] = refused.message
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=each) for each in enumerate(commands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return given


def test_fifty_people_accept_the_same_turn(baton: Any) -> None:
    where = circle(baton, "P0", sessions=1)
    one = sessions(baton, where)[0]["id"]
    ids = [person(baton, "P0")]
    with db.write("sessions") as tx:
        for number in range(1, 50):
            id = db.new_id()
            ids.append(id)
            tx.execute(sa.insert(models.person).values(
                id=id, name=f"P{number}", timezone="UTC", stream="stream1", state="active", roles=["member"],
                joined_at=clock.now()))  # fmt: skip
            row = {"circle": where, "role": "coordinator", "person": id, "joined_at": clock.now(), "credit": 0}
            tx.execute(sa.insert(models.standing).values(**row))
            tx.execute(sa.insert(models.place).values(
                id=db.new_id(), person=id, circle=where, since=clock.now(), how="placed", by="system"))  # fmt: skip
    baton.pass_time(days=13)
    clients = [sign_in(baton.client("sessions"), id) for id in ids]
    answers = at_once(*(lambda client=client: client.post(f"/sessions/s/{one}/take") for client in clients))
    assert Counter(answer.status_code for answer in answers) == {303: 1, 422: 49}
    assert all("Somebody else has said yes already" in answer.text for answer in answers if answer.status_code == 422)
    assert Counter(turns(baton, one).values()) == {"accepted": 1}
    assert sessions(baton, where)[0]["state"] == "confirmed"
    assert len(baton.rows("sessions", "event", type="turn.accepted")) == 1


def test_one_person_presses_the_same_button_many_times(baton: Any) -> None:
    where = circle(baton, "Ada", "Bea")
    tick(baton)
    link = mailed(baton, "turn", "Ada")
    answers = at_once(*(lambda: baton.client("sessions").post(link, data={"do": "accept"}) for _ in range(12)))
    said = Counter(answer.location.rpartition("=")[2] for answer in answers)
    assert said == {"accepted": 1, "already": 11}
    assert len(baton.rows("sessions", "event", type="turn.accepted")) == 1 and where


@pytest.mark.parametrize("seed", range(4))
def test_swap_against_decline(baton: Any, seed: int) -> None:
    where = circle(baton, "Ada", "Bea", "Cem")
    one, two, *_ = [row["id"] for row in sessions(baton, where)]
    tick(baton)
    mine = turn(baton, one, "Ada")["id"]
    do(answering.accept, mine, "person/a")
    ada = person(baton, "Ada")
    wanted = verbs.Asked("swap", one, two)
    with db.read("sessions") as tx:
        seen = verbs.preview(tx, where, wanted, ada, False).token
    commands = [
        lambda: do(verbs.save, where, wanted, ada, False, f"person/{ada}", seen),
        lambda: do(answering.decline, mine, f"person/{ada}"),
        lambda: do(asking.work),
    ]
    random.Random(seed).shuffle(commands)
    at_once(*commands)
    baton.drain()
    promise_four(baton)
    found = turns(baton, one)
    assert found["Ada"] in ("declined", "released") and found["Bea"] == "offered"


@pytest.mark.parametrize("seed", range(4))
def test_an_absence_against_an_accept(baton: Any, seed: int) -> None:
    where = circle(baton, "Ada", "Bea")
    one = sessions(baton, where)[0]["id"]
    tick(baton)
    mine, ada = turn(baton, one, "Ada")["id"], person(baton, "Ada")
    away = {"first": "2027-01-18", "last": "2027-01-18", "role": ""}
    commands = [
        lambda: do(absences.add, ada, f"person/{ada}", away),
        lambda: do(answering.accept, mine, f"person/{ada}"),
        lambda: do(asking.work),
    ]
    random.Random(seed).shuffle(commands)
    at_once(*commands)
    baton.drain()
    promise_four(baton)
    assert turns(baton, one) == {"Ada": "released", "Bea": "offered"}, "whoever is away has no turn"


def test_everything_at_once(baton: Any) -> None:
    """Accepts, declines, swaps, absences and ticks in one heap, several times over."""
    where = circle(baton, "Ada", "Bea", "Cem", "Dan", apart=7)
    circle(baton, "Max", "Mia", stream="stream2", sessions=0)
    ids = {name: person(baton, name) for name in ("Ada", "Bea", "Cem", "Dan", "Max", "Mia")}
    dice = random.Random(5)
    for _ in range(4):
        tick(baton, days=3)
        rows = baton.rows("sessions", "turn")
        ahead = [row["id"] for row in sessions(baton, where) if row["starts_at"] > clock.now()]
        commands: list[Callable[[], Any]] = [lambda: do(asking.work)]
        for row in rows:
            by = f"person/{row['person']}"
            commands.append(partial(do, answering.accept, row["id"], by))
            commands.append(partial(do, answering.decline, row["id"], by))
        for name in ("Ada", "Bea", "Cem"):
            one, two = dice.sample(ahead, 2)
            wanted = verbs.Asked(dice.choice(["swap", "skip-me"]), one, two)
            me = ids[name]
            commands.append(partial(do, verbs.save, where, wanted, me, False, f"person/{me}"))
            commands.append(partial(do, answering.volunteer, one, me, f"person/{me}"))
        dice.shuffle(commands)
        at_once(*commands)
        baton.drain()
        promise_four(baton)


def test_the_database_itself_keeps_two_from_saying_yes(baton: Any) -> None:
    """Should the lock and the rule both fail, there is the index."""
    where = circle(baton, "Ada", "Bea")
    one = sessions(baton, where)[0]["id"]
    for number, name in enumerate(("Ada", "Bea")):
        row = {"id": db.new_id(), "session": one, "circle": where, "role": "coordinator", "person": person(baton, name)}
        row |= {"state": "accepted", "why": {}, "created_at": clock.now()}
        if number == 0:
            do(lambda tx, row=row: tx.execute(sa.insert(models.turn).values(**row)))
            continue
        with pytest.raises(sa.exc.IntegrityError):
            do(lambda tx, row=row: tx.execute(sa.insert(models.turn).values(**row)))
