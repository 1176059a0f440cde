"""Import: people out of a CSV file by the function that a worker runs, beside `csv` and `executemany` of the same rows.

What follows from it, a mail to each, is another subject: nothing is delivered here.
"""

from __future__ import annotations

import csv
import importlib
import io
import itertools
import random
import sqlite3
import tempfile
import time
from pathlib import Path

from services.signup import importing
from shared import config, db, engines, log
from shared.cli import migrate
from shared.events import bell

from .measure import Missing, Row, in_turn

ROUNDS = 5
ROWS = 20_000
HEADER = ["Timestamp", "Email Address", "What is your name?", "Which describes you best?", "Time zone",
          "Your GitHub name", "Your blog", "What have you learned or done so far?"]  # fmt: skip
STREAMS = ["I am starting out", "I want to land my first job in ML", "I want to grow in my career"]
ZONES = ["America/Toronto", "Europe/Berlin", "Asia/Kolkata", "Africa/Lagos", "Toronto", ""]
NAMES = "Ada Grace Katherine Alan Zoë Chien-Shiung Srinivasa Ana Li Olu".split()
FAMILIES = "Lovelace Hopper Johnson Turing Müller Wu Ramanujan O'Neil García Okafor".split()
WORDS = "linear algebra, some statistics and a course on deep learning; I built a small classifier at work".split()
_files = itertools.count(1)


def measure(rounds: int) -> list[Row]:
    """Rows a second, read, checked and written with their events."""
    row = Row("import", "rows/s", 0.1, 0.3)
    with tempfile.TemporaryDirectory(prefix="baton-bench-") as folder:
        config.use(config.Config(secret="a-secret-of-benches-that-is-long-enough", data=Path(folder)))
        log.configure("text")
        bell.ring = lambda service: None  # type: ignore[assignment]
        try:
            for service in ("signup", "notifications"):
                importlib.import_module(f"services.{service}.models")
            migrate.upgrade("signup")

            def subject() -> None:
                id = _given(_file())
                began = time.perf_counter()
                while importing.work(id):
                    pass
                row.subject.append(ROWS / (time.perf_counter() - began))
                with db.read("signup") as tx:
                    done = importing.one(tx, id)
                if done is None or done["fresh"] != ROWS:
                    raise Missing("the import did not bring everybody in: a rate over wrong rows means nothing")

            def floor() -> None:
                number = next(_files)
                path = Path(folder) / f"{number}.csv"
                path.write_bytes(_file())
                began = time.perf_counter()
                _least(path, Path(folder) / f"{number}.db")
                row.floor.append(ROWS / (time.perf_counter() - began))

            in_turn(rounds, subject, floor)
        finally:
            engines.close()
            config.use(None)
    return [row]


def _given(content: bytes) -> str:
    """An import that is checked and waits for its work."""
    id = importing.give("system", "responses.csv", io.BytesIO(content))
    with db.read("signup") as tx:
        row = importing.one(tx, id)
        made = importing.columns(tx, row)  # type: ignore[arg-type]
    with db.write("signup") as tx:
        importing.check(tx, "system", id, made)
    importing.work(id)
    with db.write("signup") as tx:
        importing.start(tx, "system", id)
    return id


def _file() -> bytes:
    """Answers as Google Forms gives them, of people nobody has seen before."""
    number, dice, out = next(_files), random.Random(7), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for n in range(ROWS):
        name, family = dice.choice(NAMES), dice.choice(FAMILIES)
        day = f"{dice.randint(1, 12)}/{dice.randint(1, 28)}/2026"
        at = f"{day} {dice.randint(0, 23)}:{dice.randint(10, 59)}:{n % 50 + 10}"
        said = " ".join(dice.choices(WORDS, k=25))
        address = f"{name[:2].encode().hex()}.{dice.randint(0, 1 << 40):x}.{number}.{n}@example{n % 40}.org"
        writer.writerow(
            [at, address, f"{name} {family}", dice.choice(STREAMS), dice.choice(ZONES), f"dev{n}", "", said]
        )
    return out.getvalue().encode()


def _least(path: Path, database: Path) -> None:
    """The least code that could do it: no checks, no events."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    columns = "at, email TEXT UNIQUE, name, stream, zone, github, blog, background"
    connection.execute(f"CREATE TABLE person (id INTEGER PRIMARY KEY, {columns})")
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO person VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("COMMIT")
    connection.close()
