"""Who may be asked to mentor: the words said about the pool, and the choice among members and pool, as properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.sessions.rules import rotation
from services.sessions.rules.rotation import Pooled
from services.signup.rules import STATES, Refused, pool
from services.signup.rules.states import TRANSITIONS, after

THEIRS = {"agree", "offer", "decline", "leave"}  # said by themselves; the rest is done by organizers


@given(st.lists(st.sampled_from([*pool.WORDS, "restore"]), max_size=30))
def test_nobody_is_in_the_pool_without_a_yes_of_theirs_that_still_stands(said: list[str]) -> None:
    word: str | None = None
    was: str | None = None
    yes = False  # a naive model: they said yes, and nothing else since
    for verb in said:
        before = word
        try:
            word = pool.restored(was) if verb == "restore" else pool.after(verb, word)
        except Refused as refused:
            assert refused.remedy and word == before
            continue
        was = before if verb == "remove" else None
        if verb in THEIRS:
            yes = verb in ("agree", "offer")
        elif verb == "ask":
            yes = False  # they are asked anew, and have to answer anew
        asked = pool.mentors(word, ["stream1"], "guest", False)
        assert not asked or yes
        assert bool(asked) == (word == "agreed")


@given(st.sampled_from([*pool.WORDS["ask"].values(), "agreed", "declined", "left", "removed", None]),
       st.sampled_from(STATES), st.booleans())  # fmt: skip
def test_only_guests_alumni_and_organizers_are_asked_from_it(word: str | None, state: str, organizer: bool) -> None:
    asked = pool.mentors(word, ["stream3"], state, organizer)
    allowed = state in ("guest", "alumni") or (organizer and state not in ("left", "erased"))
    assert asked == (["stream3"] if word == "agreed" and allowed else [])
    assert pool.mentors(word, None, state, organizer) == []


def test_who_was_removed_cannot_put_themselves_back_and_who_left_can() -> None:
    for verb in ("agree", "offer", "decline", "leave"):
        with pytest.raises(Refused):
            pool.after(verb, "removed")
    assert pool.after("agree", "left") == pool.after("offer", "left") == pool.after("agree", "declined") == "agreed"
    with pytest.raises(Refused, match="Nobody is asked"):
        pool.after("agree", None)


def test_alumni_are_made_of_members_and_come_back_as_members() -> None:
    for state in STATES:
        if state in TRANSITIONS["graduate"]:
            assert after("come_back", after("graduate", state)) == "confirmed"
    assert set(TRANSITIONS["graduate"]) == {"confirmed", "waiting", "active", "paused"}
    for state in ("applied", "imported", "active", "erased"):
        with pytest.raises(Refused):
            after("welcome", state)


_PEOPLE = st.lists(
    st.tuples(st.integers(0, 20).map(str), st.integers(1, 4)), max_size=12, unique_by=lambda each: each[0]
)
_POOL = st.lists(
    st.builds(Pooled, st.integers(100, 110).map(str), st.integers(1, 4), st.sampled_from(pool.KINDS)), max_size=10
)


@given(st.integers(1, 4), _PEOPLE, _POOL, st.randoms())
def test_members_above_come_first_and_guests_only_where_there_are_none(
    level: int, people: list[tuple[str, int]], pooled: list[Pooled], random: object
) -> None:
    found = rotation.mentors(level, people, pooled)
    above = {id for id, own in people if own > level}
    assert above <= found, "whoever is above may be asked"
    assert found - above <= {each.person for each in pooled if each.level == level}, "others said so, for this stream"
    assert not found & {id for id, own in people if own <= level}, "nobody of the same stream or below"
    here = {each.person for each in pooled if each.level == level}
    if above:
        organizers = {each.person for each in pooled if each.level == level and each.kind == "organizer"}
        assert found == above | organizers
    else:
        assert found == here, "where nobody is above, all who said so"
    random.shuffle(people)  # type: ignore[attr-defined]
    random.shuffle(pooled)  # type: ignore[attr-defined]
    assert rotation.mentors(level, people, pooled) == found, "in whatever order they come"
    assert rotation.mentors(4, people, pooled) == {each.person for each in pooled if each.level == 4}
