"""The API of notifications: mails, and what a person decides about those that are held; addresses that get none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.engine import Connection

from shared import access, db, exporting
from shared.api import CONFLICT, NOT_FOUND, Blueprint, Empty, file
from shared.ops import api as operation_api

from .. import outbox, suppressed
from ..inbound import taking
from ..mail import held
from ..models import SERVICE
from ..schemas import Address, CameIn, Decided, Held, MailPage, MailQuery, MailWhole, PageQuery, Suppressions
from . import catalogue, chat, operation, preferences, quiet
from . import suppressed as addresses
from .pages import attached, found

blueprint = Blueprint(SERVICE, "mails", "Mails, for organizers")
blueprints = [
    blueprint,
    preferences.api,
    catalogue.api,
    chat.api,
    quiet.api,
    exporting.api(SERVICE),
    operation_api.blueprint(SERVICE, more=operation.state),
]


@blueprint.get("/mails")
@access.scopes("read")
@blueprint.arguments(MailQuery, location="query")
@blueprint.response(200, MailPage)
def mails(asked: dict[str, Any]) -> outbox.Found:
    """The ledger of mail, newest first, 50 a page."""
    with db.read(SERVICE) as tx:
        return outbox.find(tx, outbox.Wanted(**asked))


@blueprint.get("/mails/held")
@access.scopes("read", "operate")
@blueprint.response(200, Held)
def all_held() -> dict[str, Any]:
    """Mails of which nobody can know whether the server took them, the oldest first."""
    with db.read(SERVICE) as tx:
        return {"mails": held.listed(tx)}


@blueprint.get("/mails/<uuid:id>")
@access.scopes("read")
@blueprint.response(200, MailWhole)
@blueprint.doc(responses={404: NOT_FOUND})
def mail(id: UUID) -> dict[str, Any]:
    """One mail with its text. Its links are hidden: who opens one is signed in as its reader."""
    shown = found(str(id), hidden=True)
    parts = {name: getattr(shown, name) for name in ("subject", "text", "html", "headers")}
    return {**shown.row._mapping, **parts}


@blueprint.get("/mails/<uuid:id>/mail.eml")
@access.scopes("read")
@blueprint.doc(responses={200: file("message/rfc822", "The mail, its links hidden"), 404: NOT_FOUND})
def eml(id: UUID) -> Response:
    """The mail as a file that mail programs open."""
    return attached(found(str(id), hidden=True))


@blueprint.post("/mails/<uuid:id>/arrived")
@access.scopes("operate")
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, Decided)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def arrived(_body: Any, id: UUID) -> dict[str, str]:
    """Say of a held mail that it reached its reader. Hold takes it back."""
    return _decided(held.arrived, id, "arrived")


@blueprint.post("/mails/<uuid:id>/again")
@access.scopes("operate")
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, Decided)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def again(_body: Any, id: UUID) -> dict[str, str]:
    """Send a held mail once more."""
    return _decided(held.again, id, "again")


@blueprint.post("/mails/<uuid:id>/hold")
@access.scopes("operate")
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, Decided)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def hold(_body: Any, id: UUID) -> dict[str, str]:
    """Hold it again: it was a mistake to say that it arrived."""
    return _decided(held.undo, id, "held")


@blueprint.get("/inbound")
@access.scopes("read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, CameIn)
def came_in(asked: dict[str, str]) -> dict[str, Any]:
    """Mails that came in and what became of them, newest first, 50 a page."""
    with db.read(SERVICE) as tx:
        rows, following = taking.listed(tx, asked["before"])
    return {"mails": rows, "next": following}


@blueprint.get("/suppressions")
@access.scopes("read", "operate")
@blueprint.response(200, Suppressions)
def suppressions() -> dict[str, Any]:
    """Addresses that get no mail, and those that were lifted of late; the latest first, at most 500."""
    with db.read(SERVICE) as tx:
        return {"suppressions": suppressed.listed(tx)}


@blueprint.post("/suppressions/lift")
@access.scopes("operate")
@blueprint.arguments(Address)
@blueprint.response(200, Decided)
@blueprint.doc(responses={409: CONFLICT})
def lift(body: dict[str, str]) -> dict[str, str]:
    """Let mail go to an address again, from the next one on. Restore takes it back."""
    addresses.decide(suppressed.lift, body["address"])
    return {"done": "lifted"}


@blueprint.post("/suppressions/restore")
@access.scopes("operate")
@blueprint.arguments(Address)
@blueprint.response(200, Decided)
@blueprint.doc(responses={409: CONFLICT})
def restore(body: dict[str, str]) -> dict[str, str]:
    """Take a lift back."""
    addresses.decide(suppressed.restore, body["address"])
    return {"done": "restored"}


def _decided(command: Callable[[Connection, str, str], None], id: UUID, done: str) -> dict[str, str]:
    found(str(id))
    operation.decide(command, id)
    return {"done": done}
