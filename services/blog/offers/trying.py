"""A dry run: a post as it would be proposed now. Nothing is written, neither here nor at the program's blog."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from shared import db

from .. import forges, posts, targets
from ..convert import Converted, Kitchen, Skipped
from ..models import SERVICE, offer, post
from ..rules.posts import CONSENTS
from ..rules.refusals import Refused
from . import making, reading

PATIENCE = 20.0  # seconds for a notebook: somebody waits for the page
_room = threading.BoundedSemaphore(2)  # so many at once in one process, however often somebody loads a page again
_NEW: dict[str, Any] = {"id": "", "live": [], "path": None, "branch": None}


def tried(post_id: str, consent: str, forge: Callable[[], forges.Forge] = forges.current) -> Converted | Skipped:
    """The post in the dialect of the program's blog, or why there is nothing to offer.

    :param consent: full, excerpt or link: as what it is tried.
    :raises Refused: it cannot be tried just now; the same a little later may do.
    """
    if consent not in CONSENTS:
        raise Refused("as", "There is no such way to show a post.", "Choose one of: full, excerpt, link.")
    with room("preview"):
        return _tried(post_id, consent, forge)


@contextmanager
def room(what: str) -> Iterator[None]:
    """Room for one that somebody waits for; what cannot be done now is refused in words.

    :param what: the field that a refusal names.
    """
    if not _room.acquire(blocking=False):
        raise Refused(what, "Other previews are being made.", "Load the page again in a moment.")
    try:
        yield
    except posts.Absent as absent:
        raise Refused(what, str(absent), "Look for new posts on your blog's page, then try once more.") from None
    except (forges.Unreachable, forges.Denied) as away:
        raise Refused(what, away.said, "Try once more in a few minutes.") from None
    finally:
        _room.release()


def _tried(post_id: str, consent: str, forge: Callable[[], forges.Forge]) -> Converted | Skipped:
    with db.read(SERVICE) as tx:
        row = dict(tx.execute(sa.select(post).where(post.c.id == post_id)).mappings().one())
        of = tx.execute(sa.select(offer).where(offer.c.post == post_id)).mappings().first() or _NEW
        ours, taken = reading.paths(tx, of)
        material = posts.material(tx, post_id)
        choice = targets.chosen(tx)
    _, _, target = making.aimed(forge(), ours, taken, choice)
    with Kitchen(PATIENCE) as kitchen:
        found = making.made(material, row, consent, target, kitchen)
    if isinstance(found, Converted) and of["live"] and of["path"] and targets.keeps(target, of["path"]):
        found = replace(found, path=of["path"])
    return found
