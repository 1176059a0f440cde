"""Where the mail "a place is free" leads: a page that says what it is about, and two buttons."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import clock, db, tokens
from shared.web import problem

from .. import people
from ..circles import placing, reading
from ..models import SERVICE
from ..rules.refusals import Refused
from .pages import page

blueprint = Blueprint("offers", __name__, url_prefix="/sessions")


@blueprint.route("/place/<token>", methods=["GET", "POST"])
def place(token: str) -> Response:
    """Take the place, or not now. Who holds the link needs no sign-in."""
    try:
        claims = tokens.read("place", token)
        person, offer = str(claims["person"]), str(claims["offer"])
    except (tokens.BadToken, KeyError):
        problem(
            410,
            "This link leads nowhere any more",
            "It is too old, or was broken in two. Sign in to see your place in line.",
        )
    if request.method == "POST":
        taken = request.form.get("answer") == "take"
        try:
            with db.write(SERVICE) as tx:
                (placing.accept if taken else placing.decline)(tx, person, offer)
        except Refused as refused:
            problem(410, refused.message, refused.remedy)
        return page("answered.html", taken=taken)
    with db.read(SERVICE) as tx:
        found, here = placing.offered(tx, person, offer), reading.place_of(tx, person)
        zone, streams = people.zone(tx, person), people.streams(tx)
    if found is None:
        if here:
            return page("answered.html", taken=True)
        words = "You keep your place in line, and get a mail when one is free again."
        problem(410, "This place is not offered any more", words)
    stream = streams.get(found["stream"], found["stream"])
    return page("offer.html", offer=found, stream=stream, zone=zone, now=clock.now())
