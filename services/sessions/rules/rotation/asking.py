"""When who is asked, for how long, and what happens when nobody answers.

Days are counted back on the wall clock of the circle's zone, so `start` has to be given in it; hours are hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ..states import TurnState

ANSWER_DAYS = 5  # before the session: until then the first who is asked can take their time
NEXT_HOURS = 24  # and everybody has at least so long
OPEN_DAYS = 2  # before the session: nobody is asked any more, anyone may take it
LAPSES = 2  # running: then a pause is offered, never imposed


class Step(StrEnum):
    """What is to be done about an open seat now."""

    WAIT = "wait"
    ASK = "ask"  # the first in line; if there is none, as OPEN
    LAPSE = "lapse"  # the present offer is over: silence is no yes
    OPEN = "open"  # tell circle and organizer that anyone may take it


def answer_by(start: datetime, asked: datetime) -> datetime:
    """Until when somebody asked at `asked` may answer: 5 days before, at least 24 hours, and not past the start."""
    longest = max(_utc(start - timedelta(days=ANSWER_DAYS)), _utc(asked) + timedelta(hours=NEXT_HOURS))
    return min(longest, _utc(start))


def open_at(start: datetime) -> datetime:
    """From when on anyone may take it."""
    return _utc(start - timedelta(days=OPEN_DAYS))


def step(start: datetime, now: datetime, asked: datetime | None, taken: bool, opened: bool) -> Step:
    """What is to be done now.

    :param asked: when the person was asked whose answer is awaited; None: nobody's is.
    :param taken: somebody said yes.
    :param opened: circle and organizer were told already. An offer made before stands until its time is over.
    """
    moment = _utc(now)
    if taken or moment >= _utc(start):
        return Step.WAIT
    if asked is not None and moment >= answer_by(start, asked):
        return Step.LAPSE
    if moment >= open_at(start):
        return Step.WAIT if opened else Step.OPEN
    return Step.ASK if asked is None else Step.WAIT


def pause_offered(turns: Sequence[TurnState | str]) -> bool:
    """Whether to offer a pause to somebody whose turns these are, oldest first: the last two asked for both lapsed."""
    answered = {TurnState.ACCEPTED, TurnState.SERVED, TurnState.DECLINED, TurnState.LAPSED}
    latest = [state for state in turns if state in answered][-LAPSES:]
    return latest == [TurnState.LAPSED] * LAPSES


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant without a zone")
    return moment.astimezone(UTC)
