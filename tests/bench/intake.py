"""Intake: sign-ups over HTTP, everything on (worker, broker, outbox, logs), beside bare Flask and sqlite3."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from shared.cli import broker

from . import stage
from .measure import Missing, Row, in_turn

ROUNDS = 5
SECONDS = 5
CONNECTIONS = 16
_seeds = itertools.count(1)


def measure(rounds: int) -> list[Row]:
    """Rate and 99th percentile under 16 connections."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise Missing("wrk is missing: apt-get install wrk")
    rate, p99 = Row("intake", "1/s", 0.3, 0.6), Row("intake p99, 16 connections", "ms", 2.0, 1.2, lower=True)
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder, stage.baton() as system:
        port = broker.any_port()
        with stage.process("tests.bench.floors.intake", str(port), f"{folder}/floor.db"):
            stage.wait_for(port, "/signup/live")
            for each in (system.port, port):
                _load(wrk, each, 2)

            def subject() -> None:
                found = _load(wrk, system.port, SECONDS)
                rate.subject.append(found["rate"])
                p99.subject.append(found["p99_ms"])
                stage.drained()  # what was taken in must not slow the floor down
                time.sleep(1)

            def floor() -> None:
                found = _load(wrk, port, SECONDS)
                rate.floor.append(found["rate"])
                p99.floor.append(found["p99_ms"])

            stage.drained()
            in_turn(rounds, subject, floor)
    return [rate, p99]


def _load(wrk: str, port: int, seconds: int) -> dict[str, float]:
    script = Path(__file__).with_name("intake.lua")
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
    seed = f"{os.getpid()}x{next(_seeds)}"
    done = subprocess.run(command, env=os.environ | {"SEED": seed}, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    if found["failed"]:
        raise Missing(f"{found['failed']:.0f} requests failed: a rate over wrong answers means nothing")
    return found
