"""The audit log: everything done to the program and its people, by whom."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db

from ... import audit, program
from . import wording
from .acting import HOME, page

LARGEST = 2**63 - 1  # of a place; what is larger no database takes
blueprint = Blueprint("organizer_log", __name__, url_prefix=f"{HOME}/audit")


@blueprint.get("")
@access.needs("organizer")
def log() -> Response:
    """The log, the latest first."""
    before = min(max(0, request.args.get("before", 0, type=int)), LARGEST)
    with db.read("signup") as tx:
        found, now = audit.entries(tx, before), program.load(tx)
        names = wording.names(now, program.questions(tx))
    return page(
        "audit",
        "audit.html",
        entries=[wording.entry(row, names) for row in found.rows],
        next=found.next,
        before=before,
        zone=now.timezone,
    )
