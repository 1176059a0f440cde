"""What happens to circles, sessions and turns by time. A step of what is written here takes at most STEP."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache, partial
from importlib import metadata

from sqlalchemy.engine import Connection

from shared import db
from shared.schedule import Every, daily, every, job, never
from shared.worker import on_tick

from . import keeping, minutes
from .circles import placing
from .gatherings import planned, plans
from .gatherings import reading as gathered
from .gatherings import telling as gatherings
from .invites import reminding, telling
from .meetings import planning
from .models import SERVICE
from .turns import asking, checkins

HOUR = timedelta(hours=1)
QUARTER, TEN, FIVE = (timedelta(minutes=minutes) for minutes in (15, 10, 5))
STEP = 200
version = cache(metadata.version)


class Edition:
    """A period each day, and one more when the rules of time zones change: the first tick with a new tzdata."""

    usual = timedelta(days=1)

    def __init__(self) -> None:
        self.days = Every(timedelta(days=1))

    def __call__(self, tx: Connection, now: datetime) -> str:
        return f"{self.days(tx, now)} {version('tzdata')}"

    def next(self, tx: Connection, now: datetime) -> datetime:
        return self.days.next(tx, now)

    def upcoming(self, _tx: Connection, _now: datetime) -> None:
        return None  # no moment of its own: whenever somebody looks


class Plan:
    """A period for each meeting or talk that its plan makes due, from so many days before it on."""

    usual = None

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __call__(self, tx: Connection, _now: datetime) -> str | None:
        day = plans.due(tx, self.kind)
        return f"{day:%Y-%m}" if day else None

    def next(self, tx: Connection, _now: datetime) -> datetime:
        return plans.asked_again(tx, self.kind)

    def upcoming(self, tx: Connection, now: datetime) -> datetime:
        return self.next(tx, now)


@job(SERVICE, "places.lapse", every(QUARTER, placing.next_lapse))
def lapse_offers(tx: Connection, _period: str) -> bool:
    """Take back places that were offered and not answered for 72 hours, and offer what is free to the next."""
    return placing.lapse(tx)


@job(SERVICE, "history.prune", daily(3, lambda _tx: "UTC", never))
def prune_history(tx: Connection, _period: str) -> bool:
    """Forget what is older than its age."""
    return keeping.prune(tx)


@job(SERVICE, "places.settle", every(HOUR, never))
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


@job(SERVICE, "sessions.plan", every(timedelta(hours=12), never))
def plan_ahead(tx: Connection, _period: str) -> None:
    """Write the sessions of the next 12 weeks."""
    planning.ahead(tx)


@job(SERVICE, "sessions.hold", every(TEN, minutes.next_end))
def hold_sessions(tx: Connection, _period: str) -> bool:
    """A session whose end has passed is held."""
    return minutes.hold(tx, STEP) == STEP


@job(SERVICE, "minutes.ask", every(TEN, minutes.next_late))
def ask_for_minutes(tx: Connection, _period: str) -> bool:
    """Late minutes: the coordinator is asked after 24 hours, the organizers after 72."""
    return minutes.ask(tx, STEP)


@job(SERVICE, "sessions.close", every(HOUR, minutes.next_overdue))
def close_sessions(tx: Connection, _period: str) -> None:
    """A session whose minutes can no longer be corrected is closed, if it lacks nothing without a reason."""
    after = ""
    while ids := minutes.overdue(tx, STEP, after):
        for id in ids:
            minutes.close_if_done(tx, id)
        after = ids[-1]


@job(SERVICE, "turns.ask", every(FIVE, asking.next_due))
def ask_for_turns(tx: Connection, _period: str) -> None:
    """Served turns are counted, offers made and lapsed, open seats told of."""
    asking.work(tx)


@job(SERVICE, "checkins.lapse", every(HOUR, checkins.next_lapse))
def end_questions(tx: Connection, _period: str) -> bool:
    """Who did not say in time if they are still with us is asked for no turns until they do."""
    return checkins.lapse(tx, STEP) == STEP


@on_tick(SERVICE, telling.next_look)
def announce() -> None:
    """Tell people of what has changed in the sessions near at hand: a circle in each transaction."""
    while True:
        with db.read(SERVICE) as tx:
            circle = telling.next_due(tx)
        if circle is None:
            return
        with db.write(SERVICE) as tx:
            if gatherings.is_one(tx, circle):
                gatherings.settle(tx, circle)
            else:
                telling.settle(tx, circle)
                gatherings.follow(tx, circle)


@job(SERVICE, "invites.overlooked", every(HOUR, never))
def announce_overlooked(tx: Connection, _period: str) -> None:
    """Look at every circle that meets soon: sessions from before there were invites, most of all."""
    telling.overlooked(tx)
    gatherings.overlooked(tx)


@job(SERVICE, "reminders.early", every(TEN, partial(reminding.next_due, hours=72)))
def remind_days_before(tx: Connection, _period: str) -> bool:
    """Three days before a session."""
    return reminding.remind(tx, 72)


@job(SERVICE, "reminders.late", every(FIVE, partial(reminding.next_due, hours=2)))
def remind_hours_before(tx: Connection, _period: str) -> bool:
    """Two hours before a session."""
    return reminding.remind(tx, 2)


@job(SERVICE, "gatherings.meeting", Plan(gathered.ORGANIZERS))
def propose_meeting(tx: Connection, _period: str) -> None:
    """Propose the organizers' monthly meeting."""
    planned.propose(tx, gathered.ORGANIZERS)


@job(SERVICE, "gatherings.talk", Plan(gathered.TALK))
def propose_talk(tx: Connection, _period: str) -> None:
    """Propose a talk."""
    planned.propose(tx, gathered.TALK)
