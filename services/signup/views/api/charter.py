"""The charter: its versions, and a new one."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import NOT_FOUND, WRONG, Blueprint

from ... import program, schemas
from .acting import found, organizer

blueprint = Blueprint("signup", "charter", "What people accept when they sign up")


@blueprint.get("/charters")
@access.scopes("read")
@blueprint.response(200, schemas.Charters)
def listed() -> dict[str, Any]:
    """All versions, the latest first: that one holds."""
    with db.read("signup") as tx:
        return {"charters": program.charter_texts(tx)}


@blueprint.get("/charters/<version>")
@access.scopes("read")
@blueprint.response(200, schemas.CharterText)
@blueprint.doc(responses={404: NOT_FOUND})
def version(version: str) -> Any:
    """One version, as it was published."""
    with db.read("signup") as tx:
        return found(program.charter_texts(tx), "version of the charter", version=version)


@blueprint.post("/charters")
@access.scopes()
@blueprint.arguments(schemas.CharterGiven)
@blueprint.response(201, schemas.CharterMade)
@blueprint.doc(responses={422: WRONG})
def publish(body: dict[str, str]) -> dict[str, Any]:
    """Publish a new version: from then on nobody can sign up with the old one. The same text again changes nothing."""
    with db.write("signup") as tx:
        before = program.load(tx).charter.version
        now = program.publish_charter(tx, organizer(), body["text"])
    return {"version": now, "published": now != before}
