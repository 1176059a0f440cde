"""An author's choice for single posts: to offer it, or not."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..models import post
from ..offers import deciding
from ..rules.refusals import Refused
from . import marking
from .registering import Row, one

AT_ONCE = 200


def offer(tx: Connection, person: str, blog_id: str, ids: Iterable[str]) -> int:
    """Offer these posts of a blog, whatever was said of them before; how many there are.

    :raises Refused: nobody consented to anything, or none was chosen.
    """
    row = one(tx, person, blog_id)
    if row["state"] == "left":
        raise Refused("posts", "This blog was taken out.", "Paste its address again to have it back.")
    if not row["consent"]:
        raise Refused("consent", "Say first how your posts may be shown.", "Choose one of the three ways above.")
    wanted = _chosen(tx, blog_id, ids)
    for each in wanted:
        state = "skipped" if each["state"] == "skipped" else "wanted"
        marking.mark(tx, each, state, each["reason"] if state == "skipped" else "", choice="offer")
        if state == "wanted":
            deciding.ask_again(tx, each["id"])
    return len(wanted)


def decline(tx: Connection, person: str, blog_id: str, ids: Iterable[str]) -> int:
    """Never offer these posts, and take back what was offered; how many there are."""
    one(tx, person, blog_id)
    unwanted = _chosen(tx, blog_id, ids)
    for each in unwanted:
        state = "skipped" if each["state"] == "skipped" else "declined"
        marking.mark(tx, each, state, each["reason"] if state == "skipped" else "You said no.", choice="decline")
    return len(unwanted)


def _chosen(tx: Connection, blog_id: str, ids: Iterable[str]) -> list[Row]:
    wanted = list(dict.fromkeys(ids))[: AT_ONCE + 1]
    if not wanted:
        raise Refused("posts", "No post is chosen.", "Tick at least one.")
    if len(wanted) > AT_ONCE:
        raise Refused("posts", f"These are more than {AT_ONCE} posts.", "Choose fewer at a time.")
    query = sa.select(post).where(post.c.blog == blog_id, post.c.id.in_(wanted), post.c.state != "gone")
    found: list[Row] = list(tx.execute(query.order_by(post.c.id)).mappings())
    if len(found) < len(wanted):
        raise Refused("posts", "One of these posts is not there any more.", "Load the page again.")
    return found
