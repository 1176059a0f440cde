"""What organizers say of the program's blog, where its files tell too little, or something else."""

from __future__ import annotations

import re
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import db

from .. import forges
from ..convert.shapes import ShapeName
from ..models import aim
from ..rules.refusals import Refused

NAMES: dict[ShapeName, str] = {
    "jekyll": "Jekyll",
    "skinny": "Jekyll with Skinny Bones",
    "hugo": "Hugo",
    "astro": "Astro",
}
_FOLDER = re.compile(r"[\w-][\w.-]*(?:/[\w-][\w.-]*){0,9}")
_BELOW = {"hugo": "content/", "astro": "src/"}


class Choice(NamedTuple):
    """:param shape: a key of NAMES; empty: as the files say. :param folder: where posts go; empty: likewise."""

    shape: ShapeName | None = None
    folder: str = ""


AUTO = Choice()


def chosen(tx: Connection) -> Choice:
    """What was said of the program's blog where it lives now."""
    row = tx.execute(sa.select(aim.c.shape, aim.c.folder).where(aim.c.place == forges.spot())).first()
    return Choice(row.shape or None, row.folder) if row else AUTO


def choose(tx: Connection, _by: str, shape: str, folder: str) -> None:
    """Say what makes the program's blog, and where its posts lie; empty: as its files say. Posts that are proposed
    next go there.

    :raises Refused: there is no such generator, or that is no folder for posts of it.
    """
    folder = folder.strip().strip("/")
    if shape and shape not in NAMES:
        raise Refused("shape", "There is no such generator here.", "Choose one of the list.")
    if folder and not shape:
        raise Refused("folder", "A folder goes with what makes the blog.", "Choose Hugo or Astro, or leave it empty.")
    if folder and shape not in _BELOW:
        raise Refused("folder", "Jekyll's posts are in _posts.", "Leave the folder empty, or choose Hugo or Astro.")
    if folder and (len(folder) > 200 or not _FOLDER.fullmatch(folder) or not folder.startswith(_BELOW[shape])):
        raise Refused(
            "folder", "That is no folder of posts.", f"Give one below {_BELOW[shape]}, as in {_BELOW[shape]}blog."
        )
    said = {"shape": shape, "folder": folder}
    made = db.insert(tx, aim).values(place=forges.spot(), **said)
    tx.execute(made.on_conflict_do_update(index_elements=["place"], set_=said))
