"""The program's name, zone and links, and the sections of its page."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db

from ... import program
from ..pages import go, not_found
from .acting import HOME, do, page, step, sure, try_to

blueprint = Blueprint("organizer_program", __name__, url_prefix=f"{HOME}/program")
URL = f"{HOME}/program"
FIELDS = ("name", "timezone", "video_url", "chat_invite")


@blueprint.route("", methods=["GET", "POST"])
@access.needs("organizer")
def edit() -> Response:
    """Change the program; its sections are listed below."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        typed = {field: request.form.get(field, "") for field in FIELDS}
        problems = try_to(program.save_program, typed)
        if not problems:
            return go(URL, "saved")
    with db.read("signup") as tx:
        now, gone = program.load(tx), program.removed(tx)
    if request.method != "POST":
        typed = {field: getattr(now, field) or "" for field in FIELDS}
    return page("program", "program.html", problems, typed=typed, sections=now.sections, removed=gone.sections)


@blueprint.route("/sections/new", methods=["GET", "POST"])
@access.needs("organizer")
def add() -> Response:
    """Write a new section."""
    typed = _typed()
    if request.method == "POST":
        problems = try_to(program.add_section, typed["title"], typed["markdown"])
        return page("program", "section.html", problems, typed=typed, slug=None) if problems else go(URL, "added")
    return page("program", "section.html", typed=typed, slug=None)


@blueprint.route("/sections/<slug>", methods=["GET", "POST"])
@access.needs("organizer")
def section(slug: str) -> Response:
    """Edit a section."""
    found = _section(slug)
    if request.method == "POST":
        typed = _typed()
        problems = try_to(program.save_section, slug, typed["title"], typed["markdown"])
        return page("program", "section.html", problems, typed=typed, slug=slug) if problems else go(URL, "saved")
    typed = {"title": found.title, "markdown": found.markdown}
    return page("program", "section.html", typed=typed, slug=slug)


@blueprint.post("/sections/<slug>/move")
@access.needs("organizer")
def move(slug: str) -> Response:
    """One place up or down."""
    do(program.move_section, slug, step(request.form.get("to")))
    return go(URL, "moved")


@blueprint.route("/sections/<slug>/remove", methods=["GET", "POST"])
@access.needs("organizer")
def remove(slug: str) -> Response:
    """Take it off the program page."""
    if request.method == "POST":
        do(program.remove_section, slug)
        return go(URL, "removed")
    return sure(
        "program",
        heading=f"Remove “{_section(slug).title}”?",
        happens=["It disappears from the program page at once.", "Its text is kept."],
        undo="press Put back under Program.",
        label="Remove",
        back={"href": URL, "label": "Program"},
    )


@blueprint.post("/sections/<slug>/restore")
@access.needs("organizer")
def restore(slug: str) -> Response:
    """Put it back."""
    do(program.restore_section, slug)
    return go(URL, "restored")


def _typed() -> dict[str, str]:
    return {field: request.form.get(field, "") for field in ("title", "markdown")}


def _section(slug: str) -> program.Section:
    with db.read("signup") as tx:
        found = [each for each in program.load(tx).sections if each.slug == slug]
    return found[0] if found else not_found("section")
