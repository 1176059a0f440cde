"""The organizer's pages about circles: one of them, its settings, the policy."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from .. import people
from ..circles import health, journal, policy, reading, settings
from ..invites import feeds
from ..meetings import reading as meetings
from ..models import SERVICE
from ..rules.states import SessionState
from ..turns import verbs
from . import showing
from .answers import who
from .pages import go, page, reader_zone, try_to

blueprint = Blueprint("circles", __name__, url_prefix="/sessions/circles")
HOME = "/sessions/circles"


def url(circle: str, more: str = "") -> str:
    """The page of a circle, or one below it."""
    return f"{HOME}/{circle}{more}"


@blueprint.get("/<id>")
@access.needs("organizer")
def one(id: str) -> Response:
    """One circle: who is in it, when it meets, what was changed."""
    with db.read(SERVICE) as tx:
        row, zone = reading.one(tx, id), reader_zone(tx)
        given: dict[str, Any] = {
            "circle": row,
            "stream": people.streams(tx).get(row["stream"], row["stream"]),
            "members": showing.members(tx, id),
            "series": meetings.current(tx, id),
            "sessions": showing.sessions(tx, id),
            "moments": showing.moments(tx, journal.entries(tx, id), zone),
            "others": [each for each in reading.listed(tx, row["stream"]) if each["id"] != id],
            "into": reading.one(tx, row["merged_into"])["name"] if row["merged_into"] else None,
            "zone": zone,
            "feed": feeds.address_of_circle(row),
        }
    count = len(given["members"])
    given["state"] = health.state(
        row["closed_at"] is not None, count, any(s["state"] != SessionState.CANCELLED for s in given["sessions"])
    )
    return page("circle.html", **given)


@blueprint.route("/<id>/settings", methods=["GET", "POST"])
@access.needs("organizer")
def edit(id: str) -> Response:
    """Its name, and how many it takes."""
    problems: list[dict[str, str]] = []
    given = request.form
    if request.method == "POST":
        typed = (given.get("name", ""), given.get("most", ""))
        problems = try_to(settings.save_circle, id, *typed, seen=given.get("seen"))
        if not problems:
            return go(url(id), "saved")
    with db.read(SERVICE) as tx:
        row, usual = reading.open_one(tx, id), policy.read(tx).most
    shown = given if request.method == "POST" else {"name": row["name"], "most": row["most"] or ""}
    return page("settings.html", problems, circle=row, typed=shown, usual=usual, seen=settings.token(row))


@blueprint.route("/policy", methods=["GET", "POST"])
@access.needs("organizer")
def rules() -> Response:
    """How many members a circle has, how many places a stream, and who waits."""
    problems: list[dict[str, str]] = []
    given = request.form.to_dict()
    if request.method == "POST":
        typed = {name: value for name, value in given.items() if not name.startswith("seen.")}
        seen = {name.removeprefix("seen."): value for name, value in given.items() if name.startswith("seen.")}
        problems = try_to(settings.save, typed, seen=seen)
        if not problems:
            return go(f"{HOME}/policy", "saved")
    with db.read(SERVICE) as tx:
        held = settings.as_typed(policy.read(tx))
        streams = [
            {"slug": slug, "name": name, "taken": reading.taken(tx, slug), "line": reading.line(tx, slug)}
            for slug, name in people.streams(tx).items()
        ]
        zone = reader_zone(tx)
    return page("policy.html", problems, held=held, typed=given or held, streams=streams, zone=zone)


@blueprint.post("/changes/<id>/undo")
@access.needs("member", "organizer")
def undo(id: str) -> Response:
    """Take back one change of the journal: members what they did themselves."""
    with db.write(SERVICE) as tx:
        entry = journal.undo(tx, who().actor, id)
    return go(url(entry["circle"], "/turns" if entry["verb"] in verbs.VERBS else ""), "undone")
