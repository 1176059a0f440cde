"""Splitting a circle by the hours its people share, by itself when it passes its maximum, or as an organizer says.

The larger group keeps the circle with all it has; each other group gets a new one, which goes on with a copy of its
dates. Both are in the journal, and can be undone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import locks
from ..meetings import closing
from ..models import person as people
from ..rules import placing as rules
from ..rules.refusals import Refused, Stale
from . import journal, membership, policy, reading


def state(members: Iterable[Mapping[str, Any]]) -> str:
    """Who is in a circle, in one word: a form that shows another one is stale."""
    return hashlib.sha256(" ".join(sorted(each["id"] for each in members)).encode()).hexdigest()[:16]


def proposal(tx: Connection, circle: str, groups: int = 2, also: str | None = None) -> list[list[str]]:
    """How to split it: groups of persons, first the one that keeps the circle.

    :param also: somebody who is to come in.
    """
    row, members = reading.open_one(tx, circle), reading.members(tx, circle)
    zones = {each["id"]: each["timezone"] for each in members}
    since = {each["id"]: each["since"] for each in members}
    if also is not None:
        zones[also] = _zone(tx, also)
    now = clock.now()
    most = row["most"] or policy.read(tx).most
    made = rules.split({id: reading.offset(zone, now) for id, zone in zones.items()}, most, groups)

    def stays(group: list[str]) -> Any:
        return -len(group), min((since[id] for id in group if id in since), default=now), group

    return sorted(made, key=stays)


def split_for(tx: Connection, circle: str, person: str, left: str | None) -> None:
    """Split a full circle to make room for a person, who comes in. Nobody is asked: the journal says it."""
    groups = proposal(tx, circle, 2, also=person)
    _split(tx, "system", circle, groups, "", newcomer=(person, left))


def split(
    tx: Connection, by: str, circle: str, groups: Sequence[Sequence[str]], reason: str = "", seen: str | None = None
) -> list[str]:
    """Split it into these groups; the first keeps the circle. Returns the ids of the new circles.

    :param seen: `state` of the members that the form showed.
    :raises Refused: a group is empty, or they are not the members.
    """
    locks.placing(tx)
    reading.open_one(tx, circle)
    members = reading.members(tx, circle)
    if seen is not None and seen != state(members):
        raise Stale(
            "groups", "The circle has changed meanwhile.", "Look at the groups again: they show who is here now."
        )
    if len(groups) < 2 or not all(groups):
        raise Refused("groups", "One of the circles would have nobody.", "Put at least one person into each group.")
    named = [person for group in groups for person in group]
    if sorted(named) != sorted(each["id"] for each in members):
        raise Refused("groups", "These are not the people of this circle.", "Put each of them into one group.")
    return _split(tx, by, circle, groups, reason)


def _split(
    tx: Connection,
    by: str,
    circle: str,
    groups: Sequence[Sequence[str]],
    reason: str,
    newcomer: tuple[str, str | None] | None = None,
) -> list[str]:
    row = reading.one(tx, circle)
    fresh, left = newcomer or (None, None)
    made: dict[str, list[str]] = {}
    for group in groups[1:]:
        new = membership.create(tx, row["stream"], [_zone(tx, person) for person in group])
        for person in group:
            if person != fresh:
                membership.leave(tx, person, circle)
            membership.enter(tx, person, new, "placed" if person == fresh else "split", by)
        closing.carry_on(tx, by, circle, new)
        made[new] = [person for person in group if person != fresh]
    if fresh in groups[0]:
        membership.enter(tx, str(fresh), circle, "placed", "system")
    journal.note(tx, by, "split", circle, {"members": [p for p in groups[0] if p != fresh]}, {"made": made}, reason)
    for new, moved in made.items():
        membership.tell(tx, moved, new, "split", circle)
    if fresh is not None:
        place = reading.place_of(tx, fresh)
        assert place
        membership.tell(tx, [fresh], place["circle"], "placed", left)
    return list(made)


@journal.undoes("split")
def _undo(tx: Connection, by: str, entry: Mapping[str, Any]) -> None:
    """Who was moved and is still there comes back; a new circle that is empty then is closed."""
    locks.placing(tx)
    reading.open_one(tx, entry["circle"])
    back: list[str] = []
    for new, moved in entry["after"]["made"].items():
        here = {each["id"] for each in reading.members(tx, new)}
        for person in moved:
            if person in here:
                membership.leave(tx, person, new)
                membership.enter(tx, person, entry["circle"], "moved", by)
                back.append(person)
        if here <= set(moved):
            closing.end(tx, by, new)
            membership.close(tx, new, merged_into=entry["circle"])
    if not back:
        raise Refused("change", "Nobody of them is there any more.", "Move people one by one instead.")
    membership.tell(tx, back, entry["circle"], "moved")


def _zone(tx: Connection, person: str) -> str:
    return tx.execute(sa.select(people.c.timezone).where(people.c.id == person)).scalar() or "UTC"
