"""Still with us? Where that mail leads, and the same from one's own page. GET shows, POST answers."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db, tokens
from shared.web import problem

from .. import people
from ..models import SERVICE
from ..rules.refusals import Refused
from ..rules.silence import ANSWERS
from ..turns import checkins
from .pages import go, page, reader_id

blueprint = Blueprint("checkins", __name__, url_prefix="/sessions")


@blueprint.route("/checkin/<token>", methods=["GET", "POST"])
def linked(token: str) -> Response:
    """Where the buttons of the mail lead. Who holds the link needs no sign-in."""
    try:
        claims = tokens.read("checkin", token)
        person, id = str(claims["person"]), str(claims["checkin"])
    except (tokens.BadToken, KeyError):
        problem(
            410,
            "This link leads nowhere any more",
            "It is too old, or was broken in two. Sign in, and answer on your sessions page.",
        )
    return _answered(id, person, tokens.path("checkin", token))


@blueprint.route("/checkins/<id>", methods=["GET", "POST"])
@access.needs("member")
def mine(id: str) -> Response:
    """The same from one's own page."""
    return _answered(id, reader_id(), f"/sessions/checkins/{id}")


def _answered(id: str, person: str, back: str) -> Response:
    try:
        if request.method == "POST":
            said = request.form.get("answer", "")
            with db.write(SERVICE) as tx:
                checkins.answer(tx, id, person, said)
            return go(back, f"checkin-{said}")
        with db.read(SERVICE) as tx:
            row, runs = checkins.one(tx, id, person), person in people.organizers(tx)
            zone = people.zone(tx, person)
    except Refused as refused:
        problem(422 if refused.field == "answer" else 410, refused.message, refused.remedy)
    wanted = request.args.get("answer", "")
    return page("checkin.html", row=row, runs=runs, zone=zone, wanted=wanted if wanted in ANSWERS else "yes")
