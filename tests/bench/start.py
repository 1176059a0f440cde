"""Starting: `./baton up` a second time, until all is ready, beside making the apps in bare Python."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from shared.cli import settings

from . import up
from .measure import Row, in_turn

ROUNDS = 5


def measure(rounds: int) -> list[Row]:
    """Seconds until all is ready."""
    row = Row("start, second run", "s", 4.0, 2.0, lower=True)
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        with up.running(folder):
            pass

        def subject() -> None:
            with up.running(folder) as (_, seconds):
                row.subject.append(seconds)

        def floor() -> None:
            own = {"BATON_DATA": folder, "BATON_SECRET": "a-secret-of-benches-that-is-long-enough"}
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "tests.bench.floors.start"], cwd=settings.ROOT, check=True,
                           env={**os.environ, **own})  # fmt: skip
            row.floor.append(time.perf_counter() - began)

        in_turn(rounds, subject, floor)
    return [row]
