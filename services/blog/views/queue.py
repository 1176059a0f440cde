"""The editorial queue: every piece by state, who writes and who reviews it, and for how many days it waits."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from shared import access, db

from .. import pieces
from ..models import SERVICE
from ..rules import pieces as rules
from .pages import go, number, page, tried

blueprint = Blueprint("queue", __name__, url_prefix="/blog/queue")


def _address(state: str, page: int, **more: str) -> str:
    said = {**({"state": state} if state else {}), **({"page": page} if page > 1 else {}), **more}
    return f"/blog/queue?{urlencode(said)}" if said else "/blog/queue"


@blueprint.get("")
@access.needs("organizer")
def queue() -> Response:
    """All of it, or one state; each row with who may review it."""
    return _queue(request.args)


def _queue(asked: Any, problems: list[dict[str, str]] | None = None) -> Response:
    state, at = _place(asked)
    with db.read(SERVICE) as tx:
        counts, rows, likely = pieces.counts(tx), pieces.queue(tx, state, at), pieces.likely(tx)
        changed = pieces.one(tx, asked.get("changed", ""))
        names = dict(likely) | pieces.names(tx, [asked.get("was", "")])
    total = counts[state] if state else sum(counts.values())
    given: dict[str, Any] = {"counts": counts, "rows": rows, "shown": state, "number": at, "total": total}
    given |= {"size": pieces.PAGE, "page_url": lambda page: _address(state, page), "states": rules.QUEUE}
    given |= {
        "words": rules.WORDS,
        "shapes": rules.SHAPES,
        "all": sum(counts.values()),
        "likely": likely,
        "few": pieces.FEW,
    }
    given |= {"changed": changed, "was": asked.get("was", ""), "names": names}
    return page("queue.html", problems, **given)


def _place(asked: Any) -> tuple[str, int]:
    state = asked.get("state", "")
    return (state if state in dict(rules.QUEUE) else ""), number(said=asked.get("page", "1"))


@blueprint.post("/reviewer")
@access.needs("organizer")
def reviewer() -> Response:
    """Say who reviews a piece, or a post: then its piece is begun."""
    form = request.form
    before: list[str] = []

    def command(tx: Any) -> None:
        id = form.get("piece") or pieces.of_post(tx, form.get("post", ""))
        before.extend((id, pieces.assign(tx, "", id, form.get("reviewer", "")) or ""))

    if problems := tried(command):
        return _queue(form, problems)
    changed, was = before
    if was == form.get("reviewer", ""):
        return go(_address(*_place(form)))
    return go(_address(*_place(form), said="assigned" if form.get("reviewer") else "freed", changed=changed, was=was))


@blueprint.post("/undo")
@access.needs("organizer")
def undo() -> Response:
    """Who reviewed it before does again. They were asked before, so they are not asked now."""
    form = request.form
    if problems := tried(pieces.put_back, form.get("piece", ""), form.get("reviewer", "")):
        return _queue(form, problems)
    return go(_address(*_place(form), said="as_before"))
