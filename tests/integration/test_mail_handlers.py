"""One event, one mail: what each event makes, and what erasing leaves."""

from __future__ import annotations

import email
import threading
import time
from collections.abc import Callable, Iterator
from email.policy import default
from typing import Any

import pytest

from services.notifications import people
from services.notifications.mail import ledger
from services.notifications.rules import State
from services.signup.rules import text
from shared import db, tokens, worker
from shared.config import Config
from tests.told import PROGRAM, applicant, mails, member, tell


@pytest.fixture(autouse=True)
def _no_broker(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "send", lambda *_: None)


@pytest.fixture
def program(settings: Config) -> Iterator[None]:
    assert tell("program.changed", PROGRAM).done
    yield


def link_in(mail: Any) -> str:
    return str(next(word for word in mail.text.split() if "/signup/" in word))


@pytest.mark.parametrize(
    ("type", "data", "kind", "purpose", "says"),
    [
        ("application.received", applicant(), "confirm", "confirm", "Starting out"),
        ("application.received", applicant(again=True), "confirm", "confirm", "signed up with this address before"),
        ("application.reminded", applicant(), "confirm-reminder", "confirm", "only reminder"),
        ("application.repeated", applicant(), "sign-in", "enter", "You are already here"),
        ("member.confirmed", member(), "welcome", "enter", "https://chat.example.org/join/abc"),
        ("member.left", member(state="left"), "goodbye", "enter", "come back with one press"),
        ("signin.requested", {"person": "p1", "name": "Ann Example", "email": "p1@example.org", "next": "/x",
                              "request": "r1"}, "sign-in", "sign-in", "once, for 30 minutes"),
        ("member.erasing", member(state="left", erase_after="2027-02-03T09:00:00+00:00"), "goodbye", "enter",
         "erased on Wed 3 Feb 2027, 10:00 (Berlin)"),
        ("address.requested", {"person": "p1", "name": "Ann Example", "email": "p1@example.org", "request": "r1"},
         "address", "address", "One press"),
    ],
)  # fmt: skip
def test_each_event_makes_its_mail(
    program: None, type: str, data: dict[str, Any], kind: str, purpose: str, says: str
) -> None:
    assert tell(type, data).done
    (mail,) = mails()
    assert (mail.kind, mail.person, mail.address, mail.state) == (kind, "p1", "p1@example.org", State.KEPT)
    assert says in mail.text and mail.text.startswith("Hello Ann Example,")
    token = link_in(mail).rpartition("/")[2]
    claims = tokens.read(purpose, token, 60)
    assert claims["person"] == "p1"
    if purpose == "sign-in":
        assert (claims["request"], claims["next"]) == ("r1", "/x")
    if purpose == "address":
        assert claims["request"] == "r1"
    parsed = email.message_from_bytes(mail.raw, policy=default)
    assert parsed["Message-ID"] == f"<{mail.id}@localhost>" and parsed["Auto-Submitted"] == "auto-generated"
    plain, html = (part.get_content().replace("\r\n", "\n").strip() for part in parsed.iter_parts())  # type: ignore[attr-defined]
    assert (plain, html) == (mail.text.strip(), mail.html.strip())


def test_one_cause_makes_one_mail_even_without_the_inbox(program: None) -> None:
    tell("member.confirmed", member(), id="e-1")
    with db.write("notifications") as tx:  # given: the inbox forgot
        tx.execute(db.metadata("notifications").tables["inbox"].delete())
    tell("member.confirmed", member(), id="e-1")
    assert len(mails()) == 1
    tell("member.confirmed", member(), id="e-2")
    assert len(mails()) == 2


def test_before_the_program_is_known_it_is_asked_again(settings: Config) -> None:
    assert tell("application.received", applicant()).not_yet == [1]
    tell("program.changed", PROGRAM)
    assert tell("application.received", applicant(stream="later")).not_yet == [1]
    assert not mails()
    closed = {**PROGRAM, "streams": PROGRAM["streams"][1:]}
    tell("program.changed", closed)
    assert tell("application.received", applicant()).done, "a stream that was closed keeps its name"
    assert "Starting out" in mails()[0].subject


def test_organizers_get_one_summary_each(program: None) -> None:
    listed = [
        {"person": f"q{i}", "name": f"Person {i}", "stream": f"stream{i % 2 + 1}", "state": "applied"} for i in range(3)
    ]
    tell("application.received", applicant("q0"))
    tell("application.expired", {"person": "q0"})
    data = {
        "day": "2027-01-03",
        "organizers": [{"person": f"o{i}", "name": "Olga", "email": f"o{i}@example.org"} for i in range(2)],
        "applications": listed,
        "counts": {"applied": 205},
    }
    tell("applications.summarized", data)
    found = mails(kind="applications")
    assert [row.address for row in found] == ["o0@example.org", "o1@example.org"]
    text = found[0].text
    assert "Person 1" in text and "Person 0" not in text, "who is gone is not named"
    assert "205 people" in text and "And 203 more" in text and "First job (1)" in text
    assert "on Sunday, 3 January 2027" in text and found[0].subject == "205 new applications on 3 January"


def test_who_goes_is_taken_out_of_a_summary_and_the_others_stay(
    program: None, change_settings: Callable[..., Config]
) -> None:
    """Given a letter kept here and one that waits to be sent, When one whom both name goes, Then they name the rest."""
    listed = [{"person": f"q{i}", "name": f"Person {i}é", "stream": "stream1", "state": "applied"} for i in range(3)]
    organizers = [{"person": "o0", "name": "Olga", "email": "o0@example.org"}]
    data = {"since": "2026-12-30", "day": "2027-01-03", "organizers": organizers, "applications": listed,
            "counts": {"stream1": 3}}  # fmt: skip
    tell("applications.summarized", data)
    change_settings(smtp_url="smtp://127.0.0.1:1")
    tell("applications.summarized", data)
    when = "between Wednesday, 30 December 2026 and Sunday, 3 January 2027"
    assert all(when in row.text and when in row.html for row in mails())
    assert mails()[0].subject == "3 new applications from 30 December to 3 January"
    tell("application.expired", {"person": "q1"})
    tell("application.expired", {"person": "q1"})
    rows = mails(kind="applications")
    assert sorted(row.state for row in rows) == ["kept", "queued"]
    for row in rows:
        parsed = email.message_from_bytes(row.raw, policy=default)
        texts = [part.get_content() for part in parsed.iter_parts()]  # type: ignore[attr-defined]
        for words in (row.text, row.html, *texts):
            assert "Person 0é" in words and "Person 2é" in words and "Person 1" not in words
            assert "3 people" in words and "And 1 more" in words and when in words
        assert "Person 1" not in str(row.made_of) and parsed["Message-ID"] == f"<{row.id}@localhost>"
    tell("member.erased", {"person": "q0"})
    tell("member.erased", {"person": "q2"})
    assert all("And 3 more" in row.text and "Person" not in row.text for row in mails(kind="applications"))
    tell("member.erased", {"person": "o0"})
    assert all(row.text == "" and row.raw == b"" and row.made_of is None for row in mails(kind="applications"))


def test_two_who_are_erased_at_once_are_both_taken_out_of_what_names_both(program: None) -> None:
    """Given a letter that names three, When two of them are erased by two workers at once, Then neither comes back."""
    listed = [{"person": f"q{i}", "name": f"Person {i}", "stream": "stream1", "state": "applied"} for i in range(3)]
    organizers = [{"person": "o0", "name": "Olga", "email": "o0@example.org"}]
    data = {"since": "2026-12-30", "day": "2027-01-03", "organizers": organizers, "applications": listed,
            "counts": {"stream1": 3}}  # fmt: skip
    tell("applications.summarized", data)

    def erase() -> None:
        with db.write("notifications") as tx:
            people.forget(tx, "q1")

    other = threading.Thread(target=erase)
    with db.write("notifications") as tx:
        people.forget(tx, "q0")
        other.start()
        time.sleep(0.5)  # it waits for the letter by now
    other.join()
    [row] = mails(kind="applications")
    for words in (row.text, row.html, str(row.made_of)):
        assert "Person 2" in words and "Person 0" not in words and "Person 1" not in words


def test_copies_follow_and_erasing_empties_everything(
    program: None, change_settings: Callable[..., Config], settings: Config
) -> None:
    tell("application.received", applicant())
    change_settings(smtp_url="smtp://127.0.0.1:1")
    tell("member.confirmed", member())
    tell("member.changed", member(name="Änn", timezone="Asia/Tokyo"))
    with db.write("notifications") as tx:
        ledger.suppress(tx, "P1@example.org", True, "550")
        person = tx.execute(db.metadata("notifications").tables["person"].select()).one()
    assert (person.name, person.timezone) == ("Änn", "Asia/Tokyo")
    assert [row.state for row in mails()] == ["kept", "queued"]

    tell("member.erased", {"person": "p1"})

    assert sorted(row.state for row in mails()) == ["dropped", "kept"]
    with db.read("notifications") as tx:
        for table in ("mail", "person", "suppression", "mention"):
            rows = str(tx.execute(db.metadata("notifications").tables[table].select()).all())
            assert "example.org" not in rows and "Ann" not in rows and "Änn" not in rows


def copied(person: str = "p1") -> Any:
    table = db.metadata("notifications").tables["person"]
    with db.read("notifications") as tx:
        return tx.execute(table.select().where(table.c.id == person)).one()


def test_what_a_stranger_types_for_somebody_who_left_changes_nothing_before_they_confirm(program: None) -> None:
    tell("member.confirmed", member())
    tell("member.left", member(state="left"))
    before = copied()
    for type in ("application.received", "application.reminded"):
        tell(type, applicant(name="Mallory", stream="stream2", timezone="Asia/Tokyo", again=True))
    assert copied() == before
    mail = mails(kind="confirm")[0]
    assert mail.address == "p1@example.org" and "First job" in mail.subject
    tell("member.confirmed", member(name="Ann Two", stream="stream2"))
    assert (copied().name, copied().stream) == ("Ann Two", "stream2")


def test_who_leaves_to_be_erased_gets_one_letter_with_the_date_and_the_way_back(program: None) -> None:
    erasing = member(state="left", erase_after="2027-02-03T09:00:00+00:00")
    tell("member.left", erasing)
    tell("member.erasing", erasing)
    (mail,) = mails()
    for part in (mail.text, mail.html):
        assert "Wed 3 Feb 2027" in part and "Keep my data" in part and "come back with one press" not in part


def test_an_organizer_whom_another_added_is_told_how_to_sign_in(program: None) -> None:
    tell("organizer.added", member("o1", roles=["organizer"]))
    assert mails() == [], "the first one is named by a setting"
    tell("organizer.added", member("o1", roles=["organizer"]) | {"invited": True})
    (mail,) = mails()
    assert mail.address == "o1@example.org" and "/signup/sign-in?next=/signup/organizer/" in mail.text
    assert "/signup/sign-in?next=/signup/organizer/" in mail.html and "no password" in mail.text


def test_the_old_address_is_told_of_the_new_one_without_naming_it(program: None) -> None:
    tell("member.confirmed", member())
    tell("member.readdressed", member(email="new@example.net") | {"former": "p1@example.org"})
    assert copied().email == "new@example.net"
    (mail,) = mails(kind="address-changed")
    assert mail.address == "p1@example.org" and "Answer this mail" in mail.text and "change it" in mail.text
    assert "new@example.net" not in mail.text + mail.html
    tell("member.erased", {"person": "p1"})
    assert "example" not in str([(row.address, row.text, row.raw) for row in mails()])


def test_an_application_sent_again_replaces_the_one_before(program: None) -> None:
    tell("application.received", applicant())
    tell("application.received", applicant(name="Anne", stream="stream2", again=True))
    assert (copied().name, copied().stream, copied().state) == ("Anne", "stream2", "applied")


def test_a_suppressed_address_is_shown_not_mailed(program: None, change_settings: Callable[..., Config]) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:1")
    with db.write("notifications") as tx:
        ledger.suppress(tx, "p1@example.org", False, "550 5.1.1 no such user")
    tell("application.reminded", applicant(email="P1@example.org"))
    tell("application.received", applicant())
    reminder, confirm = mails(kind="confirm-reminder")[0], mails(kind="confirm")[0]
    assert reminder.state == "dropped" and "no such user" in reminder.error
    assert confirm.state == "queued", "bulk mail never silences duty mail"


def test_an_address_that_cannot_be_one_fails_visibly(program: None, change_settings: Callable[..., Config]) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:1")
    assert tell("application.received", applicant(email="ann@exa mple\r\nBcc: x")).done
    (mail,) = mails()
    assert mail.state == "failed" and mail.error and mail.raw == b""


def test_empty_fields_break_nothing(program: None) -> None:
    empty = member(name="", email="", stream=None)
    for type in ("member.confirmed", "member.left", "member.changed", "organizer.added", "member.erasing"):
        assert tell(type, empty).done
    assert tell("application.received", applicant(name="", email="")).done
    assert tell("member.erased", {"person": "nobody"}).done
    assert not mails()


def test_the_longest_name_that_signup_takes_arrives(program: None) -> None:
    longest = "\u2764\ufe0f\u200d\U0001f525" * 100  # a hundred as people count, four hundred as databases do
    assert text.name("name", longest) == longest
    assert tell("application.received", applicant(name=longest)).done
    assert [row.state for row in mails()] == ["kept"]
