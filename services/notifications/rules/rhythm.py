"""When the digest comes, pure: on which local dates, at which instants, and whether one is due now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

# How many days a digest is the least away from the one before. Half a period, so that another day, hour or zone neither
# makes two of one period nor leaves one out.
APART = {"weekly": 3, "fortnightly": 7, "monthly": 14}
USUAL = {"weekly": 7, "fortnightly": 14, "monthly": 31}  # days that the first one looks back on
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rhythm:
    """Weekly on a day, every second week on it, or on the first such day of each month; `weekday`: 0 is Monday."""

    every: str
    weekday: int
    hour: int
    zone: tzinfo

    def falls_on(self, day: date) -> bool:
        """Whether one comes on that local date. Fortnights are counted from a Monday that never changes."""
        if day.weekday() != self.weekday:
            return False
        if self.every == "fortnightly":
            return (day.toordinal() - 1) // 7 % 2 == 0
        return self.every == "weekly" or day.day <= 7

    def at(self, day: date) -> datetime:
        """The instant of that local date; an hour that a clock change leaves out is the one after it."""
        return datetime.combine(day, time(self.hour), self.zone).astimezone(UTC)

    def latest(self, now: datetime) -> date:
        """The date of the last one that has come by `now`."""
        day = now.astimezone(self.zone).date() + DAY
        while not self.falls_on(day) or self.at(day) > now:
            day -= DAY
        return day

    def following(self, now: datetime, last: date | None = None) -> tuple[date, datetime]:
        """The next one after `now` that is far enough from the `last`: its date and instant."""
        day = now.astimezone(self.zone).date() - DAY
        while not self.falls_on(day) or self.at(day) <= now or self.is_near(day, last):
            day += DAY
        return day, self.at(day)

    def is_near(self, day: date, last: date | None) -> bool:
        """Whether that date is too soon after the digest before."""
        return last is not None and (day - last).days <= APART[self.every]

    def due(self, since: datetime, last: date | None, now: datetime) -> date | None:
        """The one that is due now, or None: however long nobody looked, it is one.

        :param since: when this came to be so; what fell on an earlier instant is not due by it.
        :param last: the date of the digest before, if there was one.
        """
        day = self.latest(now)
        return None if self.at(day) < since or self.is_near(day, last) else day
