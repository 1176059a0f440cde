"""For organizers: the agenda that each stream's sessions begin with, and whether minutes come at once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from .. import minutes, people
from ..models import SERVICE
from ..rules import agenda as agendas
from ..rules.refusals import Refused
from .answers import go, not_found, page, refusals, unreadable

blueprint = Blueprint("agendas", __name__, url_prefix="/sessions/agendas")
HOME = "/sessions/agendas/"


@blueprint.get("/")
@access.needs("organizer")
def index() -> Response:
    """All streams."""
    with db.read(SERVICE) as tx:
        known, at_once = people.streams(tx), minutes.at_once(tx)
        streams = [(slug, name, minutes.template(tx, slug) == agendas.USUAL) for slug, name in known.items()]
    return page("agendas.html", streams=streams, at_once=at_once)


@blueprint.post("/at-once")
@access.needs("organizer")
def at_once() -> Response:
    """Minutes at once, or in the digest alone."""
    with db.write(SERVICE) as tx:
        minutes.set_at_once(tx, request.form.get("wanted") == "yes")
    return go(HOME, "saved")


@blueprint.route("/<stream>", methods=["GET", "POST"])
@access.needs("organizer")
def edit(stream: str) -> Response:
    """One stream's agenda."""
    problems: list[dict[str, str]] = []
    typed: Any = None
    if request.method == "POST":
        typed, problems = request.form.get("agenda", ""), unreadable()
        if not problems:
            try:
                with db.write(SERVICE) as tx:
                    _known(tx, stream)
                    if request.form.get("do") == "usual":
                        minutes.reset_agenda(tx, stream)
                    else:
                        minutes.set_agenda(tx, stream, typed)
                return go(f"{HOME}{stream}", "saved")
            except Refused as refused:
                problems = refusals(refused)
    with db.read(SERVICE) as tx:
        name, now = _known(tx, stream), minutes.template(tx, stream)
    shown = now if typed is None else typed
    status = 422 if problems else 200
    usual = now == agendas.USUAL
    return page("agenda.html", status, stream=stream, name=name, agenda=shown, usual=usual, problems=problems)


def _known(tx: Any, stream: str) -> str:
    streams = people.streams(tx)
    if stream not in streams:
        not_found("stream")
    return streams[stream]
