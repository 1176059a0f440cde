"""The charter: publishing a new version, reading the earlier ones. What somebody accepted is never changed."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db

from ... import program
from ..pages import go, not_found
from .acting import HOME, page, try_to

blueprint = Blueprint("organizer_charter", __name__, url_prefix=f"{HOME}/charter")


@blueprint.route("", methods=["GET", "POST"])
@access.needs("organizer")
def edit() -> Response:
    """The text that holds, to change and publish; with `from`, an earlier one, to bring back."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        before = _current()
        problems = try_to(program.publish_charter, request.form.get("text", ""))
        if not problems:
            return go(f"{HOME}/charter", "same-charter" if before == _current() else "published")
    with db.read("signup") as tx:
        now, charters = program.load(tx), program.charter_texts(tx)
    texts = {charter.version: charter.text for charter in charters}
    typed = {"text": request.form.get("text", texts.get(request.args.get("from", ""), now.charter.text))}
    return page("charter", "charter.html", problems, program=now, charters=charters, typed=typed, zone=now.timezone)


@blueprint.get("/<version>")
@access.needs("organizer")
def version(version: str) -> Response:
    """One version as it was published."""
    with db.read("signup") as tx:
        now, charters = program.load(tx), program.charter_texts(tx)
    for charter in charters:
        if charter.version == version:
            earlier = version != now.charter.version
            return page("charter", "charter_version.html", charter=charter, earlier=earlier, zone=now.timezone)
    return not_found("version of the charter")


def _current() -> str:
    with db.read("signup") as tx:
        return program.load(tx).charter.version
