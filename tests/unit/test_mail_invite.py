"""A letter that carries an invitation: the parts that calendars look for, in their order, and nothing beside them."""

from __future__ import annotations

import email
import os
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.notifications.mail import letter
from services.notifications.mail.text import Text
from shared.calendar.event import Attendee, Event
from shared.calendar.invite import prepare

from .test_calendar_invite import MOVED, OFF, SESSION
from .test_mail_letter import HEADERS, HOSTILE, ID, NOW

GOLDEN = Path(__file__).resolve().parent.parent / "contracts" / "golden" / "invite"
KINDS = {"request": SESSION, "update": MOVED, "cancel": OFF}
WORDS = Text("Session on 9 March", "You are invited.\n", "<p>You are <b>invited</b>.</p>")


def write(event: Event, name: str = "Zoë O'Neil", words: Text = WORDS) -> tuple[bytes, bytes]:
    """The raw letter, and the calendar in it."""
    invite = prepare(event).to(Attendee(name, "zoe@example.org"))
    sender = f"x <{event.organizer.address}>"
    made = letter.write(ID, "invite", sender, "Mentors", name, "zoe@example.org", words, NOW, "example.org", invite)
    return made.raw, invite.data


@pytest.mark.parametrize("kind", KINDS)
def test_golden_source_of_every_message(kind: str) -> None:
    raw, _ = write(KINDS[kind])
    golden = GOLDEN / f"{kind}.eml"
    if os.environ.get("BATON_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(raw)
    assert raw == golden.read_bytes(), "changed on purpose? BATON_GOLDEN=write pytest tests/unit/test_mail_invite.py"


@pytest.mark.parametrize("name", ["Ann", *HOSTILE])
@pytest.mark.parametrize(("event", "method"), [(SESSION, "REQUEST"), (MOVED, "REQUEST"), (OFF, "CANCEL")])
def test_the_parts_that_calendars_look_for(event: Event, method: str, name: str) -> None:
    raw, data = write(event, name)
    parsed = email.message_from_bytes(raw, policy=default)
    assert isinstance(parsed, EmailMessage) and parsed.keys() == HEADERS
    parts = list(parsed.walk())
    assert [part.get_content_type() for part in parts] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/calendar", "application/ics",
    ]  # fmt: skip
    assert not any(part.defects for part in parts)
    shown, attached = parts[4], parts[5]
    assert dict(shown["Content-Type"].params) == {"charset": "utf-8", "method": method}
    assert shown.get_content_disposition() is None
    assert attached.get_content_disposition() == "attachment" and attached.get_filename() == "invite.ics"
    # Both are the very bytes that were made, whose METHOD is that of the part
    assert shown.get_payload(decode=True) == attached.get_payload(decode=True) == data
    assert f"\r\nMETHOD:{method}\r\n".encode() in data
    assert parts[2].get_payload(decode=True) == WORDS.text.replace("\n", "\r\n").encode()
    assert raw.isascii() and all(len(row) <= 998 for row in raw.split(b"\r\n"))
    assert b"\r" not in raw.replace(b"\r\n", b"") and b"\n" not in raw.replace(b"\r\n", b"")


def test_words_that_look_like_the_end_of_a_part_end_none() -> None:
    ends = f"--={ID}=--\r\n--=mixed={ID}=--\n--={ID}=\n\n.\r\n"
    raw, data = write(SESSION, words=Text("S", ends, ends))
    parts = list(email.message_from_bytes(raw, policy=default).walk())
    assert len(parts) == 6 and parts[5].get_payload(decode=True) == data
    assert parts[2].get_content().replace("\r\n", "\n") == ends.replace("\r\n", "\n")


def test_what_is_looked_at_later_has_all_its_parts() -> None:
    raw, data = write(SESSION)
    shown = email.message_from_bytes(letter.rewritten(raw, lambda words: words.replace("invited", "wanted")))
    parts = [part.get_payload(decode=True) for part in shown.walk() if not part.is_multipart()]
    assert parts == [b"You are wanted.\r\n", b"<p>You are <b>wanted</b>.</p>", data, data]


@given(st.text() | st.text("ab=.\t \r\né🏃\u2028", max_size=300))
@example("." * 100 + "\n.\n \n\t\n= \r\r.\r\n")
def test_any_text_comes_out_of_its_part_as_it_was(words: str) -> None:
    raw, _ = write(SESSION, words=Text("S", words, "<p></p>"))
    plain = [part for part in email.message_from_bytes(raw).walk()][2].get_payload(decode=True)
    assert plain == words.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    assert all(len(row) <= 76 for row in raw.partition(b"\r\n\r\n")[2].split(b"\r\n") if b"boundary=" not in row)
