"""The mailbox, read from a real IMAP server: each mail once, nothing changed in it; and when it is away."""

from __future__ import annotations

import email
import socket
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.notifications.inbound import mailbox, taking
from services.notifications.mail import proof
from shared import config, db, worker
from shared.cli import doctor
from shared.config import Config, SettingError, load
from tests.bounces import report
from tests.conftest import SECRET, Baton
from tests.imap import PASSWORD, Imap
from tests.signup import signed_in
from tests.told import PROGRAM, mails, member, tell


@pytest.fixture(autouse=True)
def people(baton: Baton) -> None:
    tell("program.changed", PROGRAM)
    tell("member.changed", member("olga", name="Olga", state="active", roles=["member", "organizer"]))
    tell("member.confirmed", member("p1"))
    table = db.metadata("notifications").tables["mail"]
    with db.write("notifications") as tx:
        tx.execute(table.update().values(state="sent"))


@pytest.fixture
def imap(change_settings: Callable[..., Config]) -> Iterator[Imap]:
    with Imap() as server:
        change_settings(imap_url=server.url)
        yield server


def answer(number: int, text: str = "") -> bytes:
    welcome = mails(person="p1", kind="welcome")[0]
    head = f"From: p1@example.org\nSubject: Re\nMessage-ID: <{number}@x>\nIn-Reply-To: <{welcome.id}@localhost>\n\n"
    return f"{head}{text or f'Answer number {number}.'}\n".encode()


def passed_on() -> list[str]:
    return sorted(mail.made_of["text"] for mail in mails(kind="reply"))


def look(baton: Baton) -> None:
    """The next look, as ticks ask for it."""
    baton.pass_machine_time(mailbox.LONGEST)
    baton.tick()


def test_each_mail_once_and_nothing_in_the_mailbox_changes(baton: Baton, imap: Imap) -> None:
    """Given an answer, a returned mail and noise, When it is looked at again and again, Then each counted once."""
    welcome = mails(person="p1", kind="welcome")[0]
    imap.put(answer(1), report(welcome.raw), b"From: x@y.example\n\nBuy", b"\n", b"\xff\x00" * 100)
    before = imap.flags()
    for _ in range(3):
        look(baton)
    assert passed_on() == ["Answer number 1."]
    assert [row["address"] for row in baton.rows("notifications", "suppression")] == ["p1@example.org"] * 2
    assert {row["via"] for row in baton.rows("notifications", "inbound")} == {"mailbox"}
    assert imap.flags() == before and len(before) == 5, "still there, and not marked as read"
    imap.put(answer(2))
    look(baton)
    assert passed_on() == ["Answer number 1.", "Answer number 2."]


def test_it_is_not_asked_at_every_tick(baton: Baton, imap: Imap) -> None:
    look(baton)
    imap.put(answer(1))
    baton.tick()
    assert passed_on() == []
    baton.pass_machine_time(mailbox.EVERY + 1)
    baton.tick()
    assert passed_on() == ["Answer number 1."]


def test_what_the_webhook_took_is_not_taken_again(baton: Baton, imap: Imap) -> None:
    with db.write("notifications") as tx:
        taking.take(tx, answer(1), "webhook")
    imap.put(b"Received: from a by b\n" + answer(1))
    look(baton)
    assert passed_on() == ["Answer number 1."]


def test_many_come_in_turns(baton: Baton, imap: Imap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "AT_ONCE", 3)
    imap.put(*(answer(number) for number in range(10)))
    look(baton)
    assert len(passed_on()) == 10, "who finds more asks again at once"


def test_uids_that_are_given_anew_double_nothing(baton: Baton, imap: Imap) -> None:
    """Given mails that were handled, When the folder is made anew, with the same mails, Then only a new one counts."""
    imap.put(answer(1), answer(2))
    look(baton)
    imap.anew()
    imap.put(answer(2), answer(1), answer(3))
    look(baton)
    assert passed_on() == ["Answer number 1.", "Answer number 2.", "Answer number 3."]


def test_killed_between_the_mail_and_the_mark(baton: Baton, imap: Imap, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a worker that dies in the transaction, When the next one looks, Then the mail is handled, once."""
    imap.put(answer(1), answer(2))
    real = mailbox._note
    died: list[bool] = []

    def note(tx: Any, **values: Any) -> None:
        real(tx, **values)
        if values.get("uid") == 2 and not died:
            died.append(True)
            raise SystemExit

    monkeypatch.setattr(mailbox, "_note", note)
    with pytest.raises(SystemExit):
        mailbox.read()
    assert passed_on() == ["Answer number 1."]
    assert mailbox.read() is False, "whoever died may still be reading"
    look(baton)
    assert passed_on() == ["Answer number 1.", "Answer number 2."]


def test_one_that_cannot_be_handled_does_not_stop_the_rest(
    baton: Baton, imap: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    imap.put(answer(1), answer(2), answer(3))
    real = taking.take

    def take(tx: Any, raw: bytes, *more: Any, **named: Any) -> Any:
        if b"number 2" in raw:
            raise MemoryError
        return real(tx, raw, *more, **named)

    monkeypatch.setattr(taking, "take", take)
    for _ in range(mailbox.TRIES):
        look(baton)
        assert passed_on() == ["Answer number 1."]
        with db.read("notifications") as tx:
            assert "mail 2 could not be handled" in (mailbox.state(tx).said or "")
    look(baton)
    assert passed_on() == ["Answer number 1.", "Answer number 3."]


def test_of_what_is_too_large_the_beginning_is_passed_on(baton: Baton, imap: Imap) -> None:
    """Given words with a photo of 3 MB, Then the words arrive, and that there was more; the rest is never fetched."""
    mail = EmailMessage()
    for name, value in email.message_from_bytes(answer(1)).items():
        mail[name] = value
    mail.set_content("Here is our whiteboard.\n")
    mail.add_attachment(b"\xff\xd8" * 1_500_000, maintype="image", subtype="jpeg", filename="board.jpg")
    imap.put(mail.as_bytes(), answer(2))
    look(baton)
    assert passed_on() == ["Answer number 2.", "Here is our whiteboard."]
    [text] = [each.text for each in mails(kind="reply") if "whiteboard" in each.text]
    assert "There is more" in text and "board.jpg" in text and "KB)" not in text


def test_away_and_back(baton: Baton, imap: Imap) -> None:
    """Given a mailbox that is gone, When it is asked, Then later and later, said once, seen on the page, by the doctor
    and in metrics; and once it is back, what came meanwhile counts."""
    imap.put(answer(1))
    imap.stop()
    waits = []
    with capture_logs() as logs:
        for _ in range(8):
            look(baton)
            with db.read("notifications") as tx:
                found = mailbox.state(tx)
            waits.append(found.due - (found.asked or 0))
    assert [each["event"] for each in logs if each["event"].startswith("mailbox")] == ["mailbox.away"]
    assert waits[:6] == sorted(waits[:6]) and waits[-1] > 30 * waits[0], "later and later"
    organizer = signed_in(baton.client("notifications"), "olga", "organizer")
    for page in ("/notifications/inbound", "/notifications/ops"):
        assert "cannot be read" in organizer.get(page).text
    assert "baton_mailbox_away_seconds" in baton.client("notifications").get("/notifications/metrics").text
    [line] = list(doctor.replies(config.current()))
    assert line.level == "wrong" and line.do
    imap.start()
    look(baton)
    assert passed_on() == ["Answer number 1."]
    assert "cannot be read" not in organizer.get("/notifications/inbound").text
    [line] = list(doctor.replies(config.current()))
    assert line.level == "ok"


@pytest.mark.parametrize("wrong", ["password", "folder", "deaf", "noise", "closed"])
def test_no_password_is_told(
    baton: Baton, imap: Imap, wrong: str, change_settings: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(mailbox, "TIMEOUT", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        url = {
            "password": imap.url.replace("word", "word-not"), "folder": f"{imap.url}/No%20such%22folder",
            "deaf": imap.url.replace(str(imap.port), str(port)), "noise": imap.url.replace(str(imap.port), str(port)),
            "closed": imap.url.replace(str(imap.port), "1"),
        }[wrong]  # fmt: skip
        change_settings(imap_url=url)
        with capture_logs() as logs:
            look(baton)
    with db.read("notifications") as tx:
        found = mailbox.state(tx)
    assert found.down_since is not None and found.failures == 1
    everything = f"{found} {logs} {config.current()!r} {list(doctor.replies(config.current()))}"
    assert PASSWORD not in everything and "p%25ss" not in everything
    assert not passed_on()


@pytest.mark.parametrize(
    "url", ["imap.example.org", "http://u:s3cret@x", "imaps://", "imaps://example.org", "imaps://u@example.org",
            "imaps://u:s3cret@example.org:x", "imaps://u:s3cret@example.org/f%0d%0aDELETE", "imaps://u:s3cret%0d%0a@example.org"],
)  # fmt: skip
def test_addresses_that_cannot_be(url: str) -> None:
    with pytest.raises(SettingError, match="BATON_IMAP_URL") as wrong:
        load({"BATON_SECRET": SECRET, "BATON_IMAP_URL": url})
    assert "s3cret" not in str(wrong.value)


def test_a_folder_of_its_own(baton: Baton, imap: Imap, change_settings: Callable[..., Config]) -> None:
    box = imap.box()
    box.create('"For Baton"')
    box.logout()
    change_settings(imap_url=f"{imap.url}/For%20Baton")
    imap.put(answer(1), folder='"For Baton"')
    imap.put(answer(2))
    look(baton)
    assert passed_on() == ["Answer number 1."]
    change_settings(imap_url=imap.url)
    look(baton)
    assert passed_on() == ["Answer number 1.", "Answer number 2."], "another mailbox begins anew"


def test_by_its_return_path(baton: Baton, imap: Imap, change_settings: Callable[..., Config]) -> None:
    change_settings(return_path="b+*@example.org")
    welcome = mails(person="p1", kind="welcome")[0]
    to = proof.envelope(welcome.id, "")
    imap.put(f"From: MAILER-DAEMON@x.example\nTo: {to}\nSubject: failure\n\n550 5.1.1 no such user\n".encode())
    look(baton)
    assert len(baton.rows("notifications", "suppression")) == 2
    assert worker.app.tasks["notifications.fetch"]
