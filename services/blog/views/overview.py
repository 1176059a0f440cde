"""The organizer's view of all blogs and their posts. It only reads: what is offered is each author's own choice."""

from __future__ import annotations

from flask import Blueprint, Response

from shared import access, db

from .. import blogs, following
from ..models import SERVICE
from ..offers import standing
from ..rules.standing import STANDINGS
from .pages import not_found, number, page

blueprint = Blueprint("overview", __name__, url_prefix="/blog/blogs")


@blueprint.get("")
@access.needs("organizer")
def everybody() -> Response:
    """All blogs, the latest first."""
    with db.read(SERVICE) as tx:
        listed, total, at = blogs.everybody(tx, number())
    return page(
        "organizer/blogs.html",
        blogs=listed,
        total=total,
        at=at,
        size=blogs.PAGE,
        names=blogs.NAMES,
        page_url=lambda page: f"/blog/blogs?page={page}",
    )


@blueprint.get("/<id>")
@access.needs("organizer")
def one(id: str) -> Response:
    """A blog and its posts, each with its state and why."""
    with db.read(SERVICE) as tx:
        row = blogs.find(tx, id)
        if row is None or row["state"] == "left":
            not_found("blog")
        listed, total, at = blogs.posts(tx, id, number())
        seen = standing.stood(tx, listed)
        counts, author = following.counts(tx, id), blogs.author(tx, id)
    return page(
        "organizer/blog.html", blog=row, author=author, posts=seen, total=total, at=at, size=blogs.PAGE,
        standings=STANDINGS, counts=counts, names=blogs.NAMES, page_url=lambda page: f"/blog/blogs/{id}?page={page}",
    )  # fmt: skip
