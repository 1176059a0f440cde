"""Quiet hours, pure: until when a mail waits that nobody waits for, by its reader's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo

USUAL = (21, 7)  # from nine in the evening to seven in the morning


def until(now: datetime, zone: tzinfo, begins: int, ends: int) -> datetime | None:
    """The end of the quiet hours that it is there now, in UTC; None: there are none, or it is another time.

    :param begins, ends: full hours of the local day; the same hour twice: there are none.
    """
    local = now.astimezone(zone)
    over_midnight = begins > ends
    evening, morning = local.hour >= begins, local.hour < ends
    if begins == ends or not ((evening or morning) if over_midnight else (evening and morning)):
        return None
    day = local.date() + timedelta(days=1 if over_midnight and evening else 0)
    # Days are added to the local date; an hour that a clock change leaves out is the one after it.
    end = datetime.combine(day, time(ends), zone).astimezone(UTC)
    return end if end > now else None
