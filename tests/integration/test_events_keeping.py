"""How long events are kept, and how a person is taken out of them."""

from __future__ import annotations

from typing import Any

from shared import db
from shared.events import erase, keeping
from shared.events.erasure import blank, erase_mentions

DAY = 86_400.0


def test_old_events_go_and_the_last_of_each_subject_stays(wire: Any) -> None:
    wire.emit(("a", 1), ("a", 2), ("b", 3))
    wire.baton.drain()
    wire.baton.pass_machine_time(91 * DAY)
    wire.emit(("c", 4))
    wire.baton.drain()
    with db.write("blog") as tx:
        assert keeping.prune(tx) is False
    assert sorted(row["data"]["n"] for row in wire.baton.rows("blog", "event")) == [2, 3, 4]
    assert len(wire.deliveries()) == 3, "a delivery goes with its event"
    wire.emit(("a", 5))
    [newest] = [row for row in wire.baton.rows("blog", "event") if row["data"]["n"] == 5]
    assert newest["seq"] == 3, "the sequence goes on"


def test_what_is_still_owed_is_kept_however_old(wire: Any) -> None:
    wire.emit(("a", 1), ("a", 2))
    wire.baton.pass_machine_time(400 * DAY)
    with db.write("blog") as tx:
        keeping.prune(tx)
    assert len(wire.baton.rows("blog", "event")) == 2


def test_pruning_goes_in_steps(wire: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(keeping, "STEP", 2)
    wire.emit(*[("a", n) for n in range(6)])
    wire.baton.drain()
    wire.baton.pass_machine_time(91 * DAY)
    steps = 0
    more = True
    while more:
        with db.write("blog") as tx:
            more = keeping.prune(tx)
        steps += 1
    assert steps == 3 and len(wire.baton.rows("blog", "event")) == 1


def test_erasing_blanks_names_and_keeps_facts(wire: Any) -> None:
    wire.emit(("person/1", 1), ("person/2", 2), name="Ada")
    with db.write("blog") as tx:
        assert erase(tx, "person/1") == 1
        assert erase(tx, "person/1") == 0, "a second time there is nothing left"
    rows = {row["subject"]: row for row in wire.baton.rows("blog", "event")}
    assert rows["person/1"]["data"] == {"n": 1, "name": ""} and rows["person/1"]["erased"]
    assert rows["person/2"]["data"] == {"n": 2, "name": "Ada"} and not rows["person/2"]["erased"]


def test_an_erased_event_is_confirmed_and_tells_nothing(wire: Any) -> None:
    wire.emit(("person/1", 1), ("person/1", 2), name="Ada")
    with db.write("blog") as tx:
        erase(tx, "person/1")
    wire.emit(("person/1", 3))
    wire.baton.drain()
    assert wire.effects() == [3]
    assert wire.unconfirmed() == []


def test_a_person_is_taken_out_of_lists_of_others(baton: Any) -> None:
    data = {
        "day": "2027-01-04",
        "organizers": [{"person": "o", "name": "Org", "email": "o@example.org"}],
        "applications": [
            {"person": "a", "name": "Ada", "stream": None, "state": "applied"},
            {"person": "b", "name": "Bob", "stream": None, "state": "applied"},
        ],
        "counts": {"": 2},
    }
    from shared.events import emit

    with db.write("signup") as tx:
        emit(tx, "applications.summarized", "program", data)
        assert erase_mentions(tx, "applications.summarized", "a") == 1
    [row] = baton.rows("signup", "event", type="applications.summarized")
    assert [entry["name"] for entry in row["data"]["applications"]] == ["", "Bob"]
    assert row["data"]["organizers"][0]["name"] == "Org" and not row["erased"]


def test_blanking_reaches_any_depth_and_leaves_null_alone() -> None:
    data = {"name": "x", "blog": None, "list": [{"name": "y", "n": 1}], "n": 2}
    assert blank(data, {"name", "blog"}) == {"name": "", "blog": None, "list": [{"name": "", "n": 1}], "n": 2}
