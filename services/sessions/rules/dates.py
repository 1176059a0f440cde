"""When a circle meets: a series of wall times in a zone, and the instants that they are.

The wall time and the zone are the truth, instants follow from them: a fortnightly 18:30 in Toronto stays 18:30 on both
sides of a clock change, because weeks are added to the local date. On the night of a clock change a wall time may be
missing or come twice; it is then read as calendars read it (RFC 5545, 3.3.5), and `Meeting.warning` says so:

- missing (clocks go forward over it): the offset of before the change holds, so 02:30 becomes 03:30;
- twice (clocks go back over it): the first of the two.

Zones are given as `ZoneInfo`, loaded by the caller from the pinned tzdata. An older name (US/Pacific, Asia/Calcutta) is
as good as the present one: it is kept as it was chosen, and the instants are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from .refusals import Refused

WEEKS_AHEAD = 12
WEEKS_MOST = 52
MINUTES_LEAST = 5
MINUTES_MOST = 90
YEARS = range(2000, 2200)

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Rhythm:
    """What holds from `since` on, the local date of its first session, until another rhythm follows.

    :param start: wall time, in whole minutes.
    :param even: wall time of every second session of the series (its 2nd, 4th, …), when two hours alternate.
    :raises Refused: weeks, minutes, times or the date are none that a series can have.
    """

    since: date
    start: time
    zone: ZoneInfo
    weeks: int = 2
    minutes: int = 60
    even: time | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.weeks <= WEEKS_MOST:
            raise Refused("weeks", f"Every {self.weeks} weeks is no rhythm.", f"Choose from 1 to {WEEKS_MOST} weeks.")
        if self.minutes > MINUTES_MOST:
            raise Refused(
                "minutes",
                f"{self.minutes} minutes are too long for a session.",
                f"Choose {MINUTES_MOST} minutes or fewer.",
            )
        if self.minutes < MINUTES_LEAST:
            raise Refused(
                "minutes",
                f"{self.minutes} minutes are too short for a session.",
                f"Choose {MINUTES_LEAST} minutes or more.",
            )
        _check_date("since", self.since)
        _check_time("start", self.start)
        if self.even is not None:
            _check_time("even", self.even)

    def hour(self, number: int) -> time:
        """The wall time of the series' session of that number, counted from 1."""
        return self.even if self.even is not None and number % 2 == 0 else self.start


@dataclass(frozen=True)
class Series:
    """All that says when a circle meets: rhythms in order of `since`, and what differs on single dates.

    Dates in `skipped` and `moved` are those the rhythm gives. They keep their number, so that two alternating hours
    alternate by date, whatever is skipped.
    """

    rhythms: tuple[Rhythm, ...]
    skipped: frozenset[date] = frozenset()
    moved: Mapping[date, tuple[date, time]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.rhythms:
            raise Refused("since", "The series has no date to begin on.", "Choose the date of the first session.")
        if any(one.since >= other.since for one, other in zip(self.rhythms, self.rhythms[1:], strict=False)):
            raise Refused("since", "A change must come after the one before it.", "Choose a later date.")


@dataclass(frozen=True)
class Meeting:
    """One session of a series.

    `planned` is the date that the rhythm gives, and so its name within the series, moved or not; `number` counts from
    1, skipped ones too; `date` and `start` are the wall's, as chosen; `begins` and `ends` are instants in UTC.
    `warning` is empty, or says to people what a clock change does to it.
    """

    planned: date
    number: int
    date: date
    start: time
    zone: ZoneInfo
    minutes: int
    begins: datetime
    ends: datetime
    warning: str = ""


def zone_of(name: str, load: Callable[[str], ZoneInfo]) -> ZoneInfo:
    """The zone of that name, for the field `timezone`; older names are taken as they are.

    :param load: finds a zone in the pinned tzdata, raises ValueError when there is none.
    :raises Refused: there is none.
    """
    try:
        return load(name)
    except ValueError:
        what = f"There is no time zone {name[:64]!r}." if name else "The time zone is missing."
        remedy = "Choose one by continent and city, as in America/Toronto."
        raise Refused("timezone", what, remedy) from None


def instant(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, str]:
    """The instant, in UTC, of a wall time on a local date; and a warning when the clocks change over it, else ''."""
    local = datetime.combine(day, wall.replace(fold=0), zone)
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if first == second:
        return first, ""
    night = f"On {day.day} {day:%B %Y} the clocks in {city(zone)}"
    if first > second:
        real = first.astimezone(zone)
        return first, f"{night} go forward over {wall:%H:%M}, so the session begins at {real:%H:%M}."
    return first, f"{night} go back, and {wall:%H:%M} comes twice: the session begins at the first one."


def city(zone: ZoneInfo) -> str:
    """What people call the zone."""
    return str(zone.key).rpartition("/")[2].replace("_", " ")


def meetings(series: Series, since: date, weeks: int = WEEKS_AHEAD) -> list[Meeting]:
    """The sessions whose local date is in the `weeks` weeks from `since` on, in order of time. A pure function."""
    until = since + timedelta(weeks=weeks)
    found = [one for number, day, rhythm in _slots(series, until) if (one := _meeting(series, number, day, rhythm))]
    if series.moved:
        last = max(series.moved)
        # What was to be later can have been moved here.
        found += [
            one
            for number, day, rhythm in _slots(series, last + timedelta(days=1))
            if day >= until and day in series.moved and (one := _meeting(series, number, day, rhythm))
        ]
    return sorted((one for one in found if since <= one.date < until), key=lambda one: (one.begins, one.planned))


def skip(series: Series, planned: date) -> Series:
    """The series without the session of that date.

    :raises Refused: there is none on it.
    """
    _rhythm_on(series, planned)
    moved = {day: to for day, to in series.moved.items() if day != planned}
    return replace(series, skipped=series.skipped | {planned}, moved=moved)


def move(series: Series, planned: date, day: date, start: time) -> Series:
    """The series with the session of the date `planned` on another date, or only at another time.

    :raises Refused: there is none on `planned`, or another one on `day` already.
    """
    _rhythm_on(series, planned)
    _check_date("date", day)
    _check_time("start", start)
    without = skip(series, planned)
    if day != planned and any(one.date == day for one in meetings(without, day, 1)):
        raise Refused("date", f"The circle meets on {_said(day)} already.", "Choose another date.")
    moved = {**series.moved, planned: (day, start)}
    return replace(series, skipped=series.skipped - {planned}, moved=moved)


def restore(series: Series, planned: date) -> Series:
    """The series with the session of that date as its rhythm has it: neither skipped nor moved."""
    moved = {day: to for day, to in series.moved.items() if day != planned}
    return replace(series, skipped=series.skipped - {planned}, moved=moved)


def change(series: Series, rhythm: Rhythm) -> Series:
    """The series with another rhythm from `rhythm.since` on; what was before stays, later changes are replaced.

    Single dates that were skipped or moved stay so if the new rhythm has a session on them.
    """
    return replace(series, rhythms=(*(one for one in series.rhythms if one.since < rhythm.since), rhythm))


def shifted(stored: Mapping[Key, datetime], computed: Mapping[Key, datetime]) -> dict[Key, tuple[datetime, datetime]]:
    """Of the sessions known to both, those whose instant is another now: (stored, computed).

    For a new tzdata: whoever is in here is told again, nobody else. A zone that is only called otherwise moves nothing.
    """
    return {
        key: (before, computed[key]) for key, before in stored.items() if key in computed and before != computed[key]
    }


def _slots(series: Series, until: date) -> Iterator[tuple[int, date, Rhythm]]:
    """(number, date, rhythm) of every session that the rhythms give before `until`, skipped and moved ones too."""
    number = 0
    ends = [rhythm.since for rhythm in series.rhythms[1:]] + [until]
    for rhythm, end in zip(series.rhythms, ends, strict=True):
        day, step = rhythm.since, timedelta(weeks=rhythm.weeks)
        while day < min(end, until):
            number += 1
            yield number, day, rhythm
            day += step


def _meeting(series: Series, number: int, planned: date, rhythm: Rhythm) -> Meeting | None:
    if planned in series.skipped:
        return None
    day, start = series.moved.get(planned, (planned, rhythm.hour(number)))
    begins, warning = instant(day, start, rhythm.zone)
    ends = begins + timedelta(minutes=rhythm.minutes)
    return Meeting(planned, number, day, start, rhythm.zone, rhythm.minutes, begins, ends, warning)


def _rhythm_on(series: Series, planned: date) -> Rhythm:
    for _, day, rhythm in _slots(series, planned + timedelta(days=1)):
        if day == planned:
            return rhythm
    raise Refused("date", f"The circle has no session on {_said(planned)}.", "Choose one of its dates.")


def _check_date(field: str, day: date) -> None:
    if day.year not in YEARS:
        raise Refused(field, f"{day.year} is no year for a session.", "Choose a date of the coming weeks.")


def _check_time(field: str, wall: time) -> None:
    if wall.tzinfo is not None or wall.second or wall.microsecond:
        raise Refused(field, f"{wall} is no time of day.", "Write hours and minutes, as in 18:30.")


def _said(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
