"""What happens to one person at signup is known everywhere, once, in order, by events alone."""

from __future__ import annotations

from typing import Any

import pytest

from services.signup import people
from shared import db
from shared.config import SERVICES
from shared.events import catalog, inbox, relay, replay
from shared.events.envelope import Event

APPLICATION = {
    "name": "Ada Lovelace",
    "email": "ada@example.org",
    "stream": "stream1",
    "timezone": "Europe/London",
    "charter": "1",
    "answers": {},
}
COPIES = ("sessions", "notifications", "blog")


def join(baton: Any, **fields: str) -> str:
    with db.write("signup") as tx:
        person = people.apply(tx, {**APPLICATION, **fields}).person
    assert person
    with db.write("signup") as tx:
        assert people.confirm(tx, person) == "confirmed"
    return person


def copy(baton: Any, service: str, person: str) -> dict[str, Any]:
    [row] = baton.rows(service, "person", id=person)
    return row


def test_every_subscriber_handles_every_event_it_is_owed(baton: Any) -> None:
    for service in SERVICES:
        owed = {entry.type for entry in catalog.ENTRIES if service in entry.subscribers}
        assert inbox.handled(service) >= owed


def test_a_member_is_known_everywhere_and_changes_with_them(baton: Any) -> None:
    person = join(baton)
    baton.drain()
    for service in COPIES:
        row = copy(baton, service, person)
        assert (row["name"], row["stream"]) == ("Ada Lovelace", "stream1")
    assert copy(baton, "sessions", person)["joined_at"] == baton.rows("signup", "person", id=person)[0]["confirmed_at"]
    with db.write("signup") as tx:
        people.correct(tx, f"person/{person}", person, {"name": "Ada King"})
    with db.write("signup") as tx:
        people.change_stream(tx, f"person/{person}", person, "stream2")
    with db.write("signup") as tx:
        people.pause(tx, f"person/{person}", person)
    baton.drain()
    for service in COPIES:
        row = copy(baton, service, person)
        assert (row["name"], row["stream"], row["state"]) == ("Ada King", "stream2", "paused")


def test_nobody_hears_of_an_application_but_the_one_who_mails(baton: Any) -> None:
    with db.write("signup") as tx:
        people.apply(tx, APPLICATION)
    baton.drain()
    assert baton.rows("sessions", "person") == baton.rows("blog", "person") == []


def test_sessions_and_blog_keep_no_address(baton: Any) -> None:
    join(baton)
    baton.drain()
    for service in ("sessions", "blog"):
        assert "ada@example.org" not in repr([baton.rows(service, table) for table in db.metadata(service).tables]), (
            service
        )


def test_the_program_is_copied_with_its_streams(baton: Any) -> None:
    for service in ("sessions", "blog"):
        [row] = baton.rows(service, "program")
        assert [stream["slug"] for stream in row["streams"]] == ["stream1", "stream2", "stream3"]


def test_the_same_messages_again_change_nothing(baton: Any) -> None:
    """Given all that was ever delivered, When a broker delivers it once more, Then no row anywhere differs."""
    delivered: list[tuple[str, list[Any]]] = []
    send = baton.send

    def remembered(name: str, *args: Any) -> None:
        delivered.append((name, list(args)))
        send(name, *args)

    baton._patch.setattr("shared.worker.send", remembered)
    person = join(baton)
    baton.drain()
    with db.write("signup") as tx:
        people.leave(tx, f"person/{person}", person)
    baton.drain()
    before = {name: rows for name, rows in baton.dump().items() if not name.endswith(".subscriber")}
    received = [entry for entry in delivered if entry[0].endswith(".receive")]
    assert len(received) >= 6
    baton.queue.extend(received)
    baton.queue.extend(received[::-1])
    baton.drain()
    assert {name: rows for name, rows in baton.dump().items() if not name.endswith(".subscriber")} == before


def test_an_old_message_that_comes_late_does_not_bring_the_old_state_back(baton: Any) -> None:
    """Given a message that was lost on the way and sent again, When the first one turns up at last, Then the copy
    stays as the last event told."""
    person = join(baton)
    relay.deliver_due("signup")
    lost = list(baton.queue)
    baton.queue.clear()
    baton.pass_machine_time(60)
    baton.drain()
    with db.write("signup") as tx:
        people.pause(tx, f"person/{person}", person)
    baton.drain()
    baton.queue.extend(lost)
    baton.drain()
    assert copy(baton, "sessions", person)["state"] == "paused"


def test_erasing_blanks_every_copy_and_every_event(baton: Any) -> None:
    person = join(baton)
    other = join(baton, name="Grace Hopper", email="grace@example.org")
    baton.drain()
    with db.write("signup") as tx:
        people.erase_later(tx, f"person/{person}", person)
    baton.drain()
    baton.pass_time(days=31)
    baton.tick()
    for service in COPIES:
        assert copy(baton, service, person)["state"] == "erased"
        assert copy(baton, service, other)["name"] == "Grace Hopper"
    everything = repr(baton.dump())
    for word in ("Lovelace", "ada@example.org"):
        assert word not in everything
    for event in baton.rows("signup", "event", subject=f"person/{person}"):
        assert event["erased"] or event["type"] in {"member.erased", "access.revoked"}


def test_events_erased_before_they_arrived_tell_nothing(baton: Any) -> None:
    """Given a service that was away all the time, When it comes back after the erasure, Then it learns of an erased
    person and never of a name."""
    kept: list[Any] = []
    send = baton.send
    baton._patch.setattr(
        "shared.worker.send", lambda name, *args: kept.append(name) if name == "blog.receive" else send(name, *args)
    )
    person = join(baton)
    baton.drain()
    with db.write("signup") as tx:
        people.erase_later(tx, f"person/{person}", person)
    baton.pass_time(days=31)
    baton.tick()
    assert kept and baton.rows("blog", "person") == []
    baton._patch.setattr("shared.worker.send", send)
    baton.pass_machine_time(3600)
    for _ in range(20):
        baton.drain()
        baton.pass_machine_time(3600)
    [row] = baton.rows("blog", "person")
    assert (row["id"], row["name"], row["state"]) == (person, "", "erased")


def _forget_everything(service: str) -> None:
    """The database of a service that joins Baton years later: empty."""
    with db.write(service) as tx:
        for name in ("person", "program", "inbox"):
            tx.execute(db.metadata(service).tables[name].delete())


def test_a_new_subscriber_is_told_the_present_state(baton: Any) -> None:
    person = join(baton)
    gone = join(baton, email="gone@example.org")
    baton.drain()
    before = baton.rows("sessions", "person"), baton.rows("sessions", "program")
    mails = len(baton.rows("notifications", "mail"))
    with db.write("signup") as tx:
        people.apply(tx, {**APPLICATION, "email": "unconfirmed@example.org"})
        tx.execute(db.metadata("signup").tables["subscriber"].delete().where(sub_name("sessions")))
    _forget_everything("sessions")
    baton.tick()
    assert (baton.rows("sessions", "person"), baton.rows("sessions", "program")) == before
    assert {row["id"] for row in baton.rows("sessions", "person")} == {person, gone}
    assert len(baton.rows("notifications", "mail")) == mails + 1, "a replay mails nobody; an application does"
    count = len(baton.rows("signup", "event"))
    baton.tick()
    assert len(baton.rows("signup", "event")) == count, "told once"


def sub_name(name: str) -> Any:
    return db.metadata("signup").tables["subscriber"].c.name == name


@pytest.mark.parametrize("service", COPIES)
def test_a_replay_to_one_that_knows_already_changes_nothing(baton: Any, service: str) -> None:
    join(baton)
    baton.drain()
    before = [baton.rows(service, name) for name in ("person", "program")]
    assert replay.replay("signup", service) == 2
    baton.drain()
    assert [baton.rows(service, name) for name in ("person", "program")] == before
    assert not [row for row in baton.rows("signup", "delivery") if row["confirmed_at"] is None]


def test_subscribers_that_were_there_from_the_start_get_no_replay(settings: Any, monkeypatch: Any) -> None:
    """Given a fresh Baton that published but was not answered yet, When it ticks, Then nothing is told twice."""
    from tests.conftest import Baton

    made = Baton(settings, monkeypatch)
    from services.signup import seed

    with db.write("signup") as tx:
        seed.seed(tx)
    assert replay.newcomers("signup") == []
    made.tick()
    assert [row["type"] for row in made.rows("signup", "event")].count("program.changed") == 1


def test_a_replay_never_tells_what_changed_meanwhile(baton: Any, monkeypatch: Any) -> None:
    """Given a replay that has listed its subjects, When one of them is erased before its turn, Then it is not told."""
    person = join(baton)
    baton.drain()
    lock = db.lock
    done: list[bool] = []

    def erase_first(tx: Any, name: str) -> None:
        if name == f"subject:person/{person}" and not done:
            done.append(True)
            with_erased(tx, person)
        lock(tx, name)

    def with_erased(tx: Any, person: str) -> None:
        people.erase_later(tx, "system", person)
        people.erase_now(tx, "system", person)

    monkeypatch.setattr(db, "lock", erase_first)
    assert replay.replay("signup", "blog") == 1
    baton.drain()
    assert copy(baton, "blog", person)["state"] == "erased"


def test_a_copy_is_made_of_known_fields_only(baton: Any) -> None:
    """A publisher may add a field; a subscriber of the old version goes on."""
    envelope = {
        "specversion": "1.0", "id": db.new_id(), "source": "/signup", "type": "member.changed", "dataversion": 1,
        "subject": "person/x", "position": 10**6, "sequence": 1, "time": "2027-01-04T09:00:00+00:00",
        "datacontenttype": "application/json", "correlationid": None, "erased": False,
        "data": {"person": "x", "name": "N", "email": "e@x", "timezone": "UTC", "stream": None, "state": "active",
                 "roles": [], "github": None, "blog": None, "joined_at": None, "shoe_size": 43},
    }  # fmt: skip
    receipt = inbox.receive("sessions", {"batch": "b", "events": [envelope]})
    assert receipt.done == [10**6]
    assert Event.from_envelope(envelope).envelope() == envelope
