"""What happens by time: each blog, and what forges decided, is looked at once an hour, whatever webhooks said; and
whatever is due is worked on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import db, worker
from shared.schedule import daily, every, job, never
from shared.worker import on_tick

from . import firsts, following, hooks, offers, pieces
from .models import SERVICE, post

HOUR = timedelta(hours=1)
STEP = 200


def next_day(tx: Connection, since: datetime) -> datetime | None:
    """When the next post that is of tomorrow, or later, is of today."""
    later = sa.and_(post.c.state == "skipped", post.c.day > since.astimezone(UTC).date().isoformat())
    first = tx.execute(sa.select(sa.func.min(post.c.day)).where(later)).scalar()
    return datetime.combine(date.fromisoformat(first), time(), UTC) if first else None


@job(SERVICE, "blogs.look", every(HOUR, next_day))
def look(tx: Connection, period: str) -> None:
    """Have each blog looked at; those where nothing was for a week, once a day."""
    following.poll(tx, gone_too=int(period) % 24 == 3)


@job(SERVICE, "offers.look", every(HOUR, never))
def look_at_offers(tx: Connection, _period: str) -> None:
    """The guarantee behind the doorbells: nobody has to tell us that a proposal was merged or declined."""
    offers.look_again(tx)


@job(SERVICE, "posts.await", every(HOUR, firsts.next_due))
def remind_of_first_posts(tx: Connection, _period: str) -> bool:
    """A first post within 60 days: reminders before and after."""
    return firsts.remind(tx, STEP) == STEP


@job(SERVICE, "hooks.prune", daily(3, lambda _tx: "UTC", never))
def prune_hooks(tx: Connection, _period: str) -> None:
    """Forget deliveries of webhooks that nobody sends again."""
    hooks.forget(tx)


@job(SERVICE, "pieces.prune", daily(3, lambda _tx: "UTC"))
def prune_pieces(tx: Connection, _period: str) -> None:
    """Delete what its author dropped, or took back of a talk, 30 days ago."""
    pieces.prune(tx)


@on_tick(SERVICE)
def look_after_blogs() -> None:
    """Call a worker for every blog that is due and on which nobody works: one just rung for, or one whose worker
    died."""
    with db.read(SERVICE) as tx:
        ids = following.waiting(tx)
    if ids:
        following.call_all(ids)


@on_tick(SERVICE)
def look_after_offers() -> None:
    """Call a worker for each offer that is due and that nobody works on: new, or its worker has died."""
    with db.read(SERVICE) as tx:
        ids = offers.due(tx)
    for id in ids:
        worker.send(offers.WORK, id)
