"""On which day of the month it falls, and what an agenda is made of."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sessions.rules.agenda import USUAL, sections, skeleton
from services.sessions.rules.gatherings import LAST, WEEKS, Rhythm, Said, made

ZONES = [ZoneInfo(name) for name in ("America/Toronto", "Europe/London", "Australia/Sydney", "Asia/Kathmandu")]


def rhythm(week: int, weekday: int, zone: ZoneInfo = ZONES[0]) -> Rhythm:
    return Rhythm(week, weekday, time(18), zone)


@pytest.mark.parametrize(
    ("week", "weekday", "day"), [(1, 1, 2), (2, 0, 8), (4, 6, 28), (LAST, 6, 28), (LAST, 4, 26), (1, 0, 1)]
)
def test_the_day_of_february_2027(week: int, weekday: int, day: int) -> None:
    assert rhythm(week, weekday).day(2027, 2) == date(2027, 2, day)


MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1))


@given(st.sampled_from(WEEKS), st.integers(0, 6), st.sampled_from(ZONES), MOMENTS)
def test_the_next_one_is_the_first_of_its_kind_after_now(week: int, weekday: int, zone: ZoneInfo, at: datetime) -> None:
    now = at.replace(tzinfo=UTC)
    day, begins = rhythm(week, weekday, zone).following(now)
    assert begins > now and (begins - now).days <= 36
    assert begins.astimezone(zone) == datetime.combine(day, time(18), zone), "six by the wall, whatever clocks do"
    assert day.weekday() == weekday
    number = (day.day - 1) // 7 + 1
    assert number == week or (week == LAST and number >= 4)


def test_both_sides_of_a_clock_change_are_six_oclock() -> None:
    first = rhythm(2, 6)  # the second Sunday: clocks change in Toronto on 14 March 2027
    _, winter = first.following(datetime(2027, 2, 1, tzinfo=UTC))
    _, summer = first.following(datetime(2027, 3, 1, tzinfo=UTC))
    assert (winter.hour, summer.hour) == (23, 22)


def test_sections_end_at_the_next_heading_of_their_level() -> None:
    text = "# A\n\nfirst\n\n## A1\n\nwithin\n\n# B\n\n# C #\n\n```\n# no heading\n```\n"
    found = dict(sections(text))
    assert found["A"] == "first\n\n## A1\n\nwithin" and found["C"] == "```\n# no heading\n```"
    assert "B" not in found, "nothing stands under it"


def test_what_nobody_wrote_into_is_empty() -> None:
    assert sections(skeleton(USUAL)) == []
    text = made([Said("Circle A", date(2027, 1, 12), skeleton(USUAL))])
    assert "No circle wrote that it needs help." in text and "Circle A" not in text


def test_what_circles_wrote_is_quoted_so_that_it_cannot_break_the_agenda() -> None:
    evil = "## Where help is needed\n\n### Sub\n```\nnever closed\n"
    text = made([Said("A*b*_[x](y)", date(2027, 1, 12), evil)])
    assert "> ### Sub\n> ```\n> never closed" in text and "A\\*b\\*\\_\\[x\\]\\(y\\)" in text
    headings = [line for line in text.split("\n") if line.startswith("#")]
    assert headings == ["## Where help is needed", "## Open problems", "## What else"]


def test_eight_hundred_circles_make_an_agenda_that_can_be_saved() -> None:
    said = [Said(f"Circle {n}", date(2027, 1, 12), "# Help\n" + "é" * 3000 + "\n# Problem\nx") for n in range(800)]
    text = made(said)
    assert len(text.encode()) <= 20_000 and "more pieces: read those minutes." in text


@given(st.text(max_size=400))
def test_any_minutes_make_an_agenda(minutes: str) -> None:
    text = made([Said("Circle A", date(2027, 1, 12), "## Help\n" + minutes)])
    assert text.startswith("## Where help is needed\n")
