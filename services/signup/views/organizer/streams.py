"""Streams: their order, names, and whether they take people. Questions have a module of their own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from ... import people, program, rules
from ..pages import go, not_found
from .acting import HOME, do, page, step, sure, try_to

blueprint = Blueprint("organizer_streams", __name__, url_prefix=f"{HOME}/streams")
URL = f"{HOME}/streams"


@blueprint.get("")
@access.needs("organizer")
def listed() -> Response:
    """All streams in their order."""
    with db.read("signup") as tx:
        now, gone = program.load(tx), program.removed(tx)
        counts = {each.slug: people.find(tx, {"stream": each.slug}).total for each in now.streams}
    return page("streams", "streams.html", streams=now.streams, removed=gone.streams, counts=counts)


@blueprint.route("/new", methods=["GET", "POST"])
@access.needs("organizer")
def add() -> Response:
    """A new stream, above the others."""
    if request.method != "POST":
        typed = {"name": "", "slug": "", "summary": "", "open": True}
        return page("streams", "stream.html", typed=typed, stream=None)
    typed = _typed()
    problems = try_to(add_stream, typed)
    return page("streams", "stream.html", problems, typed=typed, stream=None) if problems else go(URL, "added")


def add_stream(tx: Any, by: str, typed: dict[str, Any]) -> str:
    """A new stream, open or not."""
    slug = program.add_stream(tx, by, typed["name"], typed["summary"], typed["slug"] or None)
    if not typed["open"]:
        program.save_stream(tx, by, slug, {"open": False})
    return slug


@blueprint.route("/<slug>", methods=["GET", "POST"])
@access.needs("organizer")
def edit(slug: str) -> Response:
    """Edit a stream; its questions are listed below."""
    problems: list[dict[str, str]] = []
    typed = _typed()
    if request.method == "POST":
        problems = try_to(program.save_stream, slug, {f: typed[f] for f in ("name", "summary", "open")})
        if not problems:
            return go(f"{URL}/{slug}", "saved")
    stream = one(slug)
    if request.method != "POST":
        typed = {"name": stream.name, "summary": stream.summary, "open": stream.open}
    with db.read("signup") as tx:
        retired = [q for owner, q in program.removed(tx).questions if owner == slug]
    return page("streams", "stream.html", problems, typed=typed, stream=stream, retired=retired, kinds=rules.KINDS)


@blueprint.post("/<slug>/move")
@access.needs("organizer")
def move(slug: str) -> Response:
    """One level up or down."""
    do(program.move_stream, slug, step(request.form.get("to")))
    return go(URL, "moved")


@blueprint.route("/<slug>/remove", methods=["GET", "POST"])
@access.needs("organizer")
def remove(slug: str) -> Response:
    """Take it off every page."""
    if request.method == "POST":
        do(program.remove_stream, slug)
        return go(URL, "removed")
    return sure(
        "streams",
        heading=f"Remove the stream “{one(slug).name}”?",
        happens=[
            "Nobody can sign up for it any more, and it disappears from the program page.",
            "Its people stay members, and its questions and their answers are kept.",
        ],
        undo="press Put back under Streams.",
        label="Remove",
        back={"href": f"{URL}/{slug}", "label": "Streams"},
    )


@blueprint.post("/<slug>/restore")
@access.needs("organizer")
def restore(slug: str) -> Response:
    """Put it back."""
    do(program.restore_stream, slug)
    return go(URL, "restored")


def _typed() -> dict[str, Any]:
    given = request.form
    typed: dict[str, Any] = {field: given.get(field, "") for field in ("name", "slug", "summary")}
    return {**typed, "open": bool(given.get("open"))}


def one(slug: str) -> program.Stream:
    """The stream of that slug, or 404."""
    with db.read("signup") as tx:
        return program.load(tx).stream(slug) or not_found("stream")
