"""Where the play takes place: a Baton that runs, or a copy of one within this process. Both step program time.

Both read the databases, and neither writes them: what is written is written by the services.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Protocol
from urllib.parse import urlsplit

import sqlalchemy as sa

from ... import clock, config, db, schedule, worker
from ...config import SERVICES
from ...events import bell, relay
from . import letters
from .browser import Answer, Ask
from .letters import Letter

PATIENCE = 120.0  # seconds without an end of what is owed, after which something is wrong
LOOK, LONGEST_LOOK = 0.002, 0.02  # seconds between two looks whether all is done
RING = 1.0  # seconds until a tick that was not heard is asked for again


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


def go(to: datetime) -> None:
    """Step program time."""
    step = to - clock.now()
    if step > timedelta(0):
        clock.advance(step)


def upcoming() -> datetime | None:
    """When something of any service is next due."""
    return schedule.soonest(*(schedule.upcoming(service) for service in SERVICES))


def owed() -> bool:
    """Is any event not handled, or any mail not sent, that can be?"""
    for service in SERVICES:
        with db.read(service) as tx:
            if tx.execute(_OWED).first():
                return True
    with db.read("notifications") as tx:
        return tx.execute(_UNSENT).first() is not None


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
        with db.read("notifications") as tx:
            self.seen = set(tx.execute(sa.select(self.mail.c.id)).scalars())
        self.since = clock.now()

    def fetch(self) -> list[Letter]:
        """Those that nobody has read yet, in the order of their instants."""
        c = self.mail.c
        query = sa.select(c.id, c.kind, c.address, c.created_at, c.raw).where(c.created_at >= self.since)
        with db.read("notifications") as tx:
            rows = [row for row in tx.execute(query.where(c.state != "dropped")) if row.id not in self.seen]
        self.seen |= {row.id for row in rows}
        self.since = clock.now()
        found = [letters.read(row.id, row.kind, row.address, row.created_at, row.raw) for row in rows if row.raw]
        return sorted(found, key=lambda letter: (letter.at, letter.address, letter.kind, letter.subject))


class Running:
    """The processes that `./baton up` started, reached over HTTP; their ticks are rung for, as beat would."""

    def __init__(self, base_url: str) -> None:
        self.base = urlsplit(base_url)
        self.connection: http.client.HTTPConnection | None = None

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
        end, rung, looks = time.monotonic() + PATIENCE, 0.0, 0
        while behind := self._behind():
            now = time.monotonic()
            if now > end:
                raise Stuck(f"after {PATIENCE:.0f} s still not done: {behind}")
            if now - rung > RING:
                rung = now
                self._ring()
            # Who works has the processor: looks are far between while much is to be done.
            looks += 1
            time.sleep(min(LOOK * looks, LONGEST_LOOK))

    def _ring(self) -> None:
        for service in SERVICES:
            if schedule.behind(service):
                with contextlib.suppress(Exception):  # a broker that is away; beat ticks, too
                    worker.send(f"{service}.tick")

    def _behind(self) -> str:
        """The first thing found that is not done; '' when all is.

        In this order: what a tick did is owed with it, and what was handled may make the next tick due.
        """
        for service in SERVICES:
            if schedule.behind(service):
                return service
        if owed():
            return "events"
        return next((service for service in SERVICES if schedule.behind(service)), "")


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
