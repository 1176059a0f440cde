"""Past minutes of a circle, for whoever said yes to mentor it: by the link in their mail, or signed in."""

from __future__ import annotations

from flask import Blueprint, Response

from shared import access, db

from .. import minutes, people
from ..models import SERVICE
from ..turns import mentoring
from .answering import Door, by_link, own
from .answers import forbidden, not_found, page, who

blueprint = Blueprint("mentoring", __name__, url_prefix="/sessions")


@blueprint.get("/turn/<token>/minutes/<session>")
def linked(token: str, session: str) -> Response:
    """By the link in the mail."""
    return _show(by_link(token), session)


@blueprint.get("/turns/<id>/minutes/<session>")
@access.needs("member", "organizer")
def signed_in(id: str, session: str) -> Response:
    """The same, signed in."""
    return _show(Door(id, who().person, f"/sessions/turns/{id}"), session)


def _show(door: Door, session: str) -> Response:
    with db.read(SERVICE) as tx:
        turn, of = own(tx, door)
        then = minutes.one(tx, session)
        if then is None:
            not_found("session")
        if turn["role"] != "mentor" or then["circle"] != of["circle"] or not mentoring.may_see(tx, then, door.person):
            forbidden(
                "These minutes are not shown to you",
                "A mentor reads those of the circle that asks them, from their yes to the session's end.",
            )
        texts = minutes.texts(tx, then)
        if not texts.published_at:
            not_found("page: these minutes are not published")
        zone = people.zone(tx, door.person)
    return page("past_minutes.html", session=then, texts=texts, base=door.base, zone=zone)
