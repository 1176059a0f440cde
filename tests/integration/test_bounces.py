"""Mails that come back: what a report does to the mail, its address, and what organizers see; and what it cannot do."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from services.notifications.inbound import taking
from services.notifications.mail import ledger, proof, sending, smtp
from services.notifications.rules.bounces import SOFT_DAYS, SOFT_FOR
from shared import db, worker
from shared.cli import doctor
from shared.config import Config, SettingError, load
from tests.bounces import exchange, in_words, report
from tests.conftest import SECRET, Baton
from tests.signup import signed_in
from tests.smtp import Server
from tests.told import PROGRAM, mails, member, tell

PATH = "bounces+*@mx.example.org"


@pytest.fixture(autouse=True)
def _no_broker(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "send", lambda *_: None)
    tell("program.changed", PROGRAM)


def written(person: str, kind: str = "welcome") -> Any:
    """A mail to somebody, as if it had been sent: duty mail (welcome), or other mail (talk)."""
    tell("member.confirmed", member(person))
    table = db.metadata("notifications").tables["mail"]
    with db.write("notifications") as tx:
        tx.execute(table.update().where(table.c.person == person).values(state="sent", duty=kind == "welcome"))
    [mail] = mails(person=person)
    return mail


def came(raw: bytes) -> tuple[bool, str]:
    """Hand a mail over, in a transaction of its own."""
    with db.write("notifications") as tx:
        found = taking.take(tx, raw, "webhook")
    return found.taken, found.why


@pytest.fixture
def organizer(baton: Baton) -> Any:
    return signed_in(baton.client("notifications"), "o1", "organizer")


def stopped(address: str) -> dict[str, bool]:
    with db.read("notifications") as tx:
        return {
            "duty": ledger.suppressed(tx, address, True) is not None,
            "other": ledger.suppressed(tx, address, False) is not None,
        }


NOTHING, OTHER, BOTH = {"duty": False, "other": False}, {"duty": False, "other": True}, {"duty": True, "other": True}


def test_there_is_no_such_mailbox(baton: Baton) -> None:
    """Given a duty mail and another one, When both come back for good, Then each stops what it was, as RCPT does."""
    duty, other = written("p1"), written("p2", "talk")
    for mail in (duty, other):
        assert came(report(mail.raw)) == (True, "")
        [after] = mails(id=mail.id)
        assert (after.state, after.error) == ("failed", "It came back: 550 5.1.1 no such user")
    assert stopped("p1@example.org") == BOTH and stopped("P2@example.org") == OTHER
    baton.pass_machine_time(ledger.rules.SUPPRESSED_DUTY + 1)
    assert stopped("p1@example.org") == OTHER, "who asks for a link a day later gets it"
    [row, _] = baton.rows("notifications", "inbound")
    assert row["what"] == "bounce" and row["person"] in {"p1", "p2"} and row["address"].startswith("MAILER-DAEMON@")


def test_the_same_report_counts_once_by_whatever_way_it_comes(baton: Baton) -> None:
    raw = report(written("p1").raw)
    assert came(raw) == came(b"Received: from a by b; Mon, 4 Jan 2027\r\n" + raw) == (True, "")
    assert came(raw.replace(b"\r\n", b"\n")) == (True, "")
    assert len(baton.rows("notifications", "inbound")) == 1


def test_a_forged_report_stops_nobody(baton: Baton, change_settings: Callable[..., Config]) -> None:
    """Whoever knows a mail's id (it is in its Message-ID), but has not seen the mail, proves nothing."""
    change_settings(return_path=PATH)
    mail = written("p1")
    own = proof.make(mail.id)
    wrong = [
        mail.raw.replace(own.encode(), b"a" * proof.LENGTH),
        mail.raw.replace(own.encode(), (own[:-1] + ("a" if own[-1] != "a" else "b")).encode()),
        mail.raw.replace(own.encode(), (proof.make(written("p2").id)[:26] + own[26:]).encode()),
        mail.raw.replace(f"{proof.HEADER}: {own}\r\n".encode(), b""),
    ]
    for number, raw in enumerate(wrong):
        assert came(report(raw, number=number)) == (False, "unproven-bounce"), number
    change_settings(secret="another" + SECRET)
    forged = proof.make(mail.id)
    change_settings(secret=SECRET)
    assert came(report(wrong[0], to=PATH.replace("*", forged), number=9)) == (False, "unproven-bounce")
    assert stopped("p1@example.org") == stopped("p2@example.org") == NOTHING
    assert {each.state for each in mails(person="p1")} == {"sent"}


def test_by_the_return_path_alone(baton: Baton, change_settings: Callable[..., Config]) -> None:
    """Given VERP, When a report quotes nothing of the mail, in whatever case it has the address, Then it counts."""
    change_settings(return_path=PATH)
    for number, person in enumerate(("p1", "p2")):
        mail = written(person)
        to = proof.envelope(mail.id, "x@example.org")
        to = to.upper() if number else to
        bare = report(mail.raw, to=to, number=number).replace(f"{proof.HEADER}: ".encode(), b"X: no")
        bare = bare.replace(b"X: no" + proof.make(mail.id).encode(), b"X: y")
        assert came(bare) == (True, "")
        assert stopped(f"{person}@example.org") == BOTH
    assert len(proof.envelope(mail.id, "").partition("@")[0]) <= 64, "RFC 5321, 4.5.3.1.1"


def test_what_goes_out_names_its_own_way_back(baton: Baton, change_settings: Callable[..., Config]) -> None:
    """Given VERP and a server, When two mails are sent and one is returned to its envelope's sender, Then that one."""
    smtp._own.__dict__.clear()
    with Server() as server:
        change_settings(smtp_url=server.url, return_path=PATH)
        tell("member.confirmed", member("p1"))
        tell("member.confirmed", member("p2"))
        sending.send_due()
        taken = {each.recipient: each for each in server.taken}
        assert len({each.sender for each in server.taken}) == 2
        first = taken["p1@example.org"]
        assert came(in_words(b"nothing of it", "550 5.1.1 no such user", first.sender)) == (True, "")
        assert stopped("p1@example.org") == BOTH and stopped("p2@example.org") == NOTHING
        smtp._own.__dict__.clear()


def test_refused_for_a_while_counts_once_a_day(baton: Baton) -> None:
    mail = written("p1")
    number = 0
    for day in range(SOFT_DAYS):
        assert stopped("p1@example.org") == NOTHING, day
        for _ in range(10):
            number += 1
            assert came(report(mail.raw, "5.2.2", "552 5.2.2 mailbox full", number=number)) == (True, "")
        assert len(baton.rows("notifications", "soft_bounce")) == day + 1
        baton.pass_time(days=2)
    assert stopped("p1@example.org") == OTHER
    baton.pass_machine_time(SOFT_FOR + 1)
    assert stopped("p1@example.org") == NOTHING, "a full mailbox may have been read since"
    baton.pass_time(days=31)
    baton.tick()
    assert baton.rows("notifications", "soft_bounce") == []


def test_five_days_in_half_a_year_are_no_reason(baton: Baton) -> None:
    mail = written("p1")
    for number in range(SOFT_DAYS + 3):
        came(report(mail.raw, "4.4.7", "451 4.4.1 no answer", number=number))
        baton.pass_time(days=20)
    assert stopped("p1@example.org") == NOTHING


def test_refused_for_good_is_not_softened_by_what_comes_later(baton: Baton) -> None:
    mail = written("p1")
    came(report(mail.raw))
    for number in range(1, SOFT_DAYS + 1):
        came(report(mail.raw, "5.2.2", "552 5.2.2 mailbox full", number=number))
        baton.pass_time(days=1)
    baton.pass_machine_time(SOFT_FOR + 1)
    assert stopped("p1@example.org") == OTHER


@pytest.mark.parametrize(
    ("make", "why", "state", "after"),
    [
        (lambda raw: report(raw, "4.4.1", "451 4.4.1 no answer", "delayed"), "not-failed", "sent", NOTHING),
        (lambda raw: report(raw, "2.0.0", "250 2.0.0 ok", "delivered"), "not-failed", "sent", NOTHING),
        (lambda raw: report(raw, "5.7.1", "550 5.7.1 spam"), "", "failed", NOTHING),
        (lambda raw: report(raw, whole=True), "", "failed", BOTH),
        (lambda raw: report(raw, sender="bounce@mx.example.net"), "", "failed", BOTH),
        (lambda raw: report(raw, "5.1.1", "x" * 100_000), "", "failed", BOTH),
        (lambda raw: report(raw).replace(b"us-ascii", b"no-such-charset"), "", "failed", BOTH),
        (lambda raw: report(raw).replace(b"us-ascii", b"idna"), "", "failed", BOTH),
        (lambda raw: report(raw).replace(b"message/delivery-status", b"text/plain"), "", "failed", BOTH),
        (lambda raw: report(raw) + b"\0" * 1_000_000, "", "failed", BOTH),
        (lambda raw: report(raw).replace(b"I'm sorry", b"\xff\xfe\0" * 9), "", "failed", BOTH),
        (lambda raw: report(raw).replace(b"Action: failed", b"Action: failed\r\n\r\n" * 20_000), "", "failed", NOTHING),
        (lambda raw: in_words(raw, "Sorry, no mailbox here by that name. (#5.1.1)", "x@y.z"), "", "failed", BOTH),
        (lambda raw: in_words(raw, "It is full.", "x@y.z"), "", "failed", NOTHING),
        (lambda raw: in_words(raw, "This is a warning. Delivery is delayed.", "x@y.z"), "not-failed", "sent", NOTHING),
        (lambda raw: exchange(raw, "x@y.z"), "unproven-bounce", "sent", NOTHING),
        # Who is away answers to the return path, too, and may quote the whole mail.
        (lambda raw: in_words(raw, "I am away. 550 5.1.1", "x@y.z", **{"From": "p1@example.org", "Return-Path": "<>",
         "Auto-Submitted": "auto-replied"}), "auto-reply", "sent", NOTHING),
        (lambda raw: in_words(raw, "I am away.", "x@y.z", **{"From": "p1@example.org", "X-Autoreply": "yes"}),
         "auto-reply", "sent", NOTHING),
    ],
)  # fmt: skip
def test_odd_ones(make: Callable[[bytes], bytes], why: str, state: str, after: dict[str, bool]) -> None:
    mail = written("p1")
    assert came(make(mail.raw)) == (not why, why)
    assert mails(id=mail.id)[0].state == state and stopped("p1@example.org") == after
    assert len(mails(id=mail.id)[0].error or "") < 400


def test_exchange_with_a_way_back_of_its_own(baton: Baton, change_settings: Callable[..., Config]) -> None:
    change_settings(return_path=PATH)
    mail = written("p1")
    assert came(exchange(mail.raw, proof.envelope(mail.id, ""))) == (True, "")
    assert stopped("p1@example.org") == BOTH
    assert "RecipientNotFound" in mails(id=mail.id)[0].error


def test_noise(baton: Baton) -> None:
    mail = written("p1")
    whole = report(mail.raw)
    for number in range(200):
        at = number * len(whole) // 200
        came(whole[:at])
        came(whole[:at] + os.urandom(40) + whole[at + 40 :])
    nest = b"Content-Type: multipart/report; boundary=a\r\n\r\n--a\r\n" * 3000
    assert came(nest)[0] is False
    status = b"Content-Type: message/delivery-status\r\n\r\n" + b"\n" * 1_500_000
    assert came(status)[0] is False
    assert mails(id=mail.id)[0].person == "p1"


def test_a_thousand_at_once(baton: Baton) -> None:
    """Given a thousand reports in any order, some handed over twice, Then each address is stopped once."""
    one, table = written("p1"), db.metadata("notifications").tables["mail"]
    kept = {name: value for name, value in vars(one).items() if name in table.c}
    rows = [{**kept, "id": db.new_id(), "cause": f"c{number}", "address": f"q{number}@example.org"}
            for number in range(1000)]  # fmt: skip
    with db.write("notifications") as tx:
        tx.execute(table.insert(), rows)
    own = proof.make(one.id).encode()
    letters = [one.raw.replace(own, proof.make(row["id"]).encode()) for row in rows]
    raws = [report(raw, number=number) for number, raw in enumerate(letters)]
    for raw in (*raws, *raws[::-10]):
        assert came(raw) == (True, "")
    assert len(baton.rows("notifications", "inbound")) == 1000
    assert len({row["address"] for row in baton.rows("notifications", "suppression")}) == 1000


def test_who_was_erased_stays_so(baton: Baton) -> None:
    raw = report(written("p1").raw)
    came(report(written("p1b").raw, "5.2.2", "552 5.2.2 full"))
    tell("member.erased", {"person": "p1"})
    tell("member.erased", {"person": "p1b"})
    assert came(raw) == (False, "mail-unknown")
    for table in ("suppression", "soft_bounce"):
        assert baton.rows("notifications", table) == []
    assert "p1" not in str([row for row in baton.rows("notifications", "inbound")])


def test_organizers_see_who_lift_it_and_take_that_back(baton: Baton, organizer: Any) -> None:
    came(report(written("p1").raw))
    page = organizer.get("/notifications/suppressed").text
    assert "p1@example.org" in organizer.get("/notifications/suppressed?q=P1%40example.org").text
    for of in ("nobody@example.org", "%00", "<b>", "x" * 3000):
        assert "Nothing keeps mail from" in organizer.get("/notifications/suppressed", query_string={"q": of}).text
    assert "Ann Example" in page and "p1@example.org" in page and "550 5.1.1 no such user" in page
    assert "One address gets no mail" in organizer.get("/notifications/outbox").text
    mail = mails(person="p1")[0]
    assert "This address gets no mail" in organizer.get(f"/notifications/outbox/{mail.id}").text
    before = baton.dump()
    for method in ("get", "head"):
        for _ in range(3):
            getattr(organizer, method)("/notifications/suppressed")
            assert getattr(organizer, method)("/notifications/suppressed/lift").status_code == 405
    assert baton.dump() == before
    for deed, after in (("lift", NOTHING), ("restore", BOTH), ("lift", NOTHING)):
        answer = organizer.post(f"/notifications/suppressed/{deed}", data={"address": "p1@example.org"})
        assert answer.status_code == 303 and stopped("p1@example.org") == after
        assert organizer.get(answer.location).status_code == 200
    assert "Every address gets its mail" in organizer.get("/notifications/suppressed").text
    assert organizer.post("/notifications/suppressed/lift", data={"address": "p1@example.org"}).status_code == 409
    assert organizer.post("/notifications/suppressed/lift").status_code == 409
    came(report(mail.raw, number=2))
    assert stopped("p1@example.org") == NOTHING, "that mail has come back already"
    baton.pass_machine_time(ledger.LIFTED_SHOWN + 1)
    baton.pass_time(days=31)
    baton.tick()
    assert baton.rows("notifications", "suppression") == []


def test_nobody_else_may(baton: Baton) -> None:
    came(report(written("p1").raw))
    somebody = signed_in(baton.client("notifications"), "p1", "member")
    assert somebody.get("/notifications/suppressed").status_code == 403
    assert somebody.post("/notifications/suppressed/lift", data={"address": "p1@example.org"}).status_code == 403
    assert stopped("p1@example.org") == BOTH


@pytest.mark.parametrize("value", ["bounces@example.org", "*", "*@", "B*@example.org", "b*@ex ample.org", "*\n@x.org",
                                   "a" * 23 + "*@example.org", "*@*.org", "<*@example.org>"])  # fmt: skip
def test_a_return_path_that_cannot_be(value: str) -> None:
    with pytest.raises(SettingError, match="BATON_RETURN_PATH"):
        load({"BATON_SECRET": SECRET, "BATON_RETURN_PATH": value})


def test_the_doctor_counts_them(baton: Baton) -> None:
    assert "addresses" not in [line.check for line in doctor.mails(baton.config)]
    came(report(written("p1").raw))
    [line] = [line for line in doctor.mails(baton.config) if line.check == "addresses"]
    assert line.level == "warning" and line.found.startswith("1 get no mail") and line.do
