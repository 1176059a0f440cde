"""A disk that is really full: what cannot be kept is refused in words, nothing half stays, nothing accepted is lost."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import shutil
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import redis
import sqlalchemy as sa

from services.signup import importing, rate
from shared import db, engines, faults, mount, pulse, web
from shared.cli import Refused, backup, doctor, export, restore
from shared.cli.broker import any_port
from shared.cli.settings import BROKER_FILE
from shared.config import SERVICES
from tests import loops
from tests.backups import join, make
from tests.conftest import SECRET, SEEDED, Baton
from tests.disk import Disk, small

ADA = {"name": "Ada", "email": "ada@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1", "answers": {}}
WORDS = "There is no room to keep this"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small(tmp_path / "small", 8) as made:
        yield made


@pytest.fixture
def database(disk: Disk, sqlite_templates: dict[str, Path]) -> Iterator[tuple[tuple[str, str], ...]]:
    """The four databases, on that disk."""
    for service in SERVICES:
        shutil.copy(sqlite_templates[SEEDED] / f"{service}.db", disk.path)
    yield tuple((service, f"sqlite:///{disk.path / service}.db") for service in SERVICES)
    engines.close()


@pytest.fixture
def baton(baton: Baton) -> Baton:
    """One in use: SQLite has made its log beside each file, which it cannot make once the disk is full."""
    for service in SERVICES:
        pulse.beat(service)
    return baton


@pytest.fixture(autouse=True)
def fresh_rate() -> None:
    rate.forget()


def people(baton: Baton) -> list[str]:
    return [each["email"] for each in baton.rows("signup", "person")]


class Served:
    """The apps behind `Mount`, as the web process has them: what is asked together is committed together."""

    def __init__(self, baton: Baton) -> None:
        self.mount = mount.Mount({"signup": baton.app("signup")}, "signup", 1, None, web.failed)

    def post(self, *asked: tuple[str, str, str]) -> list[tuple[int, str]]:
        """All at once; each a path, content type and body."""
        return loops.run(self._post(asked))

    async def _post(self, asked: tuple[tuple[str, str, str], ...]) -> list[tuple[int, str]]:
        answers: list[tuple[int, str]] = [(0, "")] * len(asked)

        async def one(n: int, path: str, kind: str, body: str) -> None:
            class Protocol:
                async def __call__(self) -> bytes:
                    return body.encode()

                def response_bytes(self, status: int, _headers: Any, said: bytes) -> None:
                    answers[n] = status, said.decode()

            headers = {"content-length": str(len(body)), "content-type": kind}
            scope = SimpleNamespace(
                proto="http", http_version="1.1", server="127.0.0.1:8000", client="10.1.2.3:9999", scheme="http",
                path=path, method="POST", query_string="", headers=headers, authority="localhost:8000",
            )  # fmt: skip
            await self.mount.__rsgi__(scope, Protocol())

        await asyncio.gather(*(one(n, *each) for n, each in enumerate(asked)))
        return answers


def by_api(name: str) -> tuple[str, str, str]:
    return "/signup/api/signups", "application/json", json.dumps({**ADA, "email": f"{name}@example.org"})


def by_form(name: str) -> tuple[str, str, str]:
    typed = f"name=Ada&email={name}@example.org&timezone=UTC&charter=1"
    return "/signup/stream1", "application/x-www-form-urlencoded", typed


def test_a_form_is_refused_in_words_and_taken_once_there_is_room(baton: Baton, disk: Disk) -> None:
    served = Served(baton)
    assert [status for status, _ in served.post(by_api("first"), by_form("second"))] == [202, 303]
    before = people(baton)
    disk.fill()
    program, page = served.post(by_api("ada"), by_form("bo"))
    told = json.loads(program[1])
    assert (program[0], told["title"]) == (503, WORDS) and "freed some space" in told["detail"]
    assert page[0] == 503 and WORDS in page[1] and "Press Back" in page[1]
    assert people(baton) == before
    disk.free()
    assert [status for status, _ in served.post(by_api("ada"), by_form("bo"))] == [202, 303]
    baton.drain()
    told_of = [each["address"].partition("@")[0] for each in baton.rows("notifications", "mail", kind="confirm")]
    assert sorted(told_of) == ["ada", "bo", "first", "second"], "each once"


def test_what_was_accepted_before_has_its_effects_after(baton: Baton, disk: Disk) -> None:
    served = Served(baton)
    served.post(by_api("ada"))
    disk.fill()
    with pytest.raises(sa.exc.OperationalError, match="full"):
        baton.drain()
    disk.free()
    baton.queue.clear()
    baton.pass_machine_time(60)
    baton.drain()
    assert [each["address"] for each in baton.rows("notifications", "mail", kind="confirm")] == ["ada@example.org"]


def test_pages_say_it_too_where_one_request_is_one_commit(baton: Baton, disk: Disk) -> None:
    disk.fill()
    answer = baton.client("signup").post("/signup/api/signups", json=ADA)
    assert (answer.status_code, answer.json["title"]) == (503, WORDS)
    assert answer.headers["Retry-After"]
    assert baton.client("signup").get("/signup/stream1").status_code == 200, "reading goes on"
    disk.free()
    assert baton.client("signup").post("/signup/api/signups", json=ADA).status_code == 202


def test_a_file_to_import_leaves_nothing_half(baton: Baton, disk: Disk) -> None:
    content = b"Email,Name,Stream\n" + b"ada@example.org,Ada,stream1\n" * 200_000
    disk.fill(but=2 << 20)
    with pytest.raises(sa.exc.OperationalError) as caught:
        importing.give("system", "large.csv", io.BytesIO(content))
    assert faults.full(caught.value)
    disk.free()
    with db.read("signup") as tx:
        assert importing.listed(tx) == []
    baton.pass_time(hours=2)
    baton.pass_machine_time(7_200)
    baton.tick()
    assert baton.rows("signup", "import") == baton.rows("signup", "import_part") == []


def test_a_backup_is_whole_or_not_there(
    baton: Baton, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", SECRET)
    monkeypatch.setenv("BATON_CALLED_FROM", str(disk.path))
    monkeypatch.setenv("BATON_BROKER_URL", "")
    there = set(disk.path.iterdir()) | {disk.filler}
    for room in (0, 4096, 12_288):
        disk.fill(but=room)
        with pytest.raises(Refused) as caught:
            backup.main(["b.baton"])
        assert str(caught.value) == f"the disk of {disk.path} is full: free some space, or write the backup elsewhere"
        assert set(disk.path.iterdir()) - there == set()
    disk.free()
    assert backup.main(["b.baton"]) == 0
    assert (disk.path / "b.baton").exists()


def test_a_restore_changes_nothing_where_it_finds_no_room(
    baton: Baton, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("BATON_DATA", str(disk.path))
    monkeypatch.setenv("BATON_SECRET", SECRET)
    monkeypatch.setenv("BATON_CALLED_FROM", str(tmp_path))
    monkeypatch.setenv("BATON_BROKER_URL", "")
    join()
    make(tmp_path / "b.baton")
    before = baton.dump()
    engines.close()
    there = {path.name for path in disk.path.iterdir()} | {disk.filler.name}
    for room in (0, 4096, 700_000, 1_600_000):
        disk.fill(but=room)
        with pytest.raises(Refused, match="full"):
            restore.main(["b.baton", "--set-aside"])
        left = {path.name for path in disk.path.iterdir() if not path.name.endswith(("-shm", "-wal"))} - there
        assert left <= {"up.lock"}, "no half database, and nothing set aside"
    disk.free()
    assert baton.dump() == before
    engines.close()
    assert restore.main(["b.baton", "--set-aside"]) == 0


def test_an_export_leaves_no_half_file(
    baton: Baton, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", SECRET)
    monkeypatch.setenv("BATON_CALLED_FROM", str(disk.path))
    (disk.path / "out").mkdir()
    disk.fill(but=4096)
    with pytest.raises(Refused, match="is full: free some space, or name another"):
        export.main(["out"])
    assert [path.name for path in (disk.path / "out").iterdir() if path.suffix not in {".csv", ".json"}] == []
    disk.free()
    assert export.main(["out"]) == 0


def test_the_doctor_says_it(
    baton: Baton, disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """The data folder has room here; where the databases are there is none."""
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", SECRET)
    disk.fill()
    assert doctor.main([]) == 1
    assert "free some space now" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(28, "No space left on device"), True),
        (OSError(122, "Disk quota exceeded"), True),
        (OSError(27, "File too large"), True),
        (OSError(2, "No such file"), False),
        (psycopg.errors.DiskFull("could not extend file"), True),
        (sa.exc.OperationalError("INSERT", {}, psycopg.errors.DiskFull("could not extend file")), True),
        (psycopg.errors.LockNotAvailable("lock timeout"), False),
        (ValueError("full"), False),
        (None, False),
    ],
)
def test_what_counts_as_full(error: BaseException | None, full: bool) -> None:
    assert faults.full(error) is full


def test_everything_goes_on_by_itself_once_there_is_room(tmp_path: Path) -> None:
    """Real processes: a broker that refuses everything for want of room must not end the worker for good."""
    from tests.integration.test_up import Up, wait

    with small(tmp_path / "small", 120) as disk:
        (tmp_path / "the data").symlink_to(disk.path, target_is_directory=True)
        up = Up(tmp_path, any_port())
        try:
            assert signed_up(up.port, "before") == 202
            disk.fill()
            assert signed_up(up.port, "refused") == 503

            # Filled anew each time: a checkpoint may give some room back. The broker counts for itself: a log that lies
            # on the same disk may have no room for the line that says so.
            def refuses() -> bool:
                disk.fill()
                return refusals((up.data / BROKER_FILE).read_text().strip()) >= 5

            wait("the broker refuses", refuses)
            disk.free()
            assert signed_up(up.port, "after") == 202
            path = up.data / "notifications.db"
            wait("both are mailed", lambda: mailed(path) == ["after@example.org", "before@example.org"])
        finally:
            up.process.terminate()
            up.process.wait(90)


def refusals(url: str) -> int:
    """How many commands Valkey has refused since it started because it cannot write."""
    with redis.Redis.from_url(url) as broker:
        refused: dict[str, int] = broker.info("errorstats").get("errorstat_MISCONF", {})
    return refused.get("count", 0)


def signed_up(port: int, name: str) -> int:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}/signup/api/signups",
        json.dumps({**ADA, "email": f"{name}@example.org"}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        assert json.load(error)["title"] == WORDS
        return error.code


def mailed(path: Path) -> list[str]:
    """Whom that database says a confirmation was written for."""
    with contextlib.closing(sqlite3.connect(path)) as found:
        rows = found.execute("SELECT address FROM mail WHERE kind = 'confirm' ORDER BY address").fetchall()
    return [address for (address,) in rows]
