"""The audit log: everything done to the program and its people, by whom."""

from __future__ import annotations

from flask import Blueprint, Response

from shared import access, db

from ... import audit, program
from . import wording
from .acting import HOME, page
from .members import page_number

blueprint = Blueprint("organizer_log", __name__, url_prefix=f"{HOME}/audit")


@blueprint.get("")
@access.needs("organizer")
def log() -> Response:
    """The log, the latest first."""
    with db.read("signup") as tx:
        found, now = audit.entries(tx, page_number()), program.load(tx)
        names = wording.names(now, program.questions(tx))
    return page(
        "audit",
        "audit.html",
        entries=[wording.entry(row, names) for row in found.rows],
        total=found.total,
        page=found.page,
        size=audit.PAGE,
        page_url=lambda number: f"{HOME}/audit?page={number}",
        zone=now.timezone,
    )
