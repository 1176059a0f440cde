"""What a broker or a worker can do to a message, and what becomes of its events all the same."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from structlog.processors import format_exc_info
from structlog.testing import capture_logs

from shared import db, worker
from shared.events import NotYet, emit, inbox, keeping, relay
from shared.quick import Quick
from tests.integration.conftest import ANSWER, TYPE, numbers

DAY = 86_400.0


# -- the broker ------------------------------------------------------------------------------------------------------


def test_a_broker_that_refuses_costs_a_little_time_and_nothing_else(wire: Any, monkeypatch: Any) -> None:
    """Given three full messages and no broker, When it is back, Then they go out as full messages once more."""
    wire.emit(*[(f"post/{n}", n) for n in range(300)])
    monkeypatch.setattr(worker, "send", lambda *args: (_ for _ in ()).throw(ConnectionError("refused")))
    assert wire.deliver() == 0
    assert {row["attempts"] for row in wire.deliveries()} == {0}
    monkeypatch.setattr(worker, "send", wire.baton.send)
    wire.baton.pass_machine_time(3)
    assert wire.deliver() == 3
    assert [len(numbers(message)) for message in wire.queue] == [100, 100, 100]


def test_a_broker_that_loses_everything_loses_nothing(wire: Any) -> None:
    wire.emit(("a", 1), ("b", 2), ("a", 3), ("c", 4))
    wire.deliver()
    wire.queue.clear()
    wire.baton.drain()
    assert wire.effects() == [], "not due yet"
    for _ in range(6):
        wire.baton.pass_machine_time(10)
        wire.baton.drain()
    assert sorted(wire.effects()) == [1, 2, 3, 4]
    assert wire.effects("a") == [1, 3]
    assert wire.unconfirmed() == []


def test_what_got_no_answer_goes_alone(wire: Any) -> None:
    """If it was the one that killed its worker, it shall kill nothing else."""
    wire.emit(("a", 1), ("b", 2), ("a", 3))
    wire.deliver()
    wire.queue.clear()
    wire.baton.pass_machine_time(3)
    wire.deliver()
    assert sorted(numbers(message) for message in wire.queue) == [[1], [2]]


def test_while_a_message_is_in_flight_the_next_waits_until_it_is_full(wire: Any) -> None:
    """Given one in flight, When a few more happen, Then they wait for its answer, and go out together."""
    wire.emit(("a", 1))
    assert wire.deliver() == 1
    wire.emit(("b", 2))
    assert wire.deliver() == 0
    wire.emit(("c", 3))
    wire.handle_one()  # the message
    wire.handle_one()  # its receipt
    assert [numbers(message) for message in wire.queue] == [[2, 3]]
    wire.emit(*[(f"post/{n}", n) for n in range(100)])
    assert wire.deliver() == 1, "a full one waits for nobody"


def test_the_bell_leaves_to_the_answer_what_waits_behind_a_message(wire: Any) -> None:
    """Given a message in flight, however many wait, Then the bell sends nothing more; its answer sends them."""
    wire.emit(("post/0", 0))
    assert relay.deliver_idle("blog") == 1
    wire.emit(*((f"post/{n}", n) for n in range(1, 151)))
    assert relay.deliver_idle("blog") == 0
    wire.handle_one()
    wire.handle_one()  # the receipt
    assert [len(numbers(message)) for message in wire.queue] == [100, 50]
    wire.baton.drain()
    assert sorted(wire.effects()) == list(range(151))


def test_the_bell_sends_again_once_a_lost_message_is_due(wire: Any) -> None:
    wire.emit(("post/0", 0))
    relay.deliver_idle("blog")
    wire.lose()
    assert relay.deliver_idle("blog") == 0
    wire.baton.pass_machine_time(3)
    assert relay.deliver_idle("blog") == 1


# On PostgreSQL what is to go is found out under the lock of claims already.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("answered", [False, True])
def test_what_another_took_meanwhile_does_not_go_twice(wire: Any, monkeypatch: Any, answered: bool) -> None:
    """Given a claim that has found what is due, When another takes it (and is answered), Then the first leaves it."""
    wire.emit(("a", 1), ("b", 2))
    find, first = relay._found, [True]

    def found(*args: Any, **more: Any) -> Any:
        result = find(*args, **more)
        if first.pop() if first else False:
            assert wire.deliver() == 1
            if answered:
                wire.handle_one()  # the message
                wire.handle_one()  # its receipt
        return result

    monkeypatch.setattr(relay, "_found", found)
    assert wire.deliver() == 0
    assert {row["attempts"] for row in wire.deliveries()} == {1}
    assert len(wire.unconfirmed()) == (0 if answered else 2)


def test_nobody_waits_long_for_an_answer_that_is_lost(wire: Any) -> None:
    wire.emit(("a", 1))
    wire.deliver()
    wire.queue.clear()
    wire.emit(("b", 2))
    wire.baton.pass_machine_time(0.3)
    assert wire.deliver() == 1


def test_lost_receipts_make_nothing_happen_twice(wire: Any) -> None:
    wire.emit(("a", 1), ("b", 2), ("a", 3))
    wire.deliver()
    wire.handle_one(answer=False)
    assert len(wire.unconfirmed()) == 3
    for _ in range(4):
        wire.baton.pass_machine_time(10)
        wire.baton.drain()
    assert sorted(wire.effects()) == [1, 2, 3]
    assert wire.unconfirmed() == []


def test_doubled_receipts_change_nothing(wire: Any) -> None:
    wire.emit(("a", 1), ("b", 2))
    wire.before = _fails_for(2)
    wire.deliver()
    wire.handle_one()
    receipt = wire.queue[0]
    wire.handle_one()
    before = [wire.deliveries(), wire.baton.rows("blog", "event")]
    assert wire.unconfirmed()[0]["failures"] == 1
    for _ in range(20):
        wire.queue.append(receipt)
        wire.handle_one()
    assert [wire.deliveries(), wire.baton.rows("blog", "event")] == before, "an old failure is not counted again"


def test_doubled_messages_change_nothing(wire: Any) -> None:
    wire.emit(("a", 1), ("b", 2), ("a", 3))
    wire.deliver()
    wire.queue.extend(list(wire.queue) * 3)
    wire.baton.drain()
    assert wire.effects() == [1, 2, 3]


def test_a_receipt_that_comes_after_the_burial_brings_the_delivery_back(wire: Any) -> None:
    wire.emit(("a", 1))
    wire.deliver()
    receipt = wire.handle_one(answer=False)
    with db.write("blog") as tx:
        tx.exec_driver_sql("UPDATE delivery SET dead_at = 1.0")
    inbox.answer("blog", receipt)
    wire.baton.drain()
    assert wire.dead() == wire.unconfirmed() == []


# -- handlers that fail ----------------------------------------------------------------------------------------------


def _fails_for(*bad: int, error: type[Exception] = RuntimeError) -> Any:
    def before(tx: Any, event: Any) -> None:
        if event.data["n"] in bad:
            raise error(f"cannot handle {event.data['n']}")

    return before


def test_one_bad_event_leaves_the_rest_done_and_its_followers_behind(wire: Any) -> None:
    wire.emit(("a", 1), ("b", 2), ("a", 3), ("b", 4), ("c", 5))
    wire.before = _fails_for(2)
    wire.deliver()
    receipt = wire.handle_one()
    assert wire.effects() == [1, 3, 5]
    positions = {row["n"]: row for row in ({"n": e["data"]["n"], **e} for e in wire.baton.rows("blog", "event"))}
    assert receipt.done == [positions[n]["position"] for n in (1, 3, 5)]
    assert list(receipt.failed) == [positions[2]["position"]]
    assert receipt.later == [positions[4]["position"]]
    wire.handle_one()
    assert [row["event"] for row in wire.unconfirmed()] == [positions[n]["position"] for n in (2, 4)]
    assert "cannot handle 2" in wire.unconfirmed()[0]["error"]


def test_a_database_that_refuses_a_row_does_not_quote_it(wire: Any, capsys: Any) -> None:
    """PostgreSQL answers "Failing row contains (…)": nobody's data belong into a log, a traceback or a receipt."""
    name = "Ada Unmistakable"
    quick = Quick(lambda tx: sa.text("INSERT INTO inbox (source, event) VALUES (:name, :name)"))

    def before(tx: Any, event: Any) -> None:
        if event.data["n"] == 1:
            tx.execute(sa.text("INSERT INTO inbox (source, event) VALUES (:name, :name)"), {"name": name})
        if event.data["n"] == 2:
            quick(tx, {"name": name})
        tx.execute(sa.text("SELECT CAST(:name AS INTEGER) + :n"), {"name": name, "n": 1})
        raise RuntimeError("SQLite takes a name for 0")

    wire.emit(("a", 1), ("b", 2), ("c", 3))
    wire.before = before
    wire.deliver()
    with capture_logs(processors=[format_exc_info]) as logged:
        wire.handle_one()
    wire.handle_one()
    errors = [row["error"] for row in wire.unconfirmed()]
    assert len(errors) == len(logged) == 3
    assert "Error: (" in errors[0] and "null" in errors[0].lower(), errors
    assert name not in str(errors)
    shown = "".join(entry["exception"] for entry in logged)
    assert "IntegrityError" in shown and name not in shown
    assert name not in "".join(capsys.readouterr())


def test_order_holds_through_retries(wire: Any) -> None:
    wire.emit(*[("a", n) for n in range(1, 9)])
    failing = {2: 3, 5: 2, 8: 1}

    def before(tx: Any, event: Any) -> None:
        n = event.data["n"]
        if failing.get(n):
            failing[n] -= 1
            raise RuntimeError("not this time")

    wire.before = before
    wire.rounds(10)
    assert wire.effects() == list(range(1, 9))


def test_nothing_of_a_failed_handler_remains(wire: Any) -> None:
    """Given a handler that writes and publishes and then fails, When its batch is tried event by event, Then neither
    its rows nor its inbox row nor its events are there, and those of its neighbours are."""

    def after(tx: Any, event: Any) -> None:
        emit(tx, ANSWER, event.subject, {"n": event.data["n"]})
        if event.data["n"] == 2:
            raise RuntimeError("after writing")

    wire.emit(("a", 1), ("b", 2), ("c", 3))
    wire.after = after
    wire.deliver()
    wire.handle_one()
    assert wire.effects() == [1, 3]
    assert len(wire.baton.rows("sessions", "inbox")) == 2
    assert [row["data"]["n"] for row in wire.baton.rows("sessions", "event")] == [1, 3]


def test_what_a_failed_handler_wanted_after_the_commit_does_not_happen(wire: Any) -> None:
    done: list[int] = []

    def after(tx: Any, event: Any) -> None:
        n = event.data["n"]
        db.after_commit(tx, lambda: done.append(n))
        if n == 2:
            raise RuntimeError

    wire.emit(("a", 1), ("b", 2), ("c", 3))
    wire.after = after
    wire.deliver()
    wire.handle_one()
    assert done == [1, 3]


def test_eight_failures_kill_a_delivery_and_block_its_subject_alone(wire: Any) -> None:
    wire.emit(("a", 1), ("b", 2), ("b", 3))
    wire.before = _fails_for(2)
    wire.rounds(7)
    assert wire.dead() == [] and wire.unconfirmed()[0]["failures"] == 7
    wire.rounds(1)
    [dead] = wire.dead()
    assert dead["failures"] == 8 and "cannot handle 2" in dead["error"]
    wire.emit(("a", 4), ("b", 5), ("c", 6))
    wire.rounds(3)
    assert wire.effects() == [1, 4, 6]
    assert dead["failures"] == wire.dead()[0]["failures"], "a dead one is left alone"


def test_a_dead_delivery_is_shown_and_can_be_retried(wire: Any) -> None:
    wire.emit(("b", 2), ("b", 3))
    wire.before = _fails_for(2)
    wire.rounds(8)
    with db.read("blog") as tx:
        [shown] = keeping.dead(tx)
    assert (shown["subscriber"], shown["subject"], shown["type"]) == ("sessions", "b", TYPE)
    wire.before = lambda tx, event: None
    with db.write("blog") as tx:
        assert keeping.retry(tx, shown["position"], "sessions")
        assert not keeping.retry(tx, shown["position"], "sessions"), "it is not dead any more"
    wire.baton.drain()
    assert wire.effects() == [2, 3]


def test_a_dead_delivery_can_be_skipped(wire: Any) -> None:
    wire.emit(("b", 2), ("b", 3))
    wire.before = _fails_for(2)
    wire.rounds(8)
    [dead] = wire.dead()
    with db.write("blog") as tx:
        assert keeping.skip(tx, dead["event"], "sessions", "organizer/o", "a bug")
        assert not keeping.skip(tx, dead["event"], "sessions", "organizer/o", "a bug")
    wire.baton.drain()
    assert wire.effects() == [3]
    assert wire.dead() == wire.unconfirmed() == []


def test_what_lives_can_neither_be_retried_nor_skipped(wire: Any) -> None:
    wire.emit(("b", 2))
    [row] = wire.deliveries()
    with db.write("blog") as tx:
        assert not keeping.retry(tx, row["event"], "sessions")
        assert not keeping.skip(tx, row["event"], "sessions", "organizer/o", "a bug")
    assert wire.unconfirmed()


def test_an_event_nobody_has_a_handler_for_is_seen(wire: Any, monkeypatch: Any) -> None:
    monkeypatch.delitem(inbox._handlers, ("sessions", TYPE))
    wire.emit(("a", 1))
    wire.rounds(8)
    [dead] = wire.dead()
    assert "no handler" in dead["error"]


# -- not yet ---------------------------------------------------------------------------------------------------------


def test_not_yet_is_asked_again_uncounted_until_it_can(wire: Any) -> None:
    wire.emit(("a", 1), ("a", 2))
    wire.before = _fails_for(1, error=NotYet)
    wire.rounds(40)
    assert wire.dead() == [] and wire.unconfirmed()[0]["failures"] == 0
    wire.before = lambda tx, event: None
    wire.rounds(2)
    assert wire.effects() == [1, 2]


def test_not_yet_ends_after_a_day(wire: Any) -> None:
    wire.emit(("a", 1))
    wire.before = _fails_for(1, error=NotYet)
    wire.rounds(2)
    wire.baton.pass_machine_time(DAY)
    wire.rounds(1)
    [dead] = wire.dead()
    assert "waited a day" in dead["error"]
    with db.write("blog") as tx:
        keeping.retry(tx, dead["event"], "sessions")
    wire.rounds(2)
    assert wire.dead() == [], "a retried one has its day again"


def test_the_day_counts_from_the_first_not_yet(wire: Any) -> None:
    """Given a subscriber that was away for three days, When it then misses something, Then it is given a day."""
    wire.emit(("a", 1))
    wire.baton.pass_machine_time(3 * DAY)
    wire.before = _fails_for(1, error=NotYet)
    wire.rounds(5)
    assert wire.dead() == []


# -- silence ---------------------------------------------------------------------------------------------------------


def test_an_outage_never_kills(wire: Any) -> None:
    wire.emit(("a", 1), ("b", 2), ("a", 3))
    wire.rounds(50, between=wire.lose)
    assert wire.dead() == []
    wire.rounds(4)
    assert sorted(wire.effects()) == [1, 2, 3]


def test_an_outage_of_many_does_not_kill_when_the_first_are_answered_again(wire: Any) -> None:
    """Given forty events that all were sent alone during an outage, When it ends and some are answered while the
    others still wait for the window, Then none is taken for poison."""
    wire.emit(*[(f"post/{n}", n) for n in range(40)])
    wire.rounds(30, between=wire.lose)
    assert min(row["attempts"] for row in wire.deliveries()) >= 2
    wire.rounds(20)
    assert wire.dead() == []
    assert sorted(wire.effects()) == list(range(40))


def test_one_that_never_answers_is_buried_while_others_are_answered(wire: Any) -> None:
    wire.emit(("poison", 666), ("poison", 667), ("good", 0))

    def between() -> None:
        wire.lose(lambda ns: 666 in ns)

    for n in range(1, 8):
        wire.emit((f"good/{n}", n))
        wire.rounds(1, between=between)
    [dead] = wire.dead()
    assert dead["subject"] == "poison" and "kill its worker" in dead["error"]
    assert sorted(wire.effects()) == list(range(8)), "and the others went on"


def test_one_that_never_answers_is_not_buried_while_nobody_is_answered(wire: Any) -> None:
    wire.emit(("poison", 666))
    wire.rounds(1, between=wire.lose)
    wire.emit(("good", 1))
    wire.rounds(1, between=lambda: wire.lose(lambda ns: 666 in ns))
    wire.rounds(30, between=wire.lose)
    assert wire.dead() == []


def test_waits_double_to_ten_minutes() -> None:
    for attempts, seconds in ((0, 2), (1, 2), (2, 4), (5, 32), (9, 512), (10, 600), (5_000, 600)):
        waits = [relay.wait(attempts) for _ in range(50)]
        assert all(seconds * 0.8 <= wait <= seconds * 1.2 for wait in waits)
        assert len(set(waits)) > 1, "jitter keeps many from coming at once"


@pytest.mark.parametrize("garbage", [{}, {"batch": "x", "events": [{"id": "x"}]}])
def test_a_message_that_is_none_of_ours_changes_nothing(wire: Any, garbage: dict[str, Any]) -> None:
    with pytest.raises((KeyError, IndexError)):
        worker.app.tasks["sessions.receive"].run(garbage)
    assert wire.baton.rows("sessions", "inbox") == []
