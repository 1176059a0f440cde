"""API tokens: made, listed, revoked."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import NOT_FOUND, WRONG, Blueprint

from ... import api_tokens, schemas
from ..pages import not_found, reader_id
from .acting import do, organizer

blueprint = Blueprint("signup", "tokens", "API tokens")


@blueprint.get("/tokens")
@access.scopes("read")
@blueprint.response(200, schemas.Tokens)
def listed() -> dict[str, Any]:
    """All tokens of all organizers, and when each was last used."""
    with db.read("signup") as tx:
        return {"tokens": api_tokens.listed(tx)}


@blueprint.post("/tokens")
@access.scopes()
@blueprint.arguments(schemas.TokenGiven)
@blueprint.response(201, schemas.TokenMade)
@blueprint.doc(responses={422: WRONG})
def make(body: dict[str, Any]) -> dict[str, Any]:
    """Make a token that acts for you, shown this once. One that a token made is revoked with it, and ends no later."""
    made = do(api_tokens.create, reader_id(), body["name"], body["scope"], body["days"], by=organizer)
    return {"id": made.id, "token": made.text(), "until": made.until}


@blueprint.delete("/tokens/<id>")
@access.scopes()
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND})
def revoke(id: str) -> None:
    """Void it at once, for good. Twice is no harm."""
    with db.read("signup") as tx:
        if id not in {each["id"] for each in api_tokens.listed(tx)}:
            not_found("token")
    do(api_tokens.revoke, id, by=organizer)
