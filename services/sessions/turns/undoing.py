"""Taking back what an organizer decided about a turn: given, taken away, or corrected after the session.

Only while what it made still stands; who was asked in the meantime, and has not answered, is told that they are free.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from ..circles import journal as journals
from ..rules import rotation
from ..rules.refusals import Refused
from ..rules.rotation import Role
from ..rules.states import HOLDING, TAKEN, TURN, TurnState, take
from . import answering, asking, journal, ledger, seats
from .seats import Row


@journals.undoes("assign")
def _undo_assign(tx: Connection, by: str, entry: Row) -> None:
    of, role = _of(tx, entry)
    seats.ahead(of)
    done = journal.back({"verb": "substitute", "after": entry["before"]})
    change = done.undo()
    rotation.apply(ledger.load(tx, of["circle"], role), change)  # refused if somebody has answered since
    answering.write(tx, of, change, by, cause="undone")
    asking.released(tx, [of["id"]])


@journals.undoes("free")
def _undo_free(tx: Connection, by: str, entry: Row) -> None:
    of, role = _of(tx, entry)
    seats.ahead(of)
    who = entry["before"]["person"]
    rows = seats.turns(tx, of["id"], role)
    mine = next((row for row in rows if row["person"] == who), None)
    if mine is None or mine["state"] != TurnState.RELEASED or any(row["state"] in TAKEN for row in rows):
        raise Refused("change", "Somebody has said yes since.", "Give the turn to them instead: Decide.")
    if not seats.takes_part(tx, of, role, who):
        raise Refused("change", "They do not take part any more.", "Give the turn to somebody else: Decide.")
    for row in rows:
        if row["state"] in HOLDING:
            seats.put(tx, of, role, row["person"], TURN.after(row["state"], "release"), by, cause="undone")
    had = TurnState(entry["before"].get("state", TurnState.ACCEPTED))
    state = take(seats.states(seats.turns(tx, of["id"], role)), who, "volunteer" if had in TAKEN else "offer")
    seats.put(tx, of, role, who, state, by)
    seats.settle(tx, of)


@journals.undoes("correct")
def _undo_correct(tx: Connection, by: str, entry: Row) -> None:
    of, role = _of(tx, entry)
    before, after = entry["before"]["person"], entry["after"]["person"]
    serves = next((row for row in seats.turns(tx, of["id"], role) if row["state"] == TurnState.SERVED), None)
    if (serves["person"] if serves else None) != after:  # None: nobody served
        raise Refused("change", "It was corrected again since.", "Undo the later change first.")
    if serves:
        seats.put(tx, of, role, after, TURN.after(serves["state"], "retract"), by, cause="undone")
    if before:
        seats.put(tx, of, role, before, take(seats.states(seats.turns(tx, of["id"], role)), before, "stand_in"), by)


def _of(tx: Connection, entry: Row) -> tuple[Row, Role]:
    """The session, held, and the role that it was about."""
    plain: dict[str, Any] = entry["before"]
    return seats.hold(tx, entry["session"]), Role(plain.get("role", Role.COORDINATOR))
