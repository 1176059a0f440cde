"""Whoever takes part has a place or waits for one, whatever the order, the doubling and the crowd."""

from __future__ import annotations

import random
import threading
from collections import Counter
from typing import Any, cast

import pytest
import sqlalchemy as sa

from services.sessions.circles import moving, placing, settings, splitting
from services.sessions.rules.refusals import Refused
from services.signup import people
from shared import clock, db
from shared.events import Event, inbox
from tests.circles import ORGANIZER, cap, circle, circles, do, join, kinds, line, settled, signup, state


def test_who_confirms_is_placed_told_and_active(baton: Any) -> None:
    ada, bo = join(baton, "Ada"), join(baton, "Bo")
    settled(baton)
    assert circles() == {"Starting out": ["Ada", "Bo"]} or list(circles().values()) == [["Ada", "Bo"]]
    assert (state(baton, ada), state(baton, bo)) == ("active", "active")
    assert kinds(baton, bo).count("placed") == 1
    [mail] = baton.rows("notifications", "mail", person=bo, kind="placed")
    assert "you, Ada" in mail["text"] and "not decided yet" in mail["text"]


def test_each_stream_has_circles_of_its_own(baton: Any) -> None:
    join(baton, "Ada"), join(baton, "Bo", stream="stream2")
    assert [len(found) for stream in ("stream1", "stream2") for found in circles(stream).values()] == [1, 1]


def test_a_circle_that_passes_its_maximum_is_split_by_zones(baton: Any) -> None:
    cap("", most="4")
    zones = ["America/Toronto", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "America/Toronto"]
    for at, zone in enumerate(zones):
        join(baton, f"P{at}", zone)
    settled(baton)
    found = list(circles().values())
    assert sorted(found) == [["P0", "P1", "P4"], ["P2", "P3"]]
    assert len(set(circles())) == 2
    [entry] = baton.rows("sessions", "change", verb="split")
    assert entry["by"] == "system"
    told = Counter(row["person"] for row in baton.rows("notifications", "mail", kind="placed"))
    assert sorted(told.values()) == [1, 1, 1, 2, 2], "who was moved got a second letter, who stayed did not"
    newer = join(baton, "P5", "Asia/Kolkata")
    assert ["P2", "P3", "P5"] in circles().values() and state(baton, newer) == "active"


def test_pausing_and_leaving_end_the_place_and_coming_back_finds_the_former_circle(baton: Any) -> None:
    cap("", most="3")
    ids = {
        name: join(baton, name, zone)
        for name, zone in (
            ("Ada", "Europe/London"),
            ("Bo", "Europe/London"),
            ("Kim", "Asia/Kolkata"),
            ("Lal", "Asia/Kolkata"),
        )
    }
    mine = next(names for names in circles().values() if "Lal" in names)
    signup(people.pause, ids["Lal"])
    baton.drain()
    assert not any("Lal" in names for names in circles().values())
    [left] = [row for row in baton.rows("sessions", "event", type="circle.left")]
    assert left["data"]["why"] == "paused"
    signup(people.correct, ids["Lal"], {"timezone": "Europe/London"})
    signup(people.come_back, ids["Lal"])
    settled(baton)
    assert mine in circles().values(), "back where they were, although others are nearer now"
    assert state(baton, ids["Lal"]) == "active"
    assert [row["how"] for row in baton.rows("sessions", "place", person=ids["Lal"], until=None)] == ["returned"]
    signup(people.leave, ids["Bo"])
    settled(baton)
    assert not any("Bo" in names for names in circles().values())
    standing = baton.rows("sessions", "standing", person=ids["Bo"])
    assert all(row["left_at"] for row in standing) and standing


def test_changing_the_stream_moves_the_place(baton: Any) -> None:
    ada = join(baton, "Ada")
    signup(people.change_stream, ada, "stream2")
    settled(baton)
    assert list(circles("stream2").values()) == [["Ada"]] and list(circles().values()) == [[]]
    assert not baton.rows("sessions", "event", type="circle.left"), "they did not leave the program"


def test_erasing_leaves_no_name_and_no_place(baton: Any) -> None:
    ada, bo = join(baton, "Ada Lovelace"), join(baton, "Bo")
    signup(people.erase_later, ada)
    baton.drain()
    with db.write("signup") as tx:
        people.erase_now(tx, "system", ada)
    settled_but_for_erased(baton)
    assert "Lovelace" not in repr(baton.dump())
    assert [row["person"] for row in baton.rows("sessions", "place", until=None)] == [bo]


def settled_but_for_erased(baton: Any) -> None:
    baton.drain()
    assert not [row for row in baton.rows("signup", "delivery") if row["dead_at"] or row["failures"]]


def test_a_capped_stream_has_a_line(baton: Any) -> None:
    cap("2")
    ids = {name: join(baton, name) for name in ("Ada", "Bo", "Cy", "Di")}
    settled(baton)
    assert line() == ["Cy", "Di"]
    assert [state(baton, ids[name]) for name in ("Bo", "Cy")] == ["active", "waiting"]
    [mail] = baton.rows("notifications", "mail", person=ids["Di"], kind="waiting")
    assert "number 2 in line" in mail["text"]
    signup(people.pause, ids["Ada"])
    settled(baton)
    [offer] = baton.rows("sessions", "event", type="place.offered")
    assert offer["data"]["person"] == ids["Cy"]
    late = join(baton, "Eve")
    assert line() == ["Cy", "Di", "Eve"] and state(baton, late) == "waiting", "the free place is kept"
    with db.write("sessions") as tx:
        placing.accept(tx, ids["Cy"], offer["data"]["offer"])
    settled(baton)
    assert state(baton, ids["Cy"]) == "active" and line() == ["Di", "Eve"]
    with pytest.raises(Refused, match="not offered"), db.write("sessions") as tx:
        placing.accept(tx, ids["Cy"], offer["data"]["offer"])


def test_an_offer_lapses_to_the_next_in_line(baton: Any) -> None:
    cap("1")
    ids = {name: join(baton, name) for name in ("Ada", "Bo", "Cy")}
    signup(people.leave, ids["Ada"])
    baton.drain()
    baton.pass_time(hours=71)
    baton.tick()
    assert line() == ["Bo", "Cy"]
    baton.pass_time(hours=1, minutes=1)
    baton.tick()
    settled(baton)
    assert line() == ["Cy", "Bo"]
    offers = [row["data"] for row in baton.rows("sessions", "event", type="place.offered")]
    assert [offer["person"] for offer in offers] == [ids["Bo"], ids["Cy"]]
    assert kinds(baton, ids["Bo"])[-3:] == ["waiting", "place", "waiting"]
    with pytest.raises(Refused), db.write("sessions") as tx:
        placing.accept(tx, ids["Bo"], offers[0]["offer"])
    with db.write("sessions") as tx:
        placing.decline(tx, ids["Cy"], offers[1]["offer"])
    assert line() == ["Bo", "Cy"]
    for _ in range(3):
        baton.tick()
    assert len(baton.rows("sessions", "event", type="place.offered")) == 2, "nobody is asked again at once"
    fresh = join(baton, "Di")
    assert state(baton, fresh) == "active", "a place that nobody in line wants now is free"
    signup(people.leave, fresh)
    baton.drain()
    baton.pass_time(days=15)
    baton.tick()
    assert baton.rows("sessions", "event", type="place.offered")[-1]["data"]["person"] == ids["Bo"]


def test_taking_the_cap_away_offers_to_all(baton: Any) -> None:
    cap("0")
    ids = [join(baton, name) for name in ("Ada", "Bo")]
    assert line() == ["Ada", "Bo"]
    cap("")
    baton.drain()
    assert [row["data"]["person"] for row in baton.rows("sessions", "event", type="place.offered")] == ids


def test_events_handled_twice_change_nothing(baton: Any) -> None:
    ada = join(baton, "Ada")
    settled(baton)
    before = baton.dump()
    for event in baton.rows("signup", "event", subject=f"person/{ada}"):
        if event["type"].startswith("member."):
            with db.write("sessions") as tx:
                handler = inbox._handlers["sessions", event["type"]]
                handler(tx, cast("Event", _Event(event["data"])))
    # The last one is replayed last: what it says is what signup says.
    assert {k: v for k, v in baton.dump().items() if "run" not in k} == {
        k: v for k, v in before.items() if "run" not in k
    }


class _Event:
    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_delivery_ends_in_the_same_truth(baton: Any, seed: int) -> None:
    """Messages are shuffled, late and doubled; who takes part has one place, the others none, and signup agrees."""
    dice = random.Random(seed)
    cap("6", most="3")
    ids = [join(baton, f"P{at}", dice.choice(["Europe/London", "Asia/Kolkata"]), drain=False) for at in range(9)]
    for _ in range(40):
        person = dice.choice(ids)
        current = state(baton, person)
        if current in ("paused", "left"):
            signup(people.come_back, person)
        else:
            signup(dice.choice([people.pause, people.leave]), person)
        if dice.random() < 0.5:
            _shuffle(baton, dice)
    baton.pass_machine_time(700)
    settled(baton)
    with db.read("sessions") as tx:
        assert placing.unsettled(tx) == []
    open_places = Counter(row["person"] for row in baton.rows("sessions", "place", until=None))
    waits = {row["person"]: row for row in baton.rows("sessions", "waiting")}
    assert not open_places or max(open_places.values()) == 1
    offered = [row for row in waits.values() if row["offer"]]
    assert len(open_places) + len(offered) <= 6
    for person in ids:
        expected = "active" if person in open_places else "waiting" if person in waits else None
        assert state(baton, person) == expected or (expected is None and state(baton, person) in ("paused", "left"))
    assert all(len(names) <= 3 for names in circles().values())


def _shuffle(baton: Any, dice: random.Random) -> None:
    from shared import worker
    from shared.config import SERVICES
    from shared.events import relay

    for service in SERVICES:
        relay.deliver_due(service)
    messages = list(baton.queue)
    baton.queue.clear()
    dice.shuffle(messages)
    for name, args in messages:
        if dice.random() < 0.2:
            baton.queue.append((name, args))  # late
            continue
        for _ in range(dice.choice([1, 1, 2])):
            worker.app.tasks[name].run(*args)
    baton.pass_machine_time(3)


def test_a_crowd_at_once_never_overfills(baton: Any) -> None:
    """Real threads, one per person, on PostgreSQL as on SQLite."""
    cap("5", most="3")
    ids = [f"person-{at}" for at in range(12)]
    copy = db.metadata("sessions").tables["person"]
    with db.write("sessions") as tx:
        for id in ids:
            row = {"id": id, "name": id, "timezone": "Europe/London", "stream": "stream1", "state": "confirmed"}
            tx.execute(sa.insert(copy).values(**row, roles=["member"], joined_at=clock.now()))
    errors: list[BaseException] = []

    def settle(id: str) -> None:
        try:
            for _ in range(2):
                with db.write("sessions") as tx:
                    placing.settle(tx, id)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=settle, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(baton.rows("sessions", "place", until=None)) == 5 and len(line()) == 7
    assert all(1 <= len(names) <= 3 for names in circles().values())


def test_members_from_before_there_were_circles_are_placed_by_time(baton: Any) -> None:
    copy = db.metadata("sessions").tables["person"]
    with db.write("sessions") as tx:
        row = {"id": "early", "name": "Early", "timezone": "No/Where", "stream": "stream1", "state": "confirmed"}
        tx.execute(sa.insert(copy).values(**row, roles=["member"], joined_at=clock.now()))
        tx.execute(sa.insert(copy).values(**{**row, "id": "gone", "state": "left"}, roles=[], joined_at=None))
    with db.write("sessions") as tx:
        assert placing.unsettled(tx) == ["early"]
        placing.settle(tx, "early")
        assert placing.unsettled(tx) == []


# ---- by hand ----


def test_moving_one_person_and_taking_it_back(baton: Any) -> None:
    cap("", most="2")
    ids = {name: join(baton, name) for name in ("Ada", "Bo", "Cy")}
    one, other = (next(name for name, names in circles().items() if who in names) for who in ("Ada", "Cy"))
    if one == other:
        one = next(name for name in circles() if name != other)
    mover = circles()[one][0]
    cap("", most="3")
    before = circles()
    do(moving.move, ids[mover], circle(other), "They asked", seen=circle(one))
    settled(baton)
    assert mover in circles()[other]
    with pytest.raises(Refused, match="already"):
        do(moving.move, ids[mover], circle(other))
    with pytest.raises(Refused, match="moved meanwhile"):
        do(moving.move, ids[mover], circle(one), seen=circle(one))
    [entry] = baton.rows("sessions", "change", verb="move")
    assert (entry["by"], entry["reason"]) == (ORGANIZER, "They asked")
    do(journal_undo, entry["id"])
    settled(baton)
    assert circles() == before
    with pytest.raises(Refused, match="undone already"):
        do(journal_undo, entry["id"])


def journal_undo(tx: Any, by: str, id: str) -> Any:
    from services.sessions.circles import journal

    return journal.undo(tx, by, id)


def test_placing_somebody_from_the_line_by_hand(baton: Any) -> None:
    cap("1")
    ids = {name: join(baton, name) for name in ("Ada", "Bo", "Cy")}
    do(moving.move, ids["Cy"], next(map(circle, circles())))
    settled(baton)
    assert line() == ["Bo"] and state(baton, ids["Cy"]) == "active"
    [entry] = baton.rows("sessions", "change", verb="move")
    do(journal_undo, entry["id"])
    settled(baton)
    assert line() == ["Bo", "Cy"] and state(baton, ids["Cy"]) == "waiting"


def test_what_moving_refuses(baton: Any) -> None:
    ada = join(baton, "Ada")
    bo = join(baton, "Bo", stream="stream2")
    first, second = next(map(circle, circles())), next(map(circle, circles("stream2")))
    for who, where, words in (
        (ada, second, "another stream"),
        ("nobody", first, "does not take part"),
        (ada, "no-circle", "no such circle"),
    ):
        with pytest.raises(Refused, match=words):
            do(moving.move, who, where)
    with pytest.raises(Refused, match="same circle"):
        do(moving.merge, first, first)
    with pytest.raises(Refused, match="another stream"):
        do(moving.merge, first, second)
    do(settings.save_circle, first, "First", "1")
    signup(people.change_stream, bo, "stream1")
    baton.drain()
    assert [len(names) for names in circles().values()] == [1, 1], "a full circle of one is split in two"
    with pytest.raises(Refused, match="would have 2 members, and takes 1"):
        do(moving.move, bo, first) if "Bo" not in circles()["First"] else do(moving.move, ada, first)


def test_splitting_as_proposed_or_otherwise_and_undoing_it(baton: Any) -> None:
    ids = {
        name: join(baton, name, zone)
        for name, zone in (
            ("Ada", "America/Toronto"),
            ("Bo", "America/Toronto"),
            ("Kim", "Asia/Kolkata"),
            ("Lal", "Asia/Kolkata"),
        )
    }
    [only] = map(circle, circles())
    with db.read("sessions") as tx:
        groups = splitting.proposal(tx, only)
        seen = splitting.state([{"id": id} for id in ids.values()])
    assert sorted(map(sorted, groups)) == sorted([sorted([ids["Ada"], ids["Bo"]]), sorted([ids["Kim"], ids["Lal"]])])
    for wrong, words in (
        ([list(ids.values()), []], "nobody"),
        ([[ids["Ada"]], [ids["Bo"]]], "not the people"),
        ([[*ids.values()], [ids["Ada"]]], "not the people"),
    ):
        with pytest.raises(Refused, match=words):
            do(splitting.split, only, wrong)
    with pytest.raises(Refused, match="changed meanwhile"):
        do(splitting.split, only, groups, seen="other")
    do(splitting.split, only, groups, "By hours", seen=seen)
    settled(baton)
    assert sorted(circles().values()) == [["Ada", "Bo"], ["Kim", "Lal"]]
    [entry] = baton.rows("sessions", "change", verb="split")
    do(journal_undo, entry["id"])
    settled(baton)
    assert list(circles().values()) == [["Ada", "Bo", "Kim", "Lal"]]


def test_merging_and_undoing_it(baton: Any) -> None:
    cap("", most="2")
    for name, zone in (("Ada", "Europe/London"), ("Bo", "Asia/Kolkata"), ("Cy", "Asia/Kolkata")):
        join(baton, name, zone)
    before = circles()
    one, other = map(circle, before)
    with pytest.raises(Refused, match="would have 3 members"):
        do(moving.merge, other, one)
    cap("", most="3")
    do(moving.merge, other, one, "Small")
    settled(baton)
    assert list(circles().values()) == [["Ada", "Bo", "Cy"]]
    [entry] = baton.rows("sessions", "change", verb="merge")
    do(journal_undo, entry["id"])
    settled(baton)
    assert circles() == before


def test_settings_that_cannot_be(baton: Any) -> None:
    join(baton, "Ada")
    for typed, field in (
        ({"most": "0"}, "most"), ({"most": "many"}, "most"), ({"most": "٣"}, "most"), ({"most": "1e2"}, "most"),
        ({"places.stream1": "-1"}, "places.stream1"), ({"places.stream1": "9" * 30}, "places.stream1"),
    ):  # fmt: skip
        with pytest.raises(Refused) as found:
            do(settings.save, typed)
        assert found.value.field == field
    with pytest.raises(Refused, match="meanwhile"):
        do(settings.save, {"most": "3"}, seen={"most": "5"})
    [only] = map(circle, circles())
    for name in ("", " ", "x" * 101, "a\x00b"):
        with pytest.raises(Refused, match="no name"):
            do(settings.save_circle, only, name, "")
    do(settings.save_circle, only, "<script>alert(1)</script>", "")
    with pytest.raises(Refused, match="meanwhile"):
        do(settings.save_circle, only, "Other", "", seen="/Starting out")


def test_standing_begins_at_the_highest_present_score(baton: Any) -> None:
    from services.sessions.circles import standing

    ada = join(baton, "Ada")
    [only] = map(circle, circles())
    table = db.metadata("sessions").tables["standing"]
    with db.write("sessions") as tx:
        tx.execute(sa.update(table).values(credit=4))
        assert standing.credit(tx, only, "somebody") == 4
    bo = join(baton, "Bo")
    [row] = baton.rows("sessions", "standing", person=bo)
    assert (row["credit"], row["role"], row["left_at"]) == (4, "coordinator", None)
    assert ada != bo
