"""Who may see a session, and who may work on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import people
from .models import minutes

Row = Mapping[Any, Any]


def may_read(tx: Connection, of: Row, person: str, roles: tuple[str, ...]) -> bool:
    """Its circle's present members, organizers, and, while they are in the program, those who lead or mentor it. Who is
    only asked to mentor sees what turns.mentoring shows.
    """
    if "organizer" in roles or leads(tx, of, person):
        return True
    return person in people.members(tx, of["circle"]) or (
        people.duties(tx, of["id"]).get("mentor") == person and people.is_here(tx, person)
    )


def leads(tx: Connection, of: Row, person: str) -> bool:
    """Whether that person has said yes to coordinate it, or published its minutes, and is still in the program."""
    published = sa.select(minutes.c.session).where(
        minutes.c.session == of["id"], minutes.c.published_by == f"person/{person}"
    )
    mine = people.duties(tx, of["id"]).get("coordinator") == person or tx.execute(published).first() is not None
    return mine and people.is_here(tx, person)


def may_lead(tx: Connection, of: Row, person: str, roles: tuple[str, ...]) -> bool:
    """Its coordinator, and organizers."""
    return "organizer" in roles or leads(tx, of, person)


def may_hide(tx: Connection, link: Row, person: str, roles: tuple[str, ...]) -> bool:
    """Whether they may hide a link of the resources: the circle that shared it, and organizers."""
    return "organizer" in roles or person in people.members(tx, link["circle"])


def may_browse(tx: Connection, person: str, roles: tuple[str, ...]) -> bool:
    """Whether they may look through the links of streams: members, also those of the past; no guests."""
    return "organizer" in roles or people.state(tx, person) != "guest"
