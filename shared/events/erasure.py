"""Erasure in the events themselves: facts stay, the person's fields in them are blanked.

Events are never changed, but for this.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import db
from .catalog import BY_TYPE, personal


def erase(tx: Connection, *subjects: str) -> int:
    """Blank the personal fields in all events of these, and what errors of their deliveries may quote of them.

    :returns: how many events were changed.
    """
    tables = db.metadata(db.service_of(tx)).tables
    event, delivery = tables["event"], tables["delivery"]
    # By the key of their events, since no index knows the subject of what is confirmed.
    ours = delivery.c.event.in_(sa.select(event.c.position).where(event.c.subject.in_(subjects)))
    quoting = delivery.update().where(ours, delivery.c.error.is_not(None))
    tx.execute(quoting.values(error="blanked with the person"))
    reasons = delivery.update().where(ours, delivery.c.skipped_at.is_not(None))
    tx.execute(reasons.values(skipped_why="blanked with the person"))
    rows = tx.execute(event.select().where(event.c.subject.in_(subjects), event.c.erased.is_(False))).mappings().all()
    changed = []
    for row in rows:
        names = personal(BY_TYPE[row["type"]].schema) if row["type"] in BY_TYPE else set(row["data"])
        if names:
            changed.append({"at": row["position"], "data": blank(row["data"], names), "erased": True})
    if changed:
        tx.execute(event.update().where(event.c.position == sa.bindparam("at")), changed)
    return len(changed)


def erase_mentions(tx: Connection, type: str, person: str, subject: str | None = None) -> int:
    """Blank a person's fields in events of other subjects that list them (digests, summaries).

    :param subject: what all events of that type are about, where that is one thing: then not every event is looked at.
    """
    event = db.metadata(db.service_of(tx)).tables["event"]
    names = personal(BY_TYPE[type].schema)
    changed = 0
    where = [event.c.type == type, *([event.c.subject == subject] if subject else [])]
    for row in tx.execute(event.select().where(*where)).mappings().all():
        data = _blank_entries(row["data"], names, person)
        if data != row["data"]:
            tx.execute(event.update().where(event.c.position == row["position"]), {"data": data})
            changed += 1
    return changed


def blank_old(tx: Connection, type: str, before: float) -> int:
    """Blank the personal fields in events of that type recorded before a moment of machine time: they did their work.

    :returns: how many events were changed.
    """
    event = db.metadata(db.service_of(tx)).tables["event"]
    names = personal(BY_TYPE[type].schema)
    old = event.select().where(event.c.type == type, event.c.recorded < before, event.c.erased.is_(False))
    rows = tx.execute(old).mappings().all()
    for row in rows:
        values = {"data": blank(row["data"], names), "erased": True}
        tx.execute(event.update().where(event.c.position == row["position"]), values)
    return len(rows)


def blank(data: Any, names: set[str]) -> Any:
    """`data` with the named fields empty, at any depth."""
    if isinstance(data, dict):
        return {k: "" if k in names and v is not None else blank(v, names) for k, v in data.items()}
    if isinstance(data, list):
        return [blank(item, names) for item in data]
    return data


def _blank_entries(data: Any, names: set[str], person: str) -> Any:
    if isinstance(data, dict):
        if data.get("person") == person:
            return blank(data, names)
        return {k: _blank_entries(v, names, person) for k, v in data.items()}
    if isinstance(data, list):
        return [_blank_entries(item, names, person) for item in data]
    return data
