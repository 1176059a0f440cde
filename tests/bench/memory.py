"""Memory: all of `./baton up`, idle, as PSS (memory shared by forks counts once), beside the one-process stack."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import psutil

from shared.cli import broker

from . import stage, up
from .measure import Missing, Row, in_turn

ROUNDS = 3
IDLE = 8.0  # seconds before looking


def measure(rounds: int) -> list[Row]:
    """MiB of everything that runs, brokers included."""
    if not Path("/proc/self/smaps_rollup").exists():
        raise Missing("PSS is read from /proc/*/smaps_rollup, which this system does not have")
    row = Row("memory, idle, PSS", "MiB", 3.0, 1.5, lower=True)
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:

        def subject() -> None:
            with up.running(folder) as (process, _):
                time.sleep(IDLE)
                row.subject.append(_pss(process.pid))

        def floor() -> None:
            port = broker.any_port()
            stack = ("tests.bench.floors.stack", str(port))
            with stage.valkey() as url, stage.process(*stack, FLOOR_BROKER=url) as process:
                stage.wait_for(port, "/signup/live")
                time.sleep(IDLE)
                row.floor.append(_pss(process.pid) + _pss(_listener(url)))

        in_turn(rounds, subject, floor)
    return [row]


def _pss(pid: int) -> float:
    """MiB of a process and all that descend from it."""
    total = 0
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def _listener(url: str) -> int:
    """The process of this one's children that serves `url`."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    for child in psutil.Process().children():
        if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in child.net_connections()):
            return child.pid
    raise Missing("the floor's broker is not there")
