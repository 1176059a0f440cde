"""Whose turn it is, and why: fair by the ledger alone, so that anybody can work it out again with pencil and paper.

One ledger per circle and role. `choose` names the line of those who can be asked for a session, and says of everybody
why they are where they are; `forecast` does so for the next sessions; the four verbs (`swap`, `substitute`, `skip_me`,
`skip_date`) say what they would change, and take it back. When whom is asked how long is in `asking`. Which states a
turn has is in `rules/states.py`. What had to be decided beyond "fewest turns first" is in
docs/decisions/0011-the-ledger.md.
"""

from __future__ import annotations

from .choosing import Choice, choose
from .forecasting import Forecast, forecast
from .ledger import (
    MENTOR_CAP,
    NEAR_DAYS,
    Absence,
    Duty,
    Ledger,
    Member,
    Role,
    Session,
    admitted,
    credit,
    scores,
    tallied,
)
from .mentors import Pooled, mentors
from .verbs import Change, apply, freed, skip_date, skip_me, substitute, swap
from .why import Kind, Why

__all__ = [
    "MENTOR_CAP",
    "NEAR_DAYS",
    "Absence",
    "Change",
    "Choice",
    "Duty",
    "Forecast",
    "Kind",
    "Ledger",
    "Member",
    "Pooled",
    "Role",
    "Session",
    "Why",
    "admitted",
    "apply",
    "choose",
    "credit",
    "forecast",
    "freed",
    "mentors",
    "scores",
    "skip_date",
    "skip_me",
    "substitute",
    "swap",
    "tallied",
]
