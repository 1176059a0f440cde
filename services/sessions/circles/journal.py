"""The journal of a circle: what was changed by hand, by whom and why; and its undo. Every entry is written here.

Whoever writes an entry gives its verb words (`WORDS`) and registers how it is undone (`undoes`). An entry is undone
once, and only while what it made still stands: the function that undoes it refuses otherwise. What an organizer does
is told to the audit log, too (`change.noted`), without the reason: that is somebody's own words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.events import emit

from .. import locks
from ..models import change
from ..models import circle as circles
from ..rules import text
from ..rules.refusals import Missing, Refused

Row = Mapping[Any, Any]
Undo = Callable[[Connection, str, Row], None]
REASON_MOST = 1000
PAGE = 30
_undo: dict[str, Undo] = {}

# What each verb that is written anywhere says in a list.
WORDS = {
    "split": "Split",
    "merge": "Merged with another circle",
    "move": "Somebody was moved",
    "moved-in": "Somebody was moved here",
    "settings": "Name or size changed",
    "policy": "Sizes and places changed",
    "series": "Dates changed",
    "move-date": "A session was moved",
    "swap": "Two dates were swapped",
    "substitute": "Somebody covers a date",
    "skip-me": "Somebody skipped a turn",
    "skip-date": "A date was left out",
    "hand-over": "Somebody was asked to take a turn over",
    "decline": "Somebody said no to a turn",
    "ask": "A coordinator asked somebody",
    "assign": "An organizer gave a turn to somebody",
    "correct": "It was corrected who served",
    "free": "An organizer freed somebody of a turn",
    "gap": "It was said why something is missing",
    "item-done": "An action item was done",
    "item-dropped": "An action item was dropped",
    "item-moved": "An action item was moved on",
    "item-given": "An action item was given to somebody else",
    "answer": "An organizer answered an invite for somebody",
    "attendance": "An organizer corrected who was there",
    "close": "An organizer closed a session",
    "reopen": "An organizer opened minutes for correction again",
    "resend": "An organizer sent invites once more",
    "gathering-propose": "A meeting or a talk was proposed",
    "gathering-edit": "A proposed meeting or talk was changed",
    "gathering-split": "A proposed meeting was split by streams",
    "gathering-drop": "A proposed meeting or talk was dropped",
    "gathering-take-up": "A dropped meeting or talk was proposed again",
    "gathering-send": "A meeting or a talk was sent out",
    "gathering-cancel": "A meeting or a talk was cancelled",
    "gathering-restore": "A cancelled meeting or talk takes place after all",
    "gathering-share": "Notes or a recording were shared",
    "gathering-forget-guest": "A guest's name and address were taken out",
}


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
    """Write down what was changed; persons are named by their ids alone. Returns the entry's id.

    :raises LookupError: the verb has no words.
    """
    if verb not in WORDS:
        raise LookupError(f"{verb!r} has no words in circles.journal.WORDS")
    id = db.new_ids(1)[0]  # in order, also of two in the same instant of program time
    row = {"id": id, "circle": circle, "session": session, "verb": verb, "by": by, "at": clock.now()}
    tx.execute(sa.insert(change).values(**row, reason=reason, before=before, after=after))
    _tell(tx, row, undone=False)
    return id


def _tell(tx: Connection, entry: Row, undone: bool) -> None:
    """Publish what an organizer did, for the audit log."""
    if not entry["by"].startswith("organizer/"):
        return
    circle = entry["circle"]
    data = {"change": entry["id"], "circle": circle, "session": entry["session"], "verb": entry["verb"]}
    data["words"] = WORDS[entry["verb"]]
    data["name"] = tx.execute(sa.select(circles.c.name).where(circles.c.id == circle)).scalar() if circle else None
    told = {**data, "by": entry["by"], "through": log.through(), "undone": undone}
    emit(tx, "change.noted", f"circle/{circle}" if circle else "circles", told)


def reasoned(reason: str) -> str:
    """The reason for something that is not done without one.

    :raises Refused: it is missing, or cannot be taken.
    """
    said = text.line("reason", " ".join(reason.splitlines()), REASON_MOST)
    if not said:
        raise Refused("reason", "The reason is missing.", "Say in a few words why; it stands in the journal.")
    return said


def undone(tx: Connection, by: str, entry: Row) -> None:
    """Write down that an entry is taken back."""
    tx.execute(sa.update(change).where(change.c.id == entry["id"]).values(undone_at=clock.now(), undone_by=by))
    _tell(tx, {**entry, "by": by}, undone=True)


def entries(tx: Connection, circle: str) -> list[Row]:
    """The latest entries about a circle, the latest first."""
    query = sa.select(change).where(change.c.circle == circle).order_by(change.c.at.desc(), change.c.id.desc())
    return list(tx.execute(query.limit(PAGE)).mappings())


def can_undo(entry: Row, by: str) -> bool:
    """Whether there is a button for it."""
    return entry["undone_at"] is None and entry["verb"] in _undo and _may(entry, by)


def _may(entry: Row, by: str) -> bool:
    """Members take back what they did themselves, organizers everything. Who served is for organizers alone to decide:
    whoever published that they were not there would have the turn count for them all the same.
    """
    return not by.startswith("person/") or (by == entry["by"] and entry["verb"] != "correct")


def undo(tx: Connection, by: str, id: str) -> Row:
    """Undo one entry; returns it.

    :raises Refused: it is unknown, somebody else's, was undone, or what it made has changed since.
    """
    locks.placing(tx)  # both before the row: erasing holds them and writes to entries
    locks.sessions(tx)
    entry = tx.execute(sa.select(change).where(change.c.id == id).with_for_update()).mappings().first()
    if entry is None:
        raise Missing("change", "There is no such change to undo.", "Look in the list of changes of the circle.")
    if entry["verb"] not in _undo:
        raise Refused("change", "This cannot be taken back.", "Change it by hand, where that is possible.")
    if not _may(entry, by):
        raise Refused("change", "This is not yours to take back.", "Ask an organizer to take it back.")
    if entry["undone_at"] is not None:
        raise Refused("change", "This was undone already.", "Nothing is to be done.")
    _undo[entry["verb"]](tx, by, entry)
    undone(tx, by, entry)
    return entry
