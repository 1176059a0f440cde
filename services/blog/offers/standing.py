"""How members see their posts, and their place on the mentees page: where each stands, why, its offer beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..models import blog, offer, post
from ..rules import standing as rules
from ..rules.refusals import Missing, Refused
from . import deciding

Row = Mapping[Any, Any]
_OFFER = ("id", "state", "kind", "reason", "live", "url", "opened_at", "published_at", "notes", "by_author", "path",
          "original", "title", "round")  # fmt: skip


def stood(tx: Connection, rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Posts with `standing` (a key of STANDINGS), `why` (in words, often empty) and `offer` (its row, or None)."""
    rows = list(rows)
    query = sa.select(offer.c.post, *(offer.c[name] for name in _OFFER))
    query = query.where(offer.c.post.in_([row["id"] for row in rows]))
    offers = {found["post"]: dict(found) for found in tx.execute(query).mappings()}
    return [_one(dict(row), offers.get(row["id"])) for row in rows]


def own(tx: Connection, person: str, id: str) -> dict[str, Any]:
    """A post of that person's likewise, with its blog's consent as `agreed`.

    :raises Refused: there is none of that id, or it is somebody else's.
    """
    mine = (post.c.id == id, blog.c.person == person, blog.c.state != "left")
    query = sa.select(post, blog.c.consent.label("agreed"), blog.c.kind.label("blog_kind"))
    row = tx.execute(query.join(blog, blog.c.id == post.c.blog).where(*mine)).mappings().first()
    if row is None:
        raise Missing("post", "There is no such post of yours.", "Open it from your list of posts.")
    return stood(tx, [row])[0]


def again(tx: Connection, person: str, id: str) -> None:
    """The author asks again for what was declined, or has what did not work tried again.

    :raises Refused: it was not, or there is no such post of theirs.
    """
    row = own(tx, person, id)
    if not rules.asks_again(row["standing"]):
        says = rules.STANDINGS[row["standing"]].says
        raise Refused("post", f"This post is not declined: {says}.", "Look at its page for what can be done.")
    deciding.again(tx, f"person/{person}", row["offer"]["id"])


def of_profile(tx: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    """A profile likewise; `standing` is empty for one that was never to be shown."""
    query = sa.select(*(offer.c[name] for name in _OFFER)).where(offer.c.profile == row["id"])
    of = tx.execute(query).mappings().first() if row["id"] else None
    if of is None and row["state"] != "wanted":
        return {**row, "standing": "", "why": "", "live": False, "offer": None}
    return _one({**row, "reason": ""}, dict(of) if of else None)


def again_profile(tx: Connection, person: str, row: Mapping[str, Any]) -> None:
    """Its owner asks again for what was declined, or has what did not work tried again.

    :raises Refused: it was not.
    """
    found = of_profile(tx, row)
    if not rules.asks_again(found["standing"]):
        raise Refused("profile", "This is not declined.", "Look at its page for what can be done.")
    deciding.again(tx, f"person/{person}", found["offer"]["id"])


def _one(row: dict[str, Any], of: dict[str, Any] | None) -> dict[str, Any]:
    live = bool(of and of["live"])
    found = rules.standing(row["state"], of["state"] if of else None, of["kind"] if of else "post", live)
    told = row["reason"] if of is None or of["state"] == "withdrawn" else of["reason"]
    return {**row, "standing": found, "why": told or "", "live": live, "offer": of}
