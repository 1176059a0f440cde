"""Writers to one SQLite file take turns; what need not survive a power cut does not wait for the disk."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared import config, db
from shared.config import Config


def level(durable: bool) -> str:
    with db.write("signup", durable=durable) as tx:
        if tx.dialect.name == "postgresql":
            return "off" if tx.execute(sa.text("SHOW synchronous_commit")).scalar() == "off" else "on"
        return "off" if tx.execute(sa.text("PRAGMA synchronous")).scalar() == 1 else "on"


def test_only_what_may_be_forgotten_does_not_wait_for_the_disk(settings: Config) -> None:
    assert [level(True), level(False), level(True)] == ["on", "off", "on"]
    config.use(replace(settings, disk="fast"))
    assert level(True) == ("off" if settings.database_url("signup").startswith("sqlite") else "on"), "a demo's files"


def test_writers_that_meet_all_get_their_turn(settings: Config) -> None:
    def write() -> None:
        for _ in range(25):
            with db.write("signup") as tx:
                tx.execute(sa.text("UPDATE counted SET n = n + 1"))

    with db.write("signup") as tx:
        tx.execute(sa.text("CREATE TABLE counted AS SELECT 0 AS n"))
    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    with db.read("signup") as tx:
        assert tx.execute(sa.text("SELECT n FROM counted")).scalar() == 100


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_writer_that_is_killed_leaves_its_turn_to_the_next(settings: Config, tmp_path: Path) -> None:
    hold = "import fcntl, sys, time; f = open(sys.argv[1], 'ab'); fcntl.flock(f, fcntl.LOCK_EX); print(1, flush=True); "
    turn = f"{tmp_path / 'signup.db'}-turn"
    command = [sys.executable, "-c", f"{hold} time.sleep(60)", turn]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline()
        threading.Timer(0.3, holder.kill).start()
        with db.write("signup") as tx:
            tx.execute(sa.text("CREATE TABLE written AS SELECT 1 AS n"))
