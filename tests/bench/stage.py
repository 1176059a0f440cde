"""Real processes for benches: the system as `./baton up` starts it, and floors beside it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from shared import config, db
from shared.cli import broker, settings
from shared.cli.parts import Part
from shared.cli.up import answers
from tests.chaos.system import System
from tests.postgres import Postgres

from .measure import Missing


@contextmanager
def baton(worker: str = "shared.work", database: str = "sqlite", smtp_port: int | None = None) -> Iterator[System]:
    """A running Baton in a folder of its own; this process shares its settings.

    :param worker: the module that runs as the worker.
    :param smtp_port: where mails go; without one they are kept in the outbox.
    """
    folder = Path(tempfile.mkdtemp(prefix="baton-bench-"))
    postgres = Postgres(durable=True) if database == "postgres" else None
    system = System(folder, smtp_port, postgres, worker, clock="")
    try:
        system.migrate()
        system.start_all()
        drained()
        yield system
    finally:
        try:
            system.stop()
        finally:
            if postgres:
                postgres.stop()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def process(*command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A floor's process, `python -m …`, killed at the end."""
    import os

    started = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=settings.ROOT, env=os.environ | environment, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield started
    finally:
        try:
            os.killpg(started.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        started.wait()


@contextmanager
def valkey() -> Iterator[str]:
    """A broker for a floor alone, configured like Baton's; gives its URL."""
    folder = Path(tempfile.mkdtemp(prefix="baton-bench-"))
    url = broker.configure(folder)
    part = Part("floor", [str(broker.binary()), "valkey.conf"], folder / "valkey", folder / "log", 5, signal.SIGKILL)
    part.start()
    try:
        if not broker.wait(url, 10, part.alive):
            raise Missing("the floor's broker does not start")
        yield url
    finally:
        part.signal(signal.SIGKILL)
        if part.process:
            part.process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def wait_for(port: int, path: str, seconds: float = 30.0) -> None:
    """Wait until a GET of that path is answered with 200."""
    end = time.monotonic() + seconds
    while not answers("127.0.0.1", port, path):
        if time.monotonic() > end:
            raise Missing(f"the floor does not answer on port {port}")
        time.sleep(0.05)


def drained(seconds: float = 300.0) -> None:
    """Wait until no service owes anything.

    :raises Missing: it takes too long.
    """
    end = time.monotonic() + seconds
    while any(owed(service) for service in config.SERVICES):
        if time.monotonic() > end:
            raise Missing("the system does not come to rest; is the worker alive?")
        time.sleep(0.1)


def owed(service: str) -> int:
    """Deliveries of a service that are not confirmed."""
    with db.read(service) as tx:
        return int(tx.execute(_OWED).scalar_one())


_OWED = sa.text("SELECT count(*) FROM delivery WHERE confirmed_at IS NULL")
