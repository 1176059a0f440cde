"""What calendars answer by mail, and whatever else comes in there."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from datetime import timedelta
from typing import Any

import pytest

from shared import tokens
from tests.circles import settled
from tests.integration.test_meetings import days
from tests.inviting import Met, answers, calendar_in, kinds, mails, move, pass_to

SECRET = "a-webhook-secret-of-tests"


# ---- replies ----


def reply_to(mail: dict[str, Any], answer: str = "ACCEPTED", **change: Any) -> bytes:
    """What a calendar sends back to an invite."""
    event, _ = calendar_in(mail)
    given = {"attendee": mail["address"], "sender": mail["address"], "uid": event["UID"], "headers": "",
             "sequence": event["SEQUENCE"], "method": "REPLY", **change}  # fmt: skip
    lines = [
        "BEGIN:VCALENDAR", "PRODID:-//Google Inc//Google Calendar 70.9054//EN", "VERSION:2.0",
        f"METHOD:{given['method']}", "BEGIN:VEVENT", f"UID:{given['uid']}", f"SEQUENCE:{given['sequence']}",
        "DTSTAMP:20270104T100000Z", f"ATTENDEE;PARTSTAT={answer}:mailto:{given['attendee']}", "END:VEVENT",
        "END:VCALENDAR", "",
    ]  # fmt: skip
    head = f"From: Somebody <{given['sender']}>\r\nTo: x@example.org\r\nSubject: Re\r\n{given['headers']}"
    kind = f"MIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method={given['method']}\r\n\r\n"
    return (head + kind + "\r\n".join(lines)).encode()


def post(baton: Any, raw: bytes, secret: str = SECRET, **headers: str) -> Any:
    given = headers or {"Authorization": f"Bearer {secret}"}
    return baton.client("notifications").post("/notifications/webhooks/mail", data=raw, headers=given)


@pytest.fixture
def secret(change_settings: Any) -> None:
    change_settings(webhook_secret=SECRET)


def test_a_calendars_reply_is_an_answer(baton: Any, met: Met, secret: None) -> None:
    [mail] = mails(baton, met.ada, met.first)
    for answer, kept in (("ACCEPTED", "coming"), ("DECLINED", "cannot"), ("accepted", "coming")):
        for _ in range(2):
            assert post(baton, reply_to(mail, answer)).json == {"taken": True, "why": ""}
        baton.drain()
        assert answers(baton) == {(met.first, met.ada): (kept, "calendar")}
    assert post(baton, reply_to(mail, "DECLINED", attendee=mail["address"].upper())).json["taken"]
    baton.drain()
    assert answers(baton) == {(met.first, met.ada): ("cannot", "calendar")}
    # No page tells them that a turn they had said yes to went with it: a mail does, once.
    met.lead(met.ada)
    for number, answer in enumerate(("ACCEPTED", "DECLINED", "DECLINED")):
        assert post(baton, reply_to(mail, answer, headers=f"Message-ID: <later{number}@x>\r\n")).json["taken"]
        baton.drain()
    [free] = baton.rows("notifications", "mail", person=met.ada, kind="turn-released")
    assert "Your calendar answered that you cannot come, so you no longer coordinate it" in free["text"]
    [turn] = baton.rows("sessions", "turn", session=met.first, person=met.ada)
    assert turn["state"] == "declined"
    settled(baton)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"attendee": "bo@example.org"}, "forged-attendee"),
        ({"sender": "mallory@example.org"}, "forged-attendee"),
        ({"attendee": "mallory@example.org", "sender": "mallory@example.org"}, "not-invited"),
        ({"uid": "somebody-elses@example.com"}, "unknown-uid"),
        ({"uid": "00000000-0000-7000-8000-000000000000@sessions.baton"}, "not-invited"),
        ({"headers": "Auto-Submitted: auto-replied\r\n"}, "auto-reply"),
        ({"answer": "NEEDS-ACTION"}, "no-answer"),
        ({"method": "DECLINECOUNTER"}, "decline-counter"),
        ({"method": "CANCEL"}, "other-method"),
    ],
)
def test_replies_that_are_none(baton: Any, met: Met, secret: None, change: dict[str, Any], why: str) -> None:
    [mail] = mails(baton, met.ada, met.first)
    answer = post(baton, reply_to(mail, **{"answer": "ACCEPTED", **change}))
    assert (answer.status_code, answer.json) == (200, {"taken": False, "why": why})
    baton.drain()
    assert not answers(baton) and not baton.rows("notifications", "event", type="reply.received")


def test_a_maybe_is_no_answer_and_the_coordinator_sees_it(baton: Any, met: Met, secret: None) -> None:
    met.lead(met.bo)
    lead = tokens.path("lead", tokens.sign("lead", {"person": met.bo, "session": met.first}))
    [mail] = mails(baton, met.ada, met.first)
    page = baton.client("sessions")
    for answer in ("ACCEPTED", "TENTATIVE", "TENTATIVE"):
        assert post(baton, reply_to(mail, answer)).json["taken"]
        baton.drain()
    assert not answers(baton), "neither a yes nor a no"
    assert "has not answered: their calendar says maybe" in page.get(lead).text
    pass_to(met.sessions()[0]["starts_at"] - timedelta(hours=71))
    baton.tick()
    assert "reminder" in kinds(baton, met.ada, met.first), "no answer is reminded"
    newest = next(row for row in reversed(mails(baton, met.ada, met.first)) if row["kind"] == "invite-update")
    assert post(baton, reply_to(newest, "ACCEPTED")).json["taken"]
    baton.drain()
    assert "maybe" not in page.get(lead).text and not baton.rows("sessions", "remark")
    settled(baton)


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        ("DTSTART:20270113T000000Z", "Wed 13 Jan 2027, 05:30 (Kolkata)"),
        ("DTSTART;TZID=America/Toronto:20270112T190000", "Wed 13 Jan 2027, 05:30 (Kolkata)"),
        ("DTSTART;TZID=Eastern Standard Time:20270112T190000", "another time"),
        ("DTSTART;VALUE=DATE:20270113", "another time"),
        ("DTSTART:99991399T999999Z", "another time"),
        ("SUMMARY:No time at all", "another time"),
    ],
)
def test_another_time_is_shown_and_moves_nothing(baton: Any, met: Met, secret: None, start: str, shown: str) -> None:
    met.lead(met.bo)
    [mail] = mails(baton, met.ada, met.first)
    before = days(met.circle)
    assert post(baton, reply_to(mail, "ACCEPTED")).json["taken"]
    baton.drain()
    raw = reply_to(mail, "NEEDS-ACTION", method="COUNTER").replace(b"DTSTAMP:", start.encode() + b"\r\nDTSTAMP:")
    assert post(baton, raw).json == {"taken": True, "why": ""}
    baton.drain()
    lead = tokens.path("lead", tokens.sign("lead", {"person": met.bo, "session": met.first}))
    page = re.sub(r"<[^>]+>", "", baton.client("sessions").get(lead).text)
    assert f"comes; their calendar proposes {shown}" in page and "Nothing moves by itself" in page
    assert days(met.circle) == before and answers(baton) == {(met.first, met.ada): ("coming", "calendar")}
    move(met.first)
    baton.tick()
    assert not baton.rows("sessions", "remark"), "another time: what was said of the former one is over"
    settled(baton)


def test_a_reply_to_an_older_invite_or_a_session_that_is_over_is_left(baton: Any, met: Met, secret: None) -> None:
    [old] = mails(baton, met.ada, met.first)
    move(met.first)
    baton.tick()
    assert post(baton, reply_to(old)).json["taken"]
    baton.drain()
    assert not answers(baton), "an older SEQUENCE"
    baton.pass_time(days=11)
    assert post(baton, reply_to(mails(baton, met.ada, met.first)[-1])).json["taken"]
    baton.drain()
    assert not answers(baton), "it is over"
    settled(baton)


def test_a_reply_to_an_older_invite_counts_while_time_and_place_are_the_same(
    baton: Any, met: Met, secret: None
) -> None:
    """Given an invite, and news of who leads, When the calendar answers the first, Then that is their answer. Once the
    session was moved, neither counts any more."""
    [old] = mails(baton, met.ada, met.first)
    met.lead(met.bo)
    baton.tick()
    newer = mails(baton, met.ada, met.first)[-1]
    assert newer["rank"] > old["rank"], "a higher SEQUENCE"
    assert post(baton, reply_to(old, "DECLINED")).json["taken"]
    baton.drain()
    assert [row["answer"] for row in baton.rows("sessions", "rsvp", person=met.ada)] == ["cannot"]
    move(met.first)
    baton.tick()
    for each in (old, newer):
        assert post(baton, reply_to(each, "DECLINED")).json["taken"]
    baton.drain()
    assert not baton.rows("sessions", "rsvp", person=met.ada)
    settled(baton)


def test_nobody_is_believed_without_the_secret(baton: Any, met: Met, change_settings: Any) -> None:
    raw = reply_to(mails(baton, met.ada, met.first)[0])
    sign = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    empty = "sha256=" + hmac.new(b"", raw, hashlib.sha256).hexdigest()
    for given in ({"Authorization": "Bearer "}, {"Authorization": "Bearer"}, {"X-Baton-Signature": empty}, {"X": "y"}):
        assert post(baton, raw, **given).status_code == 401, "none is set"
    change_settings(webhook_secret=SECRET)
    for given in (
        {"X": "y"}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {SECRET}x"},
        {"Authorization": SECRET}, {"Authorization": "Bearer é"}, {"X-Baton-Signature": ""},
        {"X-Baton-Signature": "sha256="}, {"X-Baton-Signature": sign[:-1]}, {"X-Baton-Signature": empty},
        {"Authorization": "Bearer x", "X-Baton-Signature": sign},
    ):  # fmt: skip
        answer = post(baton, raw, **given)
        assert answer.status_code == 401 and answer.content_type == "application/problem+json", given
    assert post(baton, raw + b" ", **{"X-Baton-Signature": sign}).status_code == 401
    assert not baton.rows("notifications", "event", type="reply.received")
    assert post(baton, raw, **{"X-Baton-Signature": sign}).json["taken"]


def test_what_comes_in_may_be_anything(baton: Any, met: Met, secret: None) -> None:
    for raw in (b"", b"\0" * 1000, b"\xff\xfe" * 500, b"From: x\r\n\r\nhello", os.urandom(5000), b"BEGIN:VCALENDAR"):
        assert post(baton, raw).json["taken"] is False
    assert post(baton, b"x" * 30_000_001).status_code == 413
    assert baton.client("notifications").get("/notifications/webhooks/mail").status_code == 405
