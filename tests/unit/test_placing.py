"""Who goes where: groups that share their hours, whatever people there are."""

from __future__ import annotations

import random
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.sessions.rules import placing
from services.sessions.rules.placing import Seats

TORONTO, LONDON, KOLKATA, KATHMANDU, SYDNEY = -300, 0, 330, 345, 660
offsets = st.integers(-48, 56).map(lambda quarters: quarters * 15)
members = st.dictionaries(st.uuids().map(str), offsets, max_size=40)


def people(**counts: int) -> dict[str, int]:
    zones = {"toronto": TORONTO, "london": LONDON, "kolkata": KOLKATA, "sydney": SYDNEY}
    return {f"{zone}{n}": zones[zone] for zone, count in counts.items() for n in range(count)}


def test_those_who_share_their_evenings_stay_together() -> None:
    assert placing.split(people(toronto=9, kolkata=4), 12) == [
        sorted(people(toronto=9)),
        sorted(people(kolkata=4)),
    ]
    three = placing.split(people(toronto=8, kolkata=8, sydney=8), 8)
    assert [{id.rstrip("0123456789") for id in group} for group in three] == [{"kolkata"}, {"sydney"}, {"toronto"}]


def test_one_zone_is_split_evenly() -> None:
    assert [len(group) for group in placing.split(people(london=13), 12)] == [7, 6]
    assert [len(group) for group in placing.split(people(london=25), 12)] == [9, 8, 8]


def test_who_is_far_from_all_others_is_not_left_alone() -> None:
    groups = placing.split(people(toronto=12, kolkata=1), 12)
    assert min(map(len, groups)) == 4, "a third of what a circle takes"


@settings(deadline=None)
@given(members, st.integers(1, 15), st.integers(0, 6))
def test_everybody_is_in_one_group_and_none_is_too_large_or_needlessly_small(
    who: dict[str, int], most: int, wanted: int
) -> None:
    groups = placing.split(who, most, wanted)
    assert sorted(id for group in groups for id in group) == sorted(who)
    assert all(groups)
    assert len(groups) == (min(max(wanted, -(-len(who) // most)), len(who)) if who else 0)
    assert max(map(len, groups), default=0) <= most
    if who and len(who) >= 2 * len(groups):
        assert all(len(group) > 1 for group in groups), "nobody is alone if that can be avoided"
    if len(set(who.values())) <= 1 and groups:
        assert max(map(len, groups)) - min(map(len, groups)) <= 1
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)


@settings(deadline=None)
@given(members, st.integers(2, 15), st.randoms())
def test_the_order_of_the_input_changes_nothing(who: dict[str, int], most: int, dice: random.Random) -> None:
    shuffled = list(who.items())
    dice.shuffle(shuffled)
    assert placing.split(dict(shuffled), most) == placing.split(who, most)


@settings(deadline=None)
@given(members.filter(lambda who: len(who) >= 4))
def test_it_is_at_least_as_good_as_cutting_anywhere(who: dict[str, int]) -> None:
    """Beside every cut of the line of zones in two halves that keeps the least size."""
    most = len(who) - 1
    made = placing.split(who, most, 2)
    line = sorted(who, key=lambda id: (who[id] % placing.DAY, id))

    def worth(groups: list[list[str]]) -> int:
        return sum(len(group) * placing.shared(who[id] for id in group) for group in groups)

    smallest = max(1, min(len(who) // 2, max(2, most // 3)))
    for cut in range(smallest, len(who) - smallest + 1):
        assert worth(made) >= worth([line[:cut], line[cut:]])


def test_hours_are_shared_by_the_clock_not_by_the_date() -> None:
    assert placing.shared([TORONTO]) == placing.shared([SYDNEY]) > placing.shared([TORONTO, SYDNEY]) >= 0
    assert placing.shared([-720, 720]) == placing.shared([720]), "the same hour on another day"
    worth = [placing.shared([LONDON, other]) for other in (LONDON, 180, 360, 600)]
    assert all(nearer > farther for nearer, farther in pairwise(worth))
    assert placing.shared([]) == 0


def test_a_newcomer_goes_where_they_share_most_hours() -> None:
    west, east = Seats("w", 12, (TORONTO,) * 3), Seats("e", 12, (KOLKATA,) * 3)
    assert placing.choose([west, east], KATHMANDU) == east
    assert placing.choose([west, east], TORONTO) == west
    assert placing.choose([], TORONTO) is None


def test_of_equal_circles_the_smaller_takes_them_and_a_full_one_nobody() -> None:
    small, large = Seats("s", 12, (LONDON,) * 2), Seats("l", 12, (LONDON,) * 5)
    assert placing.choose([large, small], LONDON) == small
    full = Seats("f", 2, (LONDON,) * 2)
    assert placing.choose([full, Seats("far", 12, (SYDNEY,))], LONDON) == Seats("far", 12, (SYDNEY,))
    assert placing.choose([full], LONDON) is None
    assert placing.to_split([full, Seats("g", 2, (TORONTO,) * 2)], TORONTO).circle == "g"


def test_names() -> None:
    assert placing.name("Starting out", []) == "Starting out"
    assert placing.name("Starting out", ["Starting out"], ["Kolkata"]) == "Starting out, Kolkata"
    taken = ["Starting out", "starting out, kolkata"]
    assert placing.name("Starting out", taken, ["Kolkata"]) == "Starting out B"
    many = [placing.name("S", taken := ["S", *(f"S {c}" for c in "BCDEFGHIJKLMNOPQRSTUVWXYZ")])]
    assert many == ["S AA"] and "S AA" not in taken
