"""Who may mentor a circle: everybody of a stream above it; where there is nobody, who stands in its pool."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Pooled(NamedTuple):
    """Somebody in the pool of the stream at `level`: a guest, an alumni or an organizer."""

    person: str
    level: int
    kind: str


def mentors(level: int, people: Iterable[tuple[str, int]], pool: Iterable[Pooled]) -> set[str]:
    """The ids of those who may be asked to mentor a circle of the stream at `level`.

    Guests and alumni come where nobody is above: to the top stream, and in a young program below it, too. An organizer
    may be in any pool.

    :param people: (id, level of their stream) of members who take part.
    """
    above = {person for person, own in people if own > level}
    return above | {each.person for each in pool if each.level == level and (not above or each.kind == "organizer")}
