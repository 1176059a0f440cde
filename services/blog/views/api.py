"""The JSON API of blogs: one's own, and all of them for organizers. A route calls what the page of that action
calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from shared import access, db
from shared.api import Blueprint, Empty, PageQuery
from shared.problems import problem

from .. import blogs, firsts, following
from ..convert import Skipped, text
from ..models import SERVICE
from ..offers import handing, standing, trying
from ..rules.refusals import Missing, Refused
from ..schemas import blogs as schemas
from .pages import not_found, reader_id
from .posts import open_by_us, open_oneself

blueprint = Blueprint(SERVICE, "blogs", "Members' blogs and their posts")
MINE = access.scopes(role="member")


def refuse(refused: Refused, status: int = 422) -> NoReturn:
    """404 where there is no such thing, else `status`; with the field that cannot be taken."""
    status = 404 if isinstance(refused, Missing) else status
    problem(status, "This cannot be done", f"{refused.message} {refused.remedy}", [refused.as_dict()])


def _refusing(command: Callable[..., Any], *given: Any) -> Any:
    """What the command answers; a refusal as problem+json."""
    try:
        return command(*given)
    except Refused as refused:
        refuse(refused)


def done(command: Callable[..., Any], *given: Any) -> Any:
    """What one command in one transaction answers; a refusal as problem+json."""
    with db.write(SERVICE) as tx:
        return _refusing(command, tx, *given)


def _pages(total: int) -> int:
    return max(1, -(-total // blogs.PAGE))


def _own(tx: Any, id: str) -> Any:
    row = blogs.find(tx, id)
    if row is None or row["person"] != reader_id() or row["state"] == "left":
        not_found("blog of yours")
    return row


def _shown(id: str) -> Any:
    with db.read(SERVICE) as tx:
        return _own(tx, id)


@blueprint.post("/mine/first-post/later")
@MINE
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.FirstPost)
def later(_body: Any) -> dict[str, Any]:
    """Move by 30 days when one's first post is hoped for, and the reminders of it."""
    with db.write(SERVICE) as tx:
        now = firsts.waits(tx, reader_id())
        _refusing(firsts.snooze, tx, reader_id(), now["days"] if now else 0)
        return firsts.waits(tx, reader_id()) or {}


@blueprint.get("/mine/blogs")
@MINE
@blueprint.response(200, schemas.Blogs)
def mine() -> dict[str, Any]:
    """The reader's blogs."""
    with db.read(SERVICE) as tx:
        return {"blogs": blogs.of_person(tx, reader_id())}


@blueprint.post("/mine/blogs")
@MINE
@blueprint.arguments(schemas.Address)
@blueprint.response(202, schemas.Blog)
def register(asked: dict[str, str]) -> Any:
    """Have a blog followed; the same address again is the same blog. What it is, is found out afterwards."""
    return _shown(done(blogs.register, following.ring, reader_id(), asked["address"]))


@blueprint.get("/mine/blogs/<id>")
@MINE
@blueprint.response(200, schemas.Blog)
def one(id: str) -> Any:
    """A blog of the reader's."""
    return _shown(id)


@blueprint.get("/mine/blogs/<id>/posts")
@MINE
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, schemas.OwnPosts)
def posts(query: dict[str, int], id: str) -> dict[str, Any]:
    """Its posts, each with where it stands and why."""
    with db.read(SERVICE) as tx:
        _own(tx, id)
        rows, total, page = blogs.posts(tx, id, query["page"])
        listed = standing.stood(tx, rows)
    return {"posts": listed, "total": total, "page": page, "pages": _pages(total)}


@blueprint.put("/mine/blogs/<id>/consent")
@MINE
@blueprint.arguments(schemas.Consent)
@blueprint.response(200, schemas.Blog)
def consent(asked: dict[str, str], id: str) -> Any:
    """Say whether and how its posts may be offered."""
    done(blogs.consent, reader_id(), id, asked["consent"])
    return _shown(id)


@blueprint.post("/mine/blogs/<id>/posts")
@MINE
@blueprint.arguments(schemas.Choice)
@blueprint.response(200, schemas.Chosen)
def choose(asked: dict[str, Any], id: str) -> dict[str, int]:
    """Offer some of its posts, or say that they never are."""
    command = blogs.offer if asked["do"] == "offer" else blogs.decline
    return {"posts": done(command, reader_id(), id, asked["posts"])}


@blueprint.get("/mine/posts/<id>")
@MINE
@blueprint.response(200, schemas.OwnPost)
def post(id: str) -> Any:
    """A post of the reader's: where it stands and why."""
    with db.read(SERVICE) as tx:
        return _refusing(standing.own, tx, reader_id(), id)


@blueprint.get("/mine/posts/<id>/preview")
@MINE
@blueprint.arguments(schemas.As, location="query")
@blueprint.response(200, schemas.Tried)
def dry_run(query: dict[str, str], id: str) -> dict[str, Any]:
    """The post as it would be proposed now, with all that would be changed on the way; nothing is written."""
    post(id)
    found = _refusing(trying.tried, id, query["as_"])
    if isinstance(found, Skipped):
        return {"path": "", "text": "", "images": [], "notes": [], "held": False, "skipped": found.text}
    images = [image.path for image in found.images]
    return {"path": found.path, "text": text(found), "images": images, "notes": found.notes, "held": found.held,
            "skipped": ""}  # fmt: skip


@blueprint.post("/mine/posts/<id>/again")
@MINE
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.OwnPost)
def again(_body: Any, id: str) -> Any:
    """Ask again for what was declined, or have what did not work tried again."""
    done(standing.again, reader_id(), id)
    with db.read(SERVICE) as tx:
        return standing.own(tx, reader_id(), id)


@blueprint.put("/mine/posts/<id>/own")
@MINE
@blueprint.arguments(schemas.Own)
@blueprint.response(202, schemas.OwnPost)
def own(said: dict[str, bool], id: str) -> Any:
    """Say that one opens its pull request oneself, or that Baton does after all."""
    done(open_oneself if said["own"] else open_by_us, reader_id(), id)
    with db.read(SERVICE) as tx:
        return standing.own(tx, reader_id(), id)


@blueprint.get("/mine/posts/<id>/patch")
@MINE
@blueprint.response(200, schemas.Patch)
def patch(id: str) -> dict[str, Any]:
    """A post that is one's own to open, as `git am` takes it."""
    with db.read(SERVICE) as tx:
        row = _refusing(standing.own, tx, reader_id(), id)
    if row["standing"] != "handed":
        return {"patch": "", "branch": ""}
    found = _refusing(handing.patch, id)
    return {"patch": found.decode("utf-8", "replace"), "branch": handing.branch(row["offer"])}


@blueprint.post("/mine/blogs/<id>/look")
@MINE
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Blog)
def look(_body: Any, id: str) -> Any:
    """Have it looked at now."""
    done(blogs.look_again, following.ring, reader_id(), id)
    return _shown(id)


@blueprint.delete("/mine/blogs/<id>")
@MINE
@blueprint.response(204)
def leave(id: str) -> None:
    """Take it out: what is offered is taken back."""
    done(blogs.leave, reader_id(), id)


@blueprint.get("/blogs")
@access.scopes("read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, schemas.AllBlogs)
def everybody(query: dict[str, int]) -> dict[str, Any]:
    """All blogs, the latest first."""
    with db.read(SERVICE) as tx:
        listed, total, page = blogs.everybody(tx, query["page"])
    return {"blogs": listed, "total": total, "page": page, "pages": _pages(total)}


@blueprint.get("/blogs/<id>/posts")
@access.scopes("read")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, schemas.Posts)
def posts_of(query: dict[str, int], id: str) -> dict[str, Any]:
    """The posts of somebody's blog."""
    with db.read(SERVICE) as tx:
        if blogs.find(tx, id) is None:
            not_found("blog")
        listed, total, page = blogs.posts(tx, id, query["page"])
    return {"posts": listed, "total": total, "page": page, "pages": _pages(total)}
