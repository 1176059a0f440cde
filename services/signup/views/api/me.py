"""One's own page, for the member who is signed in; a token of scope `organizer` opens that of who made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from shared import access, db
from shared.api import CONFLICT, NOT_FOUND, TOO_SOON, WRONG, Blueprint, Empty, file

from ... import people, schemas
from ..me import gathered_file, own
from ..pages import not_found, reader_id
from .acting import do, person

blueprint = Blueprint("signup", "me", "One's own page, for members")
OWN = access.scopes(role="member")
ASKED = {"status": "asked", "next": "If nobody else is known by that address, a link is on its way there. Press it."}


@blueprint.get("/me")
@OWN
@blueprint.response(200, schemas.Me)
def me() -> Mapping[str, Any]:
    """What is known of the reader."""
    with db.read("signup") as tx:
        return own(tx)


@blueprint.patch("/me")
@OWN
@blueprint.arguments(schemas.Correction)
@blueprint.response(200, schemas.Me)
@blueprint.doc(responses={409: CONFLICT, 422: WRONG})
def correct(body: dict[str, Any]) -> Mapping[str, Any]:
    """Correct some of it."""
    return _done(people.correct, body)


@blueprint.put("/me/checklist/<item>")
@OWN
@blueprint.arguments(schemas.Tick)
@blueprint.response(200, schemas.Me)
@blueprint.doc(responses={409: CONFLICT})
def tick(body: dict[str, bool], item: str) -> Mapping[str, Any]:
    """Tick something off (chat, github, blog, profile), or take the tick away."""
    return _done(people.tick, item, body["done"])


@blueprint.post("/me/address")
@OWN
@blueprint.arguments(schemas.Address)
@blueprint.response(202, schemas.AddressAsked)
@blueprint.doc(responses={409: CONFLICT, 422: WRONG})
def address(body: dict[str, str]) -> dict[str, str]:
    """Have one's mail sent elsewhere, once the link that is mailed there was pressed."""
    _done(people.ask_new_address, body["email"])
    return ASKED


@blueprint.post("/me/stream")
@OWN
@blueprint.arguments(schemas.Move)
@blueprint.response(200, schemas.Me)
@blueprint.doc(responses={409: CONFLICT, 422: WRONG})
def stream(body: dict[str, str]) -> Mapping[str, Any]:
    """Change to another stream that is open."""
    return _done(people.change_stream, body["stream"])


@blueprint.post("/me/pause")
@OWN
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Me)
@blueprint.doc(responses={409: CONFLICT})
def pause(_body: Any) -> Mapping[str, Any]:
    """Take a break."""
    return _done(people.pause)


@blueprint.post("/me/come-back")
@OWN
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Me)
@blueprint.doc(responses={409: CONFLICT})
def come_back(_body: Any) -> Mapping[str, Any]:
    """Come back from a pause, or after leaving."""
    return _done(people.come_back)


@blueprint.post("/me/leave")
@OWN
@blueprint.arguments(schemas.Leave, required=False)
@blueprint.response(200, schemas.Me)
@blueprint.doc(responses={409: CONFLICT, 422: WRONG})
def leave(body: dict[str, str]) -> Mapping[str, Any]:
    """Leave the program. An organizer who leaves is one no more, and their tokens stop."""
    return _done(people.leave, body["reason"])


@blueprint.post("/me/erase")
@OWN
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Me)
@blueprint.doc(responses={409: CONFLICT})
def erase(_body: Any) -> Mapping[str, Any]:
    """Leave now, and be erased in 30 days; keep undoes it until then."""
    return _done(people.erase_later)


@blueprint.post("/me/keep")
@OWN
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Me)
@blueprint.doc(responses={409: CONFLICT})
def keep(_body: Any) -> Mapping[str, Any]:
    """Take back the wish to be erased."""
    return _done(people.keep)


@blueprint.post("/me/download")
@OWN
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Gathering)
@blueprint.doc(responses={409: CONFLICT, 429: TOO_SOON})
def ask_download(_body: Any) -> Any:
    """Have everything gathered that is held about the reader, in all services; once a day."""
    _done(people.ask_download)
    return _gathering()


@blueprint.get("/me/download")
@OWN
@blueprint.response(200, schemas.Gathering)
@blueprint.doc(responses={404: NOT_FOUND})
def download() -> Any:
    """How far it is."""
    return _gathering()


@blueprint.get("/me/download/my-data.json")
@OWN
@blueprint.doc(
    responses={200: file("application/json", "What is gathered so far, and what is missing"), 404: NOT_FOUND}
)
def my_data() -> Response:
    """What is gathered so far; it says what is missing."""
    return gathered_file()


def _gathering() -> Any:
    with db.read("signup") as tx:
        return people.gathering(tx, reader_id()) or not_found("download")


def _done(command: Any, *given: Any) -> Mapping[str, Any]:
    with db.read("signup") as tx:
        own(tx)
    do(command, reader_id(), *given, by=person)
    with db.read("signup") as tx:
        return own(tx)
