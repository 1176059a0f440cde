"""What happens to circles and sessions by time."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib.metadata import version

from sqlalchemy.engine import Connection

from shared.schedule import Every, every, job

from .circles import placing
from .meetings import planning
from .models import SERVICE

QUARTERLY = every(timedelta(minutes=15))


class Edition:
    """A period each day, and one more when the rules of time zones change: the first tick with a new tzdata."""

    def __init__(self) -> None:
        self.days = Every(timedelta(days=1))

    def __call__(self, tx: Connection, now: datetime) -> str:
        return f"{self.days(tx, now)} {version('tzdata')}"

    def next(self, tx: Connection, now: datetime) -> datetime:
        return self.days.next(tx, now)


@job(SERVICE, "places.lapse", QUARTERLY)
def lapse_offers(tx: Connection, _period: str) -> bool:
    """Take back places that were offered and not answered for 72 hours, and offer what is free to the next."""
    return placing.lapse(tx)


@job(SERVICE, "places.settle", every(timedelta(hours=1)))
def settle_overlooked(tx: Connection, _period: str) -> bool:
    """Place whoever has no place and waits for none: members from before there were circles."""
    overlooked = placing.unsettled(tx)
    for person in overlooked:
        placing.settle(tx, person)
    return len(overlooked) == placing.STEP


@job(SERVICE, "sessions.mend", Edition())
def mend_instants(tx: Connection, _period: str) -> None:
    """Compute when sessions are anew: a new tzdata may have moved some."""
    planning.mend(tx)


@job(SERVICE, "sessions.plan", every(timedelta(hours=12)))
def plan_ahead(tx: Connection, _period: str) -> None:
    """Write the sessions of the next 12 weeks."""
    planning.ahead(tx)
