"""The JSON API of pieces, the talk about them, and the editorial queue. A route calls what the page of it calls."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import Blueprint, Empty
from shared.problems import problem

from .. import pieces
from ..models import SERVICE
from ..rules import pieces as rules
from ..schemas import pieces as schemas
from .api import done
from .comments import press
from .pages import reader_id
from .pieces import runs, seen, spoken_of

blueprint = Blueprint(SERVICE, "pieces", "What members write, and the editorial queue")
MINE = access.scopes(role="member")


def _whole(id: str) -> dict[str, Any]:
    with db.read(SERVICE) as tx:
        return {**seen(tx, id), "comments": pieces.thread(tx, id)}


def _spoken(id: str) -> dict[str, Any]:
    """The same for whoever spoke: where they see the piece no more, their own words alone."""
    with db.read(SERVICE) as tx:
        row, talk = spoken_of(tx, id)
    return {**row, "comments": talk}


def _taken(found: tuple[Any, rules.Problems]) -> Any:
    if found[1]:
        problem(422, "This cannot be taken", f"{found[1][0]['message']} {found[1][0]['remedy']}", found[1])
    return found[0]


@blueprint.get("/queue")
@access.scopes("read")
@blueprint.arguments(schemas.QueuePage, location="query")
@blueprint.response(200, schemas.Queue)
def queue(asked: dict[str, Any]) -> dict[str, Any]:
    """What members write, from idea to announced: all, or those of one state, and how many there are in each."""
    with db.read(SERVICE) as tx:
        return {"queue": pieces.queue(tx, asked["state"], asked["page"]), "counts": pieces.counts(tx)}


@blueprint.get("/pieces/<id>")
@access.scopes("read", role=("member", "organizer"))
@blueprint.response(200, schemas.WholePiece)
def one(id: str) -> dict[str, Any]:
    """A piece with all that was said about it, for its author, its reviewer and organizers; else what one said."""
    return _spoken(id)


@blueprint.post("/pieces/<id>/comments")
@access.scopes(role=("member", "organizer"))
@blueprint.arguments(schemas.Comment)
@blueprint.response(201, schemas.WholePiece)
def comment(said: dict[str, Any], id: str) -> dict[str, Any]:
    """Say something about it; the others in the talk are told."""
    _whole(id)
    done(pieces.say, reader_id(), id, _taken(rules.commented(said["text"])), press(said.get("press")))
    return _whole(id)


@blueprint.put("/pieces/<id>/comments/<said>")
@access.scopes(role=("member", "organizer"))
@blueprint.arguments(schemas.Corrected)
@blueprint.response(200, schemas.WholePiece)
def correct(words: dict[str, str], id: str, said: str) -> dict[str, Any]:
    """Other words for what one said; mails that went out stay as they are."""
    done(pieces.correct, reader_id(), id, said, _taken(rules.commented(words["text"])))
    return _spoken(id)


@blueprint.delete("/pieces/<id>/comments/<said>")
@access.scopes(role=("member", "organizer"))
@blueprint.response(200, schemas.WholePiece)
def delete(id: str, said: str) -> dict[str, Any]:
    """Take back what one said; it can be put back for 30 days."""
    done(pieces.delete, reader_id(), id, said)
    return _spoken(id)


@blueprint.post("/pieces/<id>/comments/<said>/restore")
@access.scopes(role=("member", "organizer"))
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.WholePiece)
def restore(_body: Any, id: str, said: str) -> dict[str, Any]:
    """Put back what one deleted."""
    done(pieces.restore, reader_id(), id, said)
    return _spoken(id)


@blueprint.put("/pieces/<id>/reviewer")
@access.scopes()
@blueprint.arguments(schemas.Reviewer)
@blueprint.response(200, schemas.WholePiece)
def reviewer(said: dict[str, str], id: str) -> dict[str, Any]:
    """Say who reviews it; they are asked to look."""
    done(pieces.assign, "", id, said["reviewer"])
    return _whole(id)


@blueprint.post("/posts/<id>/piece")
@access.scopes(role=("member", "organizer"))
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.WholePiece)
def of_post(_body: Any, id: str) -> dict[str, Any]:
    """The piece of a post, begun if there is none, so that one can talk about it."""
    return _whole(done(pieces.of_post, id, None if runs() else reader_id()))


@blueprint.get("/mine/pieces")
@MINE
@blueprint.response(200, schemas.Pieces)
def mine() -> dict[str, Any]:
    """What the reader writes, and what they are asked to review."""
    with db.read(SERVICE) as tx:
        own, asked = pieces.mine(tx, reader_id())
    return {"mine": own, "reviewing": asked}


@blueprint.post("/mine/pieces")
@MINE
@blueprint.arguments(schemas.Words)
@blueprint.response(201, schemas.WholePiece)
def note(said: dict[str, str]) -> dict[str, Any]:
    """Note an idea; with a link it is a draft."""
    return _whole(done(pieces.note, reader_id(), _taken(rules.checked(said))))


@blueprint.put("/mine/pieces/<id>")
@MINE
@blueprint.arguments(schemas.Words)
@blueprint.response(200, schemas.WholePiece)
def change(said: dict[str, str], id: str) -> dict[str, Any]:
    """Other words, or another link."""
    done(pieces.change, reader_id(), id, _taken(rules.checked(said)))
    return _whole(id)


@blueprint.put("/mine/pieces/<id>/state")
@MINE
@blueprint.arguments(schemas.PieceState)
@blueprint.response(200, schemas.WholePiece)
def state(said: dict[str, str], id: str) -> dict[str, Any]:
    """Say where it stands; feedback: whoever reviews it is asked to look."""
    done(pieces.mark, reader_id(), id, said["state"])
    return _whole(id)


@blueprint.put("/mine/pieces/<id>/post")
@MINE
@blueprint.arguments(schemas.Became)
@blueprint.response(200, schemas.WholePiece)
def became(said: dict[str, str], id: str) -> dict[str, Any]:
    """Say which post of one's own it became, or that it became none."""
    done(*((pieces.join, reader_id(), id, said["post"]) if said["post"] else (pieces.part, reader_id(), id)))
    return _whole(id)
