"""What people write back: who is told, once, of what; and what ends here."""

from __future__ import annotations

import email
import hashlib
import hmac
import os
import re
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from services.notifications import restored
from services.notifications.inbound import taking, words
from services.notifications.inbound.forwarding import DAY_MOST
from services.notifications.mail import proof
from services.notifications.views.inbound import WHY
from shared import clock, config, db, personal, tokens, worker
from shared.calendar import reply
from shared.config import Config
from tests.conftest import SECRET, Baton
from tests.integration.test_digest import minuted
from tests.signup import signed_in
from tests.told import PROGRAM, mails, member, tell


@pytest.fixture(autouse=True)
def people(baton: Baton, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ann (p1), who was welcomed; Olga and Otto, who run it; Bo, who coordinates session s1."""
    monkeypatch.setattr(worker, "send", lambda *_: None)
    tell("program.changed", PROGRAM)
    for id, name in (("olga", "Olga"), ("otto", "Otto")):
        tell("member.changed", member(id, name=name, state="active", roles=["member", "organizer"]))
    tell("member.confirmed", member("p1", state="active"))
    tell("member.changed", member("bo", name="Bo", state="active"))


def welcome() -> Any:
    return mails(person="p1", kind="welcome")[0]


def invite(coordinator: str | None = "bo") -> Any:
    """A mail to Ann about session s1."""
    tables = db.metadata("notifications").tables
    starts = clock.now() + timedelta(days=7)
    with db.write("notifications") as tx:
        tx.execute(tables["meeting"].insert().values(
            id="s1", circle="c", name="c", stream="stream1", starts_at=starts, ends_at=starts, cancelled=False,
            words={}, coordinator=coordinator))  # fmt: skip
        tx.execute(tables["mail"].update().where(tables["mail"].c.person == "p1").values(topic="session/s1", rank=0))
    return welcome()


def written(to: Any, text: str = "I come ten minutes later.", **headers: str) -> bytes:
    """Somebody's answer to a mail of ours, as mail programs write it."""
    mail = EmailMessage()
    given = {"From": "Ann E. <p1@example.org>", "To": "baton@localhost", "Subject": "Re: hello",
             "Message-ID": "<1@example.org>", "In-Reply-To": f"<{to.id}@localhost>"} if to else {}  # fmt: skip
    for name, value in {**given, **{each.replace("_", "-"): value for each, value in headers.items()}}.items():
        if value:
            mail[name] = value
    mail.set_content(text)
    return mail.as_bytes()


def came(raw: bytes) -> str:
    """Hand it over; why it was left, empty when it was passed on."""
    with db.write("notifications") as tx:
        found = taking.take(tx, raw, "webhook")
    assert found.taken == (not found.why)
    return found.why


def told() -> dict[str, Any]:
    """Who was told of what somebody wrote."""
    return {row.person: row for row in mails(kind="reply")}


def test_an_answer_to_minutes_reaches_who_coordinated_that_session(baton: Baton) -> None:
    """Given minutes that were mailed, and Bo who led it, When Ann answers them, Then Bo has it, and no organizer."""
    data = minuted("s7", members=["p1", "bo"], present=["p1"], to=["p1", "bo"], coordinator="bo", organizers=["olga"])
    assert tell("session.minuted", data, subject="session/s7").done
    [mail] = mails(kind="minutes", person="p1")
    assert came(written(mail)) == "" and set(told()) == {"bo"}
    assert "you coordinate the session" in told()["bo"].text
    [own] = mails(kind="minutes", person="bo")
    assert came(written(own, From="Bo <bo@example.org>", Message_ID="<2@example.org>")) == ""
    assert set(told()) == {"bo", "olga", "otto"}, "what the coordinator writes is for organizers"


def test_an_answer_reaches_the_organizers_once(baton: Baton) -> None:
    """Given a welcome, When Ann answers it, whoever hands that over how often, Then each organizer has it once."""
    raw = written(welcome())
    for _ in range(3):
        assert came(raw) == "" == came(b"Received: from x\r\n" + raw)
    assert set(told()) == {"olga", "otto"} and len(mails(kind="reply")) == 2
    mail = told()["olga"]
    letter = email.message_from_bytes(mail.raw, policy=default)
    assert letter["Reply-To"] == "p1@example.org" and "baton@localhost" in letter["From"]
    assert letter["Auto-Submitted"] == "auto-generated", "nobody's holiday reply answers it"
    assert "I come ten minutes later." in mail.text and mail.subject == "Ann Example wrote: Re: hello"
    assert "careful" not in mail.text
    [row] = baton.rows("notifications", "inbound")
    assert (row["what"], row["person"], row["mail"]) == ("reply", "p1", welcome().id)


def test_one_about_a_session_reaches_its_coordinator(baton: Baton) -> None:
    assert came(written(invite())) == ""
    assert set(told()) == {"bo"}
    assert "you coordinate the session" in told()["bo"].text


@pytest.mark.parametrize("coordinator", [None, "p1", "nobody-known"])
def test_where_nobody_else_coordinates_it_the_organizers_are_told(coordinator: str | None) -> None:
    assert came(written(invite(coordinator))) == ""
    assert set(told()) == {"olga", "otto"}


def test_who_answers_what_was_passed_on_reaches_its_writer(baton: Baton) -> None:
    """Given a mail program that ignores Reply-To, When Bo answers, Then Ann is told, and nobody else."""
    came(written(invite()))
    to_bo = told()["bo"]
    assert came(written(to_bo, "No matter.", From="bo@example.org", Message_ID="<2@x>")) == ""
    assert set(told()) == {"bo", "p1"} and "No matter." in told()["p1"].text


def test_a_talk_by_answers_keeps_its_subject_and_one_that_was_changed_is_as_it_was_written() -> None:
    """Given answers to what was passed on, Then their subjects do not grow by who wrote what."""
    assert came(written(invite())) == ""
    said = {"From": "bo@example.org", "Message_ID": "<2@x>", "Subject": f"Re: {told()['bo'].subject}"}
    assert came(written(told()["bo"], "Until then.", **said)) == ""
    assert told()["p1"].subject == "Bo wrote: Re: hello"
    assert came(written(told()["bo"], "And more.", **{**said, "Message_ID": "<3@x>", "Subject": "Slides"})) == ""
    assert "Bo wrote: Slides" in [mail.subject for mail in mails(kind="reply", person="p1")]


def test_a_stranger_who_has_the_mail_reaches_organizers_only(baton: Baton) -> None:
    """They may be Ann at another address. They are not taken for her."""
    assert came(written(invite(), From="Ann <ann@elsewhere.example>")) == ""
    assert set(told()) == {"olga", "otto"}
    assert "be careful" in told()["olga"].text and "ann@elsewhere.example" in told()["olga"].text
    assert told()["olga"].subject.startswith("Ann wrote")


def test_a_member_may_write_without_answering_anything(baton: Baton) -> None:
    assert came(written(None, From="P1@example.org", Subject="A question", Message_ID="<3@x>")) == ""
    assert set(told()) == {"olga", "otto"} and "wrote to Mentors" in told()["olga"].text
    assert came(written(None, From="nobody@example.org", Subject="Buy", Message_ID="<4@x>")) == "not-ours"


def test_by_the_address_it_was_sent_to(baton: Baton, change_settings: Callable[..., Config]) -> None:
    """Given a mail program that keeps no In-Reply-To, and an answer to the return path, Then it is known."""
    change_settings(return_path="b+*@example.org")
    to = proof.envelope(invite().id, "")
    assert came(written(welcome(), In_Reply_To="", To=to)) == "" and set(told()) == {"bo"}


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto_Submitted": "auto-replied"}, "auto-reply"),
        ({"Auto_Submitted": "auto-generated"}, "auto-reply"),
        ({"Precedence": "bulk"}, "auto-reply"),
        ({"X_Autoreply": "yes"}, "auto-reply"),
        ({"Return_Path": "<>"}, "auto-reply"),
        ({"Subject": "Out of Office: Re: hello"}, "auto-reply"),
        ({"Subject": "Automatic reply: Re: hello"}, "auto-reply"),
        ({"List_Id": "<x.example.org>"}, "list"),
        ({"From": "Baton <BATON@localhost>"}, "own-mail"),
        ({"X_Baton_Mail": "x"}, "own-mail"),
        ({"X_Spam_Flag": "YES"}, "spam"),
        ({"From": "nobody"}, "no-sender"),
        ({"From": ""}, "no-sender"),
        ({"X_Auto_Response_Suppress": "OOF"}, ""),
    ],
)
def test_machines_lists_and_loops_end_here(headers: dict[str, str], why: str) -> None:
    assert came(written(welcome(), **headers)) == why
    assert set(told()) == ({"olga", "otto"} if not why else set())


def test_a_loop_that_nothing_marks_ends_after_some(baton: Baton) -> None:
    for number in range(DAY_MOST):
        assert came(written(welcome(), str(number), Message_ID=f"<{number}@l>")) == ""
    assert came(written(welcome(), "one more", Message_ID="<last@l>")) == "too-many"
    baton.pass_time(days=1, hours=1)
    assert came(written(welcome(), "the next day", Message_ID="<next@l>")) == ""


def test_the_only_organizer_does_not_hear_from_themselves(baton: Baton) -> None:
    for id in ("olga", "otto"):
        tell("organizer.removed", {**member(id), "roles": ["member"]})
    assert came(written(welcome())) == "nobody-to-tell" and not told()


def test_no_link_of_its_reader_is_passed_on(baton: Baton) -> None:
    """Given an answer that quotes the whole mail in every way there is, Then nothing in what is passed on signs in."""
    mail = welcome()
    link = next(word for word in mail.text.split() if "/signup/" in word)
    token = link.rpartition("/")[2]
    assert tokens.read("enter", token)["person"] == "p1"
    ways = [
        "Yes.\n\n> " + mail.text.replace("\n", "\n> "),
        "Yes.\n\nOn Mon, 4 Jan 2027 at 10:00, Baton <baton@localhost> wrote:\n" + mail.text,
        "Yes.\n\nOn Mon, 4 Jan 2027 at 10:00, Baton\n<baton@localhost> wrote:\n\n> " + mail.text.replace("\n", "\n> "),
        "Yes.\n\n-----Original Message-----\n" + mail.text,
        "Yes.\n\nFrom: Baton <baton@localhost>\nSent: Monday\n\n" + mail.text,
        "Yes.\n\n" + mail.text,
        "Yes.\n\n" + mail.text.replace(token, f"{token[:50]}\n{token[50:]}"),
        "Yes.\n\n" + mail.text.replace(token, f"{token[:50]} {token[50:90]} {token[90:]}"),
        "Yes.\n\n" + link.replace("http", "hxxp"), "Yes.\n\n" + token,
    ]  # fmt: skip
    for number, text in enumerate(ways):
        assert came(written(mail, text, Message_ID=f"<{number}@q>")) == "", number
    page = written(mail, "", Message_ID="<h@q>").partition(b"\n\n")[0].replace(b"text/plain", b"text/html")
    assert came(page + b"\n\n<p>Yes.</p><a href='" + link.encode() + b"'>" + link.encode() + b"</a>") == ""
    passed = mails(kind="reply")
    assert len(passed) == 2 * (len(ways) + 1)
    for each in passed:
        assert "Yes." in each.text
        for piece in (token, token.partition(".")[0], token[:50]):
            assert piece not in each.text and piece not in each.html


def html(body: str) -> words.Said:
    return words.said(email.message_from_string(f"Content-Type: text/html; charset=utf-8\n\n{body}"))


def test_markup_becomes_words(settings: Config) -> None:
    assert html("<p>One</p><p>two &amp; three<br>four</p>").text == "One\n\ntwo & three\nfour"
    assert html("<style>x</style><script>alert(1)</script><title>t</title><b>hello</b>").text == "hello"
    assert html("mine<div class='gmail_quote'>On Monday: <b>theirs</b></div>after").text == "mine"
    assert html("mine<blockquote>theirs <p>more</blockquote> mine too").text == "mine mine too"
    assert html('mine<div id="divRplyFwdMsg">From: x</div>theirs').text == "mine"
    assert html("<img src=x onerror=alert(1)>&lt;script&gt;").text == "<script>", "escaped wherever it is shown"
    for hostile in ("<![" * 20_000, "<div>" * 20_000 + "x", "<!--" * 20_000, "<a b='" * 20_000, "&#" * 30_000,
                    "</" * 30_000, "<" * 60_000):  # fmt: skip
        html(hostile)


def test_files_are_named_not_passed_on(baton: Baton) -> None:
    mail = email.message_from_bytes(written(welcome(), "See the file."), policy=default)
    assert isinstance(mail, EmailMessage)
    mail.add_attachment(b"x" * 12_000, maintype="image", subtype="png", filename="a <b>.png")
    mail.add_attachment(b"\x78\x9f\x3e\x22" * 500, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    mail.add_attachment(b"<script>", maintype="text", subtype="html", filename="x.html")
    assert came(mail.as_bytes()) == ""
    text = told()["olga"].text
    assert "See the file." in text and "winmail.dat (2 KB)" in text and "x.html (1 KB)" in text and "(12 KB)" in text
    assert "<script>" not in told()["olga"].html


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda raw: raw.replace(b"utf-8", b"no-such"), "later"),
        (lambda raw: raw.replace(b"utf-8", b"utf-7"), "later"),
        (lambda raw: raw.replace(b"I come", b"I c\xf6me \xff\xfe"), "later"),
        (lambda raw: raw.replace(b"utf-8", b"utf-16"), ""),
        (lambda raw: raw + b"word " * 200_000, "There is more."),
        (lambda raw: raw + b"y" * 1_000_000, "later"),
        (lambda raw: raw.replace(b"Re: hello", b"=?utf-8?q?x=0D=0ABcc:_all@example.org?="), "later"),
        (lambda raw: raw.replace(b"Ann E.", b"=?utf-8?q?=0D=0ABcc:_all@example.org?="), "later"),
        (lambda raw: raw.replace(b"I come", b"{{ 7 * 7 }} <script>alert(1)</script> I come"), "{{ 7 * 7 }}"),
    ],
)  # fmt: skip
def test_odd_ones_are_passed_on_safely(change: Callable[[bytes], bytes], says: str) -> None:
    raw = written(welcome()).replace(b"us-ascii", b"utf-8").replace(b"7bit", b"8bit")
    assert came(change(raw)) == ""
    mail = told()["olga"]
    assert says in mail.text and "<script" not in mail.html and len(mail.raw) < 100_000
    head = email.message_from_bytes(mail.raw)
    assert "Bcc" not in head and len([name for name, _ in head.items()]) == len(set(dict(head.items())))


@pytest.mark.parametrize("signed", [False, True])
def test_a_mail_with_a_large_photo_that_is_handed_over_arrives_by_its_beginning(
    baton: Baton, change_settings: Callable[..., Config], signed: bool
) -> None:
    """Given a mail of 3 MB, handed over whole, and in the mailbox with other ends of lines, Then it counts once."""
    change_settings(webhook_secret=SECRET)
    mail = email.message_from_bytes(written(welcome()), policy=default)
    mail.set_content("Here is our whiteboard.\n")
    mail.add_attachment(b"\xff\xd8" * 1_500_000, maintype="image", subtype="jpeg", filename="board.jpg")
    raw = mail.as_bytes()
    proven = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    shows = {"X-Baton-Signature": proven} if signed else {"Authorization": f"Bearer {SECRET}"}
    answer = baton.client("notifications").post("/notifications/webhooks/mail", data=raw, headers=shows)
    assert answer.json == {"taken": True, "why": ""}
    with db.write("notifications") as tx:
        assert taking.take(tx, raw.replace(b"\n", b"\r\n")[: taking.PART], "mailbox", cut=True).taken
    assert {row.person for row in mails(kind="reply")} == {"olga", "otto"} and len(mails(kind="reply")) == 2
    assert "There is more" in told()["olga"].text and "whiteboard" in told()["olga"].text
    shows = {"X-Baton-Signature": proven.replace("a", "b")} if signed else {"Authorization": "Bearer x"}
    assert (
        baton.client("notifications").post("/notifications/webhooks/mail", data=raw, headers=shows).status_code == 401
    )


UTF8, LATIN = "Größe – café".encode(), "Größe, café".encode("latin-1")


@pytest.mark.parametrize(
    ("charset", "content", "says"),
    [
        ("us-ascii", UTF8, "Größe – café"),
        ("iso-8859-5", "Größe".encode("iso-8859-1"), "Gr"),
        ("utf-8", LATIN, "Größe, café"),
        ("us-ascii", LATIN, "Größe, café"),
        ("klingon-8", UTF8, "Größe – café"),
        ("klingon-8", LATIN, "Größe, café"),
    ],
)
def test_a_charset_that_lies_is_not_believed(charset: str, content: bytes, says: str) -> None:
    head = written(welcome()).partition(b"\n\n")[0]
    head = re.sub(rb"(?im)^content-.*\n?", b"", head)
    kind = f'Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: 8bit\n\n'.encode()
    assert came(head.rstrip(b"\n") + b"\n" + kind + content) == ""
    assert says in told()["olga"].text


@pytest.mark.parametrize(
    "subject",
    [b"=?utf-8?Q?Re:_caf=E9?= =?x-no?Q?_ol=C3=A9?=", "Re: café olé".encode(), "Re: café olé".encode("latin-1")],
)
def test_a_subject_in_another_charset_than_it_says_can_be_read(subject: bytes) -> None:
    assert came(written(welcome()).replace(b"Re: hello", subject)) == ""
    assert told()["olga"].subject == "Ann Example wrote: Re: café olé"


def test_who_answers_a_mail_that_went_to_somebody_else_is_not_called_a_stranger() -> None:
    """Given Bo, a member, who answers Ann's mail, Then it is said that it went elsewhere, not that nobody mails him."""
    assert came(written(welcome(), From="bo@example.org")) == ""
    assert "did not go to this address" in told()["olga"].text and "is not one that" not in told()["olga"].text


def test_noise_hurts_nobody(baton: Baton) -> None:
    raw = written(welcome())
    for number in range(150):
        at = number * len(raw) // 150
        came(raw[:at] + os.urandom(30) + raw[at + 30 :])
    for broken in (b"From: p1@example.org\r\n\r\n" + b"\n" * 1_500_000, b"From: " + b"<" * 500_000,
                   b"In-Reply-To: " + b"<" * 500_000, b"Subject: " + b"=?utf-8?b?" * 100_000):  # fmt: skip
        came(broken)


def test_what_they_wrote_goes_with_them_and_is_theirs_to_have(baton: Baton) -> None:
    """Given words of Ann's that were passed on, When she downloads, Then they are in it; erased, they are gone."""
    came(written(welcome(), "My secret plan."))
    came(written(welcome(), "Away", Message_ID="<9@x>", Auto_Submitted="auto-replied"))
    with db.read("notifications") as tx:
        rows = list(personal._parts["notifications"]["inbound"](tx, "p1"))
        passed = list(personal._parts["notifications"]["wrote"](tx, "p1"))
    assert [row["what"] for row in rows] == ["reply", "left"] or [row["what"] for row in rows] == ["left", "reply"]
    assert passed and all("My secret plan." in row["text"] for row in passed)
    tell("member.erased", {"person": "p1"})
    assert baton.rows("notifications", "inbound") == []
    for mail in mails(kind="reply"):
        assert "secret" not in str(mail) and not mail.raw
    assert "Ann Example" not in str(baton.rows("notifications", "mail"))


def test_lines_go_by_age(baton: Baton, change_settings: Callable[..., Config]) -> None:
    change_settings(keep_replies=30)
    came(written(welcome()))
    baton.pass_time(days=29)
    baton.tick()
    assert len(baton.rows("notifications", "inbound")) == 1
    baton.pass_time(days=2)
    baton.tick()
    assert baton.rows("notifications", "inbound") == []
    assert came(written(welcome())) == "" and len(mails(kind="reply")) == 2, "told once all the same"


def test_after_a_restore_what_may_have_been_passed_on_is_held(
    baton: Baton, change_settings: Callable[..., Config]
) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:1")
    with db.write("notifications") as tx:
        restored.hold(tx, clock.now(), [])
    came(written(welcome()))
    assert {mail.state for mail in mails(kind="reply")} == {"held"}


def test_organizers_see_what_came_in(baton: Baton) -> None:
    came(written(welcome()))
    came(written(None, From="nobody@example.org", Subject="Buy <b>", Message_ID="<4@x>"))
    page = signed_in(baton.client("notifications"), "olga", "organizer").get("/notifications/inbound")
    assert page.status_code == 200
    assert "p1@example.org" in page.text and "Passed on" in page.text and "Buy &lt;b&gt;" in page.text
    assert signed_in(baton.client("notifications"), "p1", "member").get("/notifications/inbound").status_code == 403
    assert config.current().secret == SECRET


def test_each_reason_has_words() -> None:
    """Whatever ends a mail, organizers read a sentence, not a word of the code."""
    code = "".join(file.read_text() for file in Path(taking.__file__).parent.glob("*.py"))
    said = {*re.findall(r'return "([a-z]+(?:-[a-z]+)+)"', code), *(each.value for each in reply.Why)}
    assert {"unknown-uid", "not-invited", "auto-reply", "own-mail"} <= said <= {*WHY}


def test_an_invite_of_ours_that_comes_back_whole_is_one_of_ours() -> None:
    head = f"From: x@y.example\n{proof.HEADER}: 1\nContent-Type: text/calendar; method=REQUEST\n\n"
    assert came(head.encode() + b"BEGIN:VCALENDAR\nMETHOD:REQUEST\nEND:VCALENDAR\n") == "own-mail"
