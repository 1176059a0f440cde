"""Who a gathering is for: organizers and each circle's present coordinator; or all but those who want no talks.

The present coordinator of a circle is who leads its next session. Until somebody has said yes to that, it is who led
the last one: the baton is held until it is passed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import people
from ..models import circle, no_talks, person, place, session, turn
from ..rules.placing import TAKES_PART
from ..rules.states import TAKEN
from .reading import AHEAD, TALK

Row = Mapping[Any, Any]
BACK = timedelta(days=90)  # who led longer ago does not hold the baton any more


@dataclass(frozen=True)
class Recipients:
    """Ids of who is to be invited, by why; `circles`: {circle: its coordinator}; `without`: circles that have none."""

    organizers: list[str]
    circles: dict[str, str] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    members: list[str] = field(default_factory=list)
    guest: str | None = None

    @property
    def people(self) -> list[str]:
        """All of them, each once."""
        guest = [self.guest] if self.guest else []
        return list(dict.fromkeys([*self.organizers, *self.circles.values(), *self.members, *guest]))

    @property
    def token(self) -> str:
        """Names exactly these people, so that nobody else is mailed than who was shown."""
        return hashlib.sha256("\n".join(sorted(self.people)).encode()).hexdigest()[:24]


def of(tx: Connection, row: Row) -> Recipients:
    """Who this gathering is for, as things are now."""
    guest = row["guest"] if row["guest_email"] else None
    if row["kind"] == TALK:
        unwanted = set(tx.execute(sa.select(no_talks.c.person)).scalars())
        query = sa.select(person.c.id).where(person.c.state.in_(TAKES_PART)).order_by(person.c.name, person.c.id)
        organizers = people.organizers(tx)
        members = [id for id in tx.execute(query).scalars() if id not in unwanted and id not in organizers]
        return Recipients([id for id in organizers if id not in unwanted], members=members, guest=guest)
    open_ones = _circles(tx, row["streams"])
    led = coordinators(tx, open_ones)
    return Recipients(people.organizers(tx), led, [id for id in open_ones if id not in led])


def coordinators(tx: Connection, circles: Iterable[str] | None = None) -> dict[str, str]:
    """{circle: its present coordinator} of these circles, or of all that are open; without those that have none."""
    now = clock.now()
    wanted = circle.c.closed_at.is_(None) if circles is None else circle.c.id.in_(list(circles))
    sure = sa.and_(turn.c.session == session.c.id, turn.c.role == "coordinator", turn.c.state.in_(TAKEN))
    here = sa.select(person.c.id).where(person.c.id == turn.c.person, person.c.state.in_(TAKES_PART))
    base = sa.select(session.c.circle, turn.c.person).join(circle, circle.c.id == session.c.circle).where(wanted)
    present = sa.exists().where(
        place.c.person == turn.c.person, place.c.circle == session.c.circle, place.c.until.is_(None)
    )
    past = base.join(turn, sure).where(
        session.c.ends_at <= now, session.c.ends_at > now - BACK, session.c.state != "cancelled", present, here.exists()
    )
    rank = sa.func.row_number().over(partition_by=session.c.circle, order_by=(session.c.starts_at, session.c.id))
    ahead = base.add_columns(rank.label("rank")).outerjoin(turn, sure)
    ahead_rows = ahead.where(session.c.ends_at > now, session.c.state.in_(AHEAD)).subquery()
    following = sa.select(ahead_rows.c.circle, ahead_rows.c.person).where(
        ahead_rows.c.rank == 1, ahead_rows.c.person.is_not(None)
    )
    found = {row.circle: row.person for row in tx.execute(past.order_by(session.c.starts_at, session.c.id))}
    return found | {row.circle: row.person for row in tx.execute(following)}


def _circles(tx: Connection, streams: list[str]) -> list[str]:
    """Open circles with somebody in them, of these streams or of all, by stream and name."""
    inhabited = sa.exists().where(place.c.circle == circle.c.id, place.c.until.is_(None))
    query = sa.select(circle.c.id).where(circle.c.closed_at.is_(None), inhabited)
    if streams:
        query = query.where(circle.c.stream.in_(streams))
    return list(tx.execute(query.order_by(circle.c.stream, circle.c.name, circle.c.id)).scalars())
