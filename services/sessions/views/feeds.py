"""Calendars that people subscribe to, and new addresses for them."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request

from shared import access, db
from shared.web import problem

from ..invites import feeds
from ..models import SERVICE
from .circles import url
from .pages import go, page, reader_id

blueprint = Blueprint("feeds", __name__, url_prefix="/sessions")


@blueprint.get("/feed/<token>.ics")
def calendar(token: str) -> Response:
    """A calendar; whoever has the address may read it. It is asked for often, and mostly answered 304."""
    with db.read(SERVICE) as tx:
        data = feeds.calendar(tx, token)
    if data is None:
        problem(
            404,
            "There is no calendar here",
            "Its address was replaced, or cut off. Your sessions page leads to the one that counts.",
        )
    answer = Response(data, content_type="text/calendar; charset=utf-8")
    answer.set_etag(hashlib.sha256(data).hexdigest()[:32])
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["Content-Disposition"] = 'inline; filename="sessions.ics"'
    answer.make_conditional(request)
    return answer


@blueprint.get("/calendar")
@access.needs("member")
def own() -> Response:
    """Where one's own calendar is."""
    with db.read(SERVICE) as tx:
        address = feeds.address(tx, reader_id())
    return page("calendar.html", address=address)


@blueprint.post("/feed")
@access.needs("member")
def renew() -> Response:
    """Another address for one's own calendar, or none."""
    none = request.form.get("do") == "revoke"
    with db.write(SERVICE) as tx:
        (feeds.revoke if none else feeds.renew)(tx, reader_id())
    return go("/sessions/calendar", "no-address" if none else "new-address")


@blueprint.post("/circles/<id>/feed")
@access.needs("organizer")
def renew_circle(id: str) -> Response:
    """Another address for a circle's calendar."""
    with db.write(SERVICE) as tx:
        feeds.renew_circle(tx, id)
    return go(url(id), "new-address")
