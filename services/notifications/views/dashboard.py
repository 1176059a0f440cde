"""The dashboard: the digest of now, how everything is, and what is counted. Organizers only; it changes nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request

from shared import access, clock, db

from .. import people
from ..digest import arranging, board, board_words, wording, writing
from ..models import SERVICE
from ..rules import digest as rules
from ..rules import health
from .pages import reader_zone

blueprint = Blueprint("dashboard", __name__, url_prefix="/notifications/dashboard")
HOME = "/notifications/dashboard"
PAGE = 50
SHOW = {"": "All that meet", health.TROUBLE: "In trouble", health.WATCH: "To watch", health.WELL: "Well",
        health.EARLY: "Too early to say"}  # fmt: skip


@blueprint.get("")
@access.needs("organizer")
def index() -> str:
    """What needs an organizer, what changed since the last digest, how everything is, and the numbers."""
    return render_template("notifications/dashboard.html", **page())


def page() -> dict[str, Any]:
    """All that the dashboard shows; the digest in it is the one that `digests/next` shows."""
    with db.read(SERVICE) as tx:
        known = writing.known(tx, clock.now())
        digest, zone = writing.composed(tx, known), reader_zone(tx)
        told = board.board(tx, known, arranging.read(tx).zone)
        names = people.called(tx, [each["person"] for each in told["people"]], hold=False)
        next, due = arranging.following(tx, clock.now()), arranging.is_due(tx, clock.now())
    circles = told["circles"]
    few = len(circles) <= rules.MANY
    shown = circles if few else [each for each in circles if each["state"] in health.STATES[:2]][: rules.EXCEPTIONS]
    return {
        "digest": wording.shown(digest, zone),
        "board": board_words.shown(told, names, zone),
        "circles": [board_words.circle(each, known.streams, zone) for each in shown],
        "few": few,
        "empty": not (circles or any(told["funnel"]) or digest["needs"]),
        "zone": zone,
        "next": next,
        "due": due,
    }


@blueprint.get("/circles")
@access.needs("organizer")
def circles() -> str:
    """All circles that meet, by how they are; found by name, stream and state."""
    typed = {name: request.args.get(name, "") for name in ("q", "stream", "show")}
    with db.read(SERVICE) as tx:
        known = writing.known(tx, clock.now())
        zone, every = reader_zone(tx), board.circles(tx, known)
    found = [each for each in every if _is_meant(each, typed)]
    number = request.args.get("page", "")
    current = min(
        int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1, len(found) // PAGE + 1
    )
    start = (max(1, current) - 1) * PAGE
    return render_template(
        "notifications/dashboard_circles.html",
        circles=[board_words.circle(each, known.streams, zone) for each in found[start : start + PAGE]],
        total=len(found),
        any=bool(every),
        typed=typed,
        number=max(1, current),
        size=PAGE,
        url=lambda page: f"{HOME}/circles?{urlencode({**typed, 'page': page})}",
        show=list(SHOW.items()),
        streams=list(known.streams.items()),
    )


def _is_meant(each: dict[str, Any], typed: dict[str, str]) -> bool:
    words = typed["q"].casefold().split()
    return (
        all(word in each["name"].casefold() for word in words)
        and typed["stream"] in ("", each["stream"])
        and typed["show"] in ("", each["state"])
    )
