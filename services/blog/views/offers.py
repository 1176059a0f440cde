"""The organizers' pages of posts on their way into the program's blog: the queue, one post, what is decided on it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, make_response, request

from shared import access, db
from shared.problems import problem

from .. import forges, offers
from ..models import SERVICE
from ..offers import deciding, preview, reading
from ..rules import offers as rules
from .pages import do, go, page

blueprint = Blueprint("offers", __name__, url_prefix="/blog/offers")
IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}


@blueprint.get("/")
@access.needs("organizer")
def queue() -> Response:
    """All offers of one state; which there are in the others."""
    state = request.args.get("state", "")
    number = request.args.get("page", 1, type=int)
    with db.read(SERVICE) as tx:
        counts = reading.counts(tx)
        shown = state if state in counts else next((each for each, _ in rules.QUEUE if counts[each]), "open")
        rows = reading.listed(tx, shown, max(1, min(number, 100_000)))
    found: dict[str, Any] = {"counts": counts, "shown": shown, "rows": rows, "number": number, "size": reading.PAGE}
    url = lambda number: f"/blog/offers/?state={shown}&page={number}"  # noqa: E731
    return page("offers.html", queue=rules.QUEUE, words_of=rules.WORDS, page_url=url, **found)


@blueprint.get("/<id>")
@access.needs("organizer")
def one(id: str) -> Response:
    """One post: what becomes of it, how it will look, the file as it is written, what was changed on the way."""
    row = _row(id)
    shown = preview.shown(row["text"], f"/blog/offers/{id}/") if row["text"] and row["post"] else ""
    lines = rules.lines(offers.diff_of(row))
    found: dict[str, Any] = {"row": row, "shown": shown, "diff": lines, "decides": forges.decides()}
    return page("offer.html", groups=rules.NOTES, words_of=rules.WORDS, **found)


@blueprint.get("/<id>/images/<of>/<path:name>")
@access.needs("organizer")
def image(id: str, of: str, name: str) -> Response:
    """An image that the post brings, or a mentee's, out of its proposal or the program's blog."""
    row, path = _row(id), f"images/{of}/{name}"
    kind = next((media for suffix, media in IMAGES.items() if name.lower().endswith(suffix)), None)
    ours = {*row["files"], *row["live"]}
    there = next((place for place in (path, f"static/{path}", f"public/{path}") if place in ours), None)
    if kind is None or there is None:
        abort(404)
    found = offers.file_of(row, there)
    if found is None:
        abort(404)
    answer = make_response(found)
    answer.headers.update({"Content-Type": kind, "Content-Security-Policy": "default-src 'none'; sandbox"})
    return answer


@blueprint.post("/<id>/accept")
@access.needs("organizer")
def accept(id: str) -> Response:
    """Merge what is proposed."""
    do(deciding.decide, id, "accept")
    return go(f"/blog/offers/{id}", "accept")


@blueprint.post("/<id>/decline")
@access.needs("organizer")
def decline(id: str) -> Response:
    """Close what is proposed."""
    do(deciding.decide, id, "decline")
    return go(f"/blog/offers/{id}", "decline")


@blueprint.post("/<id>/again")
@access.needs("organizer")
def again(id: str) -> Response:
    """Offer what was declined once more; try what failed again."""
    do(deciding.again, id)
    return go(f"/blog/offers/{id}", "again")


@blueprint.post("/<id>/release")
@access.needs("organizer")
def release(id: str) -> Response:
    """Say that there is no secret in it."""
    do(deciding.release, id)
    return go(f"/blog/offers/{id}", "release")


def _row(id: str) -> dict[str, Any]:
    with db.read(SERVICE) as tx:
        row = reading.one(tx, id)
    if row is None:
        problem(404, "There is no such offer", "It may have been mistyped: all of them are listed at /blog/offers/.")
    return row
