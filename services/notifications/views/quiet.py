"""Quiet hours, for organizers: when mail that nobody waits for rests until the morning."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request

from shared import access, db
from shared.api import Blueprint as ApiBlueprint
from shared.problems import Problem
from shared.web import go

from .. import schemas
from ..mail import quiet
from ..models import SERVICE

blueprint = Blueprint("quiet", __name__, url_prefix="/notifications/quiet")
api = ApiBlueprint(SERVICE, "quiet", "When mail that nobody waits for rests")
HOME = "/notifications/quiet"
FIELDS = ("begins", "ends")
HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]


@blueprint.route("", methods=["GET", "POST"])
@access.needs("organizer")
def settings() -> Response:
    """When they begin and end."""
    problems: list[dict[str, str]] = []
    with db.read(SERVICE) as tx:
        now = quiet.read(tx)
    typed = {"begins": str(now.begins), "ends": str(now.ends)}
    if request.method == "POST":
        typed = {field: request.form.get(field, "") for field in FIELDS}
        problems = arrange(typed)
        if not problems:
            return go(f"{HOME}?saved")
    page = render_template(
        "notifications/quiet.html",
        problems=problems,
        typed=typed,
        hours=HOURS,
        words=now.words,
        just_saved="saved" in request.args,
    )
    return make_response(page, 422 if problems else 200)


@api.get("/quiet-hours")
@access.scopes("read")
@api.response(200, schemas.QuietHours)
def hours() -> quiet.Hours:
    """When they begin and end, by each reader's own clock; the same hour twice: there are none."""
    with db.read(SERVICE) as tx:
        return quiet.read(tx)


@api.put("/quiet-hours")
@access.scopes()
@api.arguments(schemas.QuietHoursGiven)
@api.response(200, schemas.QuietHours)
def use_hours(asked: dict[str, Any]) -> quiet.Hours:
    """Let them be others from now on."""
    problems = arrange({field: str(asked[field]) for field in FIELDS})
    if problems:
        raise Problem(422, "These hours cannot be", "Nothing has changed.", problems, {})
    return hours()


def arrange(typed: dict[str, str]) -> list[dict[str, str]]:
    """Let them be so; what is wrong with them, if they are not."""
    who = access.reader()
    try:
        with db.write(SERVICE) as tx:
            quiet.arrange(tx, typed, who.actor if who else "system")
    except quiet.Wrong as wrong:
        return wrong.problems
    return []
