"""Reading gatherings: each with when and where it is, be it a proposal still or a session already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..models import gathering, invite, no_talks, session
from ..rules import dates
from ..rules.refusals import Missing

Row = Mapping[Any, Any]
ORGANIZERS, TALK = "organizers", "talk"
KINDS = {ORGANIZERS: "Monthly meeting", TALK: "Talk"}
AHEAD = ("planned", "confirmed")
DRAFT = ("title", "day", "time", "zone", "minutes", "link", "location")
_OF_SESSION = [
    session.c[name].label(f"of_{name}") for name in (*DRAFT, "starts_at", "ends_at", "state", "sequence", "note")
]
_BOTH = sa.select(gathering, *_OF_SESSION).outerjoin(session, session.c.id == gathering.c.id)


def one(tx: Connection, id: str, hold: bool = False) -> dict[str, Any]:
    """The gathering of that id with `title`, `day` … `ends_at`; its `state`: proposed, dropped, or the session's.

    :param hold: until `tx` ends, so that whoever changes it does so one after the other.
    :raises Refused: there is none.
    """
    held = sa.select(gathering.c.id).where(gathering.c.id == id)
    there = tx.execute(held.with_for_update() if hold else held).first()
    row = tx.execute(_BOTH.where(gathering.c.id == id)).mappings().first() if there else None
    if row is None:
        raise Missing("gathering", "There is no such meeting or talk.", "Choose one from the list.")
    return _whole(row)


def listed(tx: Connection, kind: str | None = None, most: int = 200) -> list[dict[str, Any]]:
    """All of them, or those of a kind, the latest first."""
    query = _BOTH if kind is None else _BOTH.where(gathering.c.kind == kind)
    rows = tx.execute(query.order_by(gathering.c.created_at.desc(), gathering.c.id).limit(most)).mappings()
    return sorted(map(_whole, rows), key=lambda row: (row["starts_at"], row["id"]), reverse=True)


def ahead(tx: Connection, kind: str | None = None) -> list[str]:
    """Ids of those that were sent and will take place."""
    query = sa.select(session.c.id).where(
        session.c.kind.in_([kind] if kind else list(KINDS)),
        session.c.state.in_(AHEAD),
        session.c.starts_at > clock.now(),
    )
    return list(tx.execute(query.order_by(session.c.starts_at, session.c.id)).scalars())


def invited(tx: Connection, person: str) -> list[dict[str, Any]]:
    """Those to come that this person is invited to, the next one first."""
    mine = sa.select(invite.c.session).where(invite.c.person == person, ~invite.c.cancelled)
    query = _BOTH.where(gathering.c.id.in_(mine), session.c.state.in_(AHEAD), session.c.ends_at > clock.now())
    return [_whole(row) for row in tx.execute(query.order_by(session.c.starts_at, gathering.c.id)).mappings()]


def people_told(tx: Connection, id: str) -> list[str]:
    """Who is invited to it, by what they were last told."""
    query = sa.select(invite.c.person).where(invite.c.session == id, ~invite.c.cancelled)
    return list(tx.execute(query.order_by(invite.c.person)).scalars())


def expects(row: Row) -> bool:
    """Whether a guest is to come to it: until then, name and address are needed."""
    sure = row["sequence"] is not None and row["state"] in AHEAD and row["starts_at"] > clock.now()
    return bool(sure and row["guest_name"])


def may_read(tx: Connection, of: Row, person: str, roles: tuple[str, ...]) -> bool:
    """Organizers; of what was sent, whoever is invited; a talk is for all members."""
    if "organizer" in roles:
        return True
    if of["state"] in ("proposed", "dropped"):
        return False
    return (of["kind"] == TALK and "member" in roles) or person in people_told(tx, of["id"])


def wants_no_talks(tx: Connection, person: str) -> bool:
    """Whether they said that they want no invites to talks."""
    return tx.execute(sa.select(no_talks.c.person).where(no_talks.c.person == person)).first() is not None


def about(row: Row) -> dict[str, Any]:
    """What events about its session say in place of a circle's name, and beside it."""
    guest = None
    if row["guest"]:
        known = {"guest_name": row["guest_name"] or "", "guest_email": row["guest_email"] or ""}
        guest = {"person": row["guest"], **known}
    talk = row["kind"] == TALK
    abstract = {"speaker": row["guest_name"] or "", "abstract": row["text"]} if talk else {}
    return {"name": row["title"] or KINDS[row["kind"]], "stream": "", "also": {"guest": guest, **abstract}}


def _whole(row: Row) -> dict[str, Any]:
    found = {name: value for name, value in row.items() if not name.startswith("of_")}
    if row["of_state"] is None:
        found |= {"sequence": None, "note": None, **row["draft"], **instants(row["draft"])}
    else:
        found |= {name.removeprefix("of_"): value for name, value in row.items() if name.startswith("of_")}
    found["warning"] = instants(found)["warning"]
    found["past"] = found["ends_at"] <= clock.now()
    return found


def instants(draft: Row) -> dict[str, Any]:
    """When a proposal begins and ends, and what a clock change does to it."""
    wall = time.fromisoformat(draft["time"])
    begins, warning = dates.instant(date.fromisoformat(draft["day"]), wall, clock.zone(draft["zone"]))
    return {"starts_at": begins, "ends_at": begins + timedelta(minutes=draft["minutes"]), "warning": warning}
