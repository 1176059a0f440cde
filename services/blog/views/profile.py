"""What a member shows on the program's mentees page: their words, their picture, their explicit yes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, request
from werkzeug.exceptions import RequestEntityTooLarge

from shared import access, db

from .. import profiles
from ..models import SERVICE
from ..offers import standing
from ..rules import profiles as rules
from ..rules.refusals import Refused
from ..rules.standing import STANDINGS
from .pages import go, not_found, page, reader_id, unreadable

blueprint = Blueprint("profile", __name__, url_prefix="/blog/mine/profile")
HOME = "/blog/mine/profile/"
AROUND = 100_000  # bytes of a form beside its file


@blueprint.get("/")
@access.needs("member")
def home() -> Response:
    """What one says of oneself, whether it is shown, and where it stands."""
    return _home()


def _home(typed: dict[str, Any] | None = None, problems: list[dict[str, str]] | None = None) -> Response:
    with db.read(SERVICE) as tx:
        row = standing.of_profile(tx, profiles.of_person(tx, reader_id()))
    said = typed or {**row, "links": rules.lines_of(row["links"]), "shown": row["state"] == "wanted"}
    stands = STANDINGS[row["standing"]] if row["standing"] else None
    return page("profile.html", problems, row=row, typed=said, stands=stands, most=rules)


@blueprint.post("/")
@access.needs("member")
def save() -> Response:
    """Keep it; show it, if its owner says so in this very form."""
    request.max_content_length = profiles.LARGEST + AROUND
    try:
        file = request.files.get("headshot")
    except RequestEntityTooLarge:
        return _home(problems=[profiles.too_large().as_dict()])
    typed = {name: request.form.get(name, "") for name in ("name", "bio", "site", "links", "alt")}
    remove, shown = "remove" in request.form, "shown" in request.form
    problems = unreadable()
    shot: bytes | None = None
    if not problems and file is not None and file.filename:
        try:
            shot = profiles.small(file.read())
        except Refused as refused:
            problems = [refused.as_dict()]
    if not problems:
        problems = keep(typed, shot, remove, shown)
    if problems:
        return _home({**typed, "remove": remove, "shown": shown}, problems)
    return go(HOME, "shown" if shown else "unshown")


def keep(typed: dict[str, str], shot: bytes | None, remove: bool, shown: bool) -> list[dict[str, str]]:
    """Write down what was typed; what is wrong with it, where something is."""
    with db.write(SERVICE) as tx:
        has = profiles.of_person(tx, reader_id())["headshot"] is not None
        said, problems = rules.checked(typed, bool(shot) or (has and not remove), shown)
        if not problems:
            if shot or remove:
                said["headshot"] = shot
            profiles.save(tx, reader_id(), said, shown)
    return problems


@blueprint.get("/headshot.jpg")
@access.needs("member")
def headshot() -> Response:
    """One's own picture, as it is kept."""
    with db.read(SERVICE) as tx:
        shot = profiles.picture(profiles.of_person(tx, reader_id()))
    if shot is None:
        not_found("picture of yours")
    answer = make_response(shot)
    answer.headers["Content-Type"] = "image/jpeg"
    return answer


@blueprint.post("/again")
@access.needs("member")
def again() -> Response:
    """Ask again for what was declined; try again what did not work."""
    with db.write(SERVICE) as tx:
        standing.again_profile(tx, reader_id(), profiles.of_person(tx, reader_id()))
    return go(HOME, "again")
