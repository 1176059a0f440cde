"""The hop of an event: from commit to handler committed when idle, and a backlog drained, beside bare Celery."""

from __future__ import annotations

import importlib
import os
import signal
import socket
import time
from functools import partial

import sqlalchemy as sa

from shared import db
from shared.events import emit

from . import happened, stage
from .measure import Missing, Row, in_turn

ROUNDS = 3
HOPS = 40  # in a round, one at a time
EVENTS, PER_SUBJECT = 10_000, 10
PATIENCE = 120.0


def measure(rounds: int) -> list[Row]:
    """The idle hop on SQLite, and the backlog on both databases."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    ear.bind(("127.0.0.1", 0))
    ear.settimeout(PATIENCE)
    port = str(ear.getsockname()[1])
    os.environ["BENCH_PORT"] = port
    idle = Row("hop, idle p50, SQLite", "ms", 3.0, 1.5, lower=True)
    rows = [idle]
    with stage.valkey() as url:
        os.environ.update(FLOOR_BROKER=url, FLOOR_PORT=port)
        bare = importlib.import_module("tests.bench.floors.hop")
        with stage.process("tests.bench.floors.hop") as worker:
            _floor_hop(bare, ear)
            for database, aim in (("sqlite", 18), ("postgres", 10)):
                row = Row(f"hop, backlog, {database}", "events/s", 5, aim)
                rows.append(row)
                with stage.baton("tests.bench.happened", database):
                    _hop(ear, 0)
                    if database == "sqlite":
                        in_turn(
                            rounds,
                            lambda: idle.subject.extend(_hop(ear, number) for number in range(HOPS)),
                            lambda: idle.floor.extend(_floor_hop(bare, ear) for _ in range(HOPS)),
                        )
                    in_turn(
                        rounds,
                        partial(_backlog, row.subject),
                        partial(_floor_backlog, row.floor, bare, worker.pid, ear),
                    )
    return rows


def _heard(ear: socket.socket) -> float:
    try:
        return float(ear.recv(64))
    except TimeoutError:
        raise Missing("an event did not arrive; is the worker alive?") from None


def _hop(ear: socket.socket, number: int) -> float:
    """Milliseconds from one commit to the commit of its handler."""
    time.sleep(0.05)
    committed: list[float] = []
    with db.write("signup") as tx:
        db.after_commit(tx, lambda: committed.append(time.perf_counter()))
        emit(tx, happened.TYPE, f"bench/{number}", happened.data(number))
    return (_heard(ear) - committed[0]) * 1000


def _floor_hop(bare: object, ear: socket.socket) -> float:
    time.sleep(0.05)
    began = time.perf_counter()
    bare.ran.delay(happened.data(0))  # type: ignore[attr-defined]
    return (_heard(ear) - began) * 1000


def _backlog(samples: list[float]) -> None:
    """Add events per second from the moment the backlog is there until every one of them has its receipt."""
    # One commit for all of them: the worker cannot see the first before the last is there.
    with db.write("signup") as tx:
        for number in range(EVENTS):
            emit(tx, happened.TYPE, f"backlog/{number % (EVENTS // PER_SUBJECT)}", happened.data(number))
        # Without the bell: a tick of the worker finds them, as after an outage.
        tx.info["after"].clear()
    end = time.monotonic() + PATIENCE
    while (left := stage.owed("signup")) > 0:
        if time.monotonic() > end:
            raise Missing(f"{left} events of the backlog were not handled in {PATIENCE:.0f} s")
        time.sleep(0.02)
    with db.read("signup") as tx:
        seconds = tx.execute(_SPAN).scalar_one()
    with db.write("signup") as tx:
        tx.execute(sa.text("DELETE FROM event WHERE subject LIKE 'backlog/%'"))
    samples.append(EVENTS / float(seconds))


def _floor_backlog(samples: list[float], bare: object, pid: int, ear: socket.socket) -> None:
    os.killpg(pid, signal.SIGSTOP)
    for number in range(EVENTS):
        bare.ran.delay(happened.data(number))  # type: ignore[attr-defined]
    began = time.perf_counter()
    os.killpg(pid, signal.SIGCONT)
    last = max(_heard(ear) for _ in range(EVENTS))
    samples.append(EVENTS / (last - began))


# From the first message sent to the last receipt written.
_SPAN = sa.text("SELECT max(confirmed_at) - min(sent) FROM delivery WHERE subject LIKE 'backlog/%'")
