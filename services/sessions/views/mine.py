"""The member's tab "Sessions": their circle and its dates in their zone, or where they are in line."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response
from sqlalchemy.engine import Connection

from shared import access, db

from .. import people
from ..circles import reading
from ..gatherings import reading as gatherings
from ..invites import feeds
from ..invites import reading as invites
from ..models import SERVICE, person
from . import showing
from .pages import page, reader_id, reader_zone

blueprint = Blueprint("mine", __name__, url_prefix="/sessions")


@blueprint.get("/")
@access.needs("member")
def home() -> Response:
    """My circle."""
    with db.read(SERVICE) as tx:
        me = reader_id()
        given = shown(tx, me)
        ids = [row["id"] for row in given["sessions"]]
        answers = {id: said[me] for id, said in invites.answers(tx, ids).items() if me in said}
        can_answer = invites.open_invites(tx, me)
        feed = feeds.address(tx, me)
        also = [(row, invites.answer_of(tx, row["id"], me)) for row in gatherings.invited(tx, me)]
        given |= {"answers": answers, "can_answer": can_answer, "feed": feed, "also": also}
        return page("mine.html", **given, zone=reader_zone(tx))


def shown(tx: Connection, me: str) -> dict[str, Any]:
    """Where a person is: {circle, members, sessions}, or `line`; and what signup last told of them."""
    row = tx.execute(sa.select(person).where(person.c.id == me)).mappings().first()
    place, line = reading.place_of(tx, me), reading.waits(tx, me)
    stream = (place or line or row or {}).get("stream")
    return {
        "me": row,
        "stream": people.streams(tx).get(stream or "", stream),
        "circle": reading.one(tx, place["circle"]) if place else None,
        "members": reading.members(tx, place["circle"]) if place else [],
        "sessions": showing.sessions(tx, place["circle"], 6, skipped=False) if place else [],
        "line": line,
    }
