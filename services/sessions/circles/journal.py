"""The journal of a circle: what was changed by hand, by whom and why; and its undo.

Whoever writes an entry registers how a verb is undone (`undoes`). An entry is undone once, and only while what it made
still stands: the function that undoes it refuses otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import change
from ..rules.refusals import Refused

Row = Mapping[Any, Any]
Undo = Callable[[Connection, str, Row], None]
REASON_MOST = 1000
PAGE = 30
_undo: dict[str, Undo] = {}


def undoes(*verbs: str) -> Callable[[Undo], Undo]:
    """Register how entries with these verbs are undone: `undo(tx, by, entry)`."""

    def register(undo: Undo) -> Undo:
        _undo.update(dict.fromkeys(verbs, undo))
        return undo

    return register


def note(
    tx: Connection,
    by: str,
    verb: str,
    circle: str | None,
    before: dict[str, Any],
    after: dict[str, Any],
    reason: str = "",
    session: str | None = None,
) -> str:
    """Write down what was changed; persons are named by their ids alone. Returns the entry's id."""
    id = db.new_id()
    row = {"id": id, "circle": circle, "session": session, "verb": verb, "by": by, "at": clock.now()}
    tx.execute(sa.insert(change).values(**row, reason=reason, before=before, after=after))
    return id


def entries(tx: Connection, circle: str) -> list[Row]:
    """The latest entries about a circle, the latest first."""
    query = sa.select(change).where(change.c.circle == circle).order_by(change.c.at.desc(), change.c.id.desc())
    return list(tx.execute(query.limit(PAGE)).mappings())


def can_undo(entry: Row, by: str) -> bool:
    """Whether there is a button for it."""
    return entry["undone_at"] is None and entry["verb"] in _undo and _may(entry, by)


def _may(entry: Row, by: str) -> bool:
    """Members take back what they did themselves, organizers everything."""
    return by == entry["by"] or not by.startswith("person/")


def undo(tx: Connection, by: str, id: str) -> Row:
    """Undo one entry; returns it.

    :raises Refused: it is unknown, somebody else's, was undone, or what it made has changed since.
    """
    entry = tx.execute(sa.select(change).where(change.c.id == id).with_for_update()).mappings().first()
    if entry is None or entry["verb"] not in _undo:
        raise Refused("change", "There is no such change to undo.", "Look in the list of changes of the circle.")
    if not _may(entry, by):
        raise Refused("change", "Somebody else made this change.", "Ask them, or an organizer, to take it back.")
    if entry["undone_at"] is not None:
        raise Refused("change", "This was undone already.", "Nothing is to be done.")
    _undo[entry["verb"]](tx, by, entry)
    tx.execute(sa.update(change).where(change.c.id == id).values(undone_at=clock.now(), undone_by=by))
    return entry
