"""A person's own action items: by the link in a mail, without signing in, or signed in. Opening it changes nothing."""

from __future__ import annotations

from flask import Blueprint, Response, request
from sqlalchemy.engine import Connection

from shared import access, db, tokens
from shared.problems import Problem

from .. import items, people
from ..models import SERVICE
from ..rules.refusals import Refused
from .answers import forbidden, go, page, who

blueprint = Blueprint("items", __name__, url_prefix="/sessions")
_SAID = {"done": "done", "dropped": "dropped", "moved": "moved", "undo": "undone"}


def act(tx: Connection, id: str, owner: str, by: str) -> str:
    """What the pressed button says of an item of that owner; the word that tells so."""
    verb = request.form.get("do", "")
    row = items.one(tx, id)
    if row is None or row["owner"] != owner:
        raise Refused("item", "This action item is not yours.", "Whoever leads the session can change it.")
    items.undo(tx, id, by) if verb == "undo" else items.settle(tx, id, verb, by)
    return _SAID[verb]


@blueprint.get("/items")
@access.needs("member", "organizer")
def own() -> Response:
    """All open action items of the reader."""
    return _page(who().person, "/sessions/items")


@blueprint.post("/items/<id>")
@access.needs("member", "organizer")
def press(id: str) -> Response:
    """Done, dropped, moved, or undo."""
    with db.write(SERVICE) as tx:
        said = act(tx, id, who().person, who().actor)
    return go("/sessions/items", said)


@blueprint.get("/item/<token>")
def linked(token: str) -> Response:
    """The same by a mailed link."""
    return _page(_owner(token), f"/sessions/item/{token}")


@blueprint.post("/item/<token>/<id>")
def press_linked(token: str, id: str) -> Response:
    """The buttons of the page that a mailed link opens."""
    owner = _owner(token)
    with db.write(SERVICE) as tx:
        said = act(tx, id, owner, f"person/{owner}")
    return go(f"/sessions/item/{token}", said)


def _owner(token: str) -> str:
    try:
        person = str(tokens.read("item", token)["person"])
    except tokens.BadToken as bad:
        raise bad_link(bad) from None
    with db.read(SERVICE) as tx:
        if not people.is_here(tx, person):
            forbidden("This link belongs to nobody in the program", "Sign up again to come back.")
    return person


def bad_link(bad: tokens.BadToken) -> Exception:
    """The error page of a link that does not work (any more)."""
    if bad.reason == "expired":
        words = "Links stop working after a while, in case a mail falls into other hands. Sign in to go on."
        return Problem(410, "This link is too old", words, [], {})
    words = "Perhaps the mail program broke it in two. Copy all of it, or sign in to go on."
    return Problem(400, "This link is not complete", words, [], {})


def _page(person: str, base: str) -> Response:
    with db.read(SERVICE) as tx:
        listed = items.of_owner(tx, person)
    return page("items.html", items=listed, base=base)
