"""Shortcuts for tests of backups: one is made, and loaded elsewhere."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.signup import people, program
from shared import config, db, log
from shared.backup import cut, file, load
from shared.cli import restore
from shared.config import SERVICES
from tests.postgres import Postgres


def silent(_done: int, _total: int, _what: str) -> None:
    """No progress."""


def join(name: str = "Zoë 🎓", email: str = "zoe@example.org") -> str:
    """Somebody who signed up and confirmed."""
    log.clear()  # as every request begins: what it causes is of no chain before it
    with db.write("signup") as tx:
        version = program.load(tx).charter.version
        typed = {"name": name, "email": email, "timezone": "Europe/London", "stream": "stream1", "charter": version}
        person = str(people.apply(tx, {**typed, "answers": {}}).person)
        people.confirm(tx, person)
    return person


def elsewhere(kind: str, folder: Path, request: pytest.FixtureRequest) -> tuple[tuple[str, str], ...]:
    """Four empty databases of that kind."""
    if kind == "sqlite":
        folder.mkdir()
        return tuple((service, f"sqlite:///{folder / service}.db") for service in SERVICES)
    server: Postgres = request.getfixturevalue("postgres")
    mark = uuid.uuid4().hex[:8]
    return tuple((service, server.create(f"baton_{service}_{mark}")) for service in SERVICES)


def make(path: Path) -> Path:
    with cut.views(SERVICES) as views:
        file.write(path, views, silent)
    return path


def bring_back(
    path: Path, urls: tuple[tuple[str, str], ...], mails: str = "hold", aside: str | None = None, access: str = "void"
) -> Any:
    report: dict[str, Any] = {}
    with file.read(path) as found:
        found.check(silent)
        source = load.Source(found.tables, {s: found.revision(s) for s in SERVICES}, found.rows)
        load.load(source, dict(urls), aside, silent, lambda txs: restore.finish(txs, found, mails, access, report))
    config.use(replace(config.current(), database_urls=urls))
    return report
