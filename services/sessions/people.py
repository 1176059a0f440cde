"""Who somebody is, as sessions knows it: names, zones, who is in a circle, who does what at a session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import copies

from .models import person, place, program, turn
from .rules.states import TAKEN

Row = Mapping[Any, Any]
ERASED = "somebody who was erased"
UNKNOWN = "somebody"  # signup has not told of them so far


def names(tx: Connection, ids: Iterable[str | None]) -> dict[str | None, str]:
    """What these persons are called, each of them."""
    wanted = {id for id in ids if id}
    found: dict[str | None, str] = dict.fromkeys(wanted, UNKNOWN)
    rows = tx.execute(sa.select(person.c.id, person.c.name, person.c.state).where(person.c.id.in_(wanted)))
    for row in rows if wanted else ():
        found[row.id] = ERASED if row.state == copies.ERASED else row.name or UNKNOWN
    return found


def actor_name(tx: Connection, actor: str | None) -> str:
    """What `person/<id>`, `organizer/<id>` or `system` is called."""
    kind, _, id = (actor or "").partition("/")
    if not id:
        return "the program itself"
    return names(tx, [id])[id] + (" (organizer)" if kind == "organizer" else "")


def zone(tx: Connection, id: str | None) -> str:
    """The reader's time zone: their own, or the program's."""
    own = tx.execute(sa.select(person.c.timezone).where(person.c.id == id)).scalar() if id else None
    return own or program_zone(tx)


def program_zone(tx: Connection) -> str:
    """The program's time zone; UTC before signup told of it."""
    return tx.execute(sa.select(program.c.timezone)).scalar() or "UTC"


def streams(tx: Connection) -> dict[str, str]:
    """The names of the program's streams by slug, in their order."""
    told = tx.execute(sa.select(program.c.streams)).scalar() or []
    return {each["slug"]: each["name"] for each in sorted(told, key=lambda each: each["position"])}


def members(tx: Connection, circle: str | None) -> list[str]:
    """Who is in the circle now, by name."""
    return _placed(tx, place.c.circle == circle, place.c.until.is_(None))


def members_at(tx: Connection, circle: str | None, start: datetime, end: datetime) -> list[str]:
    """Who was in the circle when it met, by name."""
    left = sa.or_(place.c.until.is_(None), place.c.until > start)
    return _placed(tx, place.c.circle == circle, place.c.since < end, left)


def _placed(tx: Connection, *where: Any) -> list[str]:
    query = sa.select(place.c.person).outerjoin(person, person.c.id == place.c.person).where(*where)
    rows = tx.execute(query.order_by(person.c.name, place.c.person)).scalars()
    return list(dict.fromkeys(rows))


def duties(tx: Connection, session: str) -> dict[str, str]:
    """Who has said yes to lead that session and who to be its mentor: {role: person}."""
    rows = tx.execute(sa.select(turn.c.role, turn.c.person).where(turn.c.session == session, turn.c.state.in_(TAKEN)))
    return {row.role: row.person for row in rows}


def state(tx: Connection, id: str) -> str | None:
    """What signup last told of them; None: nothing."""
    return tx.execute(sa.select(person.c.state).where(person.c.id == id)).scalar()


def is_here(tx: Connection, id: str) -> bool:
    """Whether they are in the program: neither left nor erased."""
    return state(tx, id) not in {None, "left", copies.ERASED}


def organizers(tx: Connection) -> list[str]:
    """Ids of all organizers."""
    rows = tx.execute(sa.select(person.c.id, person.c.roles).order_by(person.c.id))
    return [row.id for row in rows if "organizer" in row.roles]
