"""Addresses that get no mail: who, why, since when; and what an organizer can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, log

from .models import person, suppression

SHOWN = 500
_log = log.get("notifications.suppressed")


class Refused(ValueError):
    """This cannot be done to that address; the message says why."""


@dataclass(frozen=True)
class Suppressed:
    """An address with what it does not get. :param duty: not even duty mail. :param until: machine time of its end."""

    address: str
    person: str | None
    name: str
    duty: bool
    reason: str
    since: datetime
    until: float | None
    mail: str | None
    lifted: bool


def listed(tx: Connection, address: str | None = None) -> list[Suppressed]:
    """All that are in force, then those that were lifted of late; the latest first, at most SHOWN."""
    query = (
        sa.select(suppression, person.c.id.label("who"), person.c.name)
        .outerjoin(person, sa.func.lower(person.c.email) == suppression.c.address)
        .where(sa.or_(suppression.c.until.is_(None), suppression.c.until > clock.machine()))
        .order_by(suppression.c.lifted_at.is_not(None), suppression.c.created_at.desc(), suppression.c.address)
        .order_by(suppression.c.scope.desc(), person.c.id)
        .limit(2 * SHOWN)
    )
    if address is not None:
        query = query.where(suppression.c.address == address.lower())
    found: dict[tuple[str, bool], Suppressed] = {}
    for row in tx.execute(query).mappings():
        place = (row["address"], row["lifted_at"] is not None)
        known = found.get(place)
        found[place] = Suppressed(
            address=row["address"],
            person=row["who"],
            name=row["name"] or "",
            duty=row["scope"] == "duty" or bool(known and known.duty),
            reason=known.reason if known else row["reason"],
            since=known.since if known else row["created_at"],
            until=known.until if known else row["until"],
            mail=known.mail if known else row["mail"],
            lifted=row["lifted_at"] is not None,
        )
    return list(found.values())[:SHOWN]


def count(tx: Connection) -> int:
    """How many addresses get less than they should."""
    ends = sa.or_(suppression.c.until.is_(None), suppression.c.until > clock.machine())
    query = sa.select(sa.func.count(suppression.c.address.distinct())).where(ends, suppression.c.lifted_at.is_(None))
    return tx.execute(query).scalar() or 0


def lift(tx: Connection, address: str, by: str) -> None:
    """Let mail go there again, from the next one on.

    :raises Refused: nothing is suppressed there.
    """
    _set(tx, address, suppression.c.lifted_at.is_(None), {"lifted_at": clock.machine(), "lifted_by": by})
    _log.info("suppression.lifted", by=by)


def restore(tx: Connection, address: str, by: str) -> None:
    """Take `lift` back.

    :raises Refused: nobody lifted it, or it has been refused anew since.
    """
    _set(tx, address, suppression.c.lifted_at.is_not(None), {"lifted_at": None, "lifted_by": None})
    _log.info("suppression.restored", by=by)


def _set(tx: Connection, address: str, state: Any, values: dict[str, Any]) -> None:
    where = sa.and_(suppression.c.address == address.strip().lower(), state)
    if not tx.execute(suppression.update().where(where).values(values)).rowcount:
        raise Refused("Somebody was quicker, or it ended by itself: look at the list again.")
