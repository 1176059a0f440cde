"""The JSON API of what organizers oversee and decide: circles' timelines, sessions by state, decisions about one."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import Blueprint

from .. import deciding
from ..circles import health, reading, timeline
from ..meetings import listing
from ..models import SERVICE
from ..rules.refusals import Refused
from ..schemas import organizing as organizing_schemas
from . import showing
from .api import refuse
from .pages import actor, reader_zone

blueprint = Blueprint(SERVICE, "organizing", "Overview and decisions")


@blueprint.get("/overview")
@access.scopes("read")
@blueprint.arguments(organizing_schemas.CirclesPage, location="query")
@blueprint.response(200, organizing_schemas.Overview)
def overview(asked: dict[str, Any]) -> dict[str, Any]:
    """Circles by how they are, 50 a page."""
    with db.read(SERVICE) as tx:
        found, total = health.listed(tx, asked["stream"], asked["show"], asked["page"])
    return {"circles": [organizing_schemas.health(each) for each in found], "total": total}


@blueprint.get("/sessions")
@access.scopes("read")
@blueprint.arguments(organizing_schemas.SessionsPage, location="query")
@blueprint.response(200, organizing_schemas.Sessions)
def sessions(asked: dict[str, Any]) -> dict[str, Any]:
    """Sessions in one state, late ones first, 50 a page."""
    with db.read(SERVICE) as tx:
        counts = listing.counts(tx, asked["stream"])
        found = listing.listed(tx, asked["state"], asked["stream"], asked["page"])
    return {"sessions": found, "total": counts[asked["state"]], "counts": counts}


@blueprint.get("/circles/<id>/timeline")
@access.scopes("read")
@blueprint.arguments(organizing_schemas.Page, location="query")
@blueprint.response(200, organizing_schemas.Timeline)
def history(asked: dict[str, Any], id: str) -> dict[str, Any]:
    """All that happened in a circle, the latest first, 30 a page."""
    try:
        with db.read(SERVICE) as tx:
            found, more = timeline.past(tx, reading.one(tx, id), asked["page"])
            shown = showing.history(tx, found, reader_zone(tx))
    except Refused as refused:
        refuse(refused)
    return {"moments": [organizing_schemas.moment(each) for each in shown], "more": more}


@blueprint.post("/sessions/<id>/decisions")
@access.scopes()
@blueprint.arguments(organizing_schemas.Decision)
@blueprint.response(200, organizing_schemas.Decided)
def decide(given: dict[str, Any], id: str) -> dict[str, Any]:
    """Decide something about a session in somebody's place; with `preview` only what would happen."""
    asked = deciding.Asked(
        given["deed"], given["reason"], given["person"], given["agreed"], given["answer"], given["marks"],
        tuple(given["people"]),
    )  # fmt: skip
    try:
        if given["preview"]:
            found = deciding.preview(actor(), id, asked)
        else:
            with db.write(SERVICE) as tx:
                found = deciding.decide(tx, actor(), id, asked, given["seen"])
    except Refused as refused:
        refuse(refused)
    return {"effects": found.effects, "seen": found.token}
