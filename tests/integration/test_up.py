"""`./baton up` with real processes, in a folder with a space in its name."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from shared.cli.broker import any_port
from shared.config import SERVICES
from shared.worker import TICK_WITHIN

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def environment() -> dict[str, str]:
    """The shell's, without settings of Baton, and with the packages this test runs on."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
    return {**clean, "BATON_VENV": sys.prefix}


def wait(what: str, true: Callable[[], object]) -> None:
    """Poll until it is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for: {what}"
        time.sleep(0.05)


def runs(process: psutil.Process, module: str) -> bool:
    """Whether that is what the process runs; one that has just ended, and is not waited for yet, runs nothing."""
    try:
        return module in " ".join(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False


class Up:
    """A running `./baton up`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.data, self.port = folder / "the data", port
        self.out = folder / "terminal.log"
        with open(self.out, "wb") as out:
            self.process = subprocess.Popen(
                [ROOT / "baton", "up", "--port", str(port), "--data", self.data],
                cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        wait("everything answers", lambda: "Ctrl-C stops it" in self.terminal() or self.process.poll() is not None)

    def terminal(self) -> str:
        return self.out.read_text()

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def part(self, module: str) -> psutil.Process:
        """The leading process of one part."""
        direct = psutil.Process(self.process.pid).children()
        return next(child for child in direct if runs(child, module))

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0


def refused(folder: Path, *args: object) -> str:
    """What a `./baton up` that must not start says, which must be one line."""
    done = subprocess.run(
        [ROOT / "baton", "up", *map(str, args)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("baton: "), done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("a folder"), any_port())
    assert running.process.poll() is None, running.terminal()
    yield running
    if running.process.poll() is None:
        running.process.terminate()
        running.process.wait(100)


def test_everything_answers_once_it_says_so(up: Up) -> None:
    assert {up.status(f"/{service}/ready") for service in SERVICES} == {200}
    assert up.status("/") == 200
    assert re.search(rf"Program +http://localhost:{up.port}/\n", up.terminal())
    doctor = [str(ROOT / "baton"), "doctor", "--data", str(up.data)]
    said = subprocess.run(doctor, env=environment(), capture_output=True, text=True, timeout=PATIENCE).stdout
    assert f"http://localhost:{up.port}\n" in said.partition("\n")[0] + "\n", "commands beside it know its address"


def test_the_first_organizers_link_opens(up: Up) -> None:
    found = re.search(r"Organizer +http://localhost:\d+(/signup/\S+)", up.terminal())
    assert found, up.terminal()
    assert up.status(found[1]) == 200


def test_what_it_makes_is_for_the_owner_only(up: Up) -> None:
    """Databases, mails and logs speak of people: a laptop with other users' accounts must not show them."""
    made = [up.data, *up.data.rglob("*")]
    assert {path.name for path in made} >= {
        "secret",
        "broker-url",
        "valkey.conf",
        "signup.db",
        "notifications.db",
        "log",
    }
    assert [path for path in made if path.stat().st_mode & 0o077 and not path.is_socket()] == []
    assert not list((up.data / "run").glob("first-link*"))


def test_a_second_up_on_the_same_data_says_so(up: Up, tmp_path: Path) -> None:
    said = refused(tmp_path, "--data", up.data, "--port", any_port())
    assert "already runs on" in said and str(up.process.pid) in said


def test_a_busy_port_names_another(up: Up, tmp_path: Path) -> None:
    said = refused(tmp_path, "--port", up.port, "--data", "other")
    assert f"port {up.port} is busy" in said and "--port" in said.split("busy")[1]


def test_a_folder_without_the_right_to_write(tmp_path: Path) -> None:
    # The administrator may write anywhere, but into the kernel's own tree.
    folder = Path("/sys") if os.getuid() == 0 else tmp_path / "mine"
    if folder.parent == tmp_path:
        folder.mkdir(0o500)
    assert "cannot write" in refused(tmp_path, "--data", folder / "data", "--port", any_port())


def test_a_file_where_the_data_should_be(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert "cannot write" in refused(tmp_path, "--data", "data", "--port", any_port())


def test_a_wrong_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        f"{__name__}.environment", lambda: {**os.environ, "BATON_VENV": sys.prefix, "BATON_LOG": "loud"}
    )
    assert "BATON_LOG" in refused(tmp_path, "--data", "data", "--port", any_port())


def test_a_sender_that_stalls_stops_nobody(up: Up) -> None:
    stalled = []
    for _ in range(50):
        connection = socket.create_connection(("127.0.0.1", up.port))
        connection.sendall(b"POST /signup/api/signups HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{")
        stalled.append(connection)
    try:
        assert up.status("/signup/ready") == 200
    finally:
        for connection in stalled:
            connection.close()


@pytest.mark.parametrize("module", ["shared.work", "shared.serve", "valkey-server"])
def test_a_part_that_dies_is_restarted_and_said(up: Up, module: str) -> None:
    name = {"shared.work": "worker", "shared.serve": "web", "valkey-server": "broker"}[module]
    old = up.part(module)
    family = [old, *old.children(recursive=True)]
    old.kill()
    wait(f"the terminal says that {name} died", lambda: f"{name} died (SIGKILL)" in up.terminal())
    wait("it runs again", lambda: any(p.pid != old.pid and runs(p, module) for p in up.children()))
    _, alive = psutil.wait_procs(family, 10)
    assert not alive, "what it had started must not outlive it"
    wait("pages answer", lambda: up.status("/signup/ready") == 200)
    wait("the terminal says that it is back", lambda: f"\n{name} is back\n" in up.terminal())
    assert "Traceback" not in up.terminal() and "celery" not in up.terminal(), "the noise of libraries is in the log"


def test_it_ticks_and_goes_on_after_the_broker_died(up: Up) -> None:
    """The worker ticks itself: what was lost is sent again, and what is due happens, by that alone."""
    lines = up.terminal().count("\nbroker is back\n")
    up.part("valkey-server").kill()
    wait("the broker is back", lambda: up.terminal().count("\nbroker is back\n") > lines)
    since = time.time() + TICK_WITHIN  # no tick that was asked for before lives as long
    for service in SERVICES:
        wait(f"{service} ticks", partial(ticks_since, up.data, service, since))


def ticks_since(data: Path, service: str, since: float) -> bool:
    """Whether a service noted a tick after that; it does so twice a minute."""
    with contextlib.closing(sqlite3.connect(data / f"{service}.db", timeout=20)) as connection:
        row = connection.execute("SELECT at FROM pulse WHERE name = 'tick'").fetchone()
    return bool(row) and row[0] > since


def test_term_leaves_no_child(up: Up) -> None:
    family = up.children()
    assert len(family) >= 4, "broker, web, worker, and the process that handles its tasks"
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(90) == 0
    _, alive = psutil.wait_procs(family, 5)
    assert not alive
    assert "Traceback" not in up.terminal()


def test_killed_itself_it_leaves_no_child_and_can_start_again(up: Up) -> None:
    """On the same data: also a second start, which has nothing to migrate."""
    up.process.terminate()
    up.process.wait(90)
    again = Up(up.data.parent, up.port)
    assert "preparing" not in again.terminal()
    family = again.children()
    again.process.kill()
    again.process.wait()
    _, alive = psutil.wait_procs(family, 30)
    if sys.platform == "linux":
        assert not alive
