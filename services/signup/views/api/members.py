"""People: the list, one of them, and what an organizer does for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared import access, db
from shared.api import CONFLICT, NOT_FOUND, TOO_SOON, WRONG, Blueprint, Empty

from ... import people, schemas
from ..organizer import wording
from ..organizer.members import actions
from ..pages import not_found
from .acting import do, organizer

blueprint = Blueprint("signup", "members", "People, for organizers")
ANSWERS = {404: NOT_FOUND, 409: CONFLICT}


@blueprint.get("/members")
@access.scopes("read")
@blueprint.arguments(schemas.MemberQuery, location="query")
@blueprint.response(200, schemas.Members)
def listed(asked: dict[str, Any]) -> people.Page:
    """People, searched, filtered, sorted, 50 a page."""
    filters = {"text": asked["q"], "stream": asked["stream"], "state": asked["state"]}
    with db.read("signup") as tx:
        return people.find(tx, filters, asked["sort"], asked["page"])


@blueprint.get("/members/<person>")
@access.scopes("read")
@blueprint.response(200, schemas.Member)
@blueprint.doc(responses={404: NOT_FOUND})
def member(person: str) -> dict[str, Any]:
    """One person, and what can be done for them now."""
    return one(person)


@blueprint.get("/members/<person>/history")
@access.scopes("read")
@blueprint.response(200, schemas.History)
@blueprint.doc(responses={404: NOT_FOUND})
def history(person: str) -> dict[str, Any]:
    """What they did and what was done for them."""
    one(person)
    with db.read("signup") as tx:
        moments = people.history(tx, person, wording.FACTS)
    # The details of facts are the person's own words, which the history need not repeat.
    told = [{**vars(m), "words": wording.words(m.what), "detail": m.detail if m.by else {}} for m in moments]
    return {"history": told}


@blueprint.post("/members/<person>/resend")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Member)
@blueprint.doc(responses={**ANSWERS, 429: TOO_SOON})
def resend(_body: Any, person: str) -> dict[str, Any]:
    """Mail the confirmation once more; at most once an hour."""
    return _done(people.resend_confirmation, person)


@blueprint.post("/members/<person>/pause")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Member)
@blueprint.doc(responses=ANSWERS)
def pause(_body: Any, person: str) -> dict[str, Any]:
    """No turns and no invitations until they are back."""
    return _done(people.pause, person)


@blueprint.post("/members/<person>/come-back")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Member)
@blueprint.doc(responses=ANSWERS)
def come_back(_body: Any, person: str) -> dict[str, Any]:
    """Back from a pause, or after leaving."""
    return _done(people.come_back, person)


@blueprint.post("/members/<person>/move")
@access.scopes()
@blueprint.arguments(schemas.Move)
@blueprint.response(200, schemas.Member)
@blueprint.doc(responses={**ANSWERS, 422: WRONG})
def move(body: dict[str, str], person: str) -> dict[str, Any]:
    """To another stream, closed ones too. Where they are already nothing happens."""
    return _done(people.change_stream, person, body["stream"])


@blueprint.post("/members/<person>/leave")
@access.scopes()
@blueprint.arguments(schemas.Leave, required=False)
@blueprint.response(200, schemas.Member)
@blueprint.doc(responses={**ANSWERS, 422: WRONG})
def leave(body: dict[str, str], person: str) -> dict[str, Any]:
    """For somebody who told you that they leave. Come back undoes it."""
    return _done(people.leave, person, body["reason"])


@blueprint.post("/members/<person>/alumni")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Member)
@blueprint.doc(responses=ANSWERS)
def alumni(_body: Any, person: str) -> dict[str, Any]:
    """For somebody who reached their goal: out of circles and turns, history kept. Come back undoes it."""
    return _done(people.graduate, person)


@blueprint.post("/members/<person>/address")
@access.scopes()
@blueprint.arguments(schemas.Address)
@blueprint.response(200, schemas.Member)
@blueprint.doc(responses={**ANSWERS, 422: WRONG})
def address(body: dict[str, str], person: str) -> dict[str, Any]:
    """Another address for their mail; the old one is told, and whoever reads it is signed out."""
    return _done(people.readdress, person, body["email"])


@blueprint.post("/members/<person>/erase")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Member)
@blueprint.doc(responses=ANSWERS)
def erase(_body: Any, person: str) -> dict[str, Any]:
    """For somebody who asked you to be forgotten: they leave now, and are erased in 30 days. Keep undoes it."""
    return _done(people.erase_later, person)


@blueprint.post("/members/<person>/keep")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Member)
@blueprint.doc(responses=ANSWERS)
def keep(_body: Any, person: str) -> dict[str, Any]:
    """They changed their mind: nothing is erased."""
    return _done(people.keep, person)


def _done(command: Any, person: str, *given: Any) -> dict[str, Any]:
    one(person)
    do(command, person, *given, by=organizer)
    return one(person)


def one(person: str) -> dict[str, Any]:
    """That person with what can be done for them now, or 404."""
    with db.read("signup") as tx:
        row: Mapping[str, Any] = people.one(tx, person) or not_found("member")
    return {**row, "can": [path for _, path, *_ in actions(row)]}
