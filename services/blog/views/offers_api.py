"""Blog's JSON API: posts on their way into the program's blog. A route calls what the page of that action calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared import access, db
from shared.api import Blueprint, Empty
from shared.web import problem

from .. import schemas
from ..models import SERVICE
from ..offers import deciding, reading
from ..rules.refusals import Refused
from .api import refuse
from .pages import do

blueprint = Blueprint(SERVICE, "offers", "Posts on their way into the program's blog")


@blueprint.get("/offers")
@access.scopes("read")
@blueprint.arguments(schemas.OffersPage, location="query")
@blueprint.response(200, schemas.Offers)
def listed(asked: dict[str, Any]) -> dict[str, Any]:
    """The offers of one state, and how many there are in each."""
    with db.read(SERVICE) as tx:
        rows = reading.listed(tx, asked["state"], asked["page"])
        return {"offers": rows, "counts": reading.counts(tx)}


@blueprint.get("/offers/<id>")
@access.scopes("read")
@blueprint.response(200, schemas.WholeOffer)
def one(id: str) -> dict[str, Any]:
    """One offer, with the file as it is written and all that was changed on the way."""
    with db.read(SERVICE) as tx:
        row = reading.one(tx, id)
    if row is None:
        problem(404, "There is no such offer", "All of them are listed at /blog/api/offers.")
    return row


def _done(command: Callable[..., Any], id: str, *given: Any) -> dict[str, Any]:
    try:
        do(command, id, *given)
    except Refused as refused:
        refuse(refused, 409)
    return _whole(id)


def _whole(id: str) -> dict[str, Any]:
    with db.read(SERVICE) as tx:
        return reading.one(tx, id) or {}


@blueprint.post("/offers/<id>/accept")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.WholeOffer)
def accept(_body: Any, id: str) -> dict[str, Any]:
    """Merge what is proposed; 409 where that is done on GitHub. It is done soon after the answer."""
    return _done(deciding.decide, id, "accept")


@blueprint.post("/offers/<id>/decline")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.WholeOffer)
def decline(_body: Any, id: str) -> dict[str, Any]:
    """Close what is proposed. It stays declined until its author asks again."""
    return _done(deciding.decide, id, "decline")


@blueprint.post("/offers/<id>/again")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.WholeOffer)
def again(_body: Any, id: str) -> dict[str, Any]:
    """Offer what was declined once more, or try what failed again."""
    return _done(deciding.again, id)


@blueprint.post("/offers/<id>/release")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.WholeOffer)
def release(_body: Any, id: str) -> dict[str, Any]:
    """Say that what seemed to be a secret in the post, as it is now, is none."""
    return _done(deciding.release, id)
