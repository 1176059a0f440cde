"""What people changed by hand in the turns of a circle, in the journal `change`, and how it is taken back.

Persons are named by their ids; the reason is blanked when whoever gave it is erased.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..circles import journal
from ..models import change, session
from ..rules.rotation import Change, Duty, Session
from ..rules.rotation.verbs import Move
from .seats import Row

WITHHELD = "the reason of somebody who was erased"
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
    """Blank what an erased person gave as reasons, as a member or as an organizer."""
    mine = change.c.by.in_([f"person/{person}", f"organizer/{person}"])
    copied = sa.select(change.c.session, change.c.reason).where(mine, change.c.verb.in_(_GAPS), change.c.reason != "")
    for id, reason in tx.execute(copied.order_by(change.c.session)).all():
        _withhold(tx, id, reason)
    tx.execute(sa.update(change).where(mine).values(reason=""))


_GAPS = ("gap", "close")  # their reasons stand at the session, too, and in what later entries found there


def _withhold(tx: Connection, id: str, reason: str) -> None:
    """That something is missing for a reason stays; the reason goes."""
    for gaps in tx.execute(sa.select(session.c.gaps).where(session.c.id == id)).scalars().all():
        tx.execute(sa.update(session).where(session.c.id == id).values(gaps=_without(gaps, reason)))
    for row in tx.execute(sa.select(change).where(change.c.session == id, change.c.verb.in_(_GAPS))).mappings().all():
        kept = {name: _without(row[name], reason) for name in ("before", "after")}
        tx.execute(sa.update(change).where(change.c.id == row["id"]).values(**kept))


def _without(said: Any, reason: str) -> Any:
    if isinstance(said, dict):
        return {name: _without(each, reason) for name, each in said.items()}
    return WITHHELD if said == reason else said


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
