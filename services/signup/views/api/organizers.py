"""Who runs the program."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import CONFLICT, NOT_FOUND, WRONG, Blueprint

from ... import access_links, people, schemas
from .acting import do, organizer
from .members import one

blueprint = Blueprint("signup", "organizers", "Who runs the program")


@blueprint.get("/organizers")
@access.scopes("read")
@blueprint.response(200, schemas.Organizers)
def listed() -> dict[str, Any]:
    """All organizers, by name."""
    with db.read("signup") as tx:
        return {"organizers": people.organizers(tx)}


@blueprint.post("/organizers")
@access.scopes()
@blueprint.arguments(schemas.OrganizerGiven)
@blueprint.response(201, schemas.Organizer)
@blueprint.doc(responses={422: WRONG})
def add(body: dict[str, Any]) -> Any:
    """Make somebody an organizer, known already or not; they get a mail that says so."""
    return one(do(access_links.add_organizer, body["email"], body["name"], by=organizer))


@blueprint.delete("/organizers/<person>")
@access.scopes()
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def remove(person: str) -> None:
    """Take the role away: they are signed out everywhere, and their tokens stop. As members they stay."""
    one(person)
    do(access_links.remove_organizer, person, by=organizer)
