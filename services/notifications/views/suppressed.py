"""Addresses that get no mail: who, why, since when, and the button that lifts it. Organizers only."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, render_template, request
from sqlalchemy.engine import Connection

from shared import access, db, ops
from shared.web import go, problem

from .. import suppressed
from ..models import SERVICE
from .pages import reader_zone

blueprint = Blueprint("suppressed", __name__, url_prefix="/notifications/suppressed")
HOME = "/notifications/suppressed"
SAID = {
    "lifted": "Mail goes there again, from the next one on. If that was a mistake, take it back below.",
    "restored": "It gets no mail again.",
}


@blueprint.get("")
@access.needs("organizer")
def index() -> str:
    """All of them, or those of one address."""
    of = request.args.get("q", "").strip()
    with db.read(SERVICE) as tx:
        found, zone = suppressed.listed(tx, of or None), reader_zone(tx)
    return render_template(
        "notifications/suppressed.html",
        now=[each for each in found if not each.lifted],
        lifted=[each for each in found if each.lifted],
        said=SAID.get(request.args.get("said", "")),
        zone=zone,
        home=HOME,
        of=of,
    )


@blueprint.post("/lift")
@access.needs("organizer")
def lift() -> Response:
    """Let mail go there again."""
    decide(suppressed.lift, request.form.get("address", ""))
    return go(HOME, "lifted")


@blueprint.post("/restore")
@access.needs("organizer")
def restore() -> Response:
    """It was a mistake to lift it."""
    decide(suppressed.restore, request.form.get("address", ""))
    return go(HOME, "restored")


def decide(command: Callable[[Connection, str, str], None], address: str) -> None:
    """One decision about an address, by whoever asks.

    :raises Problem: it cannot be done to that address.
    """
    who = access.reader()
    try:
        with db.write(SERVICE) as tx:
            command(tx, address, who.actor if who else ops.NOBODY)
    except suppressed.Refused as refused:
        problem(409, "This cannot be done to this address", str(refused))
