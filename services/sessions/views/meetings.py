"""The organizer's pages about dates: a series with its preview, one date skipped or moved."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from .. import people
from ..circles import reading as circles
from ..meetings import asking, changing, reading
from ..models import SERVICE
from ..rules.refusals import Refused
from .circles import url
from .pages import actor, go, page, reader_zone, refusals, try_to, unreadable

blueprint = Blueprint("meetings", __name__, url_prefix="/sessions")
REASON_MOST = 1000


@blueprint.route("/circles/<id>/dates", methods=["GET", "POST"])
@access.needs("organizer")
def series(id: str) -> Response:
    """Begin a series, or change it from a date on: the form, what it would do, and the doing."""
    given = request.form
    problems = unreadable() if request.method == "POST" else []
    typed: dict[str, Any] = {field: given.get(field, "") for field in (*asking.FIELDS, "reason")}
    plan = None
    if request.method == "POST" and not problems:
        try:
            wanted = asking.read(typed)
            if given.get("step") == "save":
                with db.write(SERVICE) as tx:
                    changing.save(tx, actor(), id, wanted, typed["reason"][:REASON_MOST], seen=given.get("seen"))
                return go(url(id), "dates")
            if given.get("step") != "edit":
                with db.read(SERVICE) as tx:
                    plan = changing.preview(tx, id, wanted)
        except Refused as refused:
            problems = refusals(refused)
    with db.read(SERVICE) as tx:
        row, zone, now = circles.open_one(tx, id), reader_zone(tx), reading.current(tx, id)
        if request.method != "POST":
            typed = _shown(now, reading.next_one(tx, id), people.program_zone(tx))
    return page(
        "series.html", problems, circle=row, current=now, typed=typed, plan=plan, zone=zone, seen=changing.token(now)
    )


def _shown(now: Any, first: Any, zone: str) -> dict[str, Any]:
    """What the form begins with: the series that holds, or the usual."""
    if now is None:
        return {"weeks": 2, "minutes": 60, "time": "18:30", "zone": zone}
    shown = {field: now[field] for field in asking.FIELDS}
    return {**shown, "first": first["slot"] or first["day"] if first else ""}


@blueprint.route("/dates/<id>/skip", methods=["GET", "POST"])
@access.needs("organizer")
def skip(id: str) -> Response:
    """Leave out one date."""
    problems: list[dict[str, str]] = []
    given = request.form
    if request.method == "POST":
        problems = try_to(changing.skip, id, given.get("reason", "")[:REASON_MOST], seen=given.get("seen"))
    return _date(id, "skip_date.html", "skipped", problems)


@blueprint.route("/dates/<id>/move", methods=["GET", "POST"])
@access.needs("organizer")
def move(id: str) -> Response:
    """Put one session on another date or hour; where somebody has something else then, that is shown first."""
    problems: list[dict[str, str]] = []
    given = request.form
    to = (given.get("day", ""), given.get("time", ""))
    if request.method == "POST":
        with db.read(SERVICE) as tx:
            clashes = changing.clashes_of_move(tx, id, *to)
        if clashes and given.get("knows") != " ".join(to):
            return _date(id, "move_date.html", "", [], clashes)
        problems = try_to(changing.move, id, *to, given.get("reason", "")[:REASON_MOST], seen=given.get("seen"))
    return _date(id, "move_date.html", "moved-date", problems)


def _date(id: str, template: str, said: str, problems: list[dict[str, str]], clashes: Any = ()) -> Response:
    with db.read(SERVICE) as tx:
        row = reading.one(tx, id)
        about, zone = circles.one(tx, row["circle"]), reader_zone(tx)
    if request.method == "POST" and not problems and not clashes:
        return go(url(about["id"]), said)
    typed = request.form if request.method == "POST" else {"day": row["day"], "time": row["time"], "reason": ""}
    return page(template, problems, session=row, circle=about, zone=zone, typed=typed, clashes=clashes)
