"""When somebody is reminded of their first post: four stretches of time, of which it is one at most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.blog.rules import firsts

JOINED = datetime(2027, 1, 4, 9, tzinfo=UTC)


def on(day: float, pushed: int = 0) -> int | None:
    return firsts.step(JOINED, pushed, JOINED + timedelta(days=day))


def test_each_reminder_has_a_stretch_of_its_own() -> None:
    assert [on(day) for day in (0, 45.9, 46, 56.9, 57, 62.9, 63, 69.9, 70, 83.9, 84, 4000)] == [
        None, None, -14, -14, -3, -3, 3, 3, 10, 10, None, None,
    ]  # fmt: skip
    assert [on(day, 30) for day in (46, 75.9, 76, 100, 114)] == [None, None, -14, 10, None]


def test_who_steps_time_from_one_to_the_next_misses_none() -> None:
    at, found = JOINED, []
    while (after := firsts.following(JOINED, 0, at)) is not None:
        at = after
        found.append(firsts.step(JOINED, 0, at))
    assert found == list(firsts.STEPS)
