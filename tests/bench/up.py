"""`./baton up` itself, in a folder of its own, for the benches of starting and of memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.cli import broker, settings

from .measure import Missing


def environment() -> dict[str, str]:
    """This process's, without any setting of Baton but the environment it runs in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    return {**kept, "BATON_VENV": sys.prefix}


@contextmanager
def running(folder: str) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """The process, and the seconds until it said that everything answers."""
    # In an environment that ./baton did not make, it would install first: there its own next step is run instead.
    made_by_us = (settings.ROOT / ".venv").samefile(sys.prefix) and os.path.exists(f"{sys.prefix}/baton.json")
    command = [str(settings.ROOT / "baton")] if made_by_us else [sys.executable, "-m", "shared.cli"]
    command += ["up", "--port", str(broker.any_port()), "--data", folder]
    began = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=settings.ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout
        said = process.stdout.readline()
        if b"ready" not in said:
            raise Missing(f"./baton up does not come up: see {folder}/log")
        yield process, time.perf_counter() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(90)
        if process.stdout:
            process.stdout.close()
