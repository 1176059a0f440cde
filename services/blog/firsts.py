"""Who is on the way to their first post, and is reminded of it: decided here, of real posts; mailed by notifications.

Nobody who has a post that is live, in review or on its way; nobody who pauses, left, or is here to mentor alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, schedule
from shared.events import emit

from .models import blog, nudge, offer, person, post, pushed
from .rules import firsts as rules
from .rules.refusals import Refused

TAKES_PART = ("confirmed", "waiting", "active")
ON_ITS_WAY = ("waiting", "held", "handed", "open", "merged")  # states of offers

_written = sa.exists().where(
    offer.c.person == person.c.id, sa.or_(offer.c.state.in_(ON_ITS_WAY), offer.c.published_at.is_not(None))
)
_days = sa.func.coalesce(pushed.c.days, 0).label("days")
_last = sa.select(sa.func.max(nudge.c.at)).where(nudge.c.person == person.c.id).scalar_subquery().label("last")


def _writing(*where: Any) -> Any:
    """Those who are on the way: (id, joined_at, days, last)."""
    query = sa.select(person.c.id, person.c.joined_at, _days, _last).outerjoin(pushed, pushed.c.person == person.c.id)
    here = (person.c.state.in_(TAKES_PART), person.c.stream.is_not(None), person.c.joined_at.is_not(None))
    return query.where(*here, ~_written, *where)


def remind(tx: Connection, most: int) -> int:
    """Remind whoever is due, each once for each step; returns how many, at most `most`."""
    now, told = clock.now(), 0
    longest = now - timedelta(days=rules.DAYS + min(rules.STEPS))
    near = sa.or_(person.c.joined_at > now - timedelta(days=rules.DAYS + rules.OVER), pushed.c.days.is_not(None))
    for row in tx.execute(_writing(person.c.joined_at <= longest, near).order_by(person.c.joined_at, person.c.id)):
        step = rules.step(row.joined_at, row.days, now)
        if step is None or rules.soon(row.last, now):
            continue
        if _remind(tx, row.id, row.joined_at, row.days, step):
            told += 1
            if told == most:
                break
    return told


def _remind(tx: Connection, who: str, joined_at: datetime, days: int, step: int) -> bool:
    side = nudge.c.step > 0 if step > 0 else nudge.c.step < 0  # after the day, or before it
    same = sa.select(nudge.c.step).where(nudge.c.person == who, nudge.c.pushed == days, nudge.c.step != step, side)
    first = tx.execute(same).first() is None
    once = db.insert(tx, nudge).values(person=who, pushed=days, step=step, at=clock.now()).on_conflict_do_nothing()
    if not tx.execute(once).rowcount:
        return False
    due_at = rules.due_at(joined_at, days).isoformat()
    asks = sa.select(sa.func.count()).select_from(post.join(blog, blog.c.id == post.c.blog))
    asks = asks.where(blog.c.person == who, blog.c.state != "left", post.c.state == "listed")
    has = sa.select(blog.c.id).where(blog.c.person == who, blog.c.state != "left").limit(1)
    told = {"person": who, "step": step, "due_at": due_at, "pushed": days, "posts": tx.execute(asks).scalar_one()}
    told["first"] = first
    emit(tx, "post.awaited", f"person/{who}", {**told, "blog": tx.execute(has).first() is not None})
    return True


def next_due(tx: Connection, since: datetime) -> datetime | None:
    """When somebody is due next, after an instant."""
    firsts = []
    for step in rules.STEPS:
        row = tx.execute(_NEXT, {"after": since - timedelta(days=rules.DAYS + step)}).first()
        if row is not None:
            firsts.append(row.joined_at + timedelta(days=rules.DAYS + step))
    later = [rules.following(row.joined_at, row.days, since) for row in tx.execute(_LATER)]
    return schedule.soonest(*firsts, *later, *_rested(tx, since))


def _rested(tx: Connection, since: datetime) -> list[datetime]:
    """When those are due whose next reminder had to wait, since the one before came late."""
    found = []
    for row in tx.execute(_LATELY, {"after": since - rules.APART}).all():
        at = row.last + rules.APART
        step = rules.step(row.joined_at, row.days, at)
        told = (nudge.c.person == row.id, nudge.c.pushed == row.days, nudge.c.step == step)
        if step is not None and tx.execute(sa.select(nudge.c.step).where(*told)).first() is None:
            found.append(at)
    return found


_NEXT = _writing(person.c.joined_at > sa.bindparam("after"), pushed.c.days.is_(None))
_NEXT = _NEXT.order_by(person.c.joined_at).limit(1)
_LATER = _writing(pushed.c.days.is_not(None))
_LATELY = _writing(person.c.id.in_(sa.select(nudge.c.person).where(nudge.c.at > sa.bindparam("after"))))


def waits(tx: Connection, who: str) -> dict[str, Any] | None:
    """When somebody's first post is hoped for, {due_at, days}; None: they are not on the way (any more)."""
    row = tx.execute(_writing(person.c.id == who)).first()
    return {"due_at": rules.due_at(row.joined_at, row.days), "days": row.days} if row else None


def snooze(tx: Connection, who: str, seen: int) -> None:
    """Move all that is left of it by 30 days.

    :param seen: the days by which it was moved when its reader was asked: a link pressed twice moves it once.
    :raises Refused: they are not on the way to a first post.
    """
    now = waits(tx, who)
    if now is None:
        raise Refused("person", "Nobody waits for a first post of yours.", "There is nothing to move.")
    if now["days"] != seen:
        return
    row = {"person": who, "days": seen + rules.SNOOZE, "at": clock.now()}
    insert = db.insert(tx, pushed).values(row)
    fresh = {"days": row["days"], "at": row["at"]}
    same = pushed.c.days == seen
    tx.execute(insert.on_conflict_do_update(index_elements=["person"], set_=fresh, where=same))


def forget(tx: Connection, who: str) -> None:
    """Take out what is kept of somebody who is erased."""
    for table in (nudge, pushed):
        tx.execute(table.delete().where(table.c.person == who))
