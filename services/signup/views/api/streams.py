"""Streams, what each asks at sign-up, and the form for one's own site."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shared import access, db
from shared.api import CONFLICT, KEY, NOT_FOUND, WRONG, Blueprint, Empty, Step

from ... import program, schemas
from ...rules import answers
from ..organizer import snippets
from ..organizer.acting import step
from ..organizer.streams import add_stream, one
from .acting import do, found, once, organizer

blueprint = Blueprint("signup", "streams", "Streams and their questions, for organizers")


@blueprint.get("/streams")
@access.scopes("read")
@blueprint.response(200, schemas.Streams)
def listed() -> dict[str, Any]:
    """All streams in their order, from the first level up."""
    with db.read("signup") as tx:
        now, gone = program.load(tx).streams, program.removed(tx)
        return {
            name: [_whole(each, gone) for each in some] for name, some in (("streams", now), ("removed", gone.streams))
        }


@blueprint.post("/streams")
@access.scopes()
@blueprint.arguments(schemas.StreamGiven)
@blueprint.response(201, schemas.StreamMade)
@blueprint.doc(parameters=[KEY], responses={422: WRONG})
def add(body: dict[str, Any]) -> dict[str, str]:
    """A new stream, above the others."""
    return {"slug": once(add_stream, body, body)}


@blueprint.get("/streams/<slug>")
@access.scopes("read")
@blueprint.response(200, schemas.StreamWhole)
@blueprint.doc(responses={404: NOT_FOUND})
def stream(slug: str) -> dict[str, Any]:
    """One stream with its questions."""
    found = one(slug)
    with db.read("signup") as tx:
        return _whole(found, program.removed(tx))


@blueprint.patch("/streams/<slug>")
@access.scopes()
@blueprint.arguments(schemas.StreamEdited)
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND, 422: WRONG})
def save(body: dict[str, Any], slug: str) -> None:
    """Change its name or summary; open it for sign-ups, or close it."""
    one(slug)
    do(program.save_stream, slug, body, by=organizer)


@blueprint.post("/streams/<slug>/move")
@access.scopes()
@blueprint.arguments(Step)
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND})
def move(body: dict[str, str], slug: str) -> None:
    """One level: `down` the list is a level up. At the end nothing happens."""
    one(slug)
    do(program.move_stream, slug, step(body["to"]), by=organizer)


@blueprint.delete("/streams/<slug>")
@access.scopes()
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def remove(slug: str) -> None:
    """Take it off every page; its people stay members. Restore puts it back."""
    one(slug)
    do(program.remove_stream, slug, by=organizer)


@blueprint.post("/streams/<slug>/restore")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND})
def restore(_body: Any, slug: str) -> None:
    """Put a removed stream back."""
    with db.read("signup") as tx:
        found(program.removed(tx).streams, "removed stream", slug=slug)
    do(program.restore_stream, slug, by=organizer)


@blueprint.post("/streams/<slug>/questions")
@access.scopes()
@blueprint.arguments(schemas.QuestionGiven)
@blueprint.response(201, schemas.QuestionMade)
@blueprint.doc(parameters=[KEY], responses={404: NOT_FOUND, 422: WRONG})
def ask(body: dict[str, Any], slug: str) -> dict[str, str]:
    """A new question, at the end of the form."""
    one(slug)
    return {"id": once(program.add_question, body, slug, body)}


@blueprint.put("/streams/<slug>/questions/<question>")
@access.scopes()
@blueprint.arguments(schemas.QuestionGiven)
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND, 422: WRONG})
def edit(body: dict[str, Any], slug: str, question: str) -> None:
    """Change a question; answers given stay."""
    _asked(slug, question)
    do(program.save_question, question, body, by=organizer)


@blueprint.post("/streams/<slug>/questions/<question>/move")
@access.scopes()
@blueprint.arguments(Step)
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND})
def move_question(body: dict[str, str], slug: str, question: str) -> None:
    """One place up or down; at the end of the form nothing happens."""
    _asked(slug, question)
    do(program.move_question, question, step(body["to"]), by=organizer)


@blueprint.delete("/streams/<slug>/questions/<question>")
@access.scopes()
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND})
def retire(slug: str, question: str) -> None:
    """Ask it no more; answers given until now are kept. Restore asks it again."""
    _asked(slug, question)
    do(program.retire_question, question, by=organizer)


@blueprint.post("/streams/<slug>/questions/<question>/restore")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND})
def ask_again(_body: Any, slug: str, question: str) -> None:
    """Ask a retired question again."""
    with db.read("signup") as tx:
        found([each for owner, each in program.removed(tx).questions if owner == slug], "retired question", id=question)
    do(program.restore_question, question, by=organizer)


@blueprint.post("/streams/<slug>/preview")
@access.scopes("read")
@blueprint.arguments(schemas.Answers)
@blueprint.response(200, schemas.Checked)
@blueprint.doc(responses={404: NOT_FOUND, 422: WRONG})
def preview(body: dict[str, Any], slug: str) -> dict[str, str]:
    """Whether these answers would be taken. Nothing is saved."""
    answers.check(one(slug).questions, body["answers"])
    return {"status": "accepted"}


@blueprint.get("/streams/<slug>/snippets")
@access.scopes("read")
@blueprint.response(200, schemas.Snippets)
@blueprint.doc(responses={404: NOT_FOUND})
def for_your_site(slug: str) -> dict[str, str]:
    """The form for one's own site: an iframe, and plain HTML."""
    frame, form = snippets.codes(one(slug))
    return {"stream": slug, "frame": frame, "form": form}


def _whole(stream: program.Stream, gone: program.Removed) -> dict[str, Any]:
    return {**asdict(stream), "retired": [asked for owner, asked in gone.questions if owner == stream.slug]}


def _asked(slug: str, question: str) -> None:
    found(one(slug).questions, "question", id=question)
