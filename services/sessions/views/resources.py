"""A stream's links, as its circles shared them in their minutes."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db

from .. import people, resources, rights
from ..models import SERVICE
from ..rules.refusals import Missing
from .answers import forbidden, go, not_found, page, reader_zone, who

blueprint = Blueprint("resources", __name__, url_prefix="/sessions/resources")
SIZE = 50


@blueprint.get("/<stream>")
@access.needs("member", "organizer")
def index(stream: str) -> Response:
    """All of them, newest first; hidden ones below, for those who may show them again."""
    asked = request.args.get("page", "1")
    number = min(int(asked), 100_000) if asked.isascii() and asked.isdigit() and int(asked) else 1
    with db.read(SERVICE) as tx:
        streams = people.streams(tx)
        if stream not in streams:
            not_found("stream")
        reader = who()
        if not rights.may_browse(tx, reader.person, reader.roles):
            forbidden("These links are the members'", "A guest sees what belongs to the session they mentor.")
        shown, total = resources.shown(tx, stream, page=number, size=SIZE)
        hidden, _ = resources.shown(tx, stream, hidden=True)
        may = {row["id"] for row in (*shown, *hidden) if rights.may_hide(tx, row, reader.person, reader.roles)}
        zone = reader_zone(tx)
    return page(
        "resources.html",
        stream=stream,
        name=streams[stream],
        streams=streams,
        streams_tabs=[(words, f"/sessions/resources/{slug}", slug) for slug, words in streams.items()],
        page_url=lambda n: f"/sessions/resources/{stream}?page={n}",
        shown=shown,
        hidden=[row for row in hidden if row["id"] in may],
        may=may,
        number=number,
        size=SIZE,
        total=total,
        zone=zone,
    )


@blueprint.post("/<stream>/<id>")
@access.needs("member", "organizer")
def hide(stream: str, id: str) -> Response:
    """Hide a link, or show it again."""
    away, reader = request.form.get("do") == "hide", who()
    with db.write(SERVICE) as tx:
        row = resources.one(tx, id)
        if row is None or row["stream"] != stream:
            raise Missing("resource", "There is no such link.", "It was taken out of the minutes; load the page again.")
        if not rights.may_hide(tx, row, reader.person, reader.roles):
            forbidden("Another circle shared this link", "That circle and the organizers can hide it.")
        resources.hide(tx, id, away)
    return go(f"/sessions/resources/{stream}", "hidden" if away else "shown")
