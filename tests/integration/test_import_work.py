"""Moving in, in steps: whatever breaks off is resumed, nobody is doubled, and it is all in the log."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from services.signup import importing, people
from services.signup.importing import running
from shared import config, db, worker
from tests.conftest import Baton
from tests.moving_in import (
    BY,
    checked,
    counts,
    do,
    file,
    given_file,
    imported,
    mapped,
    persons,
    refusal,
    refused_rows,
    row,
)

# ---- the work, in steps ----


def many(count: int) -> str:
    return "Email,Name,Stream\n" + "".join(f"p{n}@example.org,Person {n % 7},stream1\n" for n in range(count))


def test_a_hundred_thousand_rows(baton: Baton) -> None:
    id = imported(many(100_000).replace("Person 3", "Per son"))
    assert counts(id) == (100_000, 0, 0, 0)
    with db.read("signup") as tx:
        assert people.counts(tx) == {"imported": 100_000}
        for table, wanted in (("event", 100_001), ("delivery", 100_003)):
            found = db.metadata("signup").tables[table]
            import sqlalchemy as sa

            assert tx.execute(sa.select(sa.func.count()).select_from(found)).scalar_one() == wanted


def test_a_worker_does_it_when_the_tick_calls(baton: Baton) -> None:
    id = given_file(many(3))
    do(importing.check, id, mapped(id))
    assert row(id)["state"] == "checking"
    baton.tick()
    assert row(id)["state"] == "checked"
    do(importing.start, id)
    baton.tick()
    assert (row(id)["state"], counts(id)) == ("done", (3, 0, 0, 0))
    assert baton.rows("signup", "import_part") == [], "its file is gone"
    baton.tick()
    assert len(baton.rows("signup", "person")) == 3


def test_the_task_may_take_ten_minutes() -> None:
    worker.carry("signup")
    task = worker.app.tasks["slow.import"]
    assert (task.soft_time_limit, task.time_limit) == (600, 630)
    assert worker._route("slow.import") == {"queue": "slow"}


def test_what_does_not_fit_into_one_task_goes_on_in_the_next(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "STEP", 10)
    id = checked(many(35))
    do(importing.start, id)
    steps = 0
    while importing.work(id, longest=-1.0):
        steps += 1
        assert row(id)["done"] == min(36, 1 + 10 * steps)
        assert len(baton.rows("signup", "person")) == min(35, 10 * steps)
    assert steps == 4 and counts(id) == (35, 0, 0, 0)


def test_a_check_that_broke_off_begins_anew(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "STEP", 10)
    id = given_file(many(25).replace("p3@", "p4@").replace("p20@", "bad@@"))
    do(importing.check, id, mapped(id))
    assert importing.work(id, longest=-1.0)
    assert importing.work(id, longest=-1.0), "from the beginning"
    while importing.work(id):
        pass
    assert counts(id) == (23, 0, 1, 1)
    assert len(refused_rows(id)) == 1


def test_two_at_once_double_nothing(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "STEP", 5)
    id = checked(many(40))
    do(importing.start, id)

    def meanwhile(found: Any) -> None:
        if found["done"] == 11:
            importing.work(id)  # somebody else, who thinks that this one has died

    assert not importing.work(id, meanwhile)
    assert (row(id)["state"], counts(id)) == ("done", (40, 0, 0, 0))
    assert len(baton.rows("signup", "person")) == 40
    assert len(baton.rows("signup", "event", type="application.imported")) == 40


def test_who_signs_up_in_the_same_instant_comes_in_once(baton: Baton) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from services.signup.importing.checks import Found
    from services.signup.importing.insert import insert

    def found(n: int) -> Found:
        address = f"p{n}@example.org"
        return Found(n, address, f"P {n}", address, "stream1", "UTC", {}, None, None, None)

    def bring() -> int:
        with db.write("signup") as tx:
            return insert(tx, BY, "import", [found(n) for n in range(5)])

    with ThreadPoolExecutor(1) as pool:
        with db.write("signup") as tx:
            typed = {"name": "P", "email": "p3@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
            people.apply(tx, {**typed, "answers": {}})
            brought = pool.submit(bring)
            time.sleep(0.3)  # time for the other to run into what is not committed yet
        assert brought.result(30) == 4
    assert sorted(persons(baton)) == [f"p{n}@example.org" for n in range(5)]
    assert len(baton.rows("signup", "event", type="application.imported")) == 4
    assert persons(baton)["p3@example.org"]["state"] == "applied"


WORK = """import sys
from services.signup import importing
from services.signup.importing import running
running.STEP = 200
importing.work(sys.argv[1])"""


def test_killed_at_any_moment_it_is_resumed_without_doubling(
    baton: Baton, settings_of_processes: dict[str, str]
) -> None:
    rows = 6000
    id = checked(many(rows))
    do(importing.start, id)
    kills = 0
    while row(id)["state"] == "importing":
        before = row(id)["done"]
        process = subprocess.Popen(
            [sys.executable, "-c", WORK, id], env=settings_of_processes, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and row(id)["done"] <= before + 1000 * (kills < 4):
            time.sleep(0.002)
        if kills < 4 and process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += process.wait(30) == -signal.SIGKILL
        else:
            process.wait(60)
    assert kills >= 2
    assert counts(id) == (rows, 0, 0, 0)
    found = baton.rows("signup", "person")
    assert len({each["email_key"] for each in found}) == len(found) == rows
    events = baton.rows("signup", "event", type="application.imported")
    assert len({each["subject"] for each in events}) == len(events) == rows


@pytest.fixture
def settings_of_processes(settings: config.Config) -> dict[str, str]:
    """The environment of a process of its own that shares this test's database."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    return own | {
        "BATON_SECRET": settings.secret,
        "BATON_DATA": str(settings.data),
        "BATON_CLOCK": settings.clock,
        "BATON_BROKER_URL": "memory://",
        "BATON_SIGNUP_DATABASE_URL": settings.database_url("signup").replace("+psycopg", "", 1),
    }


def test_thrown_away_while_it_is_checked(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr(running, "STEP", 5)
    id = given_file(many(20))
    do(importing.check, id, mapped(id))
    assert not importing.work(id, lambda found: do(importing.throw_away, id))
    assert row(id) is None
    assert baton.rows("signup", "import_part") == baton.rows("signup", "import_refusal") == []


def test_what_is_importing_cannot_be_thrown_away_or_mapped(baton: Baton) -> None:
    id = checked(many(5))
    do(importing.start, id)
    for command, *rest in ((importing.throw_away,), (importing.check, mapped(id)), (importing.undo_mapping,)):
        assert "importing" in refusal(command, id, *rest).message


def test_after_a_week_a_file_is_forgotten(baton: Baton) -> None:
    waiting = checked("Email,Name,Stream\na@example.org,A,stream1\nbad,B,stream1\n")
    done = imported("Email,Name,Stream\nb@example.org,A,stream1\nbad2,B,stream1\n")
    baton.pass_time(days=6)
    baton.pass_machine_time(6 * 86_400)
    baton.tick()
    assert row(waiting) and refused_rows(done)
    baton.pass_time(days=2)
    baton.pass_machine_time(2 * 86_400)
    baton.tick()
    assert row(waiting) is None and refused_rows(done) == []
    assert (row(done)["state"], row(done)["header"], row(done)["fresh"]) == ("old", [], 1)
    assert baton.rows("signup", "import_part") == []


def test_others_write_while_a_file_is_taken_in(baton: Baton, monkeypatch: Any) -> None:
    """SQLite has one writer: none of its transactions may last as long as the file."""
    monkeypatch.setattr("services.signup.importing.files.AT_ONCE", 1)
    monkeypatch.setattr("services.signup.importing.files.PART", 1_000)
    sent, seen = io.BytesIO(many(300).encode()), []

    class Slow(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            seen.append(baton.rows("signup", "import_part"))
            with db.write("signup") as tx:  # waits for ever if a transaction of the file's is open
                tx.exec_driver_sql("UPDATE program SET name = name")
                assert importing.listed(tx) == [], "not before it is whole"
            return sent.read(size)

    id = importing.give(BY, "slow.csv", Slow())  # type: ignore[arg-type]
    assert len(seen) > 10 and len(seen[-1]) > 8
    assert row(id)["state"] == "mapping"


def test_a_file_whose_sender_was_lost_is_forgotten(baton: Baton, monkeypatch: Any) -> None:
    monkeypatch.setattr("services.signup.importing.files.PART", 100)

    class Killed(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError("the line broke")

    with pytest.raises(OSError, match="broke"):
        importing.give(BY, "x.csv", Killed())  # type: ignore[arg-type]
    assert baton.rows("signup", "import") == []
    id = given_file(many(3))  # as a kill in the middle of it would leave it
    with db.write("signup") as tx:
        tx.exec_driver_sql("UPDATE import SET state = 'receiving'")
    baton.pass_time(hours=1)
    baton.tick()
    assert row(id)
    baton.pass_time(hours=1)
    baton.pass_machine_time(3_700)
    baton.tick()
    assert row(id) is None and baton.rows("signup", "import_part") == []


def test_everything_is_in_the_log(baton: Baton) -> None:
    imported(file("google-forms.csv"))
    noted = [each["what"] for each in baton.rows("signup", "audit")]
    assert [what for what in noted if what.startswith(("import", "mapping", "people"))] == [
        "import.given", "mapping.saved", "import.started", "people.imported",
    ]  # fmt: skip
    assert "ada" not in json.dumps(baton.rows("signup", "audit"), default=str).lower()
