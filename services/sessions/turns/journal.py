"""What people changed by hand in the turns of a circle, in the journal `change`, and how it is taken back.

Persons are named by their ids; the reason is blanked when whoever gave it is erased.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..circles import journal
from ..models import change
from ..rules.rotation import Change, Duty, Session
from ..rules.rotation.verbs import Move
from .seats import Row

VERBS = {"swap": "swap", "substitute": "substitute", "skip me": "skip-me", "skip date": "skip-date"}


def note(
    tx: Connection, by: str, verb: str, of: Row, before: dict[str, Any], after: dict[str, Any], reason: str
) -> str:
    """Write down a change; returns the id of the entry."""
    return journal.note(tx, by, verb, of["circle"], before, after, reason, of["id"])


def entries(tx: Connection, circle: str, most: int = 10) -> list[Row]:
    """The latest changes of turns in that circle, newest first."""
    verbs = [*VERBS.values(), "hand-over", "ask", "assign", "correct", "free"]
    query = sa.select(change).where(change.c.circle == circle, change.c.verb.in_(verbs))
    return list(tx.execute(query.order_by(change.c.at.desc(), change.c.id.desc()).limit(most)).mappings())


def forget(tx: Connection, person: str) -> None:
    """Blank what an erased person gave as reasons."""
    tx.execute(sa.update(change).where(change.c.by == f"person/{person}").values(reason=""))


def plain(done: Change) -> list[list[Any]]:
    """The moves of a change as JSON."""
    return [[_row(before), _row(after)] for before, after in done.moves]


def _row(duty: Duty | None) -> list[str] | None:
    return [*duty[:4], duty.date.isoformat(), str(duty.state)] if duty else None


def back(entry: Row) -> Change:
    """The change of an entry of one of the four verbs, as rules.rotation has it."""
    moves = tuple(Move(_duty(before), _duty(after)) for before, after in entry["after"]["moves"])
    gone = entry["after"].get("dropped")
    dropped = Session(gone[0], date.fromisoformat(gone[1])) if gone else None
    verb = next(name for name, stored in VERBS.items() if stored == entry["verb"])
    return Change(verb, moves, (), dropped=dropped)


def _duty(row: list[str] | None) -> Duty | None:
    if row is None:
        return None
    session, circle, role, person, day, state = row
    return Duty(session, circle, role, person, date.fromisoformat(day), state)
