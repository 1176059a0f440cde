"""The system under chaos: broker, web and worker, each started with the command that `./baton up` uses.

The parts are `./baton up`'s own (`shared.cli.parts`): sessions of their own, what is left of a dead part's group is
killed, a dead part is started again. Only the back-off is left out, or thirty kills would take an hour.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from shared import config, engines
from shared.cli import broker, settings
from shared.cli.parts import Part
from shared.cli.up import answers
from tests.postgres import Postgres

READY_WITHIN = 60.0
# Noon, so that the jobs of the small hours are due from the start, and real mails' dates do not depend on the day.
CLOCK = "2027-01-04T12:00:00Z*1"


class NotReady(Exception):
    """A part does not come up; its log says why."""


class System:
    """All parts on free loopback ports, with a data folder of their own."""

    def __init__(
        self,
        folder: Path,
        smtp_port: int | None,
        postgres: Postgres | None,
        worker: str = "shared.work",
        clock: str = CLOCK,
    ) -> None:
        """
        :param smtp_port: without one, mails are kept in the outbox.
        :param worker: the module that runs as the worker.
        :param clock: BATON_CLOCK; empty, the machine's.
        """
        self.folder = folder
        self.port = broker.any_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.certificate: Path | None = None
        for name in ("log", "run"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
        self._environ |= {
            "BATON_DATA": str(folder),
            "BATON_BASE_URL": self.base_url,
            "BATON_SECRET": "a-secret-of-chaos-that-is-long-enough",
            "BATON_BROKER_URL": broker.configure(folder),
            "BATON_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}" if smtp_port else "",
            "BATON_SIGNUP_RATE": "1000000/minute",
            "BATON_CLOCK": clock,
            "BATON_DATABASE_POOL": "10",
        }
        if postgres:
            for service in config.SERVICES:
                url = postgres.create(f"chaos_{service}")
                self._environ[f"BATON_{service.upper()}_DATABASE_URL"] = url.replace("+psycopg", "", 1)
        config.use(config.load(self._environ))
        python, log = [sys.executable, "-m"], folder / "log"
        self.ready = folder / "run" / "worker-ready"
        self.broker = Part("broker", [str(broker.binary()), "valkey.conf"], folder / "valkey", log / "broker.log", 10,
                           signal.SIGKILL)  # fmt: skip
        web = [*python, "shared.serve", "--host", "127.0.0.1", "--port", str(self.port)]
        self.web = Part("web", web, settings.ROOT, log / "web.log", 15, signal.SIGKILL)
        work = [*python, worker, "--ready", str(self.ready)]
        self.worker = Part("worker", work, settings.ROOT, log / "worker.log", 75, signal.SIGKILL)
        self.parts = [self.broker, self.web, self.worker]

    def migrate(self) -> None:
        """Make the tables and the first program."""
        with self._environment():
            command = [sys.executable, "-m", "shared.cli", "migrate"]
            done = subprocess.run(command, cwd=settings.ROOT, capture_output=True)
        if done.returncode:
            raise NotReady(f"migrating failed: {done.stderr.decode(errors='replace')[-500:]}")

    def start(self, part: Part, **environment: str) -> None:
        """Start a part, with more settings for it alone."""
        if part is self.worker:
            self.ready.unlink(missing_ok=True)
        with self._environment(**environment):
            part.start()

    def start_all(self) -> None:
        """Start what does not run, and wait until it answers."""
        for part in self.parts:
            if not part.alive():
                self.start(part)
        self.wait()

    def wait(self) -> None:
        """Wait until every part answers.

        :raises NotReady: one of them does not.
        """
        end = time.monotonic() + READY_WITHIN
        url = self._environ["BATON_BROKER_URL"]
        missing = list(config.current().services)
        while missing or not self.ready.exists() or not broker.answers(url):
            if time.monotonic() > end:
                raise NotReady(f"not ready after {READY_WITHIN:.0f} s: see {self.folder}/log")
            if missing and answers("127.0.0.1", self.port, f"/{missing[0]}/ready"):
                missing.pop(0)
            self.look()
            time.sleep(0.05)

    def look(self) -> None:
        """Start what died again, at once or nearly so."""
        for part in self.parts:
            if part.died():
                part.restart_at = time.monotonic() + 0.3
            if part.process is None and part.restart_at is not None and time.monotonic() >= part.restart_at:
                self.start(part)

    def wipe(self) -> None:
        """Kill the broker and throw its data away; it is started again like any part that died."""
        self.broker.signal(signal.SIGKILL)
        if self.broker.process:
            self.broker.process.wait()
        shutil.rmtree(self.folder / "valkey" / "appendonlydir", ignore_errors=True)

    def pids(self, victim: str) -> list[int]:
        """Process ids of `web`, `worker`, `pool` (its children), `beat` or `broker`; none while it is down.

        The beat of a laptop is in the worker: what is done to the one is done to the other.
        """
        victim = "worker" if victim == "beat" else victim
        if victim in {"web", "worker", "broker"}:
            part = getattr(self, victim)
            return [part.pid] if part.alive() else []
        if not self.worker.alive():
            return []
        try:
            return [child.pid for child in psutil.Process(self.worker.pid).children()]
        except psutil.Error:
            return []

    def stop(self) -> None:
        """Kill all parts."""
        for part in self.parts:
            part.signal(signal.SIGKILL)
            if part.process:
                part.process.wait()
        engines.close()
        config.use(None)

    @contextmanager
    def _environment(self, **more: str) -> Iterator[None]:
        """Parts inherit the harness's environment: it is theirs while one starts."""
        kept = dict(os.environ)
        os.environ.clear()
        os.environ.update(self._environ | more)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(kept)
