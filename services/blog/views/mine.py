"""The member's tab "Blog": register one, say how it may be offered, choose posts, see what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from shared import access, config, db

from .. import blogs, following, hooks, pieces
from ..models import SERVICE
from ..offers import standing
from ..rules import pieces as rules
from ..rules.posts import CONSENTS
from ..rules.refusals import Refused
from ..rules.standing import STANDINGS
from .pages import go, not_found, number, page, reader_id, tried, unreadable

blueprint = Blueprint("mine", __name__, url_prefix="/blog")
HOME = "/blog/"


@blueprint.get("/mine", strict_slashes=False)
@access.needs("member")
def shortened() -> Response:
    """What is left of an address of one's own pages leads to the first of them."""
    return go(HOME)


@blueprint.get("/")
@access.needs("member")
def home() -> Response:
    """One's blogs, and where to paste another."""
    return _home()


def _home(problems: list[dict[str, str]] | None = None) -> Response:
    with db.read(SERVICE) as tx:
        mine = [{**row, "counts": following.counts(tx, row["id"])} for row in blogs.of_person(tx, reader_id())]
        written, reviewing = pieces.mine(tx, reader_id())
    given: dict[str, Any] = {"blogs": mine, "names": blogs.NAMES, "pieces": written, "reviewing": reviewing}
    given |= {"words": rules.WORDS, "shapes": rules.SHAPES, "most": rules}
    return page("mine.html", problems, **given, typed=request.form.get("address", ""))


@blueprint.post("/")
@access.needs("member")
def register() -> Response:
    """Have a blog followed."""
    problems = unreadable()
    if not problems:
        try:
            with db.write(SERVICE) as tx:
                id = blogs.register(tx, following.ring, reader_id(), request.form.get("address", ""))
            return go(f"{HOME}mine/{id}", "registered")
        except Refused as refused:
            problems = [refused.as_dict()]
    return _home(problems)


@blueprint.get("/mine/<id>")
@access.needs("member")
def one(id: str) -> Response:
    """A blog and its posts."""
    return _one(id)


def _one(id: str, problems: list[dict[str, str]] | None = None) -> Response:
    with db.read(SERVICE) as tx:
        row = blogs.find(tx, id)
        if row is None or row["person"] != reader_id() or row["state"] == "left":
            not_found("blog of yours")
        listed, total, at = blogs.posts(tx, id, number())
        seen = standing.stood(tx, listed)
        counts = following.counts(tx, id)
    hook = f"{config.current().base_url}/blog/webhooks"
    return page(
        "blog.html",
        problems,
        blog=row,
        posts=seen,
        standings=STANDINGS,
        total=total,
        at=at,
        size=blogs.PAGE,
        posts_url=lambda page: f"{HOME}mine/{id}?page={page}#posts",
        counts=counts,
        names=blogs.NAMES,
        consents=CONSENTS,
        webhooks=[(forge, f"{hook}/{forge}/{id}") for forge in hooks.likely(row["clone_url"] or "")],
    )


def _done(id: str, said: str, command: Callable[..., Any], *given: Any, anchor: str = "") -> Response:
    """One command on a blog of the reader's, in one transaction; a refusal is shown on its page."""
    if problems := tried(command, *given):
        return _one(id, problems)
    return go(f"{HOME}mine/{id}", said, anchor)


@blueprint.post("/mine/<id>/consent")
@access.needs("member")
def consent(id: str) -> Response:
    """Say how posts may be offered, or take it back."""
    given = request.form.get("consent", "")
    return _done(id, "consented" if given else "withdrawn", blogs.consent, reader_id(), id, given)


@blueprint.post("/mine/<id>/posts")
@access.needs("member")
def choose(id: str) -> Response:
    """Offer the ticked posts, or do not."""
    is_offer = request.form.get("do") == "offer"
    command, said = (blogs.offer, "offered") if is_offer else (blogs.decline, "declined")
    return _done(id, said, command, reader_id(), id, request.form.getlist("posts"), anchor="posts")


@blueprint.post("/mine/<id>/describe")
@access.needs("member")
def describe(id: str) -> Response:
    """Correct where readers find it, and where its posts lie."""
    site, roots = request.form.get("site", ""), request.form.get("roots", "")
    return _done(id, "described", blogs.describe, following.ring, reader_id(), id, site, roots)


@blueprint.post("/mine/<id>/look")
@access.needs("member")
def look(id: str) -> Response:
    """Have it looked at now."""
    return _done(id, "looking", blogs.look_again, following.ring, reader_id(), id)


@blueprint.post("/mine/<id>/secret")
@access.needs("member")
def secret(id: str) -> Response:
    """Another secret for the webhook."""
    return _done(id, "secret", blogs.new_secret, reader_id(), id, anchor="webhook")


@blueprint.route("/mine/<id>/leave", methods=["GET", "POST"])
@access.needs("member")
def leave(id: str) -> Response:
    """Take the blog out: first a page that says what that does."""
    if request.method == "POST":
        with db.write(SERVICE) as tx:
            blogs.leave(tx, reader_id(), id)
        return go(HOME, "left")
    with db.read(SERVICE) as tx:
        row = blogs.find(tx, id)
        if row is None or row["person"] != reader_id() or row["state"] == "left":
            not_found("blog of yours")
        counts = following.counts(tx, id)
    return page("leave.html", blog=row, counts=counts)
