"""A post's state changes here and nowhere else: `rev` rises when what is to be offered does, and offers are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import offers
from ..models import post


def mark(tx: Connection, row: Mapping[Any, Any], state: str, reason: str = "", **values: Any) -> None:
    """Give a post this state, and whatever else is different.

    :param row: the post as it was.
    """
    fresh = {"state": state, "reason": reason, **values}
    if all(row[name] == value for name, value in fresh.items()):
        return
    moved = any(row[name] != fresh.get(name, row[name]) for name in ("state", "blob", "path", "title", "day", "url"))
    matters = moved and "wanted" in {row["state"], state}
    now = {"changed_at": clock.now(), "rev": row["rev"] + 1} if matters else {}
    tx.execute(sa.update(post).where(post.c.id == row["id"]).values(**fresh, **now))
    if matters:
        offers.touch(tx, row["id"])


def again(tx: Connection, row: Mapping[Any, Any]) -> None:
    """The same post is to be offered in another way."""
    tx.execute(sa.update(post).where(post.c.id == row["id"]).values(rev=post.c.rev + 1, changed_at=clock.now()))
    offers.touch(tx, row["id"])


def put(tx: Connection, state: str, **values: Any) -> None:
    """A post that was not here before, in this state."""
    id, now = db.new_id(), clock.now()
    rev = 1 if state == "wanted" else 0
    tx.execute(sa.insert(post).values(id=id, state=state, rev=rev, created_at=now, changed_at=now, **values))
    if rev:
        offers.touch(tx, id)
