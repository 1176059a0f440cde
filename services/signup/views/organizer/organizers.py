"""Who runs the program."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db

from ... import access_links, people
from ..pages import go, not_found
from .acting import HOME, page, sure, try_to

blueprint = Blueprint("organizer_organizers", __name__, url_prefix=f"{HOME}/organizers")
URL = f"{HOME}/organizers"


@blueprint.route("", methods=["GET", "POST"])
@access.needs("organizer")
def listed() -> Response:
    """All organizers, and a form to add one."""
    typed = {field: request.form.get(field, "") for field in ("email", "name")}
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = try_to(access_links.add_organizer, typed["email"], typed["name"] or None)
        if not problems:
            return go(URL, "added")
    with db.read("signup") as tx:
        found = people.organizers(tx)
    return page("organizers", "organizers.html", problems, organizers=found, typed=typed)


@blueprint.route("/<person>/remove", methods=["GET", "POST"])
@access.needs("organizer")
def remove(person: str) -> Response:
    """Take the role away, after asking."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = try_to(access_links.remove_organizer, person)
        if not problems:
            return go(URL, "no-organizer")
    with db.read("signup") as tx:
        row = people.one(tx, person) or not_found("organizer")
    return sure(
        "organizers",
        heading=f"Remove {row['name']} as an organizer?",
        happens=["They are signed out everywhere at once.", "They can no longer see or change anything here."],
        undo="add them again under Organizers.",
        label="Remove",
        back={"href": URL, "label": "Organizers"},
        problems=problems,
    )
