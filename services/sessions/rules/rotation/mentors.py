"""Who may mentor a circle: everybody of a stream above it, and whoever stands in its pool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Pooled(NamedTuple):
    """Somebody in the pool of the stream at `level`: a guest, an alumni or an organizer."""

    person: str
    level: int
    kind: str


def mentors(level: int, top: int, people: Iterable[tuple[str, int]], pool: Iterable[Pooled]) -> set[str]:
    """The ids of those who may be asked to mentor a circle of the stream at `level`.

    Guests and alumni come to the top stream only, which has nobody above it; an organizer may be in any pool, as in a
    young program there is nobody else.

    :param people: (id, level of their stream) of members who take part.
    """
    above = {person for person, own in people if own > level}
    return above | {each.person for each in pool if each.level == level and (level == top or each.kind == "organizer")}
