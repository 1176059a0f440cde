"""How many processes a worker has: one while that is enough, more while tasks wait behind long ones, then one."""

from __future__ import annotations

import pytest

from shared import crew


class Pool:
    """Celery's, as far as the crew sees it."""

    def __init__(self) -> None:
        self.num_processes = 1
        self.looked_after = 0

    def grow(self, number: int) -> None:
        self.num_processes += number

    def shrink(self, number: int) -> None:
        self.num_processes -= number

    def maintain_pool(self) -> None:
        self.looked_after += 1


def test_a_process_comes_for_what_waits_and_goes_when_nothing_does(monkeypatch: pytest.MonkeyPatch) -> None:
    now, in_hand = [1000.0], [0]
    monkeypatch.setattr(crew.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(crew.Crew, "qty", property(lambda _self: in_hand[0]))
    pool = Pool()
    watch = crew.Crew(pool, 2, 1)

    def after(seconds: float, tasks: int) -> int:
        now[0] += seconds
        in_hand[0] = tasks
        watch.maybe_scale()
        return pool.num_processes

    # Given ticks alone: four at a time, done within a moment, for an hour.
    for _ in range(1800):
        assert [after(0, 4), after(0.3, 1), after(0.2, 0), after(1.5, 0)] == [1, 1, 1, 1]
    assert pool.looked_after == 0
    # When one task takes long, alone: nobody waits.
    assert [after(0, 1), after(crew.PATIENCE, 1), after(30, 1)] == [1, 1, 1]
    # And another comes: it waits no moment more. The limit holds.
    assert after(0.1, 2) == 2
    assert pool.looked_after == 1
    assert [after(1, 3), after(crew.PATIENCE, 3), after(crew.PATIENCE, 3)] == [2, 2, 2]
    # Then: it stays while both are needed, and never goes while anything is in hand.
    assert [after(crew.REST * 2, 2), after(0.1, 1), after(crew.REST * 2, 1)] == [2, 2, 2]
    assert after(0.1, 0) == 1
    assert [after(crew.REST * 5, 0), after(1, 0)] == [1, 1]
    # A queue that is never empty counts as waiting, too.
    assert [after(0, 2), after(crew.PATIENCE / 2, 2), after(crew.PATIENCE / 2, 2)] == [1, 1, 2]
    assert [after(0.1, 0), after(crew.REST / 2, 0), after(crew.REST, 0)] == [2, 2, 1]
