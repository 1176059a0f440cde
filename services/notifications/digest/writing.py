"""The writing of a digest: once a period, kept on the web and mailed to every organizer in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import people
from ..mail import compose
from ..mail.compose import Reader
from ..models import digest, person
from ..rules import digest as rules
from . import arranging, facts

KEPT_OUT = (people.ERASED, people.APPLIED, "left")


def write(tx: Connection, period: str) -> None:
    """Write the digest that was due on that local date, unless there is one, and mail it."""
    if period == arranging.BEGIN:
        arranging.begin(tx)
        return
    now = clock.now()
    data = made(tx, now, hold=True)
    row = {"period": period, "until": now, "data": data}
    if not tx.execute(db.insert(tx, digest).values(row).on_conflict_do_nothing()).rowcount:
        return
    zone, mentions = arranging.read(tx).zone, rules.named(data)
    for to in organizers(tx):
        context = {"digest": data, "period": period, "zone": to.timezone or zone}
        compose.write(tx, "digest", f"digest/{period}", to, context, mentions=mentions)


def made(tx: Connection, now: datetime, hold: bool = False) -> dict[str, Any]:
    """What a digest would say now.

    :param hold: whom it names cannot be erased before `tx` ends, so that erasing finds what is written of it.
    """
    since = arranging.reaches_back(tx, now)
    data = rules.compose(facts.known(tx, since, now, arranging.read(tx).zone))
    return {**data, "names": people.called(tx, rules.named(data), hold)}


def organizers(tx: Connection) -> list[Reader]:
    """All who run the program and can be mailed, in the order of their ids."""
    named = sa.cast(person.c.roles, sa.Text).contains('"organizer"')
    rows = tx.execute(sa.select(person).where(named, person.c.email != "").order_by(person.c.id))
    here = (row for row in rows if "organizer" in row.roles and row.state not in KEPT_OUT)
    return [Reader(row.id, row.name, row.email, row.timezone) for row in here]
