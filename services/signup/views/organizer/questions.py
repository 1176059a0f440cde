"""What a stream asks at sign-up, and the preview of its form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from ... import program, rules
from ...rules import answers
from ..pages import go, not_found, refusals
from .acting import HOME, do, page, step, sure, try_to
from .streams import one

blueprint = Blueprint("organizer_questions", __name__, url_prefix=f"{HOME}/streams/<slug>")
URL = f"{HOME}/streams"


@blueprint.route("/questions/new", methods=["GET", "POST"])
@access.needs("organizer")
def add(slug: str) -> Response:
    """A new question, at the end of the form."""
    if request.method != "POST":
        typed = {"label": "", "help": "", "kind": "short", "options": "", "required": False}
        return _page(slug, typed)
    typed = _typed()
    problems = try_to(program.add_question, slug, _fields(typed))
    return _page(slug, typed, problems=problems) if problems else go(f"{URL}/{slug}", "added")


@blueprint.route("/questions/<question>", methods=["GET", "POST"])
@access.needs("organizer")
def edit(slug: str, question: str) -> Response:
    """Edit a question; answers given stay."""
    asked = _question(slug, question)
    if request.method != "POST":
        typed = {"label": asked.label, "help": asked.help, "kind": asked.kind, "required": asked.required}
        return _page(slug, {**typed, "options": "\n".join(asked.options)}, asked)
    typed = _typed()
    problems = try_to(program.save_question, question, _fields(typed))
    return _page(slug, typed, asked, problems) if problems else go(f"{URL}/{slug}", "saved")


@blueprint.post("/questions/<question>/move")
@access.needs("organizer")
def move(slug: str, question: str) -> Response:
    """One place up or down."""
    do(program.move_question, question, step(request.form.get("to")))
    return go(f"{URL}/{slug}", "moved")


@blueprint.route("/questions/<question>/retire", methods=["GET", "POST"])
@access.needs("organizer")
def retire(slug: str, question: str) -> Response:
    """Ask it no more."""
    if request.method == "POST":
        do(program.retire_question, question)
        return go(f"{URL}/{slug}", "removed")
    return sure(
        "streams",
        heading=f"Retire “{_question(slug, question).label}”?",
        happens=["It is not asked any more.", "Answers given until now are kept and shown."],
        undo="press Ask again under the stream's questions.",
        label="Retire",
        back={"href": f"{URL}/{slug}", "label": one(slug).name},
    )


@blueprint.post("/questions/<question>/restore")
@access.needs("organizer")
def restore(slug: str, question: str) -> Response:
    """Ask it again."""
    do(program.restore_question, question)
    return go(f"{URL}/{slug}", "restored")


@blueprint.route("/preview", methods=["GET", "POST"])
@access.needs("organizer")
def preview(slug: str) -> Response:
    """The form as people see it; its button checks and saves nothing."""
    stream = one(slug)
    with db.read("signup") as tx:
        now = program.load(tx)
    if request.method != "POST":
        typed: dict[str, Any] = {"name": "", "email": "", "timezone": "", "charter": "", "answers": {}}
        return page("streams", "preview.html", program=now, stream=stream, typed=typed)
    typed = {field: request.form.get(field, "") for field in ("name", "email", "timezone", "charter")}
    typed["answers"] = rules.from_form(stream.questions, request.form.getlist)
    try:
        answers.check(stream.questions, typed["answers"])
    except rules.Refused as refused:
        return page("streams", "preview.html", refusals(refused), program=now, stream=stream, typed=typed)
    said = "These answers would have been taken."
    return page("streams", "preview.html", program=now, stream=stream, typed=typed, said=said)


def _typed() -> dict[str, Any]:
    given = request.form
    typed: dict[str, Any] = {field: given.get(field, "") for field in ("label", "help", "kind", "options")}
    return {**typed, "required": bool(given.get("required"))}


def _fields(typed: dict[str, Any]) -> dict[str, Any]:
    return {**typed, "options": [line for line in typed["options"].splitlines() if line.strip()]}


def _page(
    slug: str,
    typed: dict[str, Any],
    asked: rules.Question | None = None,
    problems: list[dict[str, str]] | None = None,
) -> Response:
    kinds = [(kind, words.capitalize()) for kind, words in rules.KINDS.items()]
    return page("streams", "question.html", problems, stream=one(slug), typed=typed, asked=asked, kind_options=kinds)


def _question(slug: str, question: str) -> rules.Question:
    found = [each for each in one(slug).questions if each.id == question]
    return found[0] if found else not_found("question")
