"""Replies, as calendars write them and as attackers would: each is read, or refused by name."""

from __future__ import annotations

import base64
import email
import quopri
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.calendar import reply
from shared.calendar.event import Answer, Attendee
from shared.calendar.invite import prepare
from shared.calendar.reply import Reply, Unread, Why, decoded, read

from .test_calendar_invite import HOSTILE, SESSION

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "ics"
STAMP = datetime(2027, 1, 5, 10, 0, tzinfo=UTC)
PLAIN = Reply("session-7@mentors.example.org", 1, "ann@example.org", "ann@example.org", Answer.YES, "", STAMP)


def calendar(*rows: str, method: str | None = "REPLY", eol: str = "\r\n", **changed: str | None) -> str:
    """A reply as RFC 5546 has it; properties changed by name, left out with None, and `rows` added to the event."""
    usual: dict[str, str | None] = {
        "UID": ":session-7@mentors.example.org",
        "SEQUENCE": ":1",
        "DTSTAMP": ":20270105T100000Z",
        "ORGANIZER": ":mailto:post@mentors.example.org",
        "ATTENDEE": ";PARTSTAT=ACCEPTED;CN=Ann:mailto:ann@example.org",
        **changed,
    }
    lines = ["BEGIN:VCALENDAR", "PRODID:-//Other//Calendar//EN", "VERSION:2.0"]
    lines += [f"METHOD:{method}"] if method else []
    lines += ["BEGIN:VEVENT", *(f"{name}{value}" for name, value in usual.items() if value is not None), *rows]
    return eol.join([*lines, "END:VEVENT", "END:VCALENDAR", ""])


def mail(
    content: str | bytes = "",
    kind: str = "text/calendar; charset=utf-8; method=REPLY",
    encoding: str = "8bit",
    sender: str = "Ann <ann@example.org>",
    headers: str = "",
) -> bytes:
    """A mail whose only part is a calendar."""
    content = content or calendar()
    body = content.encode() if isinstance(content, str) else content
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body)
    return (
        f"From: {sender}\r\nTo: post@mentors.example.org\r\nSubject: Accepted\r\n{headers}MIME-Version: 1.0\r\n"
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    ).encode() + body


def nested(*parts: bytes, subtype: str = "mixed", sender: str = "Ann <ann@example.org>", edge: str = "b1") -> bytes:
    """A multipart of parts that have headers of their own."""
    head = f"From: {sender}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/{subtype}; boundary={edge}\r\n\r\n"
    return (
        head.encode() + b"".join(b"--%s\r\n%s\r\n" % (edge.encode(), each) for each in parts) + f"--{edge}--".encode()
    )


TEXT = b"Content-Type: text/plain\r\n\r\nAnn has accepted.\r\n"


def why(raw: bytes) -> Why:
    with pytest.raises(Unread) as caught:
        read(raw)
    assert str(caught.value)
    return caught.value.why


def test_what_our_own_invitation_comes_back_as() -> None:
    # Given our invitation, answered by changing just what RFC 5546 asks for
    ours = prepare(SESSION).to(Attendee("Zoë O'Neil", "zoe@example.org")).data.replace(b"\r\n ", b"").decode()
    answer = ours.replace("METHOD:REQUEST", "METHOD:REPLY").replace("NEEDS-ACTION", "DECLINED")
    # Then it is understood
    found = read(answer.encode())
    assert (found.uid, found.sequence, found.attendee) == (SESSION.uid, SESSION.sequence, "zoe@example.org")
    assert found.answer is Answer.NO and found.sender is None


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("eol", ["\r\n", "\n", "\r"])
def test_every_encoding_and_line_end(encoding: str, eol: str) -> None:
    assert read(mail(calendar(eol=eol), encoding=encoding)) == PLAIN


@pytest.mark.parametrize(
    ("partstat", "answer"),
    [("ACCEPTED", Answer.YES), ("declined", Answer.NO), ('"TENTATIVE"', Answer.MAYBE), (" accepted ", Answer.YES)],
)
def test_the_three_answers(partstat: str, answer: Answer) -> None:
    assert read(mail(calendar(ATTENDEE=f";PARTSTAT={partstat}:mailto:ann@example.org"))).answer is answer


@pytest.mark.parametrize(
    "partstat", [";PARTSTAT=NEEDS-ACTION", ";PARTSTAT=DELEGATED", ";PARTSTAT=X-MAYBE", "", ";PARTSTAT="]
)
def test_no_answer_is_none(partstat: str) -> None:
    assert why(mail(calendar(ATTENDEE=f"{partstat}:mailto:ann@example.org"))) is Why.NO_ANSWER


OUTLOOK = """BEGIN:VCALENDAR
METHOD:REPLY
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:Eastern Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
BEGIN:VALARM
DESCRIPTION:REMINDER
UID:not-this-one
ATTENDEE;PARTSTAT=DECLINED:mailto:nobody@example.org
TRIGGER;RELATED=START:-PT15M
ACTION:DISPLAY
END:VALARM
ATTENDEE;PARTSTAT=ACCEPTED;CN="Ann; Lee, Dr.: x":MAILTO:ann@example.org
COMMENT;LANGUAGE=en-US:I come\\, but late\\nAnn
UID:session-7@mentors.example.org
SUMMARY;LANGUAGE=en-US:Accepted: Circle 1
DTSTART;TZID=Eastern Standard Time:20270309T183000
DTEND;TZID=Eastern Standard Time:20270309T193000
DTSTAMP:20270105T100000Z
STATUS:CONFIRMED
X-MICROSOFT-CDO-APPT-SEQUENCE:1
SEQUENCE:1
END:VEVENT
END:VCALENDAR
"""


def test_as_outlook_is_reported_to_write_it() -> None:
    # Without ORGANIZER, MAILTO in capitals, Windows' names of zones, an alarm in the event
    found = read(mail(OUTLOOK, encoding="base64", kind='text/calendar; charset="utf-8"; method=REPLY'))
    assert found == Reply(**{**vars(PLAIN), "comment": "I come, but late\nAnn"})


@pytest.mark.parametrize(
    "written",
    ["mailto:ann@example.org", "MAILTO:ann@example.org", "MailTo: ann@example.org ", "mailto:%61nn@example.org",
     "ann@example.org", "mailto:<ann@example.org>"],
)  # fmt: skip
def test_the_attendee_however_written(written: str) -> None:
    assert read(mail(calendar(ATTENDEE=f";PARTSTAT=ACCEPTED:{written}"))) == PLAIN


@pytest.mark.parametrize("written", ["", "mailto:", "invalid:nomail", "urn:uuid:7", "\0", "mailto:ann"])
def test_no_attendee_to_be_seen(written: str) -> None:
    assert why(mail(calendar(ATTENDEE=f";PARTSTAT=ACCEPTED:{written}"))) is Why.NO_ATTENDEE


def test_an_escaped_address_that_was_ours() -> None:
    for address in ['"a b;c:d"@example.org', "zoë@example.org", "a%0d@example.org", "o'neil+tag@example.org"]:
        ours = prepare(SESSION).to(Attendee("x", address)).data.replace(b"REQUEST", b"REPLY")
        assert read(ours.replace(b"NEEDS-ACTION", b"ACCEPTED")).attendee == address


@pytest.mark.parametrize("written", [None, ":", ":-1", ":one", ":1.5", ":" + "9" * 5000, ":٣"])
def test_a_sequence_that_was_not_told(written: str | None) -> None:
    assert read(mail(calendar(SEQUENCE=written))) == Reply(**{**vars(PLAIN), "sequence": None})


@pytest.mark.parametrize("written", [None, ":", ":yesterday", ":20271305T100000Z", ":00000000T000000Z", ":20270105"])
def test_a_stamp_that_can_be_none(written: str | None) -> None:
    assert read(mail(calendar(DTSTAMP=written))) == Reply(**{**vars(PLAIN), "stamp": None})


@pytest.mark.parametrize("written", [None, ":", ": ", ":\0"])
def test_no_uid(written: str | None) -> None:
    assert why(mail(calendar(UID=written))) is Why.NO_UID


def test_an_unknown_uid_and_an_old_sequence_are_not_judged_here() -> None:
    found = read(mail(calendar(UID=":who-knows", SEQUENCE=":0")))
    assert (found.uid, found.sequence) == ("who-knows", 0)


def test_a_forged_attendee_is_told_with_its_sender() -> None:
    found = read(mail(sender="Mallory <mallory@example.net>"))
    assert (found.attendee, found.sender) == ("ann@example.org", "mallory@example.net")


ANN, BO = (f"ATTENDEE;PARTSTAT=DECLINED:mailto:{name}@example.org" for name in ("ann", "bo"))


def test_several_attendees() -> None:
    both = calendar(ANN, BO, ATTENDEE=None)
    assert read(mail(both, sender="ANN@example.org")).attendee == "ann@example.org"
    assert why(mail(both, sender="mallory@example.org")) is Why.SEVERAL_ATTENDEES
    assert why(mail(both, sender="")) is Why.SEVERAL_ATTENDEES
    assert why(both.encode()) is Why.SEVERAL_ATTENDEES
    assert why(mail(calendar(ANN, ANN, ATTENDEE=None))) is Why.SEVERAL_ATTENDEES


@pytest.mark.parametrize(
    ("method", "reason"),
    [("DeclineCounter", Why.DECLINE_COUNTER), ("REQUEST", Why.OTHER_METHOD),
     ("CANCEL", Why.OTHER_METHOD), (" ", Why.OTHER_METHOD), ("REPLY;X", Why.OTHER_METHOD)],
)  # fmt: skip
def test_other_methods_are_refused_by_name(method: str, reason: Why) -> None:
    assert why(mail(calendar(method=method))) is reason


def test_a_method_that_only_the_part_tells() -> None:
    assert read(mail(calendar(method=None))) == PLAIN
    assert why(mail(calendar(method=None), kind="text/calendar")) is Why.OTHER_METHOD
    found = read(mail(calendar(method="COUNTER")))
    assert found.proposes and not PLAIN.proposes, "the calendar's own word holds"


@pytest.mark.parametrize(
    "headers",
    ["Auto-Submitted: auto-replied\r\n", "auto-submitted: Auto-Replied (holiday)\r\n", "Precedence: auto_reply\r\n",
     "X-Autoreply: yes\r\n", "X-Autorespond: away\r\n"],
)  # fmt: skip
def test_a_machine_that_answers_is_no_person(headers: str) -> None:
    assert why(mail(headers=headers)) is Why.AUTO_REPLY


@pytest.mark.parametrize(
    "headers",
    ["Auto-Submitted: auto-generated\r\n", "X-Auto-Response-Suppress: All\r\n", "Precedence: bulk\r\n",
     "Precedence: list\r\n"],
)  # fmt: skip
def test_a_machine_may_carry_what_a_person_pressed(headers: str) -> None:
    # Google's does; but without a reply in it, it is what a machine had to say
    assert read(mail(headers=headers)) == PLAIN
    assert why(mail("I am away.", kind="text/plain", headers=headers)) is Why.AUTO_REPLY
    assert why(mail("I am here.", kind="text/plain", headers="Auto-Submitted: no\r\n")) is Why.NO_CALENDAR


def test_a_bounce_carries_our_own_invitation() -> None:
    ours = prepare(SESSION).to(Attendee("Ann", "ann@example.org")).data
    part = b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" + ours
    assert why(nested(TEXT, part, subtype="report")) is Why.OTHER_METHOD
    whole = b"Content-Type: message/rfc822\r\n\r\n" + mail()
    assert why(nested(TEXT, whole, subtype="report")) is Why.NO_CALENDAR, "what is forwarded is nobody's answer"


def test_nests_of_parts() -> None:
    part = mail()[mail().index(b"Content-Type") :]
    alternative = nested(TEXT, part, subtype="alternative", edge="b2")
    related = nested(alternative, subtype="related", edge="b3")
    assert read(nested(related, b"Content-Type: application/ics\r\n\r\n" + calendar().encode())) == PLAIN
    request = b"Content-Type: text/calendar; method=REQUEST\r\n\r\n" + calendar(method="REQUEST").encode()
    assert read(nested(TEXT, request, part)) == PLAIN, "the reply is found beside what it answers"
    deep = part
    for level in range(500):
        deep = nested(deep, edge=f"d{level}")
    assert why(deep) in {Why.UNREADABLE, Why.NO_CALENDAR}


def test_broken_text_is_read_as_far_as_it_goes() -> None:
    broken = calendar("COMMENT:caf\udcff\udcfe").encode("utf-8", "surrogateescape")
    assert read(mail(broken)).comment == "cafÿþ", "as Windows would have written it"
    assert decoded("Größe".encode()[:-3] + b"\xc3", "utf-8") == "Grö", "cut in the middle of a letter"
    assert decoded(b"caf\xe9", "us-ascii") == "café" and decoded(b"caf\x81", "") == "caf\ufffd"
    assert (
        read(mail(calendar("COMMENT:café").encode("latin-1"), kind="text/calendar; charset=iso-8859-1")).comment
        == "café"
    )
    for charset in ("nonsense", "zlib", "idna", "punycode", "unicode_escape", "rot13", "utf-7", "\0", '"', "x" * 999):
        assert read(mail(kind=f"text/calendar; charset={charset}; method=REPLY")) == PLAIN
    wide = mail(calendar().encode("utf-16"), kind="text/calendar; charset=utf-16", encoding="base64")
    assert read(wide) == PLAIN
    assert read(b"\xef\xbb\xbf" + calendar().encode()).uid == PLAIN.uid


@pytest.mark.parametrize("comment", HOSTILE)
def test_comments_come_in_as_plain_lines(comment: str) -> None:
    found = read(mail(calendar(f"COMMENT:{comment}").encode("utf-8", "replace"))).comment
    assert len(found) <= 2000 and not set(found) & set(map(chr, [*range(10), *range(11, 32), 127, 0x202E, 0x2028]))


def test_two_events_are_one_too_many() -> None:
    one = calendar()
    other = calendar(UID=":other")
    begin, end = "BEGIN:VEVENT", "END:VCALENDAR"
    two = one[: one.index(end)] + other[other.index(begin) :]
    assert why(mail(two)) is Why.SEVERAL_EVENTS
    twice = one[: one.index(end)] + one[one.index(begin) :]
    assert read(mail(twice)) == PLAIN


def test_what_has_no_event() -> None:
    todo = calendar().replace("VEVENT", "VTODO")
    assert why(mail(todo)) is Why.NO_EVENT
    assert why(mail("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n")) is Why.NO_EVENT
    assert why(mail("hello")) is Why.UNREADABLE
    assert why(mail("BEGIN:VCARD\r\nMETHOD:REPLY\r\nEND:VCARD\r\n")) is Why.UNREADABLE
    assert why(mail("BEGIN:VCALENDAR\r\n" + "BEGIN:A\r\n" * 1000)) is Why.UNREADABLE


OPEN = b"BEGIN:VCALENDAR\r\n"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\0", b"\r\n", b"hello", bytes(range(256)) * 4000, b"\xff" * 10**6, b"\n" * 10**6, b'"' * 10**6,
     b";" * 10**6, OPEN + b"BEGIN:X\r\n" * 10**5, OPEN + b"END:X\r\n" * 10**5,
     OPEN + b"METHOD:REPLY\r\n" + b"\r\n " * 3 * 10**5,
     OPEN + b"METHOD:REPLY\r\nBEGIN:VEVENT\r\nUID;" + b'A="' * 3 * 10**5],
    ids=range(13),
)  # fmt: skip
def test_a_megabyte_of_nothing_is_refused(raw: bytes) -> None:
    assert why(raw) in {Why.NO_CALENDAR, Why.UNREADABLE, Why.OTHER_METHOD, Why.NO_EVENT, Why.NO_UID}
    assert why(mail(raw or b"x")) in {Why.NO_CALENDAR, Why.UNREADABLE, Why.OTHER_METHOD, Why.NO_EVENT, Why.NO_UID}
    assert why(mail(raw or b"x", encoding="base64")) in set(Why)


def test_more_than_anybody_sends_is_not_looked_at() -> None:
    assert why(mail() + b" " * reply.MOST) is Why.TOO_LARGE


@pytest.mark.parametrize("eol", ["\r\n ", "\n\t", "\r ", ""])
def test_a_part_that_says_too_much_of_its_kind_is_not_looked_at(eol: str) -> None:
    # Python's reader takes minutes for a megabyte of these, while a worker may take 45 s
    kind = 'text/calendar; method=REPLY; x="' + f'\\";{eol}' * 200_000
    assert why(mail(kind=kind)) is Why.UNREADABLE
    assert why(nested(TEXT, mail(kind=kind))) is Why.UNREADABLE
    assert read(mail(kind=f"text/calendar; method=REPLY; x={'x' * 900}")) == PLAIN


def test_a_reply_carries_no_control_into_a_table() -> None:
    found = read(
        mail(calendar(UID=":a\0b", ATTENDEE=";PARTSTAT=ACCEPTED:mailto:a\0b@example.org"), sender="a\0b@example.org")
    )
    assert "\0" not in f"{found.uid}{found.attendee}{found.sender}"


pieces = st.sampled_from(
    [b"\r\n", b"\n", b" ", b":", b";", b'"', b"=", b"\\", b"\xff", b"\0", b"BEGIN:VCALENDAR\r\n", b"END:VCALENDAR\r\n",
     b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n", b"METHOD:REPLY\r\n", b"UID:a\r\n",
     b"ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b\r\n", b"DTSTAMP:20270105T100000Z\r\n", b"COMMENT:\\",
     b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n", b"--b--", b"From: a@b\r\n", b"=\r\n",
     b"Content-Type: text/calendar; method=REPLY\r\n", b"Content-Transfer-Encoding: base64\r\n",
     b"Content-Type: text/calendar; charset*=idna''x; method*0*=utf-8''%ff\r\n", b"From: =?utf-8?b?=FF?= <a@b>\r\n",
     b"Content-Transfer-Encoding: x-uuencode\r\n", b"Content-Type: message/rfc822\r\n\r\n", b"begin 644 x\r\n"]
)  # fmt: skip


def tried(raw: bytes) -> Reply | Why:
    try:
        return read(raw)
    except Unread as unread:
        return unread.why


@settings(max_examples=1500, deadline=None)
@given(st.lists(pieces | st.binary(max_size=20), max_size=40).map(b"".join) | st.binary(max_size=300))
@example(b"Content-Type: text/calendar; charset*=idna''x\r\n\r\nBEGIN:VCALENDAR")
def test_nothing_else_is_ever_raised(raw: bytes) -> None:
    assert isinstance(tried(raw), Reply | Why)


@settings(max_examples=1500, deadline=None)
@given(
    st.data(), st.sampled_from([mail(), mail(OUTLOOK, encoding="base64"), nested(TEXT, mail()), calendar().encode()])
)
def test_nor_for_a_reply_with_a_part_of_it_broken(data: Any, good: bytes) -> None:
    at = data.draw(st.integers(0, len(good)))
    upto = data.draw(st.integers(at, min(len(good), at + 30)))
    found = tried(good[:at] + data.draw(pieces | st.binary(max_size=30)) + good[upto:])
    if isinstance(found, Reply):
        assert found.uid and "@" in found.attendee and found.answer in {Answer.YES, Answer.NO, Answer.MAYBE}
        assert "\n" not in found.uid + found.attendee + (found.sender or "")


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("reply-*.ics")), ids=lambda path: path.stem)
def test_what_other_programs_answered_to_our_invitation(path: Path) -> None:
    found = read(path.read_bytes())
    assert (found.uid, found.sequence, found.answer) == (SESSION.uid, 1, Answer.NO)
    assert found.attendee == "zoe@example.org" and found.stamp is not None


def test_there_is_an_answer_of_another_program() -> None:
    assert list(FIXTURES.glob("reply-*.ics"))


def test_a_reply_as_python_would_mail_it() -> None:
    made = EmailMessage()
    made["From"], made["To"] = "Zoë <ann@example.org>", "post@mentors.example.org"
    made.set_content("Ann has accepted.")
    made.add_alternative(calendar("COMMENT:Grüße 🏃"), subtype="calendar", params={"method": "REPLY"})
    made.add_attachment(calendar().encode(), maintype="application", subtype="ics", filename="invite.ics")
    found = read(bytes(made))
    assert found == Reply(**{**vars(PLAIN), "comment": "Grüße 🏃"})
    assert email.message_from_bytes(bytes(made)).is_multipart()
