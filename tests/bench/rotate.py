"""Rotate: the next turn of 10,000 circles of ten, chosen, with reasons, and recorded, by the function of the tick.

Beside it what the least code could do: read the same rows, count, and `min()`; nothing is recorded and no reason given.
"""

from __future__ import annotations

import importlib
import random
import sqlite3
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from services.sessions import models
from services.sessions.circles import standing
from services.sessions.rules.rotation import Role
from services.sessions.turns import asking, seats
from shared import clock, config, db, engines, log
from shared.cli import migrate
from shared.events import bell

from .measure import Missing, Row, in_turn

ROUNDS = 5
CIRCLES, MEMBERS, PAST, AHEAD = 10_000, 10, 13, 6


def measure(rounds: int) -> list[Row]:
    """Circles a second."""
    row = Row("rotate: choose, reason, record", "circles/s", 0.2, 0.5)
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        config.use(config.Config(secret="a-secret-of-benches-that-is-long-enough", data=Path(folder)))
        log.configure("text")
        bell.ring = lambda service: None  # type: ignore[assignment]
        try:
            importlib.import_module("services.sessions.models")
            migrate.upgrade("sessions")
            _fill()

            def subject() -> None:
                began = time.perf_counter()
                with db.write("sessions") as tx:
                    seats.lock(tx)
                    asking.step(tx, Role.COORDINATOR)
                row.subject.append(CIRCLES / (time.perf_counter() - began))
                _forget()

            def floor() -> None:
                began = time.perf_counter()
                chosen = _least(Path(folder) / "sessions.db")
                row.floor.append(CIRCLES / (time.perf_counter() - began))
                if len(chosen) != CIRCLES:
                    raise Missing("the floor did not choose for every circle: a rate over wrong rows means nothing")

            in_turn(rounds, subject, floor)
        finally:
            engines.close()
            config.use(None)
    return [row]


def _fill() -> None:
    """Circles that have met every two weeks for half a year, each led by one of ten; some are away."""
    dice, now = random.Random(7), clock.now()
    since, first = now - timedelta(days=200), now + timedelta(days=10)
    tables: dict[sa.Table, list[dict[str, object]]] = {
        table: []
        for table in (models.circle, models.person, models.place, models.standing, models.session, models.turn)
    }
    for _ in range(CIRCLES):
        circle = db.new_id()
        row = {"id": circle, "stream": "stream1", "name": "Circle", "feed": circle, "created_at": since}
        tables[models.circle].append(row)
        members = [db.new_id() for _ in range(MEMBERS)]
        for number, person in enumerate(members):
            joined = since + timedelta(hours=number, seconds=dice.random() * 3600)
            row = {"id": person, "name": "Ada", "timezone": "UTC", "stream": "stream1", "state": "active"}
            tables[models.person].append({**row, "roles": ["member"], "joined_at": joined})
            row = {"id": db.new_id(), "person": person, "circle": circle, "since": joined, "how": "placed"}
            tables[models.place].append({**row, "by": "system"})
            row = {"circle": circle, "role": "coordinator", "person": person, "joined_at": joined, "credit": 0}
            tables[models.standing].append(row)
        for number in range(-PAST, AHEAD):
            session, at = db.new_id(), first + timedelta(days=14 * number)
            row = {"id": session, "kind": "circle", "circle": circle, "day": at.date().isoformat(), "time": "18:30"}
            row |= {"zone": "America/Toronto", "minutes": 60, "starts_at": at, "ends_at": at + timedelta(hours=1)}
            row |= {"state": "closed" if number < 0 else "planned", "sequence": 0, "changed_at": since}
            tables[models.session].append({**row, "invited": False, "gaps": {}})
            if number < 0:
                row = {"id": db.new_id(), "session": session, "circle": circle, "role": "coordinator", "why": {}}
                row |= {"person": members[(number + PAST) % MEMBERS], "state": "served", "created_at": at}
                tables[models.turn].append(row)
    with db.write("sessions") as tx:
        for table, rows in tables.items():
            tx.execute(sa.insert(table), rows)
        standing.recount(
            tx, [(str(row["circle"]), str(row["role"]), str(row["person"])) for row in tables[models.standing]]
        )
        tx.exec_driver_sql("ANALYZE")


def _forget() -> None:
    """Take the choices back, so that the next round finds the same work."""
    tables = db.metadata("sessions").tables
    with db.write("sessions") as tx:
        count = tx.execute(sa.delete(models.turn).where(models.turn.c.state == "offered")).rowcount
        if count != CIRCLES:
            raise Missing(f"{count} of {CIRCLES} circles were asked: a rate over wrong rows means nothing")
        for name in ("delivery", "event"):
            tx.execute(sa.delete(tables[name]))


def _least(database: Path) -> list[str]:
    """Everybody's count and last turn, and whoever has the least; who had the session before comes last."""
    connection = sqlite3.connect(database)
    rows = connection.execute(
        "SELECT s.circle, s.person, s.joined_at, s.credit, p.state FROM standing s JOIN person p ON p.id = s.person"
        " WHERE s.role = 'coordinator' AND s.left_at IS NULL"
    )
    members: dict[str, list[tuple[str, str, int]]] = {}
    for circle, person, joined, credit, state in rows:
        if state == "active":
            members.setdefault(circle, []).append((person, joined, credit))
    served = {}
    for circle, person, count, last in connection.execute(
        "SELECT t.circle, t.person, count(*), max(s.day) FROM turn t JOIN session s ON s.id = t.session"
        " WHERE t.role = 'coordinator' AND t.state = 'served' GROUP BY t.circle, t.person"
    ):
        served[circle, person] = (count, last)
    chosen = []
    for circle, people in members.items():
        none = (0, "")

        def score(each: tuple[str, str, int], circle: str = circle, none: tuple[int, str] = none) -> tuple:  # type: ignore[type-arg]
            count, last = served.get((circle, each[0]), none)
            return each[2] + count, last, each[1], each[0]

        chosen.append(min(people, key=score)[0])
    connection.close()
    return chosen
