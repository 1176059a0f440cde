"""The digests there were, what the next one would say, and when it comes. Organizers only."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy.engine import Connection

from shared import access, clock, db, face
from shared.web import go, problem

from ..digest import arranging, wording, writing
from ..models import SERVICE, digest
from .pages import reader_zone

blueprint = Blueprint("digests", __name__, url_prefix="/notifications/digests")
HOME = "/notifications/digests"
FIELDS = ("every", "weekday", "hour", "zone")
HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]
WEEKDAYS = [(str(number), name) for number, name in enumerate(arranging.DAYS)]


@blueprint.get("")
@access.needs("organizer")
def index() -> str:
    """All there were, newest first, and when the next one comes."""
    with db.read(SERVICE) as tx:
        rows = tx.execute(sa.select(digest).order_by(digest.c.period.desc())).mappings().all()
        zone = reader_zone(tx)
        times = _times(tx)
    # Drawn after the reading has given its connection back: a page reads more on its way.
    shown = [(row["period"], wording.shown(row["data"], zone)) for row in rows]
    return render_template("notifications/digests.html", digests=shown, just_saved="saved" in request.args, **times)


@blueprint.get("/next")
@access.needs("organizer")
def preview() -> str:
    """What it would say if it came now. Nothing is written, and nobody is mailed."""
    with db.read(SERVICE) as tx:
        told = wording.shown(writing.made(tx, clock.now()), reader_zone(tx))
        times = _times(tx)
    return render_template("notifications/digest.html", digest=told, period=None, **times)


@blueprint.get("/<period>")
@access.needs("organizer")
def show(period: str) -> str:
    """One of them, as it was mailed."""
    with db.read(SERVICE) as tx:
        data = tx.execute(sa.select(digest.c.data).where(digest.c.period == period)).scalar()
        if data is None:
            problem(404, "There is no such digest", "Look for it in the list at /notifications/digests.")
        told = wording.shown(data, reader_zone(tx))
        times = _times(tx)
    return render_template("notifications/digest.html", digest=told, period=period, **times)


@blueprint.route("/settings", methods=["GET", "POST"])
@access.needs("organizer")
def settings() -> Response:
    """How often it comes, on which day, when, and by whose clock."""
    problems: list[dict[str, str]] = []
    with db.read(SERVICE) as tx:
        now = arranging.read(tx)
    typed = {"every": now.every, "weekday": str(now.weekday), "hour": str(now.hour), "zone": now.zone}
    if request.method == "POST":
        typed = {field: request.form.get(field, "") for field in FIELDS}
        who = access.reader()
        try:
            with db.write(SERVICE) as tx:
                arranging.arrange(tx, typed, who.actor if who else "system")
        except arranging.Wrong as wrong:
            problems = wrong.problems
        else:
            return go(f"{HOME}?saved")
    page = render_template(
        "notifications/digest_settings.html",
        problems=problems,
        typed=typed,
        every=list(arranging.EVERY.items()),
        weekdays=WEEKDAYS,
        hours=HOURS,
        zones=face.zone_groups(typed["zone"]),
    )
    return make_response(page, 422 if problems else 200)


def _times(tx: Connection) -> dict[str, Any]:
    now = clock.now()
    times = {"next": arranging.following(tx, now), "due": arranging.is_due(tx, now)}
    return {"zone": reader_zone(tx), "words": arranging.read(tx).words, **times}
