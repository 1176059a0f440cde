"""Who may be asked to mentor where nobody is above: guests, alumni, organizers; and goals that were reached."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db

from ... import people, program
from ..pages import go, not_found
from .acting import HOME, page, sure, try_to

blueprint = Blueprint("organizer_mentors", __name__, url_prefix=HOME)
URL = f"{HOME}/mentors"


@blueprint.route("/mentors", methods=["GET", "POST"])
@access.needs("organizer")
def listed() -> Response:
    """Everybody in the pool, and a form to ask a guest."""
    typed = {"name": request.form.get("name", ""), "email": request.form.get("email", "")}
    wanted = request.form.getlist("streams")
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = try_to(people.ask_guest, {**typed, "streams": wanted})
        if not problems:
            return go(URL, "asked")
    return _page(typed, wanted, problems, linked=True)


def _page(typed: dict[str, str], wanted: list[str], problems: list[dict[str, str]], linked: bool) -> Response:
    with db.read("signup") as tx:
        pool, now = people.pool(tx), program.load(tx)
    return page(
        "mentors",
        "mentors.html",
        problems,
        linked=linked,
        rows=[row for row in pool if row["pool"] in ("asked", "agreed")],
        gone=[row for row in pool if row["pool"] not in ("asked", "agreed")],
        names={each.slug: each.name for each in now.streams},
        options=[(each.slug, each.name) for each in now.streams],
        wanted=wanted if request.method == "POST" else [each.slug for each in now.streams[-1:]],
        typed=typed,
        zone=now.timezone,
    )


@blueprint.post("/mentors/<person>/ask")
@access.needs("organizer")
def ask(person: str) -> Response:
    """The question once more."""
    problems = try_to(people.ask_again, person)
    return _page({}, [], problems, linked=False) if problems else go(URL, "asked")


@blueprint.route("/mentors/<person>/remove", methods=["GET", "POST"])
@access.needs("organizer")
def remove(person: str) -> Response:
    """Ask them no more, after asking."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = try_to(people.remove_mentor, person)
        if not problems:
            return go(URL, "no-mentor")
    with db.read("signup") as tx:
        row = people.one(tx, person) or not_found("mentor")
    return sure(
        "mentors",
        heading=f"Ask {row['name']} no more?",
        happens=[
            "They are asked to mentor no more, and what they had said yes to becomes free.",
            "What they did stays, and they stay who they are in the program.",
        ],
        undo="press Put back in the list of mentors.",
        label="Ask them no more",
        back={"href": URL, "label": "Mentors"},
        problems=problems,
    )


@blueprint.post("/mentors/<person>/restore")
@access.needs("organizer")
def restore(person: str) -> Response:
    """Put them back as they were."""
    problems = try_to(people.restore_mentor, person)
    return _page({}, [], problems, linked=False) if problems else go(URL, "mentor-again")


@blueprint.get("/goals")
@access.needs("organizer")
def goals() -> Response:
    """Goals that members reached; in their words where they share them."""
    with db.read("signup") as tx:
        found, counts, now = people.reached(tx), people.goals_counted(tx), program.load(tx)
    names = {each.slug: each.name for each in now.streams}
    counted = [(names.get(slug, slug), count) for slug, count in sorted(counts.items())]
    return page("goals", "goals.html", goals=found, counted=counted, names=names, zone=now.timezone)
