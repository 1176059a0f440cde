"""A first post within 60 days: when somebody is reminded of it, pure.

Each reminder has a stretch of time of its own, from its day to that of the next. Whoever wakes up late, or steps time,
finds one stretch at most: so it is one mail, never four at once, and none about what is long past.
"""

from __future__ import annotations

from datetime import datetime, timedelta

DAYS = 60  # after they joined
STEPS = (-14, -3, 3, 10)  # days from then
OVER = 24  # days from then, after which nobody is reminded any more
SNOOZE = 30  # days by which one press moves all of it
APART = timedelta(days=5)  # between two reminders, also where the first came late: to who was away, or was moved


def due_at(joined_at: datetime, pushed: int) -> datetime:
    """When the first post is hoped for.

    :param pushed: days by which they moved that.
    """
    return joined_at + timedelta(days=DAYS + pushed)


def step(joined_at: datetime, pushed: int, now: datetime) -> int | None:
    """The reminder whose stretch it is now, one of STEPS; None: it is too early, or too late."""
    since = now - due_at(joined_at, pushed)
    if since >= timedelta(days=OVER):
        return None
    return max((each for each in STEPS if timedelta(days=each) <= since), default=None)


def soon(last: datetime | None, now: datetime) -> bool:
    """Whether the reminder before is too near for another."""
    return last is not None and now - last < APART


def following(joined_at: datetime, pushed: int, since: datetime) -> datetime | None:
    """When the first stretch after that instant begins; None: they are all behind it."""
    moments = (due_at(joined_at, pushed) + timedelta(days=each) for each in STEPS)
    return min((each for each in moments if each > since), default=None)
