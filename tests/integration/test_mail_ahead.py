"""Mails to a circle are made before the transaction that puts them down: what they say is what is true in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from services.notifications import handlers
from services.notifications.mail import catalogue, compose, ledger, parts, rewording
from shared import clock, db
from shared.config import Config
from shared.events import Event, inbox
from shared.events.catalog import BY_TYPE
from tests.told import PROGRAM, mails, member, tell

assert handlers
PEOPLE = ("ada", "bo", "cy")


@pytest.fixture
def circle(settings: Config) -> None:
    tell("program.changed", PROGRAM)
    for person in PEOPLE:
        tell("member.confirmed", member(person, name=person.title(), state="active"))


def session(position: int, subject: str = "s", people: tuple[str, ...] = PEOPLE, type: str = "announced") -> Event:
    """A session of the circle is announced, or its people are reminded of it; the position-th event of sessions."""
    at = "2027-02-01T17:00:00+00:00"
    data = {
        "session": subject, "circle": "c", "name": "Circle A", "kind": "circle", "stream": "stream1",
        "day": "2027-02-01", "time": "17:00", "zone": "UTC", "minutes": 60, "starts_at": at,
        "ends_at": "2027-02-01T18:00:00+00:00", "state": "planned", "sequence": position, "title": None,
        "link": "https://meet.example.org/room", "location": None, "note": None, "coordinator": "ada", "mentor": None,
        "what": "request" if position == 1 else "update", "changed": ["time"] if position > 1 else [], "was": None,
        "attendees": [{"person": id, "answer": None} for id in people], "stamp": clock.now().isoformat(),
    }  # fmt: skip
    if type == "reminded":
        data |= {"hours": 24, "items": [], "members": [*people]}
        for name in ("what", "changed", "was", "stamp"):
            del data[name]
    named = f"session.{type}"
    return Event(
        position=position, id=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{subject}{position}{type}")), source="sessions",
        type=named, version=BY_TYPE[named].version, subject=f"session/{subject}", seq=position, time=clock.now(),
        correlation=None, erased=False, data=data,
    )  # fmt: skip


def receive(*events: Event) -> Any:
    return inbox.receive("notifications", {"batch": "b", "events": [event.envelope() for event in events]})


def invites(kind: str = "invite") -> list[Any]:
    return mails(kind=kind)


@pytest.mark.parametrize(("type", "kind"), [("announced", "invite"), ("reminded", "reminder")])
def test_nothing_is_rendered_while_nobody_else_can_write(
    circle: None, monkeypatch: pytest.MonkeyPatch, type: str, kind: str
) -> None:
    made = _watched(monkeypatch)
    receive(session(1, type=type))
    assert made == [True] * 3 and len(invites(kind)) == 3


def _called_otherwise(tx: Any) -> None:
    people = db.metadata("notifications").tables["person"]
    tx.execute(people.update().where(people.c.id == "ada").values(name="Augusta"))


def _moved_zone(tx: Any) -> None:
    people = db.metadata("notifications").tables["person"]
    tx.execute(people.update().where(people.c.id == "ada").values(timezone="Asia/Tokyo"))


def _program_renamed(tx: Any) -> None:
    programs = db.metadata("notifications").tables["program"]
    tx.execute(programs.update().values(name="Another Name"))


def _reworded(tx: Any) -> None:
    tried = catalogue.sample(tx, "invite", compose.Reader("o", "Olga", "olga@example.org", "UTC"))
    words = {**parts.original("invite"), "subject": "In our own words"}
    rewording.save(tx, "invite", words, 0, tried, "organizer/o")


CHANGES: list[tuple[Callable[[Any], None], str]] = [
    (_called_otherwise, "Augusta"), (_moved_zone, "Tokyo"), (_program_renamed, "Another Name"),
    (_reworded, "In our own words"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), CHANGES)
def test_what_changed_after_it_was_made_is_told(
    circle: None, monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None], told: str
) -> None:
    _between(monkeypatch, change)
    receive(session(1))
    assert len(invites()) == 3
    [ada] = [mail for mail in invites() if mail.person == "ada"]
    assert told in ada.subject + ada.html


def test_who_was_erased_after_theirs_was_made_gets_none(circle: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from services.notifications import people

    _between(monkeypatch, lambda tx: people.forget(tx, "bo"))
    receive(session(1))
    assert [mail.person for mail in invites()] == ["ada", "cy"]
    assert "bo@example.org" not in str(mails())


def test_an_address_that_was_refused_after_theirs_was_made_is_not_tried(
    circle: None, monkeypatch: pytest.MonkeyPatch, change_settings: Callable[..., Config]
) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    _between(monkeypatch, lambda tx: ledger.suppress(tx, "cy@example.org", True, "550 5.1.1 nobody here"))
    receive(session(1))
    assert {mail.person: mail.state for mail in invites()} == {"ada": "queued", "bo": "queued", "cy": "dropped"}


def test_nothing_that_was_made_ahead_outlives_its_transaction(circle: None) -> None:
    """Nor what was made for an event that could not be handled: it may speak of somebody who is erased meanwhile."""
    receive(session(1, "t"), session(1, "s", (*PEOPLE, "nobody")))
    assert not inbox.kept() and inbox.kept() is not inbox.kept()


def test_what_was_made_serves_also_where_each_is_tried_on_its_own(
    circle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given one event that must wait, at the end or the beginning, Then the others' mails are made once, ahead."""
    for place, order in enumerate(("first", "last")):
        made = _watched(monkeypatch)
        others = [session(1, f"{order}{number}") for number in range(3)]
        waits = session(1, f"{order}waits", (*PEOPLE, "nobody"))
        receive(*([waits, *others] if place == 0 else [*others, waits]))
        assert made == [True] * 9


def test_nothing_is_made_for_what_was_handled_before_or_must_wait(
    circle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = [session(1, "w", (*PEOPLE, "nobody")), *(session(place, "w") for place in range(2, 12))]
    done = session(1)
    receive(done)
    made = _watched(monkeypatch)
    receive(done, *waits)
    # Of those that wait seven were in one part with the first, before anybody knew.
    assert made == [True] * 3 * (inbox.AHEAD - 2)


def test_what_cannot_be_made_ahead_is_tried_where_it_counts(circle: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an attendee who is not known yet, Then that session is asked for again, and the one beside it is told."""
    receipt = receive(session(1, "s", (*PEOPLE, "nobody")), session(1, "t"))
    assert (len(receipt.not_yet), len(receipt.done)) == (1, 1)
    assert {mail.topic for mail in invites()} == {"session/t"}


def test_a_database_that_refuses_while_mails_are_made_ahead_costs_nobody_theirs(
    circle: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a question that the database refuses, as the driver says it, Then all are told in the transactions."""

    def refused(tx: Any, event: Event) -> None:
        tx.connection.driver_connection.execute("SELECT nothing_of_that_name")

    monkeypatch.setitem(inbox._ahead, ("notifications", "session.announced"), refused)
    assert len(receive(session(1, "s"), session(1, "t")).done) == 2
    assert len(invites()) == 6


def test_of_many_those_behind_one_that_waits_wait_too(circle: None) -> None:
    """Given more events than are made ahead at once, the first of one session not to be handled yet, Then all later
    ones of that session wait for it, and those of another are told; when they come again each is told once."""
    waiting = [session(place, "s", (*PEOPLE, "nobody") if place < 9 else PEOPLE) for place in range(1, 11)]
    others = [session(place, f"t{place}") for place in range(11, 21)]
    receipt = receive(*waiting, *others)
    assert receipt.not_yet == [1] and receipt.later == [*range(2, 11)] and receipt.done == [*range(11, 21)]
    assert len(invites("invite-update")) == 30 and not invites()
    tell("member.confirmed", member("nobody", name="Nobody", state="active"))
    again = receive(*waiting, *others)
    assert sorted(again.done) == [*range(1, 21)]
    assert len(invites()) == 4 and len(invites("invite-update")) == 7 * 4 + 2 * 3 + 30


def test_killed_between_two_transactions_each_is_told_once(circle: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given ten events, of which the first eight were handled when the worker died, When the message comes again, Then
    nobody gets a second mail, and nobody none."""
    events, real = [session(1, f"s{number}") for number in range(10)], inbox._work_ahead
    asked = []

    class Killed(BaseException):
        pass

    def dies(service: str, some: Any) -> None:
        asked.append(len(some))
        if len(asked) == 2:
            raise Killed
        real(service, some)

    monkeypatch.setattr(inbox, "_work_ahead", dies)
    with pytest.raises(Killed):
        receive(*events)
    assert asked == [inbox.AHEAD, 2] and len(invites()) == 3 * inbox.AHEAD
    assert len(receive(*events).done) == 10
    assert len(invites()) == 30


def test_what_a_mail_said_does_not_come_back_with_its_cause(circle: None) -> None:
    """Given a mail that was emptied, When its cause is handled once more, by whatever mistake, Then it stays empty."""
    receive(session(1))
    with db.write("notifications") as tx:
        tables = db.metadata("notifications").tables
        tx.execute(tables["content"].delete())
        tx.execute(tables["mail"].update().values(emptied_at=clock.now()))
        tx.execute(tables["inbox"].delete())
    tell("member.confirmed", member("dee", name="Dee", state="active"))
    receive(session(1, people=(*PEOPLE, "dee")), session(1, "t"))
    says = {(mail.topic, mail.person): bool(mail.text and mail.raw) for mail in invites()}
    assert says == {
        **{("session/s", person): person == "dee" for person in (*PEOPLE, "dee")},
        **{("session/t", person): True for person in PEOPLE},
    }
    with db.read("notifications") as tx:  # of the confirmations too, nothing
        assert tx.execute(sa.text("SELECT count(*) FROM content")).scalar() == 5


def _watched(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each mail that is made from now on, whether that is ahead."""
    made, real = [], compose.Round._made

    def watched(self: compose.Round, *given: Any) -> dict[str, Any]:
        made.append(self.drafting)
        return real(self, *given)

    monkeypatch.setattr(compose.Round, "_made", watched)
    return made


def _between(monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], None]) -> None:
    """Have that happen after mails were made, and before the transaction that puts them down."""
    real = inbox._work_ahead

    def then(service: str, events: Any) -> None:
        real(service, events)
        with db.write("notifications") as tx:
            change(tx)

    monkeypatch.setattr(inbox, "_work_ahead", then)
