"""The JSON API of what is one's own: turns, action items, attendance, the calendar, and answers to invites."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import Blueprint, Empty

from .. import attendance, items
from ..invites import answering, feeds
from ..models import SERVICE
from ..rules.refusals import Refused
from ..schemas import own as schemas
from ..turns import absences, checkins, own
from . import mine
from .api import refuse
from .pages import reader_id

blueprint = Blueprint(SERVICE, "own", "One's own sessions")
MINE = access.scopes(role="member")


@blueprint.get("/mine/turns")
@MINE
@blueprint.response(200, schemas.OwnTurns)
def turns() -> dict[str, Any]:
    """The reader's turns, in whichever circles; and when the next one comes, as things stand."""
    with db.read(SERVICE) as tx:
        me = reader_id()
        return {"turns": own.of_person(tx, me), "next": own.forecast(tx, me), "served": own.served(tx, me)}


@blueprint.get("/mine/items")
@MINE
@blueprint.response(200, schemas.OwnItems)
def action_items() -> dict[str, Any]:
    """The reader's action items; they are settled at /items/<id>/<verb>."""
    with db.read(SERVICE) as tx:
        return {"items": items.of_owner(tx, reader_id())}


@blueprint.get("/mine/attendance")
@MINE
@blueprint.response(200, schemas.Attendance)
def visits() -> dict[str, Any]:
    """At which sessions the reader was."""
    with db.read(SERVICE) as tx:
        return mine.count(attendance.of_person(tx, reader_id()))


@blueprint.get("/mine/feed")
@MINE
@blueprint.response(200, schemas.Feed)
def feed() -> dict[str, Any]:
    """Where the reader's calendar is."""
    with db.read(SERVICE) as tx:
        return {"address": feeds.address(tx, reader_id())}


@blueprint.post("/mine/feed")
@MINE
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Feed)
def renew(_body: Any) -> dict[str, Any]:
    """A new address; the old one is dead."""
    with db.write(SERVICE) as tx:
        feeds.renew(tx, reader_id())
        return {"address": feeds.address(tx, reader_id())}


@blueprint.delete("/mine/feed")
@MINE
@blueprint.response(204)
def revoke() -> None:
    """No address at all, until one asks for a new one."""
    with db.write(SERVICE) as tx:
        feeds.revoke(tx, reader_id())


@blueprint.put("/sessions/<id>/answer")
@MINE
@blueprint.arguments(schemas.Rsvp)
@blueprint.response(200, schemas.AnswerTaken)
def answer(asked: dict[str, str], id: str) -> dict[str, Any]:
    """Say whether one comes to a session that one is invited to; the last answer counts."""
    said, until = asked["answer"], asked["until"].strip()
    try:
        if until and said != answering.CANNOT:
            raise Refused("until", "A day goes with cannot alone.", "Leave it out.")
        with db.write(SERVICE) as tx:
            if until:
                return {"answer": said, "sessions": absences.cannot_until(tx, id, reader_id(), until, "page")}
            answering.answer(tx, id, reader_id(), said, "page")
            return {"answer": said, "sessions": 1}
    except Refused as refused:
        refuse(refused)


@blueprint.get("/mine/checkin")
@MINE
@blueprint.response(200, schemas.Checkin)
def checkin() -> dict[str, Any]:
    """Whether the reader is asked if they are still with us."""
    with db.read(SERVICE) as tx:
        return {"checkin": checkins.waiting(tx, reader_id())}


@blueprint.put("/checkins/<id>/answer")
@MINE
@blueprint.arguments(schemas.CheckinAnswer)
@blueprint.response(204)
def check_in(asked: dict[str, str], id: str) -> None:
    """Say that one is still with us, pauses or leaves."""
    try:
        with db.write(SERVICE) as tx:
            checkins.answer(tx, id, reader_id(), asked["answer"])
    except Refused as refused:
        refuse(refused)
