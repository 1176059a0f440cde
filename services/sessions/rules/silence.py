"""When a member has fallen silent, pure: they neither answered for three sessions of their circle in a row nor came.

Only what was noted counts: a session of which nobody knows who came says nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

RUNNING = 3  # sessions in a row
ANSWER = timedelta(days=14)  # how long they have to say whether they are still with us
REST = timedelta(days=90)  # after a question, before the next one: nobody is asked once a month

ANSWERS = ("yes", "pause", "leave")
# What else ends a question: they were seen meanwhile; no answer came; they take part no more; they are back for turns.
SEEN, LAPSED, GONE, BACK = "seen", "lapsed", "gone", "back"


class Visit(NamedTuple):
    """A session of somebody's circle: whether they were noted as there (None: not noted), and said anything to it."""

    starts_at: datetime
    present: bool | None
    said: bool


def silent(visits: Sequence[Visit], asked_at: datetime | None, now: datetime) -> list[datetime] | None:
    """The beginnings of the sessions for which somebody is to be asked about, oldest first; None if they are not.

    :param visits: the last sessions of their circle of which attendance is known, the latest first.
    :param asked_at: when they were last asked. What was before that is not held against them twice.
    """
    if asked_at is not None and now - asked_at < REST:
        return None
    last = [each for each in visits if asked_at is None or each.starts_at > asked_at][:RUNNING]
    if len(last) < RUNNING or any(each.present is not False or each.said for each in last):
        return None
    return [each.starts_at for each in reversed(last)]
