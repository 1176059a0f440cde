"""Entering and leaving a circle, and telling of it: the one way in and out, whoever decides.

The place, the standing in the ledger of turns and the event belong together. The caller holds `locks.placing`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from ..invites import due
from ..meetings import reading as meetings
from ..models import circle as circles
from ..models import place as places
from ..models import waiting
from ..rules import placing as rules
from ..turns import asking, mentoring
from . import reading, standing


def subject(person: str) -> str:
    """The subject of events about a person's place: in order for each of them."""
    return f"person/{person}"


def enter(tx: Connection, person: str, circle: str, how: str, by: str) -> None:
    """Give somebody who has no place one in this circle. `tell` follows when all who enter together are in."""
    row = {"id": db.new_id(), "person": person, "circle": circle, "since": clock.now(), "how": how, "by": by}
    tx.execute(sa.insert(places).values(**row))
    standing.begin(tx, circle, person)
    mentoring.settle(tx, person)
    due.touch(tx, [circle])
    tx.execute(sa.delete(waiting).where(waiting.c.person == person))


def leave(tx: Connection, person: str, circle: str) -> None:
    """End their place in this circle."""
    mine = (places.c.person == person, places.c.circle == circle, reading.present)
    tx.execute(sa.update(places).where(*mine).values(until=clock.now()))
    standing.end(tx, circle, person)
    due.touch(tx, [circle])


def tell(tx: Connection, people: Iterable[str], circle: str, how: str, former: str | None = None) -> None:
    """Publish that these persons have their place in this circle now; turns that they had elsewhere become free.

    Called once everybody who moves together has moved: the next in line must be somebody who stays.
    """
    people = list(people)
    row, members = reading.one(tx, circle), reading.members(tx, circle)
    first = meetings.next_one(tx, circle)
    data: dict[str, Any] = {
        "circle": circle,
        "name": row["name"],
        "stream": row["stream"],
        "how": how,
        "former": former,
        "members": [each["id"] for each in members],
        "session": first["id"] if first else None,
        "starts_at": first["starts_at"].isoformat() if first else None,
        "minutes": first["minutes"] if first else None,
        "link": first["link"] if first else None,
        "location": first["location"] if first else None,
    }
    for person in people:
        emit(tx, "circle.joined", subject(person), {"person": person, **data})
    for person in people:
        asking.forgo(tx, person)


def create(tx: Connection, stream: str, zones: Iterable[str] = ()) -> str:
    """A new circle of a stream, named after it, and after where its people live when it is not alone; its id."""
    taken = [row["name"] for row in reading.listed(tx)]
    name = rules.name(reading.stream_name(tx, stream), taken, reading.cities(zones))
    row = {"id": db.new_id(), "stream": stream, "name": name, "feed": db.new_id(), "created_at": clock.now()}
    tx.execute(sa.insert(circles).values(**row))
    return str(row["id"])


def close(tx: Connection, circle: str, merged_into: str | None = None) -> None:
    """Close a circle that has nobody left; its history stays."""
    tx.execute(sa.update(circles).where(circles.c.id == circle).values(closed_at=clock.now(), merged_into=merged_into))


def reopen(tx: Connection, circle: str) -> None:
    """Take that back."""
    tx.execute(sa.update(circles).where(circles.c.id == circle).values(closed_at=None, merged_into=None))
