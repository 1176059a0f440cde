"""The talk about a piece: say something, and change, delete or put back what one said oneself."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from .. import pieces
from ..models import SERVICE
from ..rules import pieces as rules
from .pages import page, reader_id, unreadable
from .pieces import done, seen, shown, spoken_of

blueprint = Blueprint("comments", __name__, url_prefix="/blog/pieces/<id>/comments")


def press(typed: Any) -> str:
    """An id of the form that was sent; a new one where it has none."""
    try:
        return str(uuid.UUID(str(typed)))
    except ValueError:
        return db.new_id()


@blueprint.post("")
@access.needs("member", "organizer")
def say(id: str) -> Response:
    """Say something about it; the others are told."""
    with db.read(SERVICE) as tx:
        seen(tx, id)
    text, problems = rules.commented(request.form.get("text", ""))
    if problems or (problems := unreadable()):
        return shown(id, problems)
    return done(id, "said", pieces.say, reader_id(), id, text, press(request.form.get("press")), anchor="talk")


@blueprint.get("/<said>")
@access.needs("member", "organizer")
def one(id: str, said: str) -> Response:
    """What one said, to change or delete it."""
    return _one(id, said)


def _one(id: str, said: str, problems: list[dict[str, str]] | None = None) -> Response:
    with db.read(SERVICE) as tx:
        row, _ = spoken_of(tx, id)
        mine = pieces.own(tx, reader_id(), id, said)
    given: dict[str, Any] = {"piece": row, "comment": mine, "most": rules, "typed": request.form}
    given |= {"own": row["person"] == reader_id()}
    return page("comment.html", problems, **given)


@blueprint.post("/<said>")
@access.needs("member", "organizer")
def correct(id: str, said: str) -> Response:
    """Other words for it."""
    text, problems = rules.commented(request.form.get("text", ""))
    if problems or (problems := unreadable()):
        return _one(id, said, problems)
    return _do(id, "corrected", pieces.correct, said, text)


@blueprint.post("/<said>/delete")
@access.needs("member", "organizer")
def delete(id: str, said: str) -> Response:
    """Take it back."""
    return _do(id, "deleted", pieces.delete, said)


@blueprint.post("/<said>/restore")
@access.needs("member", "organizer")
def restore(id: str, said: str) -> Response:
    """Put back what one deleted."""
    return _do(id, "restored", pieces.restore, said)


def _do(id: str, word: str, command: Any, said: str, *given: Any) -> Response:
    """Whose words they are is asked by each command: whoever said them may, also once they see the piece no more."""
    return done(id, word, command, reader_id(), id, said, *given, anchor="talk")
