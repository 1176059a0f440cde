"""The API of notifications."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from shared import access, db

from .. import outbox
from ..models import SERVICE
from ..schemas import MailPage, MailQuery

blueprint = Blueprint("api", __name__, url_prefix="/notifications/api", description="Mails, for organizers")


@blueprint.get("/mails")
@access.needs("organizer")
@blueprint.arguments(MailQuery, location="query")
@blueprint.response(200, MailPage)
def mails(asked: dict[str, Any]) -> outbox.Found:
    """The ledger of mail, newest first."""
    with db.read(SERVICE) as tx:
        return outbox.find(tx, outbox.Wanted(**asked))
