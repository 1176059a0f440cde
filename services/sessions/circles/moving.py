"""What an organizer moves by hand: one person to another circle, or all of one circle into another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import locks
from ..meetings import closing
from ..models import person as people
from ..models import waiting
from ..rules import placing as rules
from ..rules.refusals import Refused, Stale
from ..turns import asking
from . import journal, membership, placing, policy, reading, splitting


def move(tx: Connection, by: str, person: str, to: str, reason: str = "", seen: str | None = None) -> None:
    """Put a person into that circle: from another one, or out of the line of those who wait.

    :param seen: the circle they were in when the form was shown, '' for none.
    :raises Refused: they do not take part, it is of another stream, full or closed.
    """
    locks.placing(tx)
    target = reading.open_one(tx, to)
    row = tx.execute(sa.select(people).where(people.c.id == person)).mappings().first()
    if row is None or row["state"] not in rules.TAKES_PART or row["stream"] is None:
        raise Refused("person", "This person does not take part at present.", "Choose somebody from the circle's list.")
    if row["stream"] != target["stream"]:
        remedy = "Move them to its stream first, under Members: a place there follows."
        raise Refused("circle", f"{target['name']} is a circle of another stream.", remedy)
    place, line = reading.place_of(tx, person), reading.waits(tx, person)
    now = place["circle"] if place else ""
    if seen is not None and seen != now:
        raise Stale("circle", "They were moved meanwhile.", "Look where they are now.")
    if now == to:
        raise Refused("circle", f"They are in {target['name']} already.", "Nothing is to be done.")
    _has_room(tx, target, 1)
    before: dict[str, Any] = {"person": person, "circle": now or None, "line": None}
    if line:
        before["line"] = {"number": line["number"], "since": line["since"].isoformat()}
    if place:
        membership.leave(tx, person, now)
    membership.enter(tx, person, to, "moved", by)
    membership.tell(tx, [person], to, "moved", now or None)
    after = {"person": person, "circle": to}
    journal.note(tx, by, "move", now or to, before, after, reason)
    if now:
        journal.note(tx, by, "moved-in", to, before, after, reason)


@journal.undoes("move")
def _undo_move(tx: Connection, by: str, entry: Mapping[str, Any]) -> None:
    locks.placing(tx)
    person, former = entry["after"]["person"], entry["before"]["circle"]
    place = reading.place_of(tx, person)
    if place is None or place["circle"] != entry["after"]["circle"]:
        raise Refused("change", "They are somewhere else by now.", "Move them from there instead.")
    membership.leave(tx, person, place["circle"])
    if former is None:
        line = entry["before"]["line"]
        at = {"number": line["number"], "since": datetime.fromisoformat(line["since"])}
        tx.execute(sa.insert(waiting).values(person=person, stream=place["stream"], **at))
        placing.tell_waiting(tx, person, "full")
        asking.forgo(tx, person)
        return
    reading.open_one(tx, former)
    membership.enter(tx, person, former, "moved", by)
    membership.tell(tx, [person], former, "moved", place["circle"])


def merge(tx: Connection, by: str, source: str, target: str, reason: str = "", seen: str | None = None) -> None:
    """Put everybody of `source` into `target`; `source` is closed, its sessions to come are cancelled.

    :param seen: `splitting.state` of both circles' members, as the form showed them.
    :raises Refused: they are of different streams, too many for one circle, or one and the same.
    """
    locks.placing(tx)
    one, other = reading.open_one(tx, source), reading.open_one(tx, target)
    if source == target:
        raise Refused("circle", "This is the same circle.", "Choose another one.")
    if one["stream"] != other["stream"]:
        raise Refused("circle", f"{other['name']} is a circle of another stream.", "Choose one of the same stream.")
    members = reading.members(tx, source)
    if seen is not None and seen != merging(tx, source, target):
        raise Stale("circle", "One of the circles has changed meanwhile.", "Look at both again.")
    _has_room(tx, other, len(members))
    moved = [each["id"] for each in members]
    for person in moved:
        membership.leave(tx, person, source)
        membership.enter(tx, person, target, "merged", by)
    ended = closing.end(tx, by, source, reason or f"{one['name']} and {other['name']} meet together now.")
    membership.close(tx, source, merged_into=target)
    membership.tell(tx, moved, target, "merged", source)
    before, after = {"circle": source, "people": moved, "ended": ended}, {"circle": target}
    journal.note(tx, by, "merge", target, before, after, reason)


def merging(tx: Connection, source: str, target: str) -> str:
    """Who is in both circles, in one word."""
    return splitting.state([*reading.members(tx, source), *reading.members(tx, target)])


@journal.undoes("merge")
def _undo_merge(tx: Connection, by: str, entry: Mapping[str, Any]) -> None:
    locks.placing(tx)
    source, target = entry["before"]["circle"], entry["after"]["circle"]
    here = {each["id"] for each in reading.members(tx, target)}
    back = [person for person in entry["before"]["people"] if person in here]
    if not back:
        raise Refused("change", "Nobody of them is there any more.", "Split the circle instead.")
    membership.reopen(tx, source)
    for person in back:
        membership.leave(tx, person, target)
        membership.enter(tx, person, source, "moved", by)
    closing.revive(tx, by, entry["before"]["ended"])
    membership.tell(tx, back, source, "moved", target)


def _has_room(tx: Connection, circle: Mapping[str, Any], more: int) -> None:
    most = circle["most"] or policy.read(tx).most
    count = len(reading.members(tx, circle["id"]))
    if count + more > most:
        what = f"{circle['name']} would have {count + more} members, and takes {most}."
        raise Refused("circle", what, "Let it have more members first, or choose another circle.")
