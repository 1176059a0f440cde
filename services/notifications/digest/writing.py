"""The writing of a digest: once a period, kept on the web and mailed to every organizer in one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import people
from ..mail import compose, preferences
from ..mail.compose import Reader
from ..models import digest, person
from ..rules import digest as rules
from ..rules.lists import LESS, LISTS
from . import arranging, facts

DIGEST = LISTS["digest"]
KEPT_OUT = (people.ERASED, people.APPLIED, "left")


def write(tx: Connection, period: str) -> None:
    """Write the digest that was due on that local date, unless there is one, and mail it."""
    if period == arranging.BEGIN:
        arranging.begin(tx)
        return
    now = clock.now()
    row = {"period": period, "until": now, "data": {}}
    if tx.execute(sa.select(digest.c.period).where(digest.c.period == period)).first():
        return
    facts.take(tx, period)
    row["data"] = data = made(tx, now, period)
    tx.execute(digest.insert().values(row))
    zone, mentions = arranging.read(tx).zone, rules.named(data)
    for to in organizers(tx):
        if not data["needs"] and preferences.choice(tx, to.person, DIGEST) == LESS:
            continue
        context = {"digest": data, "period": period, "zone": to.timezone or zone}
        compose.write(tx, "digest", f"digest/{period}", to, context, mentions=mentions)


def made(tx: Connection, now: datetime, period: str | None = None) -> dict[str, Any]:
    """What a digest says now.

    :param period: of the one that is written; whom it names cannot be erased before `tx` ends, so that erasing finds
        what is written of them. None: what the next one would say.
    """
    return composed(tx, known(tx, now, period), hold=period is not None)


def known(tx: Connection, now: datetime, period: str | None = None) -> rules.Known:
    """What a digest of now is made of; `period` as for `made`."""
    return facts.known(tx, arranging.reaches_back(tx, now), now, arranging.read(tx).zone, period)


def composed(tx: Connection, of: rules.Known, hold: bool = False) -> dict[str, Any]:
    """The digest of these facts, with what those whom it names are called."""
    data = rules.compose(of)
    return {**data, "names": people.called(tx, rules.named(data), hold)}


def organizers(tx: Connection) -> list[Reader]:
    """All who run the program and can be mailed, in the order of their ids."""
    named = sa.cast(person.c.roles, sa.Text).contains('"organizer"')
    rows = tx.execute(sa.select(person).where(named, person.c.email != "").order_by(person.c.id))
    here = (row for row in rows if "organizer" in row.roles and row.state not in KEPT_OUT)
    return [Reader(row.id, row.name, row.email, row.timezone) for row in here]
