"""Erasing, where people wrote freely: docs/decisions/0014 says what goes and what stays."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import db
from shared.events.catalog import BY_TYPE, personal
from shared.events.erasure import blank

TYPES = ("session.minuted", "session.snapshot", "minutes.corrected", "session.reminded", "items.changed")


def forget(tx: Connection, person: str) -> int:
    """Blank the words in events that told of minutes or items of a session whose circle had that person; how many.

    Those that were delivered: what is still owed is a mail to the rest of the circle, and goes with the event's age.
    """
    tables = db.metadata(db.service_of(tx)).tables
    event, delivery = tables["event"], tables["delivery"]
    owed = sa.exists().where(
        delivery.c.event == event.c.position, delivery.c.confirmed_at.is_(None), delivery.c.skipped_at.is_(None)
    )
    named = sa.cast(event.c.data, sa.Text).contains(person, autoescape=True)  # few of 90 days of minutes are theirs
    query = sa.select(event).where(event.c.type.in_(TYPES), event.c.erased.is_(False), named, ~owed)
    rows = tx.execute(query).mappings()
    changed = 0
    for row in rows.all():
        data = row["data"]
        if person in _concerned(data):
            bare = blank(data, personal(BY_TYPE[row["type"]].schema))
            tx.execute(
                event.update().where(event.c.position == row["position"]).values(data=bare, erased=True)
            )  # fmt: skip
            changed += 1
    return changed


def _concerned(data: dict[str, Any]) -> set[str]:
    """Whom the free words in it may name."""
    return {*data.get("members", ()), *data.get("to", ()), *(each["person"] for each in data.get("items", ()))}
