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

from services.sessions import handlers, models
from services.sessions.invites import answering as invited
from services.sessions.meetings import asking as asking_series
from services.sessions.meetings import changing
from services.sessions.rules.refusals import Refused
from services.sessions.rules.rotation import Role
from services.sessions.turns import absences, answering, asking, verbs
from shared import clock, db
from shared.events import Event
from tests import circles
from tests.turns import circle, do, person, promise_four, sessions, tick, turn, turns

from .test_meetings import SERIES, begin
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
    link, client = mailed(baton, "turn", "Ada"), baton.app("sessions").test_client  # made before they meet
    answers = at_once(*(lambda: client().post(link, data={"do": "accept"}) for _ in range(12)))
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


def waits(pid_of: str = "sessions") -> bool:
    """Whether somebody waits for a lock in that database. On SQLite writers queue before they begin."""
    with db.read(pid_of) as tx:
        if tx.dialect.name == "sqlite":
            return True
        asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        return bool(tx.exec_driver_sql(asked).scalar())


def while_another(first: Callable[[Any], Any], then: Callable[[Any], Any], other: Callable[[], Any]) -> None:
    """In one transaction `first` and `then`; `other` begins between them, and waits or is done before it goes on."""
    begun, done = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        begun.wait(30)
        try:
            other()
        except BaseException as error:
            failed.append(error)
        done.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with db.write("sessions") as tx:
            first(tx)
            begun.set()
            while not done.is_set() and not waits():
                done.wait(0.02)
            then(tx)
    finally:
        begun.set()
        thread.join()
    if failed:
        raise failed[0]


def paused(baton: Any, who: str) -> Any:
    """The event that tells that they take a break, as it is handled."""
    told = [row for row in baton.rows("signup", "event", subject=f"person/{who}") if row["type"].startswith("member.")]
    row = max(told, key=lambda each: each["seq"])
    data = {**row["data"], "state": "paused"}
    event = Event(
        position=1, id=db.new_id(), source="signup", type="member.paused", version=1, subject=row["subject"], seq=99,
        time=clock.now(), correlation=None, erased=False, data=data,
    )  # fmt: skip
    return lambda tx: handlers.member_told(tx, event)


def test_a_batch_of_people_against_a_change_of_dates(baton: Any) -> None:
    """Two pause, who has the later turn first; meanwhile an organizer moves all dates, the earlier first."""
    ids = {name: circles.join(baton, name) for name in ("Ada", "Bea", "Cem")}
    only = circles.circle(next(iter(circles.circles())))
    begin(only)
    one, two = [row["id"] for row in sessions(baton, only)][:2]
    for session, name in ((two, "Ada"), (one, "Bea")):
        do(answering.assign, session, ids[name], True, "They want to", "organizer/olga", Role.COORDINATOR)
    baton.drain()
    other = asking_series.read({**SERIES, "time": "20:00"})
    while_another(
        paused(baton, ids["Ada"]),
        paused(baton, ids["Bea"]),
        lambda: do(changing.save, "organizer/olga", only, other),
    )
    baton.drain()
    promise_four(baton)
    assert {row["time"] for row in sessions(baton, only) if row["state"] != "cancelled"} == {"20:00"}
    assert turns(baton, one)["Bea"] == turns(baton, two)["Ada"] == "released"


def test_a_calendars_answers_against_the_members_own(baton: Any) -> None:
    """Replies come many in one transaction; each "cannot" gives a turn back. The member presses the same meanwhile."""
    where = circle(baton, "Ada", "Bea", "Cem")
    tick(baton)
    baton.tick()
    one, two = [row["id"] for row in sessions(baton, where)][:2]
    ada = person(baton, "Ada")
    do(answering.assign, two, ada, True, "She wants to", "organizer/olga", Role.COORDINATOR)
    while_another(
        lambda tx: invited.by_calendar(tx, one, ada, "cannot", None),
        lambda tx: invited.by_calendar(tx, two, ada, "cannot", None),
        lambda: do(invited.answer, two, ada, "cannot", "link"),
    )
    baton.drain()
    promise_four(baton)
    assert {row["answer"] for row in baton.rows("sessions", "rsvp", person=ada)} == {"cannot"}
    assert turns(baton, one) == {"Ada": "declined", "Bea": "offered"}
