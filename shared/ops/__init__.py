"""What an operator wants to know of one service's events, the same for the pages, the metrics and the command line."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock, db
from ..events import relay


@dataclass(frozen=True)
class Subscriber:
    """How deliveries to one subscriber stand. Ages are in seconds.

    :param oldest: age of the oldest event that is owed and not dead; None when nothing is.
    :param answered: machine time of its last receipt.
    """

    name: str
    waiting: int
    dead: int
    oldest: float | None
    answered: float | None


def subscribers(tx: Connection) -> list[Subscriber]:
    """Every subscriber of the service, by name. Costs what is owed, however much was delivered."""
    now = clock.machine()
    owed = {row.subscriber: row for row in tx.execute(_OWED)}
    dead = {row.subscriber: row.dead for row in tx.execute(_DEAD)}
    answered = {row.name: row.answered for row in tx.execute(_ANSWERED)}
    found = []
    for name in relay.subscribers(db.service_of(tx)):
        row = owed.get(name)
        recorded = tx.execute(_RECORDED, {"event": row.oldest}).scalar() if row else None
        oldest = max(0.0, now - recorded) if recorded is not None else None
        waiting = (row.waiting if row else 0) + dead.get(name, 0)
        found.append(Subscriber(name, waiting, dead.get(name, 0), oldest, answered.get(name)))
    return found


# Each by a partial index alone. A dead delivery is old by nature, and would hide how the living ones fare.
_OWED = sa.text(
    "SELECT subscriber, count(*) AS waiting, min(event) AS oldest FROM delivery WHERE confirmed_at IS NULL"
    " AND (subscriber, event) NOT IN (SELECT subscriber, event FROM delivery WHERE dead_at IS NOT NULL)"
    " GROUP BY subscriber"
)
_DEAD = sa.text("SELECT subscriber, count(*) AS dead FROM delivery WHERE dead_at IS NOT NULL GROUP BY subscriber")
_ANSWERED = sa.text("SELECT name, answered FROM subscriber")
_RECORDED = sa.text("SELECT recorded FROM event WHERE position = :event")
