"""What organizers set: how many members a circle has, how many places a stream, what a circle is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import db

from .. import locks
from .. import people as persons
from ..models import circle as circles
from ..models import policy as policies
from ..models import stream_policy
from ..rules.refusals import Refused, Stale
from . import journal, placing, policy, reading

MOST_OF_ALL = 100
PLACES_MOST = 100_000


def save(tx: Connection, by: str, typed: Mapping[str, str], seen: Mapping[str, str] | None = None) -> None:
    """Take what was typed: `most`, and `places.<stream>` ('' for no cap). Who waits is offered what became free.

    :param seen: what the form showed, to notice that somebody else saved meanwhile.
    :raises Refused: with every wrong field in `all`.
    """
    locks.placing(tx)
    now, known = as_typed(policy.read(tx)), list(persons.streams(tx))
    refused: list[Refused] = []
    most = _number("most", typed.get("most", now["most"]), 1, MOST_OF_ALL, refused)
    places = {
        slug: _number(field, typed[field], 0, PLACES_MOST, refused) if typed[field].strip() else None
        for slug in known
        if (field := f"places.{slug}") in typed
    }
    Refused.raise_any(refused)
    if seen is not None and any(now.get(field, "") != value for field, value in seen.items()):
        raise Stale("most", "Somebody else changed this meanwhile.", "Look at what holds now, and save again.")
    one = db.insert(tx, policies).values(id=1, **{**policy.DEFAULTS, "most": most})
    tx.execute(one.on_conflict_do_update(index_elements=["id"], set_={"most": most}))
    for slug, cap in places.items():
        row = db.insert(tx, stream_policy).values(stream=slug, places=cap, agenda=None, mentors=True)
        tx.execute(row.on_conflict_do_update(index_elements=["stream"], set_={"places": cap}))
    after = as_typed(policy.read(tx))
    if after != now:
        journal.note(tx, by, "policy", None, now, after)
    for slug in known:
        placing.offer_free(tx, slug)


def as_typed(now: policy.Policy) -> dict[str, str]:
    """The same as the form's fields have it."""
    return {"most": str(now.most), **{f"places.{slug}": str(cap) for slug, cap in now.places.items()}}


def save_circle(tx: Connection, by: str, id: str, name: str, most: str, seen: str | None = None) -> None:
    """Rename a circle, or let it have more or fewer members than the others ('' for as all have).

    :raises Refused: with every wrong field in `all`.
    """
    locks.placing(tx)
    row = reading.one(tx, id)
    refused: list[Refused] = []
    limit = _number("most", most, 1, MOST_OF_ALL, refused) if most.strip() else None
    name = " ".join(name.split())
    others = {each["name"].casefold() for each in reading.listed(tx) if each["id"] != id}
    if not name or len(name) > 100 or not name.isprintable():
        refused.append(Refused("name", "This is no name for a circle.", "Write one line of 1 to 100 letters."))
    elif name.casefold() in others:
        refused.append(Refused("name", "Another circle is called so.", "Choose another name."))
    Refused.raise_any(refused)
    before = {"name": row["name"], "most": row["most"]}
    if seen is not None and seen != token(row):
        raise Stale("name", "Somebody else changed this meanwhile.", "Look at what holds now, and save again.")
    after = {"name": name, "most": limit}
    if before != after:
        tx.execute(sa.update(circles).where(circles.c.id == id).values(**after))
        journal.note(tx, by, "settings", id, before, after)


def token(row: Mapping[str, Any]) -> str:
    """What a form of settings showed, in one word."""
    return f"{row['most'] or ''}/{row['name']}"


@journal.undoes("settings")
def _undo_settings(tx: Connection, by: str, entry: Mapping[str, Any]) -> None:
    row = reading.one(tx, entry["circle"])
    if {"name": row["name"], "most": row["most"]} != entry["after"]:
        raise Refused("change", "It was changed again since.", "Undo the later change first.")
    tx.execute(sa.update(circles).where(circles.c.id == entry["circle"]).values(**entry["before"]))


def _number(field: str, typed: str, least: int, most: int, refused: list[Refused]) -> int:
    try:
        if not typed.strip().isascii():
            raise ValueError
        found = int(typed)
        if least <= found <= most:
            return found
    except ValueError:
        pass
    refused.append(Refused(field, "This is no number that can be taken.", f"Write one from {least} to {most}."))
    return least
