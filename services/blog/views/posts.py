"""One post of a member's: where it stands and why, how it would look, what its author can do about it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, request

from shared import access, db

from .. import blogs, forges, pieces
from ..convert import Converted, text
from ..models import SERVICE
from ..offers import handing, preview, standing, trying
from ..rules import offers as rules
from ..rules.posts import CONSENTS
from ..rules.refusals import Refused
from ..rules.standing import STANDINGS, asks_again, can_decline, can_offer, can_open
from .pages import go, not_found, page, reader_id, tried

blueprint = Blueprint("posts", __name__, url_prefix="/blog/mine/posts")


def _own(id: str) -> dict[str, Any]:
    with db.read(SERVICE) as tx:
        return standing.own(tx, reader_id(), id)


@blueprint.get("/<id>")
@access.needs("member")
def one(id: str) -> Response:
    """Where it stands, why, and what can be done."""
    return _one(id)


def _one(id: str, problems: list[dict[str, str]] | None = None) -> Response:
    row = _own(id)
    stands = row["standing"]
    can = {"offer": can_offer(stands), "decline": can_decline(stands), "again": asks_again(stands)}
    can["open"] = can_open(stands, row["live"])
    if row["state"] == "gone":
        can |= dict.fromkeys(("offer", "decline", "open"), False)
    with db.read(SERVICE) as tx:
        idea = pieces.suggested(tx, reader_id(), row["title"], id)
    return page("post.html", problems, post=row, idea=idea, stands=STANDINGS[stands], can=can, groups=rules.NOTES)


@blueprint.get("/<id>/preview")
@access.needs("member")
def dry_run(id: str) -> Response:
    """How it would look, and all that would be changed on the way; nothing is written anywhere."""
    row = _own(id)
    way = request.args.get("as") or row["agreed"] or ("link" if row["blog_kind"] == "feed" else "full")
    found, refused = None, []
    try:
        found = trying.tried(id, way)
    except Refused as why:
        refused = [why.as_dict()]
    file = text(found) if isinstance(found, Converted) else ""
    shown = preview.held(file, [(one.path, one.data) for one in found.images]) if isinstance(found, Converted) else ""
    # A feed has no text: it can only be offered as a link.
    ways = {"link": CONSENTS["link"]} if row["blog_kind"] == "feed" else CONSENTS
    given: dict[str, Any] = {"post": row, "found": found, "file": file, "shown": shown, "way": way, "ways": ways}
    answer = page("post_preview.html", refused, groups=rules.NOTES, **given)
    answer.status_code = 503 if refused and way in CONSENTS else answer.status_code
    return answer


def _done(id: str, said: str, command: Any, *given: Any) -> Response:
    if problems := tried(command, reader_id(), *given):
        return _one(id, problems)
    return go(f"/blog/mine/posts/{id}", said)


@blueprint.post("/<id>/offer")
@access.needs("member")
def offer(id: str) -> Response:
    """Say that it may be offered; who declined it is asked again."""
    return _done(id, "offered_one", blogs.offer, _own(id)["blog"], [id])


@blueprint.post("/<id>/decline")
@access.needs("member")
def decline(id: str) -> Response:
    """Say that it is not, or take it back."""
    return _done(id, "declined_one", blogs.decline, _own(id)["blog"], [id])


@blueprint.post("/<id>/again")
@access.needs("member")
def again(id: str) -> Response:
    """Ask again for what was declined; try again what did not work."""
    return _done(id, "again", standing.again, id)


@blueprint.get("/<id>/own")
@access.needs("member")
def own(id: str) -> Response:
    """How one opens the pull request oneself: the patch, and each step."""
    return _steps(id)


def _steps(id: str, problems: list[dict[str, str]] | None = None) -> Response:
    row, place = _own(id), forges.place()
    can = bool(row["agreed"]) and row["state"] != "gone" and can_open(row["standing"], row["live"])
    given: dict[str, Any] = {"post": row, "can": can}
    given |= {"name": forges.name(), "github": not forges.decides(), "home": f"https://{place}"}
    given |= {"repo": f"{place.rpartition('/')[2]}.git", "repo_name": place.partition("/")[2]}
    return page("own.html", problems, **given, branch=handing.branch(row["offer"]) if row["offer"] else "")


@blueprint.post("/<id>/own")
@access.needs("member")
def keep(id: str) -> Response:
    """Say that one opens it oneself."""
    if problems := tried(open_oneself, reader_id(), id):
        return _steps(id, problems)
    return go(f"/blog/mine/posts/{id}/own", "own")


def open_oneself(tx: Any, whose: str, id: str) -> None:
    """It is offered, by its author's own hands."""
    row = standing.own(tx, whose, id)
    if not can_open(row["standing"], row["live"]) and row["standing"] != "handed":
        raise Refused("post", "It cannot be opened by you now.", "Its page says where it stands.")
    blogs.offer(tx, whose, row["blog"], [id])
    handing.keep(tx, id)


def open_by_us(tx: Any, whose: str, id: str) -> None:
    """Baton opens it after all."""
    standing.own(tx, whose, id)
    handing.give(tx, id)


@blueprint.post("/<id>/give")
@access.needs("member")
def give(id: str) -> Response:
    """Let Baton open it after all."""
    if problems := tried(open_by_us, reader_id(), id):
        return _steps(id, problems)
    return go(f"/blog/mine/posts/{id}", "given")


@blueprint.get("/<id>/post.patch")
@access.needs("member")
def patch(id: str) -> Response:
    """The branch that Baton would push, as a patch."""
    if _own(id)["standing"] != "handed":
        not_found("patch of this post now")
    try:
        answer = make_response(handing.patch(id))
    except Refused as refused:
        answer = _steps(id, [refused.as_dict()])
        answer.status_code = 503
        return answer
    answer.headers.update({"Content-Type": "text/x-patch; charset=utf-8", "X-Content-Type-Options": "nosniff"})
    answer.headers["Content-Disposition"] = 'attachment; filename="post.patch"'
    return answer
