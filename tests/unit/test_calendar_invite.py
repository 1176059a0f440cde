"""Invitations: what other calendars read in them, whatever people are called; and the same, made quickly or slowly."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, vCalAddress, vUri
from icalendar import Event as VEvent

from shared import clock
from shared.calendar import component, text
from shared.calendar.component import folded
from shared.calendar.event import Answer, Attendee, Event, Invite, Mailbox, Status
from shared.calendar.feed import feed
from shared.calendar.invite import prepare
from tests import calendars

from .test_mail_letter import HOSTILE

ANN = Attendee("Ann", "ann@example.org")
SESSION = Event(
    uid="session-7@mentors.example.org",
    sequence=0,
    stamp=datetime(2027, 1, 4, 9, tzinfo=UTC),
    start=datetime(2027, 3, 9, 18, 30),
    zone="America/Toronto",
    minutes=60,
    summary="Circle 1: starting out",
    organizer=Mailbox("Mentors for Machine Learning", "post@mentors.example.org"),
    description="Bring one question.\nIt will be answered.",
    location="https://meet.example.org/circle-1",
    url="https://mentors.example.org/sessions/7",
    coordinator="Bo",
    mentor="Cy",
)
MOVED = replace(SESSION, sequence=1, start=datetime(2027, 3, 16, 18, 30))
OFF = replace(MOVED, sequence=2, status=Status.CANCELLED)

addresses = st.sampled_from(
    ["ann@example.org", "o'neil+tag@example.org", "zoë@xn--bcher-kva.example", '"a b;c:d"@example.org',
     "a%0d%0ab@x.org", "a=b@x.org", "a/b@x.org", "a?b#c@x.org", "x@x.org\r\nATTENDEE:mailto:all@x.org",
     "a,b@x.org", "名前@例え.jp"]
)  # fmt: skip
texts = (
    st.sampled_from([*HOSTILE, "TZID=Europe/Paris: an evening", "TZID=room 4", "VALUE=DATE:1"])
    | st.text(st.characters(), max_size=200)
    | st.text("\r\n \t\x00;:,\"'^\\nN=é🏃\u2028", max_size=99)
)
attendees = st.builds(Attendee, texts, addresses, st.sampled_from(list(Answer)), st.booleans())


def to(event: Event, who: Attendee = ANN) -> Invite:
    return prepare(event).to(who)


def directly(event: Event, who: Attendee) -> bytes:
    """The same message by the library alone, the attendee included: the usual way."""
    made = component.calendar()
    cancelled = event.status is Status.CANCELLED
    made.add("method", "CANCEL" if cancelled else "REQUEST")
    vevent = VEvent()
    sent_in = component.zone_for(event)
    if sent_in:
        made.add_component(sent_in.component())
    wall = clock.zone(sent_in.key) if sent_in else UTC
    vevent.add("uid", event.uid)
    vevent.add("sequence", event.sequence)
    vevent.add("dtstamp", event.stamp)
    vevent.add("dtstart", event.begins.astimezone(wall))
    vevent.add("dtend", event.ends.astimezone(wall))
    vevent.add("summary", component.Words(text.line(event.summary, 200)))
    if description := text.paragraphs(component._description(event)):
        vevent.add("description", component.Words(description))
    if location := text.line(event.location, 500):
        vevent.add("location", component.Words(location))
    vevent.add("url", vUri(text.link(event.url)))
    vevent.add("status", event.status.value)
    vevent.add("transp", "TRANSPARENT" if cancelled else "OPAQUE")
    vevent.add("organizer", component.organizer(event.organizer))
    attendee = vCalAddress(text.uri(who.address))
    if component.common_name(who.name):
        attendee.params["CN"] = component.common_name(who.name)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["PARTSTAT"] = who.answer.value
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    if who.asked and not cancelled:
        attendee.params["RSVP"] = "TRUE"
    vevent.add("attendee", attendee)
    made.add_component(vevent)
    return bytes(made.to_ical())


def parsed(data: bytes) -> list[Any]:
    """Everything in it: components, properties, parameters, values, in their order."""
    return [
        (part.name, [(name, str(value), sorted(value.params.items())) for name, value in part.property_items()
                     if hasattr(value, "params")], part.to_ical())
        for part in Calendar.from_ical(data).walk()
    ]  # fmt: skip


def unfolded(data: bytes) -> list[str]:
    return data.replace(b"\r\n ", b"").decode().split("\r\n")


def names(data: bytes) -> list[str]:
    """The properties and components in it, values aside."""
    return [
        re.split("[;:]", line)[0] + (":" + line[6:] if line.startswith("BEGIN:") else "") for line in unfolded(data)
    ]


@pytest.mark.parametrize(
    ("event", "method"),
    [(SESSION, "REQUEST"), (MOVED, "REQUEST"), (OFF, "CANCEL")],
    ids=["request", "update", "cancel"],
)
@pytest.mark.parametrize("place", ["America/Toronto", "Asia/Kathmandu"])
def test_libical_has_no_objection(event: Event, method: str, place: str) -> None:
    invite = to(replace(event, zone=place))
    assert invite.method == method
    assert calendars.objections(invite.data) == []
    # The control: without the organizer, RFC 5546 is broken, and libical says so.
    assert calendars.objections(re.sub(rb"ORGANIZER(.|\r\n )*\r\n", b"", invite.data)) != []


@pytest.mark.parametrize("event", [SESSION, MOVED, OFF], ids=["request", "update", "cancel"])
def test_what_another_calendar_reads(event: Event) -> None:
    invite = to(event, Attendee("Zoë O'Neil", "zoe@example.org", Answer.NONE))
    read = calendars.ical_js([invite.data])[0]
    assert read["method"] == invite.method
    [seen] = read["events"]
    assert (seen["uid"], seen["sequence"], seen["status"]) == (event.uid, event.sequence, event.status.value)
    assert seen["begins"] == {"wall": f"{event.start:%Y-%m-%dT%H:%M}", "zone": "America/Toronto",
                              "instant": event.begins.timestamp()}  # fmt: skip
    assert seen["ends"]["instant"] - seen["begins"]["instant"] == 3600
    assert seen["summary"] == "Circle 1: starting out" and seen["location"] == event.location
    assert seen["description"] == "Coordinator: Bo\nMentor: Cy\n\nBring one question.\nIt will be answered."
    assert seen["organizer"] == "mailto:post@mentors.example.org"
    assert seen["attendees"] == [{"address": "mailto:zoe@example.org", "name": "Zoë O'Neil", "answer": "NEEDS-ACTION"}]
    assert "rrule" not in seen["names"]


def test_the_shape_of_the_bytes() -> None:
    for event in (SESSION, MOVED, OFF):
        data = to(event, Attendee("é" * 100, "ann@example.org")).data
        assert data.endswith(b"\r\nEND:VCALENDAR\r\n")
        assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
        assert all(len(line) <= 75 and line.decode() is not None for line in data.split(b"\r\n"))
        assert data.count(b"BEGIN:VEVENT") == 1 and data.count(b"BEGIN:VTIMEZONE") == 1
        assert data[data.index(b"BEGIN:VEVENT") :].count(b"RRULE") == 0
        lines = unfolded(data)
        assert sum(line.startswith("ATTENDEE;") for line in lines) == 1
        assert f"SEQUENCE:{event.sequence}" in lines and f"UID:{event.uid}" in lines
        assert ("STATUS:CANCELLED" in lines) == ("METHOD:CANCEL" in lines) == (event is OFF)
        assert any("RSVP=TRUE" in line for line in lines) == (event is not OFF)


def test_nobody_is_asked_who_is_not() -> None:
    assert b"RSVP" not in to(SESSION, replace(ANN, asked=False)).data.replace(b"\r\n ", b"")
    assert b"PARTSTAT=ACCEPTED" in to(SESSION, replace(ANN, answer=Answer.YES)).data.replace(b"\r\n ", b"")


@settings(max_examples=300, deadline=None)
@given(attendees, st.sampled_from([SESSION, OFF, replace(SESSION, zone="Asia/Kolkata")]))
@example(Attendee('Ann";X-EVIL=1:mailto:x@x.org\r\nATTENDEE:mailto:y@y.org', "ann@example.org"), SESSION)
@example(Attendee("", "ann@example.org"), SESSION)
@example(Attendee("^n^'^^", "ann@example.org"), SESSION)
def test_put_in_and_written_out_are_the_same(who: Attendee, event: Event) -> None:
    quick, slow = to(event, who).data, directly(event, who)
    assert parsed(quick) == parsed(slow)
    assert names(quick) == names(slow) == names(to(event).data)
    assert all(len(line) <= 75 for line in quick.split(b"\r\n"))


@settings(max_examples=200, deadline=None)
@given(texts, texts, texts, st.sampled_from(["UTC", "America/Toronto", "Asia/Kolkata"]), st.sampled_from([0, 7, 4000]))
def test_its_own_lines_are_what_the_library_writes(
    summary: str, description: str, place: str, zone: str, sequence: int
) -> None:
    event = replace(SESSION, summary=summary, description=description, location=place, zone=zone, sequence=sequence)

    def lines(octets: bytes) -> list[bytes]:
        whole = octets.replace(b"\r\n ", b"").split(b"\r\n")
        return [line for line in whole if not line.startswith(b"ATTENDEE")]

    assert lines(to(event).data) == lines(directly(event, ANN))


@pytest.mark.parametrize("name", [*HOSTILE, "^n", "a^'b", "^^", 'a"b', "\r\nBEGIN:VALARM\r\n", "]]>", "\\n", "\\"])
def test_hostile_names_are_read_as_what_they_are(name: str) -> None:
    read = calendars.seen_by_libical(to(SESSION, Attendee(name, "ann@example.org")).data)
    assert [each.uid for each in read] == [SESSION.uid]


def test_other_calendars_read_the_names_that_were_meant() -> None:
    meant = [*HOSTILE, "^n", "a^'b", "^^", 'a"b', "\\n"]
    read = calendars.ical_js([to(SESSION, Attendee(name, "ann@example.org")).data for name in meant])
    found = [each["events"][0]["attendees"] for each in read]
    assert [[(who["address"], who["name"]) for who in each] for each in found] == [
        [("mailto:ann@example.org", text.line(name).replace('"', "'").replace("\\", "/"))] for name in meant
    ]


@settings(max_examples=200, deadline=None)
@given(texts, texts, texts, texts, texts, texts)
@example("C:\\New\\north", "\\N\\n\\;\\", "a;b,c", "x", "y", "z")
def test_no_text_adds_a_line(summary: str, description: str, place: str, name: str, coordinator: str, url: str) -> None:
    # Given hostile text wherever people type
    event = replace(
        SESSION,
        summary=summary or "x",
        description=description,
        location=place,
        organizer=Mailbox(name, "post@mentors.example.org"),
        coordinator=coordinator,
        url="https://x.example/" + url.encode("utf-8", "replace").decode(),
    )
    # When it is written, then there are the properties that there always are, and they read as what was typed
    data = to(event).data
    optional = {"LOCATION", "DESCRIPTION"}
    assert [each for each in names(data) if each not in optional] == [
        each for each in names(to(SESSION).data) if each not in optional
    ]
    [vevent] = Calendar.from_ical(data).walk("VEVENT")
    assert str(vevent["SUMMARY"]) == text.line(summary or "x", 200)
    assert str(vevent.get("LOCATION", "")) == text.line(place, 500)
    assert text.paragraphs(description, 4000).removesuffix("…") in str(vevent["DESCRIPTION"])
    control = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
    assert not control.search(data.decode()) and b"\n" not in data.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))


def test_other_calendars_read_the_words_that_were_meant() -> None:
    meant = [
        *(each for each in HOSTILE if text.line(each)),
        "C:\\New\\north",
        "\\N\\n\\;\\",
        "a;b,c",
        "^n",
        "two\nlines",
    ]
    sent = [
        replace(SESSION, summary=each, description=each, location=each, coordinator="", mentor="") for each in meant
    ]
    found = [each["events"][0] for each in calendars.ical_js([to(event).data for event in sent])]
    assert [(each["summary"], each["location"], each["description"]) for each in found] == [
        (text.line(each, 200), text.line(each, 500), text.paragraphs(each)) for each in meant
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
def test_folding_is_undone_by_unfolding(row: str) -> None:
    lines = folded(row.encode()).split(b"\r\n ")
    assert b"".join(lines) == row.encode() and all(len(b" " + line) <= 75 for line in lines[1:])
    assert len(lines[0]) <= 75 and [line.decode() for line in lines]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("uid", ""), ("uid", "a b"), ("uid", "a\r\nb"), ("uid", "é"), ("uid", "x" * 256), ("sequence", -1),
        ("minutes", 0), ("zone", "Mars/Olympus"), ("zone", "../passwd"), ("stamp", datetime(2027, 1, 1)),
        ("start", datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_what_can_be_no_event(field: str, value: Any) -> None:
    with pytest.raises(ValueError):
        replace(SESSION, **{field: value})


@pytest.mark.parametrize("address", ["", "ann", "ann\ud800@example.org"])
def test_what_can_be_no_address(address: str) -> None:
    with pytest.raises(ValueError):
        to(SESSION, Attendee("Ann", address))
    with pytest.raises(ValueError):
        prepare(replace(SESSION, organizer=Mailbox("", address)))


def test_the_instant_of_change_is_said_in_utc() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    event = replace(SESSION, stamp=datetime(2027, 1, 4, 14, 30, 0, 999, tzinfo=zone))
    assert "DTSTAMP:20270104T090000Z" in unfolded(to(event).data)


def test_an_end_across_a_clock_change_is_so_many_minutes_later() -> None:
    # 90 minutes from 1:15 in Toronto on the night that the clocks go forward at 2:00: it is 3:45 then
    event = replace(SESSION, start=datetime(2027, 3, 14, 1, 15), minutes=90)
    assert "DTEND;TZID=America/Toronto:20270314T034500" in unfolded(to(event).data)
    for read in (calendars.seen_by_ical_js, calendars.seen_by_libical):
        [seen] = read(to(event).data)
        assert seen.ends - seen.begins == timedelta(minutes=90)


def test_a_feed_is_the_same_bytes_whenever_and_in_whatever_order() -> None:
    other = replace(OFF, uid="session-8@mentors.example.org", zone="Europe/London")
    first, second = feed("Circle 1", [SESSION, other]), feed("Circle 1", iter([other, SESSION]))
    assert first == second
    lines = unfolded(first)
    assert {"REFRESH-INTERVAL;VALUE=DURATION:PT1H", "X-PUBLISHED-TTL:PT1H", "NAME:Circle 1"} <= set(lines)
    assert not any(line.startswith(("METHOD", "ATTENDEE", "ORGANIZER")) for line in lines)
    assert [line for line in lines if line.startswith("TZID")] == ["TZID:America/Toronto", "TZID:Europe/London"]
    assert calendars.objections(first) == []


def test_a_cancelled_session_stays_in_the_feed_and_says_so() -> None:
    read = calendars.ical_js([feed("Circle 1", [OFF])])[0]["events"][0]
    assert (read["status"], read["summary"]) == ("CANCELLED", "Cancelled: Circle 1: starting out")
    assert b"TRANSP:TRANSPARENT" in feed("Circle 1", [OFF])


def test_an_empty_feed_is_a_calendar_all_the_same() -> None:
    empty = feed("No circle\r\nX-EVIL:1", [])
    assert Calendar.from_ical(empty).walk("VEVENT") == [] and b"\r\nX-EVIL" not in empty
    assert calendars.seen_by_ical_js(empty) == []
