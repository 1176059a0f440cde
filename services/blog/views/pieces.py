"""A piece and the talk about it: one page for its author, its reviewer and organizers, each with what they may do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from shared import access, db

from .. import pieces
from ..models import SERVICE
from ..rules import pieces as rules
from ..rules.refusals import Refused
from .pages import go, not_found, page, reader_id, tried, unreadable

blueprint = Blueprint("pieces", __name__, url_prefix="/blog/pieces")
HOME = "/blog/"
SAID = {"idea": "as_idea", "draft": "as_draft", "feedback": "as_feedback", "dropped": "as_dropped"}


def runs() -> bool:
    """Whether an organizer reads."""
    who = access.reader()
    return who is not None and "organizer" in who.roles


def sees(row: dict[str, Any]) -> bool:
    """Whether the reader may see a piece: its author, its reviewer, organizers."""
    return runs() or reader_id() in (row["person"], row["reviewer"])


def seen(tx: Any, id: str) -> dict[str, Any]:
    """A piece that the reader may see; for others there is none."""
    row = pieces.one(tx, id)
    if row is None or not sees(row):
        not_found("piece")
    return row


def spoken_of(tx: Any, id: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A piece and its talk as the reader may have them: who sees it no more, but spoke, has their own words alone."""
    row, talk = pieces.one(tx, id), pieces.thread(tx, id)
    if row is not None and sees(row):
        return row, talk
    own = [each for each in talk if each["person"] == reader_id()]
    if row is None or not own:
        not_found("piece")
    blank = dict.fromkeys(("person", "author", "title", "about", "link", "state", "stage"), "")
    return {**row, **blank, **dict.fromkeys(("since", "post", "reviewer"))}, own


@blueprint.post("")
@access.needs("member")
def note() -> Response:
    """Note an idea."""
    said, problems = rules.checked(request.form)
    problems = unreadable() or problems
    if not problems:
        try:
            with db.write(SERVICE) as tx:
                id = pieces.note(tx, reader_id(), said)
            return go(f"{HOME}pieces/{id}", "noted")
        except Refused as refused:
            problems = [refused.as_dict()]
    return page("idea.html", problems, typed=request.form, most=rules)


@blueprint.get("/<id>")
@access.needs("member", "organizer")
def one(id: str) -> Response:
    """Where it stands, what was said, what can be done."""
    return shown(id)


def shown(id: str, problems: list[dict[str, str]] | None = None) -> Response:
    """Its page; with problems, what could not be done."""
    with db.read(SERVICE) as tx:
        row, talk = spoken_of(tx, id)
        if not sees(row):
            return page("spoken.html", problems, piece=row, talk=talk)
        is_own = row["person"] == reader_id()
        like, all_posts = pieces.posts_like(tx, row) if is_own and not row["post"] else (None, [])
        able = pieces.candidates(tx, row["person"]) if runs() else []
    given: dict[str, Any] = {
        "piece": row,
        "talk": talk,
        "own": is_own,
        "reader_id": reader_id(),
        "runs": runs(),
        "like": like,
    }
    given |= {
        "posts": [(each["id"], each["title"]) for each in all_posts],
        "able": able,
        "words": rules.WORDS,
        "shapes": rules.SHAPES,
        "steps": rules.QUEUE,
    }
    return page("piece.html", problems, **given, typed=request.form, press=db.new_id(), most=rules)


def done(id: str, said: str, command: Callable[..., Any], *given: Any, anchor: str = "") -> Response:
    """One command on a piece, in one transaction; a refusal is shown on its page."""
    if problems := tried(command, *given):
        return shown(id, problems)
    return go(HOME if said == "as_dropped" else f"{HOME}pieces/{id}", said, anchor)


@blueprint.post("/<id>")
@access.needs("member")
def change(id: str) -> Response:
    """Other words, or another link."""
    said, problems = rules.checked(request.form)
    if problems or (problems := unreadable()):
        return shown(id, problems)
    return done(id, "changed", pieces.change, reader_id(), id, said)


@blueprint.post("/<id>/state")
@access.needs("member")
def state(id: str) -> Response:
    """Say where it stands; dropped, it is deleted 30 days later."""
    wanted = request.form.get("state", "")
    return done(id, SAID.get(wanted, ""), pieces.mark, reader_id(), id, wanted)


@blueprint.post("/<id>/join")
@access.needs("member")
def join(id: str) -> Response:
    """It became that post of theirs."""
    return done(id, "joined", pieces.join, reader_id(), id, request.form.get("post", ""))


@blueprint.post("/<id>/part")
@access.needs("member")
def part(id: str) -> Response:
    """It did not."""
    return done(id, "parted", pieces.part, reader_id(), id)


@blueprint.post("/<id>/reviewer")
@access.needs("organizer")
def reviewer(id: str) -> Response:
    """Say who reviews it."""
    return done(id, "assigned", pieces.assign, "", id, request.form.get("reviewer", ""))


@blueprint.post("/of/<post>")
@access.needs("member", "organizer")
def of_post(post: str) -> Response:
    """Talk about a post: its piece is begun if there is none."""
    with db.write(SERVICE) as tx:
        id = pieces.of_post(tx, post, None if runs() else reader_id())
    return go(f"{HOME}pieces/{id}", anchor="talk")
