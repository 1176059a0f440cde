"""Registering a blog, and what its author says of the whole of it: where it is, whether and how it may be offered,
that it is taken out. `ring` is asked to have it looked at, once what was written is committed.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import blog, post
from ..repos import Mirror
from ..rules.posts import CONSENTS
from ..rules.refusals import Missing, Refused
from . import finding, marking
from .detecting import NO_SITE

MOST = 5  # blogs of one person
Row = Mapping[Any, Any]
Ring = Callable[[Connection, str], None]


def register(tx: Connection, ring: Ring, person: str, pasted: str) -> str:
    """Follow the blog at that address; the same address twice is one blog, and one that was taken out comes back.

    :raises Refused: it is no address, or there are many.
    """
    address = finding.address(pasted)
    db.lock(tx, f"blogs:{person}")
    mine = list(tx.execute(sa.select(blog).where(blog.c.person == person)).mappings())
    same = next((row for row in mine if row["address"] == address), None)
    if same is not None:
        if same["state"] == "left":
            fresh = {"state": "asked", "hook_secret": secrets.token_hex(32), "hook_seen_at": None, "error": None}
            tx.execute(sa.update(blog).where(blog.c.id == same["id"]).values(**fresh))
        ring(tx, same["id"])
        return str(same["id"])
    if sum(row["state"] != "left" for row in mine) >= MOST:
        raise Refused("address", f"You have {MOST} blogs here already.", "Take one out first.")
    id = db.new_id()
    values: dict[str, Any] = {"id": id, "person": person, "kind": "repo", "address": address, "state": "asked"}
    values |= {"roots": [], "missing": [], "hook_secret": secrets.token_hex(32), "created_at": clock.now()}
    tx.execute(sa.insert(blog).values(**values))
    ring(tx, id)
    return id


def one(tx: Connection, person: str, id: str) -> Row:
    """A blog of that person's, held until `tx` ends.

    :raises Refused: there is none of that id, or it is somebody else's.
    """
    query = sa.select(blog).where(blog.c.id == id, blog.c.person == person).with_for_update()
    row = tx.execute(query).mappings().first()
    if row is None:
        raise Missing("blog", "There is no such blog of yours.", "Open it from your list of blogs.")
    return row


def consent(tx: Connection, person: str, id: str, given: str) -> None:
    """Say whether and how posts may be offered: full, excerpt, link, or "" for not at all any more.

    What was to be offered is offered in the new way, or taken back.
    """
    row = one(tx, person, id)
    if given and given not in CONSENTS:
        raise Refused("consent", "Choose one of these.", "Nothing is offered until you do.")
    if row["kind"] == "feed" and given in {"full", "excerpt"}:
        raise Refused("consent", "A feed can only be offered as links.", "Choose that, or add its repository.")
    if (row["consent"] or "") == given:
        return
    tx.execute(sa.update(blog).where(blog.c.id == id).values(consent=given or None, consent_at=clock.now()))
    for each in _wanted(tx, id):
        if given:
            marking.again(tx, each)
        else:
            marking.mark(tx, each, "declined", "You took back your consent.", choice="decline")


def describe(tx: Connection, ring: Ring, person: str, id: str, site: str, roots: str) -> None:
    """Correct what was found out: where readers find it, and in which folders its posts lie."""
    row = one(tx, person, id)
    if row["kind"] == "feed":
        raise Refused("roots", "A feed says these things itself.", "")
    site = site.strip()
    parts = urlsplit(site)
    if site and (parts.scheme not in {"http", "https"} or not parts.hostname or len(site) > 500 or not site.isascii()):
        raise Refused("site", "This is no web address.", "Write it as https://ada.example/")
    parted = (part.strip("/ \r\t") for part in roots.replace("\n", ",").split(","))
    folders = sorted({f"{part}/" for part in parted if part})
    if len(folders) > 40 or any(len(each) > 300 or ".." in each.split("/") for each in folders):
        raise Refused("roots", "These are no folders of a repository.", "Write them as in: posts/, til/")
    values: dict[str, Any] = {"site": (site.rstrip("/") + "/") if site else None}
    if site:
        values["missing"] = [each for each in row["missing"] if not each.startswith(NO_SITE)]
    if folders != row["roots"]:
        # All is compared anew, and what is found in other folders is asked about as at the beginning.
        values |= {"roots": folders, "head": None, "next_head": None, "done": 0}
        outside = [each for each in _all(tx, id) if folders and not each["path"].startswith(tuple(folders))]
        for each in outside:
            marking.mark(tx, each, "gone", "Its folder is not followed any more.")
    tx.execute(sa.update(blog).where(blog.c.id == id).values(**values))
    ring(tx, id)


def look_again(tx: Connection, ring: Ring, person: str, id: str) -> None:
    """Have it looked at now."""
    row = one(tx, person, id)
    if row["state"] == "left":
        raise Refused("blog", "This blog was taken out.", "Paste its address again to have it back.")
    ring(tx, id)


def new_secret(tx: Connection, person: str, id: str) -> None:
    """Another secret for its webhook; the old one is worth nothing from now on."""
    one(tx, person, id)
    fresh = {"hook_secret": secrets.token_hex(32), "hook_seen_at": None}
    tx.execute(sa.update(blog).where(blog.c.id == id).values(**fresh))


def leave(tx: Connection, person: str, id: str) -> None:
    """Take a blog out: proposals are closed, what is published is asked to be removed, its copy here is deleted."""
    one(tx, person, id)
    for each in _wanted(tx, id):
        marking.mark(tx, each, "declined", "Its author took the blog out.", choice="decline")
    fresh = {"state": "left", "consent": None, "consent_at": clock.now(), "hook_secret": None, "hook_seen_at": None}
    work: dict[str, Any] = {"due": None, "head": None, "next_head": None, "done": 0, "error": None, "missing": []}
    tx.execute(sa.update(blog).where(blog.c.id == id).values(**fresh, **work, failing_since=None))
    tx.execute(sa.delete(post).where(post.c.blog == id, post.c.rev == 0))
    db.after_commit(tx, Mirror(id).thrown_away, once=False)


def _all(tx: Connection, id: str) -> list[Row]:
    query = sa.select(post).where(post.c.blog == id, post.c.state != "gone").order_by(post.c.id)
    return list(tx.execute(query).mappings())


def _wanted(tx: Connection, id: str) -> list[Row]:
    return [row for row in _all(tx, id) if row["state"] == "wanted"]
