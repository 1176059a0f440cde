"""Zones as calendars are told them: two other parsers must find the instants that zoneinfo finds."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.sessions.rules import dates
from shared import clock
from shared.calendar import zone
from shared.calendar.event import Event, Mailbox
from shared.calendar.feed import feed
from shared.calendar.invite import prepare
from tests import calendars

YEAR = 2026  # in which Vancouver stops changing its clocks
PLACES = [
    "America/Toronto", "Europe/London", "Australia/Sydney", "Asia/Kolkata", "Asia/Kathmandu", "America/Vancouver",
    "Europe/Dublin", "America/Santiago", "Asia/Jerusalem", "America/Nuuk", "Asia/Gaza", "Africa/Cairo",
    "Africa/Casablanca", "Australia/Lord_Howe", "Pacific/Chatham", "America/Havana", "Antarctica/Troll",
    "Asia/Beirut", "America/St_Johns", "Pacific/Auckland", "US/Pacific", "Asia/Calcutta", "Pacific/Easter", "UTC",
]  # fmt: skip


def events(key: str, start: time = time(18, 30), weeks: int = 2, count: int = 27) -> list[Event]:
    """A series over a whole year, both clock changes in it."""
    rhythm = dates.Rhythm(date(YEAR, 1, 6), start, clock.zone(key), weeks)
    return [
        Event(
            uid=f"{each.number}@example.org",
            sequence=0,
            stamp=datetime(YEAR, 1, 1, tzinfo=UTC),
            start=datetime.combine(each.date, each.start),
            zone=key,
            minutes=each.minutes,
            summary="Session",
            organizer=Mailbox("Program", "post@example.org"),
        )
        for each in dates.meetings(dates.Series((rhythm,)), rhythm.since, weeks * count)
    ]


def expected(each: Event) -> tuple[str, datetime, datetime]:
    """What a calendar must understand, by zoneinfo alone."""
    begins = each.start.replace(tzinfo=clock.zone(each.zone)).astimezone(UTC)
    return each.uid, begins, begins + timedelta(minutes=each.minutes)


@pytest.mark.parametrize("read", [calendars.seen_by_ical_js, calendars.seen_by_libical])
@pytest.mark.parametrize("key", PLACES)
def test_a_year_across_both_clock_changes_is_read_alike(key: str, read: object) -> None:
    # Given a fortnightly 18:30 over a year, when another calendar reads it
    sent = events(key)
    assert callable(read)
    seen = read(feed("Circle", sent))
    # Then it finds the same instants, which are 18:30 by that place's clocks
    assert [(each.uid, each.begins, each.ends) for each in seen] == [expected(each) for each in sent]
    assert {each.begins.astimezone(clock.zone(key)).strftime("%H:%M") for each in seen} == {"18:30"}
    assert len(sent) == 27


@pytest.mark.parametrize("read", [calendars.seen_by_ical_js, calendars.seen_by_libical])
@pytest.mark.parametrize("key", ["America/Toronto", "Europe/London", "Australia/Sydney", "America/Nuuk", "Asia/Gaza"])
def test_so_is_a_week_around_each_change_hour_by_hour(key: str, read: object) -> None:
    # Given a session every hour of the days around both changes, gaps and folds among them
    changes = [datetime(YEAR, month, 1) for month in (3, 4, 9, 10, 11)]
    sent = [
        Event(f"{at:%m%dT%H%M}@x", 0, datetime(YEAR, 1, 1, tzinfo=UTC), at, key, 30, "Session", Mailbox("P", "p@x.org"))
        for month in changes
        for at in (month + timedelta(hours=hour) for hour in range(0, 24 * 31, 1))
        if at.weekday() in (5, 6) and at.hour < 5
    ]
    assert callable(read)
    seen = {each.uid: (each.begins, each.ends) for each in read(feed("Circle", sent))}
    assert seen == {uid: (begins, ends) for uid, begins, ends in map(expected, sent)}


def test_the_parsers_read_our_zone_and_not_their_own() -> None:
    """The control: a wrong offset in VTIMEZONE must show, or the tests above prove nothing."""
    sent = events("America/Toronto")
    wrong = feed("Circle", sent).replace(b"TZOFFSETTO:-0500", b"TZOFFSETTO:-0800")
    for read in (calendars.seen_by_ical_js, calendars.seen_by_libical):
        assert read(wrong)[0].begins == expected(sent[0])[1] + timedelta(hours=3)


def test_one_standard_and_one_daylight_with_yearly_rules() -> None:
    for key in clock.zones():
        found = zone.zone(key)
        if found is None:
            continue
        text = found.component().to_ical().decode()
        assert text.count("BEGIN:STANDARD") == text.count("BEGIN:DAYLIGHT") == 1, key
        assert text.count("RRULE:FREQ=YEARLY;") == 2 and "RDATE" not in text, key
        starts = [datetime.strptime(at, "%Y%m%dT%H%M%S") for at in re.findall(r"DTSTART:(\S+)", text)]
        assert all(start.year == 1970 for start in starts), key


def test_daylight_is_what_puts_the_clocks_forward_whatever_it_is_called() -> None:
    found = zone.zone("Europe/Dublin")
    assert found is not None
    text = found.component().to_ical().decode()
    daylight = text[text.index("BEGIN:DAYLIGHT") : text.index("END:DAYLIGHT")]
    assert "TZOFFSETFROM:+0000" in daylight and "TZOFFSETTO:+0100" in daylight and "TZNAME:IST" in daylight


@pytest.mark.parametrize("key", ["Asia/Kolkata", "Asia/Kathmandu", "America/Vancouver", "Africa/Casablanca", "UTC"])
def test_a_footer_without_a_clock_change_is_sent_in_utc(key: str) -> None:
    text = prepare(events(key)[0]).before
    assert zone.zone(key) is None
    assert b"VTIMEZONE" not in text and b"TZID" not in text and re.search(rb"\r\nDTSTART:\d{8}T\d{6}Z\r\n", text)


def test_a_footer_that_no_rule_in_common_use_can_say_is_sent_in_utc() -> None:
    # The night after Cairo's last Thursday of October may be in November.
    assert zone.footer("Africa/Cairo").endswith("M10.5.4/24")
    assert zone.zone("Africa/Cairo") is None


def test_a_footer_that_zoneinfo_does_not_agree_with_is_sent_in_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a zone whose file says other things of this year than its last line says of all later ones
    paris = zone.zone("Europe/Paris")
    assert paris is not None
    summer, winter = (datetime(YEAR, month, 6, 12, tzinfo=UTC) for month in (7, 1))
    liar = zone.Zone("America/Vancouver", paris.changes)
    assert paris.speaks_of(summer) and paris.speaks_of(winter)
    assert not liar.speaks_of(summer) and not liar.speaks_of(winter)
    # When an invitation is written, then not in that zone
    monkeypatch.setattr("shared.calendar.component.zone", lambda key: liar)
    assert b"TZID" not in prepare(events("America/Vancouver")[0]).before


def test_cuba_which_did_not_put_its_clocks_back_in_2026() -> None:
    """A year that is unlike the last line of the file: sent in UTC while that lasts."""
    sent = events("America/Havana")
    in_utc = [each.start >= datetime(YEAR, 11, 1) for each in sent]
    assert [b"TZID" not in prepare(each).before for each in sent] == in_utc


def test_every_zone_that_is_sent_at_all_is_read_alike() -> None:
    # Given a year in each zone that has a VTIMEZONE of ours, in one feed
    keys = sorted(key for key in clock.zones() if zone.zone(key))
    sent = [replace(each, uid=f"{key}/{each.uid}") for key in keys for each in events(key, weeks=4, count=13)]
    assert len(keys) > 150
    # When libical reads it, then it finds what zoneinfo finds
    seen = {each.uid: (each.begins, each.ends) for each in calendars.seen_by_libical(feed("All", sent))}
    assert seen == {uid: (begins, ends) for uid, begins, ends in map(expected, sent)}


@pytest.mark.parametrize(("start", "sent_in_zone"), [(time(1, 30), False), (time(0, 15), False), (time(2, 0), True)])
def test_an_hour_that_comes_twice_is_sent_in_utc(start: time, sent_in_zone: bool) -> None:
    # The clocks of Toronto go back on 1 November 2026 at 2:00: a session in, or into, that hour could be read both ways
    at = datetime.combine(date(2026, 11, 1), start)
    one = Event("1@x", 0, datetime(2026, 1, 1, tzinfo=UTC), at, "America/Toronto", 60, "S", Mailbox("", "p@x.org"))
    assert (b"TZID" in prepare(one).before) == sent_in_zone


def test_an_hour_that_does_not_exist_is_sent_as_the_one_it_becomes() -> None:
    at = datetime(2026, 3, 8, 2, 30)
    one = Event("1@x", 0, datetime(2026, 1, 1, tzinfo=UTC), at, "America/Toronto", 60, "S", Mailbox("", "p@x.org"))
    assert b"DTSTART;TZID=America/Toronto:20260308T033000\r\n" in prepare(one).before
    assert dates.instant(at.date(), at.time(), clock.zone("America/Toronto"))[0] == one.begins
