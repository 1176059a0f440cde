"""Schedule: 12 weeks of sessions for 800 circles by the function that the job calls, beside the same rows inserted.

The subject computes dates and instants on both sides of clock changes in five zones, looks for what is there, and
writes sessions with their events. The floor has the rows ready, and one executemany.
"""

from __future__ import annotations

import importlib
import itertools
import sqlite3
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from services.sessions.meetings import planning
from services.sessions.models import circle, series, session
from shared import clock, config, db, engines, log
from shared.cli import migrate
from shared.events import bell

from .measure import Missing, Row, in_turn

ROUNDS = 7
CIRCLES = 800
WEEKS = 12
ZONES = ["America/Toronto", "Europe/London", "Australia/Sydney", "Asia/Kolkata", "Asia/Kathmandu"]
START = "2027-02-01T09:00:00+00:00*0"
_numbers = itertools.count(1)


def measure(rounds: int) -> list[Row]:
    """Sessions a second, computed, written and told of."""
    row = Row("schedule", "rows/s", 0.1, 0.3)
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        settings = config.Config(secret="a-secret-of-benches-that-is-long-enough", data=Path(folder), clock=START)
        config.use(settings)
        log.configure("text")
        bell.ring = lambda service: None  # type: ignore[assignment]
        try:
            importlib.import_module("services.sessions.models")
            migrate.upgrade("sessions")
            ready: list[tuple[object, ...]] = []  # by the subject, which begins

            def subject() -> None:
                _fresh()
                began = time.perf_counter()
                with db.write("sessions") as tx:
                    count = planning.ahead(tx)
                row.subject.append(count / (time.perf_counter() - began))
                if count != CIRCLES * WEEKS // 2:
                    raise Missing(f"{count} sessions were planned: a rate over wrong rows means nothing")
                with db.read("sessions") as tx:
                    ready[:] = [tuple(each) for each in tx.exec_driver_sql("SELECT * FROM session")]

            def floor() -> None:
                path = Path(folder) / f"floor-{next(_numbers)}.db"
                began = time.perf_counter()
                _least(path, ready)
                row.floor.append(len(ready) / (time.perf_counter() - began))

            in_turn(rounds, subject, floor)
        finally:
            engines.close()
            config.use(None)
    return [row]


def _fresh() -> None:
    """800 circles with a fortnightly series each, and no session."""
    tables = db.metadata("sessions").tables
    with db.write("sessions") as tx:
        for name in ("delivery", "event", "session", "series", "circle"):
            tx.execute(tables[name].delete())
        ids = [db.new_id() for _ in range(CIRCLES)]
        now = clock.now()
        fixed = {"stream": "stream1", "feed": "", "created_at": now}
        tx.execute(sa.insert(circle), [{"id": id, "name": f"Circle {n}", **fixed} for n, id in enumerate(ids)])
        meets = {"weeks": 2, "time": "18:30", "minutes": 60, "link": "https://meet.example.org/room", "location": None}
        tx.execute(
            sa.insert(series),
            [
                {"id": db.new_id(), "circle": id, "first": f"2027-02-{2 + n % 13:02}", "zone": ZONES[n % 5], **meets,
                 "until": None, "other_time": None, "created_at": now, "by": "system"}
                for n, id in enumerate(ids)
            ],
        )  # fmt: skip


def _least(path: Path, rows: list[tuple[object, ...]]) -> None:
    """The same rows into a table with the same keys."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    names = [column.name for column in session.c]
    columns = ", ".join(f"{name} PRIMARY KEY" if name == "id" else f'"{name}"' for name in names)
    connection.execute(f"CREATE TABLE session ({columns}, UNIQUE (series, slot))")
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(f"INSERT INTO session VALUES ({', '.join('?' * len(names))})", rows)
    connection.execute("COMMIT")
    connection.close()
