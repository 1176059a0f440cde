"""An author opens the pull request themselves: Baton hands them the patch, and knows the pull request when it appears.

It is known by the name of its branch, by the post's path, or by the address of the original in it (Forge.find).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import db

from .. import forges, posts, targets
from ..convert import Kitchen, Skipped, meta
from ..models import SERVICE, blog, offer, person, post
from ..rules import offers as rules
from ..rules.refusals import Refused
from . import making, patching, reading, texts, trying
from .touching import ask

PLAIN_AUTHOR = "{github}@users.noreply.github.com"


def keep(tx: Connection, post_id: str) -> None:
    """Its author opens the pull request of that post, which is wanted.

    :raises Refused: there is nothing to open, or it is open already.
    """
    row = _row(tx, post_id)
    if row["branch"] or row["live"]:
        raise Refused("post", "It is proposed already.", "Open the next one yourself, or take this one back first.")
    tx.execute(sa.update(offer).where(offer.c.id == row["id"]).values(by_author=True))
    ask(tx, row["id"])


def give(tx: Connection, post_id: str) -> None:
    """Baton opens it after all.

    :raises Refused: there is nothing to open.
    """
    row = _row(tx, post_id)
    values = {"by_author": False, "state": "waiting" if row["state"] == "handed" else row["state"]}
    tx.execute(sa.update(offer).where(offer.c.id == row["id"]).values(**values))
    ask(tx, row["id"])


def _row(tx: Connection, post_id: str) -> Any:
    row = tx.execute(sa.select(offer).where(offer.c.post == post_id).with_for_update()).mappings().first()
    if row is None:
        raise Refused("post", "There is nothing to open.", "Its page says why.")
    return row


def branch(row: Mapping[Any, Any]) -> str:
    """What the branch of the next proposal is to be called."""
    return rules.branch(meta.slugged(row["title"]), row["id"], row["round"] + 1)


def author_of(found: Mapping[Any, Any]) -> tuple[str, str]:
    """(name, address) of whom a commit is by; the address is empty where nothing public is known."""
    github = found["github"] or ""
    return found["name"] or "", PLAIN_AUTHOR.format(github=github) if github else ""


def patch(post_id: str, forge: Callable[[], forges.Forge] = forges.current) -> bytes:
    """The post of an offer that was handed to its author, as `git am` takes it.

    :raises Refused: it was not handed over, or cannot be made just now.
    """
    with trying.room("patch"):
        return _patch(post_id, forge)


def _patch(post_id: str, forge: Callable[[], forges.Forge]) -> bytes:
    with db.read(SERVICE) as tx:
        query = sa.select(post, blog.c.consent, person.c.name, person.c.github)
        query = query.join(blog, blog.c.id == post.c.blog).outerjoin(person, person.c.id == blog.c.person)
        row = tx.execute(query.where(post.c.id == post_id)).mappings().one()
        of = tx.execute(sa.select(offer).where(offer.c.post == post_id)).mappings().first()
        if of is None or of["state"] != "handed" or row["state"] != "wanted" or not row["consent"]:
            raise Refused("patch", "There is no patch of this post now.", "Its page says where it stands.")
        ours, taken = reading.paths(tx, of)
        material = posts.material(tx, post_id)
        choice = targets.chosen(tx)
    here = forge()
    base, others, target = making.aimed(here, ours, taken, choice)
    with Kitchen(trying.PATIENCE) as kitchen:
        found = making.made(material, dict(row), row["consent"], target, kitchen)
    if isinstance(found, Skipped):
        raise Refused("patch", found.text, "Change the post, then look at its page again.")
    if found.held and of["looked"] < row["rev"]:
        raise Refused("patch", "It seems to hold a secret.", "An organizer looks at it first.")
    files = making.files(found, material, target, others)
    before = {path: data for path in files if path in others and (data := here.read(base, path)) is not None}
    return patching.patch(files, before, texts.message("post", found.title, found.original), author_of(row))
