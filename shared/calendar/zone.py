"""A time zone as a calendar is told it: VTIMEZONE from the zone's POSIX footer, or nothing at all.

The last line of a zone's file says how its clocks change from now on, in every year alike: exactly what one STANDARD
and one DAYLIGHT with a yearly rule can say, and all calendars can read (of lists of dates, some read the first only).
What a footer cannot say, or does not say of an instant that is to be sent, goes out in UTC (`speaks_of`).
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib.resources import files

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

from shared import clock

_NAME = r"<([^<>]+)>|([A-Za-z]+)"
_OFFSET = r"([+-]?\d+(?::\d+){0,2})"
_RULE = rf"M(\d+)\.(\d)\.(\d)(?:/{_OFFSET})?"
_FOOTER = re.compile(rf"(?:{_NAME}){_OFFSET}(?:{_NAME}){_OFFSET}?,{_RULE},{_RULE}")
_DAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
_FIRST = 1970  # the year that both observances begin in


@dataclass(frozen=True)
class Change:
    """A yearly change of clocks: on the `week`-th (5: last) `day` (0: Sunday) of `month`, so long after midnight."""

    month: int
    week: int
    day: int
    after: timedelta
    before: timedelta  # offsets from UTC, before and from then on
    offset: timedelta
    name: str

    def wall(self, year: int) -> datetime:
        """When it happens, by the clock that is about to change."""
        first = date(year, self.month, 1)
        day = 1 + (self.day - first.isoweekday()) % 7 + 7 * (self.week - 1)
        if day > monthrange(year, self.month)[1]:
            day -= 7
        return datetime(year, self.month, day) + self.after

    def rule(self) -> dict[str, object] | None:
        """The same as RRULE; None when it would cross a month."""
        days = self.after // timedelta(days=1)
        weekday = _DAYS[(self.day + days) % 7]
        if days == 0:
            which = "-1" if self.week == 5 else str(self.week)
            return {"freq": "YEARLY", "bymonth": self.month, "byday": which + weekday}
        length = monthrange(_FIRST, self.month)[1]
        earliest = length - 6 if self.week == 5 else 7 * (self.week - 1) + 1
        span = range(earliest + days, earliest + days + 7)
        if self.month == 2 or span[0] < 1 or span[-1] > length:
            return None
        return {"freq": "YEARLY", "bymonth": self.month, "bymonthday": list(span), "byday": weekday}


@dataclass(frozen=True)
class Zone:
    """A zone whose clocks change twice a year."""

    key: str
    changes: tuple[Change, Change]

    def offset(self, instant: datetime) -> timedelta:
        """The offset from UTC at an instant, as the footer has it."""
        happened = [
            (change.wall(year).replace(tzinfo=UTC) - change.before, change.offset)
            for year in (instant.year - 1, instant.year, instant.year + 1)
            for change in self.changes
        ]
        return max((when, offset) for when, offset in happened if when <= instant)[1]

    def speaks_of(self, instant: datetime) -> bool:
        """Whether this zone's wall time says that instant and no other, and zoneinfo agrees."""
        local = instant.astimezone(clock.zone(self.key))
        return self.offset(instant) == local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset()

    def component(self) -> Timezone:
        """VTIMEZONE."""
        made = Timezone()
        made.add("tzid", self.key)
        for change in sorted(self.changes, key=lambda change: change.offset):
            # By what they do, not by their names: Dublin calls its summer time standard.
            part = TimezoneDaylight() if change.offset > change.before else TimezoneStandard()
            part.add("tzname", change.name)
            part.add("tzoffsetfrom", change.before)
            part.add("tzoffsetto", change.offset)
            part.add("dtstart", change.wall(_FIRST))
            part.add("rrule", vRecur(change.rule() or {}))
            made.add_component(part)
        return made


@lru_cache(None)
def zone(key: str) -> Zone | None:
    """The zone of that IANA name; None when its clocks do not change, or change by no rule that calendars have."""
    found = _FOOTER.fullmatch(footer(key))
    if not found:
        return None
    long, short, west, summer_long, summer_short, summer_west = found.group(1, 2, 3, 4, 5, 6)
    # POSIX counts offsets westward, and has the second clock one hour ahead if it says nothing.
    usual = -_span(west)
    other = -_span(summer_west) if summer_west else usual + timedelta(hours=1)
    there = _change(found.group(7, 8, 9, 10), usual, other, summer_long or summer_short)
    back = _change(found.group(11, 12, 13, 14), other, usual, long or short)
    if there.rule() is None or back.rule() is None:
        return None
    return Zone(key, (there, back))


def footer(key: str) -> str:
    """The last line of the zone's file in the pinned tzdata (RFC 8536, 3.3); '' when it has none.

    :raises ValueError: there is no such zone.
    """
    clock.zone(key)
    content = files("tzdata").joinpath("zoneinfo", *key.split("/")).read_bytes()
    return content.rstrip(b"\n").rpartition(b"\n")[2].decode("ascii", "replace")


def _change(rule: tuple[str, ...], before: timedelta, offset: timedelta, name: str) -> Change:
    month, week, day, after = rule
    span = _span(after) if after else timedelta(hours=2)
    return Change(int(month), int(week), int(day), span, before, offset, name)


def _span(text: str) -> timedelta:
    hours, minutes, seconds = (text.lstrip("+-") + ":0:0").split(":")[:3]
    span = timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds))
    return -span if text.startswith("-") else span
