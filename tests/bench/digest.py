"""Digest and dashboard of 10,000 members in 800 circles after two years, by the functions that production calls.

Beside each its own SQL run raw: the statements that it asked, with their parameters, once more by the bare driver,
every row fetched. What is above that is Baton's: composing, wording, rendering, and the mails' bytes.
"""

from __future__ import annotations

import importlib
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.notifications import create_app, models
from services.notifications.digest import arranging, writing
from shared import clock, config, db, engines, log
from shared.cli import migrate
from tests.signup import signed_in

from .measure import Missing, Row, in_turn

ROUNDS = 5
CIRCLES, MEMBERS, WEEKS, ORGANIZERS = 800, 10_000, 104, 3
WRITERS = 0.3  # of members, who have offered posts
Statements = list[tuple[str, Any, bool]]


class _Back(Exception):
    """Nothing of what was written is kept."""


def measure(rounds: int) -> list[Row]:
    """Milliseconds each."""
    rows = [Row(name, "ms", 4.0, 2.0, lower=True) for name in ("digest: written and mailed", "dashboard: the page")]
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        config.use(config.Config(secret="a-secret-of-benches-that-is-long-enough", data=Path(folder)))
        log.configure("text")
        try:
            importlib.import_module("services.notifications.models")
            migrate.upgrade("notifications")
            _fill()
            client = signed_in(create_app().test_client(), "organizer0", "organizer")
            raw = sqlite3.connect(Path(folder) / "notifications.db", isolation_level=None)
            for row, subject in zip(rows, (_write, lambda: _look(client)), strict=True):
                with _heard() as asked:
                    subject()  # the first of its process, not counted
                in_turn(rounds, _timed(row.subject, subject), _timed(row.floor, partial(_ask, raw, asked)))
            raw.close()
        finally:
            engines.close()
            config.use(None)
    return rows


def _timed(into: list[float], work: Callable[[], None]) -> Callable[[], None]:
    def timed() -> None:
        began = time.perf_counter()
        work()
        into.append(1000 * (time.perf_counter() - began))

    return timed


def _write() -> None:
    """The digest of now, to every organizer."""
    try:
        with db.write("notifications") as tx:
            writing.write(tx, clock.now().date().isoformat())
            mails = tx.execute(sa.select(sa.func.count()).select_from(models.mail)).scalar_one()
            if mails != ORGANIZERS:
                raise Missing(f"{mails} of {ORGANIZERS} mails were written: a time over wrong rows means nothing")
            raise _Back
    except _Back:
        pass


def _look(client: Any) -> None:
    answer = client.get("/notifications/dashboard")
    if answer.status_code != 200 or "Circles that need a look" not in answer.text:
        raise Missing(f"the dashboard answered {answer.status_code}: its time means nothing")


@contextmanager
def _heard() -> Iterator[Statements]:
    """What is asked of the database meanwhile."""
    asked: Statements = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")):
            asked.append((statement, parameters, many))

    engine = engines.engine("notifications")
    sa.event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        sa.event.remove(engine, "before_cursor_execute", hear)


def _ask(raw: sqlite3.Connection, asked: Statements) -> None:
    raw.execute("BEGIN IMMEDIATE")
    for statement, parameters, many in asked:
        if many:
            raw.executemany(statement, parameters)
        else:
            raw.execute(statement, parameters).fetchall()
    raw.execute("ROLLBACK")


def _fill() -> None:
    """Circles that met every second week for two years, with minutes; some stay away, some seats are open."""
    dice, now = random.Random(7), clock.now()
    begin = now - timedelta(weeks=WEEKS)
    tables: dict[sa.Table, list[dict[str, Any]]] = {
        table: []
        for table in (models.person, models.arrival, models.meeting, models.attended, models.agreed, models.news,
                      models.offered)
    }  # fmt: skip
    people = [db.new_id() for _ in range(MEMBERS)]
    for number, id in enumerate(people):
        joined = begin + (now - begin) * dice.random()
        row: dict[str, Any] = {
            "id": id,
            "name": f"Member {number}",
            "email": f"m{number}@example.org",
            "timezone": "Europe/Berlin",
        }
        state = "active" if dice.random() < 0.95 else "paused"
        tables[models.person].append({**row, "stream": f"stream{number % 3 + 1}", "state": state, "roles": ["member"]})
        came = {"applied_at": joined, "confirmed_at": joined, "placed_at": joined}
        tables[models.arrival].append({"person": id, **came})
        if dice.random() < 0.02:
            tables[models.news].append({"id": db.new_id(), "at": now, "kind": "joined", "person": id, "told": None})
        if dice.random() < WRITERS:
            tables[models.offered] += _posts(id, joined, dice)
    for number in range(ORGANIZERS):
        row = {"id": f"organizer{number}", "name": f"Olga {number}", "email": f"o{number}@example.org"}
        tables[models.person].append(
            {**row, "timezone": "Europe/Berlin", "stream": None, "state": "confirmed", "roles": ["organizer"]}
        )
    for circle in range(CIRCLES):
        _circle(
            tables, circle, people[circle::CIRCLES], begin + timedelta(hours=circle % 24 + 24 * (circle % 14)), dice
        )
    streams = [{"slug": f"stream{n}", "name": f"Stream {n}", "position": n} for n in (1, 2, 3)]
    about = {"id": 1, "name": "Bench", "timezone": "Europe/Berlin", "chat_invite": None, "charter_version": "1"}
    with db.write("notifications") as tx:
        tx.execute(sa.insert(models.program), [about])
        tx.execute(sa.insert(models.stream), streams)
        for table, rows in tables.items():
            tx.execute(sa.insert(table), rows)
        arranging.begin(tx)
        last = (now - timedelta(days=7)).date().isoformat()
        tx.execute(sa.insert(models.digest), [{"period": last, "until": now - timedelta(days=7), "data": {}}])
        tx.exec_driver_sql("ANALYZE")


def _posts(author: str, joined: Any, dice: random.Random) -> list[dict[str, Any]]:
    """What one member has offered so far: most of it live, some declined, the last one sometimes still in review."""
    now, rows, at = clock.now(), [], joined
    for number in range(dice.randint(1, 9)):
        at += timedelta(days=dice.randint(10, 90))
        if at > now:
            break
        answered = at + timedelta(days=dice.randint(0, 12))
        state = "open" if answered > now else "closed" if dice.random() < 0.05 else "merged"
        since = at if state == "open" else answered
        told = (answered.date() if answered < now - timedelta(days=7) else None) if state != "open" else None
        row: dict[str, Any] = {"id": db.new_id(), "person": author, "what": "post", "kind": "post", "state": state}
        row |= {"title": f"What I learnt, part {number + 1}", "original": f"https://blog.example.org/{author}/{number}"}
        row |= {"since": since, "opened_at": at, "published_at": answered if state == "merged" else None}
        row |= {"told": told if state == "merged" else None, "refusal_told": told if state == "closed" else None}
        rows.append(row)
    return rows


def _circle(tables: Any, number: int, members: list[str], first: Any, dice: random.Random) -> None:
    now, keen, id = clock.now(), dice.random(), db.new_id()
    for week in range(0, WEEKS + 4, 2):
        starts = first + timedelta(weeks=week)
        session, over = db.new_id(), starts < now
        there = [over and dice.random() < 0.3 + 0.7 * keen for _ in members]
        row: dict[str, Any] = {
            "id": session,
            "circle": id,
            "name": f"Circle {number}",
            "stream": f"stream{number % 3 + 1}",
        }
        row |= {"starts_at": starts, "ends_at": starts + timedelta(hours=1), "cancelled": False, "mentor": None}
        words = {"excerpt": "Everybody reads chapter two until then", "help": "A room." if dice.random() < 0.02 else ""}
        told = starts < now - timedelta(days=7)
        row |= {"coordinator": members[week // 2 % len(members)], "opened_at": None, "late_at": None, "words": words}
        row |= {"minuted_at": starts + timedelta(hours=4) if over else None, "present": sum(there)}
        row |= {"marked": len(members) if over else 0, "told": starts.date().isoformat() if told else None}
        if not over and dice.random() < 0.01:
            row |= {"opened_at": now, "coordinator": None}
        tables[models.meeting].append(row)
        if over:
            tables[models.attended] += [
                {"session": session, "person": person, "present": came}
                for person, came in zip(members, there, strict=True)
            ]
    items = [{"person": members[0], "text": "Write to the library", "due": now.date().isoformat()}]
    tables[models.agreed].append({"circle": id, "items": items, "members": members, "position": 1})
