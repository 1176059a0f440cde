"""Where the play takes place: a Baton that runs, or a copy of one within this process. Both step program time.

Both read the databases, and neither writes them: what is written is written by the services.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib
import sqlite3
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

import sqlalchemy as sa

from ... import clock, config, db, engines, schedule, worker
from ...config import SERVICES
from ...events import bell, relay
from . import letters
from .browser import Answer, Ask
from .letters import Letter

PATIENCE = 120.0  # seconds without an end of what is owed, after which something is wrong
LOOK = 0.004  # seconds between two looks whether anything was written; whether all is done is asked when it was
REST = 0.02  # seconds at least between two questions whether all is done: who works has the processor
LOOK_ANYHOW = 0.25  # seconds after which it is asked whatever was written: some things are due by the machine's clock
SOON = 40.0  # seconds for which a post that is tried again in a moment is waited for
RING = 0.4  # seconds until a tick that was not heard is asked for again


class Stuck(Exception):
    """What is owed does not get done."""


class World(Protocol):
    """A Baton that people can use."""

    def ask(self, address: str) -> Ask:
        """How the browser of the person with that mail address reaches it."""
        ...

    def settle(self) -> None:
        """Wait until nothing is owed, queued or due any more."""
        ...

    def upcoming(self) -> datetime | None:
        """When something of any service is next due."""
        ...


def go(to: datetime) -> None:
    """Step program time."""
    step = to - clock.now()
    if step > timedelta(0):
        clock.advance(step)


def owed() -> bool:
    """Is any event not handled, or any mail not sent, that can be?"""
    return any(map(owes, SERVICES))


def owes(service: str) -> bool:
    """The same of one service."""
    with db.read(service) as tx:
        if tx.execute(_OWED).first():
            return True
        return service == "notifications" and tx.execute(_UNSENT).first() is not None


def following() -> bool:
    """Is a member's blog to be looked at, or a post to be brought to the program's, by now?"""
    with db.read("blog") as tx:
        return tx.execute(_FOLLOWING, {"soon": clock.machine() + SOON}).first() is not None


_FOLLOWING = sa.text(
    "SELECT 1 FROM blog WHERE due IS NOT NULL UNION ALL SELECT 1 FROM offer WHERE due <= :soon LIMIT 1"
)
_OWED = sa.text("SELECT 1 FROM delivery WHERE confirmed_at IS NULL AND dead_at IS NULL LIMIT 1")
_UNSENT = sa.text("SELECT 1 FROM mail WHERE state IN ('queued', 'sending') LIMIT 1")


def load() -> None:
    """Have all services' timetables in this process, to ask them."""
    for service in SERVICES:
        worker.carry(service)


class Post:
    """Mails, as they come into people's mailboxes."""

    def __init__(self) -> None:
        self.mail = db.metadata("notifications").tables["mail"]
        self.row: Any = sa.literal_column("mail.rowid")  # both worlds are of SQLite, and no row is ever replaced
        with db.read("notifications") as tx:
            self.last: int = tx.execute(sa.select(sa.func.max(self.row)).select_from(self.mail)).scalar() or 0

    def fetch(self) -> list[Letter]:
        """Those that nobody has read yet, in the order of their instants."""
        c = self.mail.c
        query = sa.select(self.row.label("row"), c.id, c.kind, c.address, c.created_at, c.raw, c.state)
        with db.read("notifications") as tx:
            rows = tx.execute(query.where(self.row > self.last)).all()
        self.last = max((row.row for row in rows), default=self.last)
        there = [row for row in rows if row.raw and row.state != "dropped"]
        found = [letters.read(row.id, row.kind, row.address, row.created_at, row.raw) for row in there]
        return sorted(found, key=lambda letter: (letter.at, letter.address, letter.kind, letter.subject))


class Written:
    """Whether anything was written to the services' SQLite files: cheap to ask, and what is done is written there."""

    def __init__(self) -> None:
        paths = (engines.engine(service).url.database for service in SERVICES)
        self.files = [sqlite3.connect(f"file:{quote(path or '')}?mode=ro", uri=True) for path in paths]

    def so_far(self) -> tuple[int, ...]:
        """Another value after each commit of anybody, a number for each service."""
        return tuple(file.execute("PRAGMA data_version").fetchone()[0] for file in self.files)

    def close(self) -> None:
        """Let go of the files."""
        for file in self.files:
            file.close()


class Running:
    """The processes that `./baton up` started, reached over HTTP; their ticks are rung for, as beat would."""

    def __init__(self, base_url: str) -> None:
        self.base = urlsplit(base_url)
        self.connection: http.client.HTTPConnection | None = None
        self.written = Written()
        self.looked: dict[str, dict[str, datetime]] = {service: {} for service in SERVICES}
        # Answers hold while nothing is written and time stands still: asking all again would take a third of a demo.
        self.late: dict[str, tuple[int, datetime, list[str]]] = {}
        self.settled: dict[str, int] = {}
        self.ahead: dict[str, tuple[int, datetime | None]] = {}

    def ask(self, address: str) -> Ask:
        """One connection for all: people come one after another."""
        return self._ask

    def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        for again in (True, False):
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.base.hostname or "", self.base.port, timeout=60)
            try:
                self.connection.request(method, path, body or None, dict(headers))
                answer = self.connection.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # An idle connection that the server closed before it read anything.
                self.connection.close()
                self.connection = None
                if not again:
                    raise
        raise AssertionError("either answered or raised")

    def settle(self) -> None:
        """Wait until every tick has done what is due now, and every event was handled. SQL says so, not the broker."""
        end, rung = time.monotonic() + PATIENCE, 0.0
        while True:
            before, began = self.written.so_far(), time.monotonic()
            behind = self._behind()
            if not behind:
                return
            if began > end:
                raise Stuck(f"after {PATIENCE:.0f} s still not done: {behind}")
            if began - rung > RING:
                rung = began
                self._ring()
            time.sleep(REST)
            while self.written.so_far() == before and time.monotonic() - began < LOOK_ANYHOW:
                time.sleep(LOOK)

    def upcoming(self) -> datetime | None:
        """When something of any service is next due."""
        for service, version in self._versions():
            known = self.ahead.get(service)
            if known is None or known[0] != version or (known[1] is not None and known[1] <= clock.now()):
                self.ahead[service] = (version, schedule.upcoming(service))
        return schedule.soonest(*(at for _, at in self.ahead.values()))

    def _versions(self) -> list[tuple[str, int]]:
        return list(zip(SERVICES, self.written.so_far(), strict=True))

    def _ring(self) -> None:
        for service, version in self._versions():
            if late := self._late(service, version):
                with contextlib.suppress(Exception):  # a broker that is away; beat ticks, too
                    worker.send(f"{service}.tick", late)

    def _behind(self) -> str:
        """The first thing found that is not done; '' when all is.

        In this order: what a tick did is owed with it, and what was handled may make the next tick due.
        """
        for service, version in self._versions():
            if late := self._late(service, version):
                return f"{service}: {', '.join(late)}"
        for service, version in self._versions():
            if self.settled.get(service) != version:
                if owes(service):
                    return f"events of {service}"
                self.settled[service] = version
        if following():
            return "blogs and posts"
        return next((service for service, version in self._versions() if self._late(service, version)), "")

    def _late(self, service: str, version: int) -> list[str]:
        """What a tick of that service has to do."""
        now = clock.now()
        known = self.late.get(service)
        if known is None or (known[:2] != (version, now) and not self._still_idle(service, version, known)):
            known = self.late[service] = (version, now, schedule.behind(service, self.looked[service]))
        return known[2]

    def _still_idle(self, service: str, version: int, known: tuple[int, datetime, list[str]]) -> bool:
        """Whether that service had nothing to do, and nothing can have come due since: nothing was written, and it said
        when the next moment is. What is looked at once a day, at no moment of its own, is asked for each day.
        """
        (before, at, late), now, ahead = known, clock.now(), self.ahead.get(service)
        if late or ahead is None or not before == ahead[0] == version:
            return False
        return now.date() == at.date() and (ahead[1] is None or now < ahead[1])


class Within:
    """All services in this process, one thing after another: nothing leaves it, no broker hears of it."""

    def __init__(self) -> None:
        from ... import serve

        load()
        bell.hush()
        self.queue: deque[tuple[str, dict[str, Any]]] = deque()
        relay.publish = lambda task, payload: self.queue.append((task, payload))
        self.mount = serve.mount()
        self.addresses: dict[str, str] = {}

    def ask(self, address: str) -> Ask:
        """Each person from a network address of their own: no limit of one counts for all."""
        number = len(self.addresses)
        client = self.addresses.setdefault(address, f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:1")
        host = urlsplit(config.current().base_url).netloc

        def ask(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
            plain, _, query = path.partition("?")
            given = {"host": host, **{name.lower(): value for name, value in headers.items()}}
            scope = SimpleNamespace(
                method=method, path=plain, query_string=query, headers=given, server="127.0.0.1:80", client=client,
                scheme=urlsplit(config.current().base_url).scheme, http_version="1.1", authority=None,
            )  # fmt: skip
            with db.together():
                status, answered, text = self.mount.answer(scope, body)
            if not isinstance(text, bytes):
                text = b"".join(text)
            return status, answered, text

        return ask

    def upcoming(self) -> datetime | None:
        """When something of any service is next due."""
        return schedule.soonest(*(schedule.upcoming(service) for service in SERVICES))

    def settle(self) -> None:
        """Tick, and handle all that comes of it, until nothing does."""
        end = time.monotonic() + PATIENCE
        while True:
            self._drain()
            behind = [service for service in SERVICES if schedule.behind(service)]
            for service in behind:
                worker.app.tasks[f"{service}.tick"].run()
            if not behind and not owed():
                return
            if time.monotonic() > end:
                raise Stuck(f"after {PATIENCE:.0f} s still not done: {', '.join(behind) or 'events'}")
            if not behind and not self.queue:
                time.sleep(LOOK)  # what one service waits for from another is asked again in a moment

    def _drain(self) -> None:
        for service in SERVICES:
            relay.deliver_due(service)
        while self.queue:
            task, payload = self.queue.popleft()
            worker.app.tasks[task].run(payload)


def names() -> dict[str, str]:
    """People's names by id, of sessions' copy."""
    importlib.import_module("services.sessions.models")
    person = db.metadata("sessions").tables["person"]
    with db.read("sessions") as tx:
        return {row.id: row.name for row in tx.execute(sa.select(person.c.id, person.c.name))}
