"""What an operator wants to know of one service, the same for its page, its metrics and the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock, db, pulse, schedule, versions
from ..events import keeping, relay, replay

NOBODY = "system"  # who acts where nobody is signed in
TERMINAL = "terminal"  # a person at the command line: who is not known, but it was none of the program's own doing


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


@dataclass(frozen=True)
class State:
    """Everything that the page of a service shows.

    :param ticked: machine time of the last noted tick; `made`: of the making of its database.
    """

    service: str
    subscribers: list[Subscriber]
    dead: list[dict[str, Any]]
    skipped: list[dict[str, Any]]
    replays: dict[str, dict[str, Any]]
    jobs: list[schedule.Times]
    ticked: float | None
    made: float | None
    versions: versions.Versions

    @property
    def silent(self) -> bool:
        """True when ticks should come and do not."""
        return clock.machine() - (self.ticked or self.made or 0) > pulse.SILENT


def state(tx: Connection) -> State:
    """How the service is doing now. Its jobs are known where `worker.carry` was called."""
    service = db.service_of(tx)
    return State(
        service=service,
        subscribers=subscribers(tx),
        dead=keeping.dead(tx),
        skipped=keeping.skipped(tx),
        replays=replay.states(tx),
        jobs=schedule.times(tx),
        ticked=pulse.ticked(tx),
        made=pulse.made(tx),
        versions=versions.of(service, tx),
    )


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


def names(tx: Connection, actors: Iterable[str | None]) -> dict[str, str]:
    """Actors, as logs name them (organizer/<id>), by the names people have; every service knows its people's."""
    person = db.metadata(db.service_of(tx)).tables["person"]
    ids = {actor: actor.partition("/")[2] for actor in actors if actor and "/" in actor}
    query = sa.select(person.c.id, person.c.name).where(person.c.id.in_(set(ids.values())))
    known = {row.id: row.name for row in tx.execute(query)}
    return {actor: known.get(id) or "somebody erased" for actor, id in ids.items()}


def span(seconds: float | None) -> str:
    """An age in words, as people say it: '40 s', '12 min', '3 h', '5 days'."""
    if seconds is None:
        return ""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


# Each by a partial index alone. A dead delivery is old by nature, and would hide how the living ones fare.
_OWED = sa.text(
    "SELECT subscriber, count(*) AS waiting, min(event) AS oldest FROM delivery WHERE confirmed_at IS NULL"
    " AND (subscriber, event) NOT IN (SELECT subscriber, event FROM delivery WHERE dead_at IS NOT NULL)"
    " GROUP BY subscriber"
)
_DEAD = sa.text("SELECT subscriber, count(*) AS dead FROM delivery WHERE dead_at IS NOT NULL GROUP BY subscriber")
_ANSWERED = sa.text("SELECT name, answered FROM subscriber")
_RECORDED = sa.text("SELECT recorded FROM event WHERE position = :event")
