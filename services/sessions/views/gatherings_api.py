"""The JSON API of the organizers' monthly meeting and of talks."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import Blueprint, Empty

from .. import gatherings_schemas as schemas
from .. import people
from ..gatherings import asking, notes, plans, proposing, reading, recipients
from ..invites import reading as invites
from ..models import SERVICE
from ..rules.refusals import Refused
from .answers import not_found
from .pages import actor, reader_id
from .turns_api import refuse

blueprint = Blueprint(SERVICE, "gatherings", "The organizers' monthly meeting, and talks")


def _do(command: Any, *given: Any, **more: Any) -> Any:
    """One command in one transaction; what is refused, as problem+json."""
    try:
        with db.write(SERVICE) as tx:
            return command(tx, actor(), *given, **more)
    except Refused as refused:
        refuse(refused)


@blueprint.get("/gatherings")
@access.scopes("read")
@blueprint.response(200, schemas.Gatherings)
def listed() -> dict[str, Any]:
    """All meetings and talks, the latest first."""
    with db.read(SERVICE) as tx:
        return {"gatherings": reading.listed(tx)}


@blueprint.post("/gatherings")
@access.scopes()
@blueprint.arguments(schemas.Propose)
@blueprint.response(201, schemas.Proposed)
def propose(asked: dict[str, Any]) -> dict[str, Any]:
    """Propose one, by its plan or as usual; nobody is told."""
    return {"id": _do(proposing.propose, asked["kind"])}


@blueprint.get("/gatherings/<id>")
@access.scopes("read")
@blueprint.response(200, schemas.Whole)
def one(id: str) -> dict[str, Any]:
    """One of them, and for whom it is."""
    with db.read(SERVICE) as tx:
        try:
            row = reading.one(tx, id)
        except Refused:
            not_found("meeting or talk")
        who = recipients.of(tx, row)
        ids = who.people if row["sequence"] is None else reading.people_told(tx, id)
        names, said = people.names(tx, ids) | {row["guest"]: row["guest_name"]}, invites.answers(tx, [id])[id]
    listed = [{"person": each, "name": names[each], "answer": said.get(each)} for each in ids]
    return {**row, "recipients": listed, "recipients_token": who.token, "without": who.without}


@blueprint.put("/gatherings/<id>")
@access.scopes()
@blueprint.arguments(schemas.Edit)
@blueprint.response(204)
def edit(asked: dict[str, Any], id: str) -> None:
    """Change it; what was sent is told anew."""
    seen = None if asked["seen"] is None else str(asked["seen"])
    typed = {name: asked[name] for name in asking.FIELDS}
    _do(proposing.save, id, typed, asked["streams"], seen, asked["agenda_anew"])


@blueprint.post("/gatherings/<id>/send")
@access.scopes()
@blueprint.arguments(schemas.Send)
@blueprint.response(204)
def send(asked: dict[str, Any], id: str) -> None:
    """Invite everybody; a second time does nothing."""
    _do(proposing.send, id, asked["seen"])


@blueprint.post("/gatherings/<id>/split")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Made)
def split(_body: Any, id: str) -> dict[str, Any]:
    """A proposal per stream in place of one for all."""
    return {"ids": _do(proposing.split, id)}


@blueprint.post("/gatherings/<id>/drop")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(204)
def drop(_body: Any, id: str) -> None:
    """Do not send this proposal."""
    _do(proposing.drop, id)


@blueprint.post("/gatherings/<id>/take-up")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(204)
def take_up(_body: Any, id: str) -> None:
    """Propose again what was dropped."""
    _do(proposing.take_up, id)


@blueprint.post("/gatherings/<id>/cancel")
@access.scopes()
@blueprint.arguments(schemas.Cancel)
@blueprint.response(204)
def cancel(asked: dict[str, Any], id: str) -> None:
    """Call off what was sent."""
    _do(proposing.cancel, id, asked["reason"])


@blueprint.post("/gatherings/<id>/restore")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(204)
def restore(_body: Any, id: str) -> None:
    """It takes place after all."""
    _do(proposing.restore, id)


@blueprint.put("/gatherings/<id>/notes")
@access.scopes()
@blueprint.arguments(schemas.Notes)
@blueprint.response(204)
def keep_notes(asked: dict[str, Any], id: str) -> None:
    """Keep notes and a recording's address; share them, once."""
    seen = None if asked["seen"] is None else str(asked["seen"])
    _do(notes.save, id, asked["notes"], asked["recording"] or "", seen, asked["share"])


@blueprint.delete("/gatherings/<id>/guest")
@access.scopes()
@blueprint.response(204)
def forget_guest(id: str) -> None:
    """Take the guest's name and address out, everywhere."""
    _do(notes.forget_guest, id)


@blueprint.get("/gathering-plans/<kind>")
@access.scopes("read")
@blueprint.response(200, schemas.MonthPlan)
def plan(kind: str) -> dict[str, Any]:
    """When the next one of a kind is proposed by itself."""
    if kind not in reading.KINDS:
        not_found("plan")
    with db.read(SERVICE) as tx:
        return plans.one(tx, kind)


@blueprint.put("/gathering-plans/<kind>")
@access.scopes()
@blueprint.arguments(schemas.MonthPlan)
@blueprint.response(204)
def save_plan(asked: dict[str, Any], kind: str) -> None:
    """Set that plan, or end it."""
    if kind not in reading.KINDS:
        not_found("plan")
    active = asked.pop("active")
    _do(lambda tx, _by: plans.save(tx, kind, asked, active))


@blueprint.put("/talks/wanted")
@access.scopes(role=("member", "organizer"))
@blueprint.arguments(schemas.Talks)
@blueprint.response(204)
def want_talks(asked: dict[str, Any]) -> None:
    """Whether one wants invites to talks."""
    _do(lambda tx, _by: notes.want_talks(tx, reader_id(), asked["wanted"]))
