"""That an offer is to be looked at. What is to be done then, the work decides from what is true by then."""

from __future__ import annotations

import contextlib
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, worker

from ..models import blog, offer, post, profile

WORK = "slow.offer"


def touch(tx: Connection, post_id: str) -> None:
    """A post became wanted, has changed, was declined by its author, or is gone."""
    found = tx.execute(sa.select(offer.c.id).where(offer.c.post == post_id)).scalar()
    if found is None:
        found = _begin(tx, post_id)
    if found is not None:
        ask(tx, found)


def touch_profile(tx: Connection, id: str) -> None:
    """What somebody says of themselves is to be shown, has changed, or is not to be shown any more."""
    found = tx.execute(sa.select(offer.c.id).where(offer.c.profile == id)).scalar()
    if found is None:
        row = tx.execute(sa.select(profile.c.person, profile.c.state).where(profile.c.id == id)).one()
        if row.state != "wanted":
            return
        found = _written(tx, row.person, "", profile=id)
    ask(tx, found)


def _begin(tx: Connection, post_id: str) -> str | None:
    """The offer of a post that is wanted; nothing for one that is not, since nothing of it was ever proposed."""
    query = sa.select(post.c.state, post.c.title, blog.c.person).join(blog, blog.c.id == post.c.blog)
    row = tx.execute(query.where(post.c.id == post_id)).first()
    if row is None or row.state != "wanted":
        return None
    return _written(tx, row.person, row.title, post=post_id)


def _written(tx: Connection, whose: str, title: str, **of: str) -> str:
    """A new offer, of a post or a profile."""
    id = db.new_id()
    values: dict[str, Any] = {"id": id, **of, "person": whose, "state": "waiting", "kind": "post", "reason": ""}
    values |= {"rev": 0, "looked": 0, "round": 0, "moved": False, "files": [], "live": [], "notes": []}
    values |= {"title": title, "original": "", "text": "", "body": "", "changed_at": clock.now()}
    tx.execute(sa.insert(offer).values(**values, due=0.0, leased=0.0, asked=0))
    return id


def ask(tx: Connection, id: str) -> None:
    """Have it looked at now, or, while somebody does, once they are done."""
    tx.execute(sa.update(offer).where(offer.c.id == id).values(due=clock.machine(), asked=offer.c.asked + 1))
    db.after_commit(tx, lambda: ring(id), once=False)


def ring(id: str) -> None:
    """Call a worker; should the broker be away, a tick does."""
    with contextlib.suppress(Exception):
        worker.send(WORK, id)


def look_again(tx: Connection) -> None:
    """Have all looked at that may have changed without a word: decided at the forge, failed, not published yet."""
    again = offer.c.state.in_(("open", "failed", "waiting", "handed", "skipped"))
    tx.execute(sa.update(offer).where(again, offer.c.due.is_(None)).values(due=clock.machine()))


def look_now(tx: Connection) -> None:
    """Something happened where the program's blog lives: what is proposed there may be merged or declined."""
    there = sa.or_(sa.and_(offer.c.state == "open", offer.c.branch.is_not(None)), offer.c.state == "handed")
    for id in tx.execute(sa.select(offer.c.id).where(there).order_by(offer.c.id)).scalars().all():
        ask(tx, id)


def forget(tx: Connection, person: str) -> None:
    """Take out what offers say of somebody who is erased. What is proposed or live is taken back by the work."""
    mine = offer.c.person == person
    blank = {"title": "", "original": "", "text": "", "body": "", "notes": [], "reason": ""}
    tx.execute(sa.update(offer).where(mine).values(**blank))
    for id in tx.execute(sa.select(offer.c.id).where(mine)).scalars().all():
        ask(tx, id)
