"""Who goes where: circles whose members are awake at the same hours.

A person is their offset from UTC, in minutes. What two people share are the quarter hours of a day at which both are
awake, evenings counting most, since that is when circles meet. Everything is a pure function of who is there: no order
of the input and no chance changes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

DAY = 24 * 60
QUARTER = 15
TAKES_PART = frozenset({"confirmed", "waiting", "active"})  # states in which a person has, or waits for, a place


def _worth(hour: float) -> int:
    """What a local hour is good for: evenings for most, working hours for some, nights for nobody."""
    if 17 <= hour < 22:
        return 3
    if 9 <= hour < 17:
        return 2
    return 1 if 7 <= hour < 23 else 0


@lru_cache(128)
def _hours(offset: int) -> tuple[int, ...]:
    """The worth of each quarter hour of a UTC day to somebody at that offset."""
    return tuple(_worth(((at + offset) % DAY) / 60) for at in range(0, DAY, QUARTER))


@lru_cache(4096)
def _shared(offsets: frozenset[int]) -> int:
    return sum(min(column) for column in zip(*map(_hours, offsets), strict=True))


def shared(offsets: Iterable[int]) -> int:
    """How well people at these offsets can meet: the worth of the hours they share; 0 when somebody always sleeps."""
    found = frozenset(offset % DAY for offset in offsets)
    return _shared(found) if found else 0


@dataclass(frozen=True)
class Seats:
    """A circle as placing sees it. :param most: members it can have. :param offsets: one for each present member."""

    circle: str
    most: int
    offsets: tuple[int, ...]

    @property
    def room(self) -> bool:
        return len(self.offsets) < self.most


def choose(circles: Sequence[Seats], offset: int) -> Seats | None:
    """The circle with room where this person shares the most hours; of equals the smaller, then the earlier one."""
    open_to = [each for each in circles if each.room]
    return max(open_to, key=lambda each: (shared((*each.offsets, offset)), -len(each.offsets)), default=None)


def to_split(circles: Sequence[Seats], offset: int) -> Seats:
    """Of circles that are all full, the one to split for this person."""
    return max(circles, key=lambda each: (shared((*each.offsets, offset)), len(each.offsets)))


def split(members: Mapping[str, int], most: int, groups: int = 0) -> list[list[str]]:
    """Members (id: offset) as groups that share the most hours, the largest first.

    Neighbours around the clock stay together: of all ways to cut that circle the one where people share the most. When
    several are equal (one zone) the groups are as even as can be. No group has fewer than a third of `most`, if there
    are enough people; nobody is alone, if that can be avoided.

    :param most: in a group; :param groups: how many, if not as few as will do. With fewer people than groups, there
        are as many groups as people.
    """
    ring = sorted((offset % DAY, id) for id, offset in members.items())
    count = len(ring)
    number = min(max(groups, -(-count // most), 1), max(count, 1))
    if not ring:
        return []
    most = max(most, -(-count // number))
    least = max(1, min(count // number, max(2, most // 3)))
    starts = [at for at in range(count) if ring[at][0] != ring[at - 1][0]] or [0]
    best: tuple[tuple[int, int], list[int], int] | None = None
    for start in starts:
        turned = [ring[(start + at) % count][0] for at in range(count)]
        found = _cut(turned, number, least, most)
        if best is None or found[0] > best[0]:
            best = (*found, start)
    assert best is not None  # there is a way for every number of people and groups
    _, cuts, start = best
    order = [ring[(start + at) % count][1] for at in range(count)]
    made = [sorted(order[first:last]) for first, last in pairwise(cuts)]
    return sorted(made, key=lambda group: (-len(group), group))


def _cut(offsets: Sequence[int], number: int, least: int, most: int) -> tuple[tuple[int, int], list[int]]:
    """The best cuts of this row into `number` groups: ((hours shared by people, minus unevenness), positions)."""
    rows: dict[int, tuple[tuple[int, int], list[int]]] = {0: ((0, 0), [0])}
    for _ in range(number):
        fresh: dict[int, tuple[tuple[int, int], list[int]]] = {}
        for at, ((worth, even), cuts) in rows.items():
            for size in range(least, min(most, len(offsets) - at) + 1):
                score = (worth + size * shared(offsets[at : at + size]), even - size * size)
                if at + size not in fresh or score > fresh[at + size][0]:
                    fresh[at + size] = (score, [*cuts, at + size])
        rows = fresh
    return rows[len(offsets)]


def name(stream: str, taken: Iterable[str], cities: Sequence[str] = ()) -> str:
    """What a circle is called: the stream alone, else with the city of most of its people, else with a letter.

    :param taken: names of the other circles; :param cities: where its people live, the most frequent first.
    """
    used = {each.casefold() for each in taken}
    tries = [stream, *(f"{stream}, {city}" for city in cities[:1])]
    letters = (f"{stream} {_letters(at)}" for at in range(1, len(used) + 3))
    return next(each for each in (*tries, *letters) if each.casefold() not in used)


def _letters(at: int) -> str:
    """0: A, 1: B, … 25: Z, 26: AA."""
    found = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


def awake(hour: float) -> bool:
    """Whether people are up at that local hour."""
    return _worth(hour) > 0
