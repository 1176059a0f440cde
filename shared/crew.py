"""How many processes handle a worker's tasks: one while that is enough, more while tasks wait behind long ones.

An idle process costs some 25 MiB, on each worker. Celery's own autoscaler starts one for every message that finds the
others busy, so ticks alone would keep all of them.
"""

from __future__ import annotations

import time
from typing import Any

from celery.worker.autoscale import Autoscaler

LOOK_EVERY = 0.5  # seconds, and whenever a message comes
PATIENCE = 1.0  # seconds for which all were busy, before what waits gets a process of its own
REST = 60.0  # seconds for which it was not needed, before a process is ended


class Crew(Autoscaler):  # type: ignore[misc]
    """Celery's autoscaler with our idea of when. It runs in the loop that takes tasks, and forks from there."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "keepalive": LOOK_EVERY})
        self._busy_since: float | None = None
        self._needed = time.monotonic()

    def _maybe_scale(self, req: Any = None) -> bool:
        """True when the pool has to be looked after, since the number changed."""
        now, in_hand, there = time.monotonic(), self.qty, self.processes
        self._busy_since = None if in_hand < there else self._busy_since or now
        long = self._busy_since is not None and now - self._busy_since >= PATIENCE
        if long:
            self._needed = now
        if long and in_hand > there and there < self.max_concurrency:
            self._busy_since = None
            self._grow(1)
            return True
        # Only while nothing is in hand: a process that has just been given a task still looks idle to the pool.
        if not in_hand and there > self.min_concurrency and now - self._needed > REST:
            self._needed = now
            self._shrink(1)
            return True
        return False
