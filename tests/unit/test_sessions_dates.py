"""When a circle meets: local times stay what they are, instants follow, and nothing else moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import version

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sessions.rules import dates
from services.sessions.rules.dates import Rhythm, Series
from services.sessions.rules.refusals import Refused
from shared import clock

TORONTO = clock.zone("America/Toronto")
KNOWN = st.sampled_from(sorted(clock.zones())).map(clock.zone)
HALF_PAST_SIX = time(18, 30)


def series(since: date = date(2027, 1, 5), start: time = HALF_PAST_SIX, **more: object) -> Series:
    return Series((Rhythm(since, start, **{"zone": TORONTO, **more}),))  # type: ignore[arg-type]


def said(found: list[dates.Meeting]) -> list[str]:
    return [f"{one.date} {one.start:%H:%M}" for one in found]


@pytest.mark.parametrize(
    ("key", "offsets"),
    [
        ("America/Toronto", {-5, -4}),
        ("Europe/London", {0, 1}),
        ("Australia/Sydney", {11, 10}),
        ("Asia/Kolkata", {5.5}),
        ("Asia/Kathmandu", {5.75}),
        ("America/Vancouver", {-8, -7}),
    ],
)
def test_half_past_six_stays_half_past_six(key: str, offsets: set[float]) -> None:
    # Given a fortnightly 18:30, across both clock changes of 2026
    zone = clock.zone(key)
    found = dates.meetings(series(date(2026, 1, 6), zone=zone), date(2026, 1, 1), 52)
    # Then it is 18:30 there each time, on every second Tuesday, whatever that is in UTC
    assert len(found) == 26
    assert {one.begins.astimezone(zone).time() for one in found} == {HALF_PAST_SIX}
    assert {(b.date - a.date).days for a, b in zip(found, found[1:], strict=False)} == {14}
    assert {one.begins.astimezone(zone).utcoffset() for one in found} == {timedelta(hours=each) for each in offsets}
    assert {one.ends - one.begins for one in found} == {timedelta(minutes=60)} and not any(one.warning for one in found)


def test_vancouver_no_longer_puts_its_clocks_back() -> None:
    """The rule of 2026: summer time for good since 8 March. The pinned tzdata must know it."""
    assert version("tzdata") >= "2026.2"
    vancouver, los_angeles = clock.zone("America/Vancouver"), clock.zone("America/Los_Angeles")
    november = datetime(2026, 11, 10, 18, 30)
    assert november.replace(tzinfo=vancouver).utcoffset() == timedelta(hours=-7)
    assert november.replace(tzinfo=los_angeles).utcoffset() == timedelta(hours=-8)
    # Given sessions whose instants were computed with the rule of before, which Los Angeles still has
    planned = series(date(2026, 9, 1), zone=vancouver)
    before = {one.planned: one.begins for one in dates.meetings(series(date(2026, 9, 1), zone=los_angeles),
                                                                 date(2026, 9, 1), 20)}  # fmt: skip
    after = {one.planned: one.begins for one in dates.meetings(planned, date(2026, 9, 1), 20)}
    # Then those of this summer stay, and those after 1 November move by an hour
    moved = dates.shifted(before, after)
    assert sorted(moved) == [day for day in before if day > date(2026, 11, 1)] and moved
    assert {old - new for old, new in moved.values()} == {timedelta(hours=1)}


@pytest.mark.parametrize(
    ("older", "present"), [("US/Pacific", "America/Los_Angeles"), ("Asia/Calcutta", "Asia/Kolkata")]
)
def test_a_zone_that_is_called_otherwise_moves_nothing(older: str, present: str) -> None:
    before, after = (
        {one.planned: one.begins for one in dates.meetings(series(zone=dates.zone_of(key, clock.zone)), START, 52)}
        for key in (older, present)
    )
    assert len(before) == 26 and dates.shifted(before, after) == {}


START = date(2027, 1, 1)


def test_shifted_speaks_of_what_both_know() -> None:
    one, other = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)
    toronto = one.astimezone(TORONTO)
    assert dates.shifted({"a": one, "b": one, "gone": one}, {"a": toronto, "b": other, "new": other}) == {
        "b": (one, other)
    }


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "America/Torronto", "../etc/passwd", "\0", "x" * 5000, "EST5EDT,M"]
)
def test_an_unknown_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(Refused) as caught:
        dates.zone_of(name, clock.zone)
    assert caught.value.field == "timezone" and "America/Toronto" in caught.value.remedy
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("day", "wall", "begins", "words"),
    [
        (date(2027, 3, 14), time(2, 30), "03:30-0400", "go forward over 02:30, so the session begins at 03:30"),
        (date(2027, 3, 14), time(1, 59), "01:59-0500", ""),
        (date(2027, 3, 14), time(3, 0), "03:00-0400", ""),
        (date(2027, 11, 7), time(1, 30), "01:30-0400", "01:30 comes twice: the session begins at the first one"),
        (date(2027, 11, 7), time(0, 59), "00:59-0400", ""),
        (date(2027, 11, 7), time(2, 0), "02:00-0500", ""),
    ],
)
def test_the_nights_of_clock_changes(day: date, wall: time, begins: str, words: str) -> None:
    instant, warning = dates.instant(day, wall, TORONTO)
    assert instant.astimezone(TORONTO).strftime("%H:%M%z") == begins
    assert words in warning and bool(words) == bool(warning)
    if warning:
        assert f"On {day.day} {day:%B} 2027" in warning and "Toronto" in warning
    assert dates.meetings(series(day, wall), day)[0].warning == warning
    # A time that says which of two it is (fold) is not listened to: a wall clock does not either.
    assert dates.instant(day, wall.replace(fold=1), TORONTO) == (instant, warning)


@pytest.mark.parametrize(("field", "value"), [("minutes", 91), ("minutes", 0), ("minutes", -60), ("minutes", 10**9),
                                              ("weeks", 0), ("weeks", 53), ("weeks", -1),
                                              ("start", time(18, 30, 1)), ("start", time(18, 30, tzinfo=UTC)),
                                              ("even", time(18, 30, 0, 1)),
                                              ("since", date(1999, 12, 31)), ("since", date.max)])  # fmt: skip
def test_what_can_be_no_series_is_refused_by_field(field: str, value: object) -> None:
    with pytest.raises(Refused) as caught:
        series(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field and caught.value.message and caught.value.remedy.endswith(".")


def test_ninety_minutes_are_taken_and_ninety_one_are_not() -> None:
    assert dates.meetings(series(minutes=90), START)[0].minutes == 90
    with pytest.raises(Refused, match="minutes: 91 minutes are too long for a session. Choose 90 minutes or fewer."):
        series(minutes=91)


def test_a_series_needs_a_beginning_and_its_changes_an_order() -> None:
    rhythm = Rhythm(START, HALF_PAST_SIX, TORONTO)
    for rhythms in ((), (rhythm, rhythm), (rhythm, replace(rhythm, since=START - timedelta(days=1)))):
        with pytest.raises(Refused) as caught:
            Series(rhythms)
        assert caught.value.field == "since"


def test_twelve_weeks_ahead_and_no_day_more() -> None:
    weekly = series(weeks=1)
    found = dates.meetings(weekly, date(2027, 1, 5))
    assert len(found) == dates.WEEKS_AHEAD and found[-1].date == date(2027, 3, 23)
    assert len(dates.meetings(weekly, date(2027, 1, 6))) == 12
    assert dates.meetings(weekly, date(2026, 10, 13)) == []
    assert [one.number for one in dates.meetings(weekly, date(2027, 2, 1), 2)] == [5, 6]


def test_two_hours_alternate_by_date_whatever_is_skipped() -> None:
    both = series(weeks=1, even=time(8, 0))
    assert said(dates.meetings(both, START, 4)) == [
        "2027-01-05 18:30", "2027-01-12 08:00", "2027-01-19 18:30", "2027-01-26 08:00",
    ]  # fmt: skip
    assert said(dates.meetings(dates.skip(both, date(2027, 1, 12)), START, 4)) == [
        "2027-01-05 18:30", "2027-01-19 18:30", "2027-01-26 08:00",
    ]  # fmt: skip
    # Nor does a change of rhythm begin to count again.
    changed = dates.change(both, replace(both.rhythms[0], since=date(2027, 1, 13), minutes=90))
    assert said(dates.meetings(changed, START, 4))[1:] == ["2027-01-12 08:00", "2027-01-13 18:30", "2027-01-20 08:00",
                                                           "2027-01-27 18:30"]  # fmt: skip


def test_single_dates_are_skipped_moved_and_restored() -> None:
    usual = series()
    second = date(2027, 1, 19)
    skipped = dates.skip(usual, second)
    assert second not in {one.date for one in dates.meetings(skipped, START)}
    moved = dates.move(skipped, second, date(2027, 1, 21), time(9, 0))
    there = dates.meetings(moved, START)[1]
    assert (there.planned, there.date, there.start, there.number) == (second, date(2027, 1, 21), time(9, 0), 2)
    assert there.begins == datetime(2027, 1, 21, 14, 0, tzinfo=UTC)
    assert dates.restore(moved, second) == usual == dates.restore(skipped, second)
    later = dates.move(usual, second, second, time(19, 0))
    assert said(dates.meetings(later, START))[1] == "2027-01-19 19:00"
    assert dates.move(moved, second, date(2027, 1, 22), time(9, 0)).moved == {second: (date(2027, 1, 22), time(9, 0))}


def test_what_is_moved_out_of_sight_and_into_it() -> None:
    usual = series()
    far, near = date(2027, 6, 8), date(2027, 1, 8)
    sooner = dates.move(usual, far, near, HALF_PAST_SIX)
    assert [one.planned for one in dates.meetings(sooner, START, 2)] == [date(2027, 1, 5), far]
    assert far not in {one.planned for one in dates.meetings(sooner, date(2027, 6, 1))}
    away = dates.move(usual, date(2027, 1, 5), far + timedelta(days=1), HALF_PAST_SIX)
    assert date(2027, 1, 5) in {one.planned for one in dates.meetings(away, date(2027, 6, 1))}
    assert date(2027, 1, 5) not in {one.planned for one in dates.meetings(away, START)}


@pytest.mark.parametrize(
    ("planned", "day", "field"),
    [
        (date(2027, 1, 6), date(2027, 1, 7), "date"),  # there is none on that day
        (date(2026, 12, 22), date(2027, 1, 7), "date"),  # nor before the first
        (date(2027, 1, 19), date(2027, 2, 2), "date"),  # there is one already
        (date(2027, 1, 19), date.max, "date"),
    ],
)
def test_no_move_from_nowhere_nor_onto_another(planned: date, day: date, field: str) -> None:
    with pytest.raises(Refused) as caught:
        dates.move(series(), planned, day, HALF_PAST_SIX)
    assert caught.value.field == field and caught.value.remedy


def test_nothing_is_skipped_where_nothing_is() -> None:
    with pytest.raises(Refused, match="no session on 6 January 2027"):
        dates.skip(series(), date(2027, 1, 6))


def test_a_change_from_a_date_on_leaves_what_was_before() -> None:
    usual = series()
    weekly = Rhythm(date(2027, 2, 3), time(17, 0), clock.zone("Europe/London"), weeks=1, minutes=45)
    changed = dates.change(usual, weekly)
    before = [one for one in dates.meetings(usual, START) if one.date < weekly.since]
    found = dates.meetings(changed, START)
    assert found[: len(before)] == before
    assert {(one.zone.key, one.minutes, one.date.weekday()) for one in found[len(before) :]} == {
        ("Europe/London", 45, 2)
    }
    # A change that comes in sooner replaces it; what was skipped stays skipped.
    sooner = dates.change(dates.skip(changed, date(2027, 1, 19)), replace(weekly, since=date(2027, 1, 27)))
    assert [rhythm.since for rhythm in sooner.rhythms] == [date(2027, 1, 5), date(2027, 1, 27)]
    assert said(dates.meetings(sooner, START, 4)) == ["2027-01-05 18:30", "2027-01-27 17:00"]


walls = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.dates(date(2026, 1, 1), date(2035, 12, 31))


@given(days, walls, KNOWN, st.integers(1, 52), st.integers(5, 90), st.none() | walls)
def test_any_series_keeps_its_wall_time(
    since: date, start: time, zone: object, weeks: int, minutes: int, even: time | None
) -> None:
    found = dates.meetings(series(since, start, zone=zone, weeks=weeks, minutes=minutes, even=even), since, 60)
    assert found[0].planned == since and [one.number for one in found] == list(range(1, len(found) + 1))
    for one in found:
        there = one.begins.astimezone(one.zone)
        assert one.start == (even if even and one.number % 2 == 0 else start)
        assert (one.date - since).days % (7 * weeks) == 0
        if not one.warning or "twice" in one.warning:
            assert (there.date(), there.time().replace(fold=0)) == (one.date, one.start)
        if "forward" in one.warning:
            assert there.replace(tzinfo=None) > datetime.combine(one.date, one.start)
        assert one.ends - one.begins == timedelta(minutes=minutes)
    assert found == sorted(found, key=lambda one: one.begins)
