"""The system under chaos as docker-compose.yml has it: a process for each container, behind the proxy, on PostgreSQL.

It answers to the same names as `System`, so that mischief, crowd and verdict need not know which of them they meet.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import psutil

from shared import config, engines
from shared.cli.parts import Part
from shared.config import SERVICES
from tests.deploy import image
from tests.deploy.layout import Layout, missing

from .system import CLOCK, NotReady

WEB = [f"{name}-web" for name in SERVICES]
WORKERS = [*(f"{name}-worker" for name in SERVICES), "slow-worker"]


class Container(Part):
    """One service, started as the layout says."""

    def __init__(self, layout: Layout, name: str) -> None:
        service = layout.services[name]
        log = layout.folder / f"{name}.log"
        super().__init__(name, service.command, service.cwd, log, service.grace, signal.SIGKILL)
        self.layout = layout

    def start(self) -> None:
        """Start it now, in its own environment and as its own user."""
        self.process = self.layout.running[self.name] = self.layout.spawn(self.name)
        self._since = time.monotonic()
        self.restart_at = None


class Deployed:
    """All services but mail (the harness's post office stands for it), on one broker."""

    def __init__(self, smtp_port: int, rabbitmq: bool) -> None:
        if lacking := missing(rabbitmq):
            raise NotReady(f"install these packages first: {', '.join(lacking)}")
        # Its own code, with the packages at hand: how they get into the image is tested elsewhere.
        self.images = Path(tempfile.mkdtemp(prefix="baton-image-", dir="/tmp"))
        built = image.build(self.images, Path(sys.prefix))
        settings = {"BATON_SIGNUP_RATE": "1000000/minute", "BATON_CLOCK": CLOCK, "BATON_LOG": "text"}
        self.layout = Layout(built, rabbitmq, smtp_port, settings)
        self.base_url = self.layout.base_url
        self.certificate: Path | None = self.layout.certificate
        self.name = "rabbitmq" if rabbitmq else "redis"
        self.broker = Container(self.layout, self.name)
        self.web = [Container(self.layout, name) for name in WEB]
        self.workers = [Container(self.layout, name) for name in WORKERS]
        self.beat, self.proxy = Container(self.layout, "beat"), Container(self.layout, "proxy")
        self.parts: list[Part] = [self.broker, *self.web, *self.workers, self.beat, self.proxy]
        data = {"BATON_DATA": str(self.layout.folder / "var/lib/baton"), "BATON_SECRET": "x" * 32}
        config.use(config.load({**data, **self.layout.database_urls(), "BATON_CLOCK": CLOCK}))

    def migrate(self) -> None:
        """Start PostgreSQL, and make the tables and the first program."""
        self.layout.start("postgres")
        done = self.layout.run("migrate")
        if done.returncode:
            raise NotReady(f"migrating failed: {done.stderr[-500:]}")

    def start_all(self) -> None:
        """Start all, and wait until their health checks are content."""
        for part in self.parts:
            part.start()
        self.layout.wait(part.name for part in self.parts)

    def look(self) -> None:
        """Start what died again, as an engine does."""
        for part in self.parts:
            if part.died():
                part.restart_at = time.monotonic() + 0.3
            if part.process is None and part.restart_at is not None and time.monotonic() >= part.restart_at:
                part.start()

    def wipe(self) -> None:
        """Kill the broker and throw its data away; it is started again like any part that died."""
        for pid in self.pids("broker"):
            psutil.Process(pid).kill()
        self.broker.signal(signal.SIGKILL)
        if self.broker.process:
            self.broker.process.wait()
        for path in (self.layout.folder / self.name / "data").iterdir():
            shutil.rmtree(path, ignore_errors=True)

    def pids(self, victim: str) -> list[int]:
        """Process ids of `web` (or the proxy), `worker`, `pool` (its children), `beat` or `broker`; none while down."""
        try:
            if victim == "broker":
                return self._broker()
            parts = {"web": [*self.web[:1] * len(WEB), *self.web[1:], self.proxy], "beat": [self.beat]}
            pids = [part.pid for part in parts.get(victim, self.workers) if part.alive() and part.pid]
            if victim == "pool":
                return [child.pid for pid in pids for child in psutil.Process(pid).children()]
            return pids
        except psutil.Error:
            return []

    def _broker(self) -> list[int]:
        """The server itself, not a shell in front of it."""
        if not self.broker.alive() or not self.broker.pid:
            return []
        first = psutil.Process(self.broker.pid)
        found = [process for process in [first, *first.children(recursive=True)] if process.name() == "beam.smp"]
        return [process.pid for process in found or [first]][:1]

    def stop(self) -> None:
        """Kill all, and remove the folder."""
        engines.close()
        config.use(None)
        self.layout.__exit__()
        shutil.rmtree(self.images, ignore_errors=True)
