"""The goal a member reached, on their own page; and what they choose then: stay, move up, or become alumni."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from .. import people, program, rules
from .me import own
from .pages import go, page, reader_id, refusals, unreadable

blueprint = Blueprint("reaching", __name__, url_prefix="/signup/me")
HERE = "/signup/me/goal"


@blueprint.route("/goal", methods=["GET", "POST"])
@access.needs("member")
def goal() -> Response:
    """What was reached in one's stream, or a form to say so."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = unreadable()
        try:
            if not problems:
                with db.write("signup") as tx:
                    own(tx)
                    words, shared = request.form.get("words", ""), bool(request.form.get("shared"))
                    people.reach(tx, _actor(), reader_id(), words, shared)
                return go(HERE, "reached")
        except rules.Refused as refused:
            problems = refusals(refused)
    with db.read("signup") as tx:
        person, now = own(tx), program.load(tx)
        goals, above = people.goals_of(tx, person["id"]), people.next_stream(tx, person)
    mine = next((each for each in goals if each["stream"] == person["stream"]), None)
    typed = request.form if request.method == "POST" else mine or {}
    return page(
        "me_goal.html",
        422 if problems else 200,
        person=person,
        stream=now.stream(person["stream"]),
        names={each.slug: each.name for each in now.streams},
        mine=mine,
        earlier=[each for each in goals if each is not mine],
        above=above,
        typed=typed,
        problems=problems,
    )


@blueprint.post("/goal/<id>/take-back")
@access.needs("member")
def take_back(id: str) -> Response:
    """It was a mistake."""
    with db.write("signup") as tx:
        own(tx)
        people.take_back(tx, _actor(), reader_id(), id)
    return go(HERE, "not-reached")


@blueprint.route("/alumni", methods=["GET", "POST"])
@access.needs("member")
def alumni() -> Response:
    """Become alumni, after a page that says what it means; they may say that they can be asked to mentor."""
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        problems = unreadable()
        try:
            if not problems:
                with db.write("signup") as tx:
                    own(tx)
                    people.graduate(tx, _actor(), reader_id(), request.form.getlist("mentors"))
                return go("/signup/me", "alumni")
        except rules.Refused as refused:
            problems = refusals(refused)
    with db.read("signup") as tx:
        person, now = own(tx), program.load(tx)
    options = [(each.slug, each.name) for each in now.streams]
    chosen = request.form.getlist("mentors")
    return page(
        "me_alumni.html", 422 if problems else 200, person=person, options=options, chosen=chosen, problems=problems
    )


def _actor() -> Any:
    return people.subject(reader_id())
