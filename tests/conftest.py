"""Fixtures: real databases, the real services, program time that stands still until a test moves it.

`baton` is one whole Baton in this process, on SQLite and again on PostgreSQL. Task messages go to a list instead of a
broker; `baton.drain()` handles them as workers would until nothing is owed. Tests of the broker itself start real ones.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import hypothesis
import pytest
from sqlalchemy.util import LRUCache

from shared import clock, config, db, engines, log, migrate, pulse, schedule, worker
from shared.config import SERVICES, Config
from shared.events import bell, relay

from .postgres import Postgres, Rewound, absent

# How long an example takes says how busy the machine is, and nothing of what is tested.
hypothesis.settings.register_profile("busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("busy")

SECRET = "a-secret-of-tests-that-is-long-enough"
START = "2027-01-04T09:00:00+00:00*0"
EMPTY, SEEDED = "empty", "seeded"  # what databases of tests can be set back to


_apps: dict[Any, Any] = {}


class Baton:
    """One Baton: its settings, services, queue and clocks."""

    def __init__(self, settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
        self.config = settings
        self.queue: deque[tuple[str, list[Any]]] = deque()
        self._patch = monkeypatch
        self._apps: dict[str, Any] = {}
        self._offset = 0.0
        real = clock.machine
        monkeypatch.setattr(clock, "machine", lambda: real() + self._offset)
        monkeypatch.setattr(bell, "ring", lambda service: None)
        monkeypatch.setattr(worker, "send", self.send)
        for service in SERVICES:
            worker.carry(service)

    def send(self, name: str, *args: Any) -> None:
        """Stands for the broker: what is put here must survive JSON."""
        self.queue.append((name, json.loads(json.dumps(args))))

    def drain(self) -> None:
        """Handle everything that is owed or queued, until nothing is."""
        while True:
            for service in SERVICES:
                relay.deliver_due(service)
            if not self.queue:
                return
            while self.queue:
                name, args = self.queue.popleft()
                worker.app.tasks[name].run(*args)

    def tick(self) -> None:
        """Do what beat would ask for, then drain."""
        for service in SERVICES:
            worker.app.tasks[f"{service}.tick"].run()
        self.drain()

    def pass_time(self, **step: float) -> None:
        """Move program time, as in pass_time(days=3)."""
        clock.advance(timedelta(**step))

    def pass_machine_time(self, seconds: float) -> None:
        """Move machine time: leases, retries, ages of tokens."""
        self._offset += seconds

    def app(self, service: str) -> Any:
        """The Flask app of that service; it keeps no state, so tests with the same settings share it."""
        if service not in self._apps:
            found = config.current()
            key = (service, replace(found, data=Path(), database_urls=(), clock=""))
            if key not in _apps:
                _apps[key] = import_module(f"services.{service}").create_app()
            self._apps[service] = _apps[key]
            log.configure(found.log)  # as making it does
        return self._apps[service]

    def client(self, service: str) -> Any:
        """A test client of that service's app."""
        return self.app(service).test_client()

    def rows(self, service: str, table: str, **where: Any) -> list[dict[str, Any]]:
        """Rows of a table whose columns have these values, in the order of its key."""
        found = db.metadata(service).tables[table]
        with db.read(service) as tx:
            query = found.select().where(*(found.c[name] == value for name, value in where.items()))
            query = query.order_by(*found.primary_key.columns)
            rows = [dict(row) for row in tx.execute(query).mappings()]
            from .told import whole

            return whole(tx, rows) if found.fullname == "mail" else rows

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of every table of every service: equal dumps mean that nothing changed."""
        return {
            f"{service}.{table}": sorted(self.rows(service, table), key=repr)
            for service in SERVICES
            for table in db.metadata(service).tables
        }


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    try:
        server = Postgres()
    except Exception as error:
        absent(f"no embedded PostgreSQL here: {error}")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def sqlite_templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """{state: folder with a migrated SQLite file per service}: EMPTY, and SEEDED as by the first start."""
    folders = {state: tmp_path_factory.mktemp(state) for state in (EMPTY, SEEDED)}
    for state, folder in folders.items():
        config.use(Config(secret=SECRET, data=folder, clock=START))
        for service in SERVICES:
            migrate.upgrade(service)
        if state == SEEDED:
            _seed()
        engines.close()
        for service in SERVICES:
            _fold_wal(folder / f"{service}.db")
    return folders


def _seed() -> None:
    """What the first start of a Baton writes, and what all services make of it."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        made = Baton(config.current(), monkeypatch)
        with db.write("signup") as tx:
            import_module("services.signup.seed").seed(tx)
        made.drain()


def _fold_wal(path: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()


@pytest.fixture(scope="session")
def postgres_databases(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Rewound]]:
    """A migrated database per service, to be set back before each test: to EMPTY or to SEEDED."""
    folder = tmp_path_factory.mktemp("postgres")
    urls = {service: postgres.create(f"template_{service}") for service in SERVICES}
    config.use(Config(secret=SECRET, data=folder, clock=START, database_urls=tuple(urls.items()), database_pool=2))
    for service in SERVICES:
        migrate.upgrade(service)
    engines.close()
    databases = {service: Rewound(postgres, f"template_{service}", EMPTY) for service in SERVICES}
    _seed()
    engines.close()
    for kept in databases.values():
        kept.remember(SEEDED)
    yield databases
    for kept in databases.values():
        kept.close()


@pytest.fixture(scope="session", autouse=True)
def garbage_is_looked_for_less_often() -> None:
    """Modules, tests and templates stay until the end; to look through them for garbage took a twentieth of all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Tests on SQLite have files, and so engines, of their own: what is known of statements they hand on, or a fifth of
    their time would go into compiling the same ones again.
    """
    real, kept = engines._open, LRUCache[Any, Any](5000)
    dialects: dict[str, Any] = {}

    def opened(url: str) -> Any:
        found: Any = real(url)
        if found.dialect.name == "sqlite":
            found.dialect, found._compiled_cache = dialects.setdefault("sqlite", found.dialect), kept
        return found

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(engines, "_open", opened)
        yield


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[tuple[str, str], ...]]:
    """Four migrated databases, as (service, URL): once SQLite, once PostgreSQL. Seeded for tests of a whole `baton`."""
    state = SEEDED if "baton" in request.fixturenames else EMPTY
    if request.param == "sqlite":
        folder: Path = request.getfixturevalue("sqlite_templates")[state]
        for service in SERVICES:
            shutil.copy(folder / f"{service}.db", tmp_path)
        yield tuple((service, f"sqlite:///{tmp_path / service}.db") for service in SERVICES)
        return
    databases: dict[str, Rewound] = request.getfixturevalue("postgres_databases")
    for kept in databases.values():
        kept.rewind(state)
    yield tuple((service, kept.url) for service, kept in databases.items())


@pytest.fixture
def settings(database: tuple[tuple[str, str], ...], tmp_path: Path) -> Iterator[Config]:
    """The settings of one test, in force while it runs."""
    found = Config(secret=SECRET, data=tmp_path, database_urls=database, clock=START, signup_rate="100000/minute")
    config.use(found)
    log.configure("text")  # as every command does first: what is logged is no part of what it answers
    for memo in (schedule._finished, pulse._noted):
        memo.clear()  # remembered per database, and this one may have been another test's
    yield found
    _close()
    config.use(None)


def _close() -> None:
    """End connections, but for those to PostgreSQL that the next test would make again, all alike."""
    for key, engine in list(engines._engines.items()):
        pool: Any = engine.pool
        if engine.dialect.name == "sqlite" or pool.size() != Config.database_pool or pool.checkedout():
            engines._engines.pop(key).dispose()


@pytest.fixture
def baton(settings: Config, monkeypatch: pytest.MonkeyPatch) -> Baton:
    """One whole Baton in this process, seeded as its first start would. What changes is told at the next tick, so that
    not every test has to let minutes pass; that changes are folded has one of its own. Nor do letters wait after
    program time was moved (services/notifications/waking.py).
    """
    for name in ("FOLD", "FREED"):
        monkeypatch.setattr(import_module("services.sessions.invites.due"), name, timedelta(0))
    for name in ("SETTLED", "QUIET"):
        monkeypatch.setattr(import_module("services.notifications.waking"), name, 0.0)
    return Baton(settings, monkeypatch)


@pytest.fixture(autouse=True)
def locks_in_one_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes the locks of sessions takes them in the order of services.sessions.locks, in every test."""
    real, order = db.lock, import_module("services.sessions.locks").ORDER
    held: WeakKeyDictionary[Any, list[str]] = WeakKeyDictionary()

    def lock(tx: Any, name: str) -> None:
        mine = held.setdefault(tx.get_transaction(), [])
        if name in order and name not in mine:
            later = [each for each in mine if order.index(each) > order.index(name)]
            assert not later, f"{name} is taken after {later[0]}: see services/sessions/locks.py"
            mine.append(name)
        real(tx, name)

    monkeypatch.setattr(db, "lock", lock)


@pytest.fixture
def change_settings(settings: Config) -> Iterator[Any]:
    """Call it with fields of Config to change them for this test."""

    def change(**fields: Any) -> Config:
        changed = replace(config.current(), **fields)
        config.use(changed)
        return changed

    yield change


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; skipped on a laptop without it, an error in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        absent("no Chromium here: install the package chromium")
    os.environ.setdefault("CHROMIUM", found)
    return found
