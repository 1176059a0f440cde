"""Where a reminder of the first post leads to move it: GET shows, POST moves."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import db, tokens
from shared.problems import problem

from .. import firsts
from ..models import SERVICE
from ..rules.firsts import SNOOZE
from .pages import go, page

blueprint = Blueprint("firsts", __name__, url_prefix="/blog")


@blueprint.route("/first-post/<token>", methods=["GET", "POST"])
def later(token: str) -> Response:
    """Remind me later. Who holds the link needs no sign-in; it moves it once."""
    try:
        claims = tokens.read("first-post", token)
        who, seen = str(claims["person"]), int(claims["pushed"])
    except (tokens.BadToken, KeyError, TypeError, ValueError):
        problem(410, "This link leads nowhere any more", "It is too old, or was broken in two. The next mail has one.")
    if request.method == "POST":
        with db.write(SERVICE) as tx:
            firsts.snooze(tx, who, seen)
        return go(tokens.path("first-post", token), "later")
    with db.read(SERVICE) as tx:
        waits = firsts.waits(tx, who)
    return page("first.html", waits=waits, moved=waits is not None and waits["days"] != seen, days=SNOOZE)
