"""Reactions, and what a new subscriber is told: the program, and every person as they are now.

circle.joined                    who has a place in a circle is active
place.waiting                    who waits for one is waiting
<service>.gathered               a piece of somebody's download is kept
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.events import Event, on, snapshot
from shared.events.replay import State
from shared.personal import GATHERED

from . import people, program, rules
from .models import person


@on("signup", *GATHERED)
def gathered(tx: Connection, event: Event) -> None:
    people.gathered(tx, event.source, event.data)


@on("signup", "circle.joined")
def circle_joined(tx: Connection, event: Event) -> None:
    people.placed(tx, event.data["person"], event.data["circle"])


@on("signup", "place.waiting")
def place_waiting(tx: Connection, event: Event) -> None:
    people.put_in_line(tx, event.data["person"])


@snapshot("signup")
def present(tx: Connection) -> Iterator[tuple[str, str, State]]:
    """(subject, type, state) of the program, and of all who confirmed once and are not erased."""
    yield program.SUBJECT, "program.changed", _program
    for id in tx.execute(sa.select(person.c.id).where(person.c.state.in_(rules.KNOWN))).scalars():
        yield people.subject(id), "member.snapshot", partial(_member, id)


def _program(tx: Connection) -> dict[str, Any] | None:
    try:
        return program.announced(tx)
    except program.NotSeeded:
        return None


def _member(id: str, tx: Connection) -> dict[str, Any] | None:
    row = people.one(tx, id)
    return people.told(row) if row and row["state"] in rules.KNOWN else None
