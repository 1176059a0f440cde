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
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import partial
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
LOOK, LONGEST_LOOK = 0.003, 0.03  # seconds between two looks whether it is done: at first, and in a long wait
LOOK_ANYHOW = 0.25  # seconds after which it is asked whatever was written: some things are due by the machine's clock
SOON = 40.0  # seconds for which a post that is tried again in a moment is waited for
ALL_DONE = {"blog": 1}  # days after which all of a service's jobs are asked for, also what need not be on time
ALL_DONE_USUALLY = 7
RING = 0.4  # seconds until a tick that did nothing, or was not heard, is asked for again


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
    return any(map(_owes, SERVICES))


def _owes(service: str) -> bool:
    with db.read(service) as tx:
        if tx.execute(sa.text(OWED)).first():
            return True
        return service == "notifications" and tx.execute(sa.text(UNSENT)).first() is not None


# Both databases that a play can be on are of SQLite, and these are its words.
FOLLOWING = "SELECT 1 FROM blog WHERE due IS NOT NULL UNION ALL SELECT 1 FROM offer WHERE due <= :soon LIMIT 1"
OWED = "SELECT 1 FROM delivery WHERE confirmed_at IS NULL AND dead_at IS NULL LIMIT 1"
# Each by its index; one question for both reads every mail.
UNSENT = "SELECT 1 FROM mail WHERE state = 'queued' UNION ALL SELECT 1 FROM mail WHERE state = 'sending' LIMIT 1"


def load() -> None:
    """Have all services' timetables in this process, to ask them."""
    for service in SERVICES:
        worker.carry(service)


class Post:
    """Mails, as they come into people's mailboxes."""

    def __init__(self) -> None:
        tables = db.metadata("notifications").tables
        self.mail, self.content = tables["mail"], tables["content"]
        self.row: Any = sa.literal_column("mail.rowid")  # both worlds are of SQLite, and no row is ever replaced
        with db.read("notifications") as tx:
            self.last: int = tx.execute(sa.select(sa.func.max(self.row)).select_from(self.mail)).scalar() or 0

    def fetch(self) -> list[Letter]:
        """Those that nobody has read yet, in the order of their instants."""
        c = self.mail.c
        told = (self.row.label("row"), c.id, c.kind, c.address, c.created_at, c.state, self.content.c.raw)
        query = sa.select(*told).outerjoin_from(self.mail, self.content)
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
        self.of = dict(zip(SERVICES, self.files, strict=True))

    def so_far(self) -> dict[str, int]:
        """A number for each service: another one after each commit of anybody."""
        return {name: file.execute("PRAGMA data_version").fetchone()[0] for name, file in self.of.items()}

    def undone(self) -> str:
        """What is owed of what was written: the first found; '' where nothing is. Asked many times for each moment."""
        for service, file in self.of.items():
            if file.execute(OWED).fetchone():
                return f"events of {service}"
        if self.of["notifications"].execute(UNSENT).fetchone():
            return "mails"
        soon = {"soon": clock.machine() + SOON}
        return "blogs and posts" if self.of["blog"].execute(FOLLOWING, soon).fetchone() else ""

    def close(self) -> None:
        """Let go of the files."""
        for file in self.files:
            file.close()


class Running:
    """The processes that `./baton up` started, reached over HTTP. Ticks are rung for here alone, so that what happens
    by time does so at the same moments on any machine: what is due at each moment, and once a day all that may wait.
    """

    def __init__(self, base_url: str) -> None:
        self.base = urlsplit(base_url)
        self.connection: http.client.HTTPConnection | None = None
        self.written = Written()
        self.looked: dict[str, dict[str, datetime]] = {service: {} for service in SERVICES}
        # Answers hold while nothing is written and time stands still: asking all again would take a third of a demo.
        self.surveys: dict[str, tuple[int, datetime, schedule.Survey]] = {}
        self.seen_to: dict[str, date] = {}  # the day on which all was done, also what need not be on time

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
        """Wait until every tick has done what is due now, and every event was handled. SQL says so, not the broker.

        First what is owed, which is cheap to ask and nearly always what is waited for; then what ticks have to do.
        """
        end, rung = time.monotonic() + PATIENCE, ("", 0.0)
        while True:
            self._wait(end, self.written.undone)
            versions = self.written.so_far()
            late = {service: found for service in SERVICES if (found := self._late(service, versions[service]))}
            late = late or self._waited_long()
            if not late:
                # What was written meanwhile may be owed, or make the next tick due.
                if self.written.so_far() == versions and not self.written.undone():
                    return
                continue
            wanted = "; ".join(f"{service}: {', '.join(found)}" for service, found in late.items())
            if time.monotonic() > end:
                raise Stuck(f"after {PATIENCE:.0f} s still not done: {wanted}")
            if wanted != rung[0] or time.monotonic() - rung[1] > RING:
                rung = (wanted, time.monotonic())
                self._ring(late)
            self._wait(time.monotonic() + LOOK_ANYHOW, partial(self._as_it_was, versions), patient=False)

    def _as_it_was(self, versions: dict[str, int]) -> bool:
        """Nothing was written since."""
        return self.written.so_far() == versions

    def _waited_long(self) -> dict[str, list[str]]:
        """What may wait, of services for which it has waited long enough."""
        today, late = clock.now().date(), {}
        for service in SERVICES:
            last = self.seen_to.get(service)
            if last is None or (today - last).days >= ALL_DONE.get(service, ALL_DONE_USUALLY):
                if found := schedule.behind(service):
                    late[service] = found
                else:
                    self.seen_to[service] = today
        return late

    def _wait(self, end: float, undone: Callable[[], str | bool], patient: bool = True) -> None:
        """Until there is nothing undone: seldom asked in a long wait, since who works has the processor.

        :raises Stuck: there still is at the end; unless that is no matter (`patient`).
        """
        rest, rung = LOOK, time.monotonic()
        while said := undone():
            if patient and time.monotonic() - rung > worker.TICK:
                rung = time.monotonic()
                worker.ring(SERVICES)  # the guarantee: a doorbell that was lost, what is tried again by machine time
            if time.monotonic() > end:
                if patient:
                    raise Stuck(f"after {PATIENCE:.0f} s still not done: {said}")
                return
            time.sleep(rest)
            rest = min(rest * 1.2, LONGEST_LOOK)

    def upcoming(self) -> datetime | None:
        """When something of any service is next due; asked when all is settled."""
        return schedule.soonest(*(found.next for _, _, found in self.surveys.values()))

    def _ring(self, late: dict[str, list[str]]) -> None:
        for service, jobs in late.items():
            with contextlib.suppress(Exception):  # a broker that is away: in a moment it is rung for again
                worker.send(f"{service}.tick", jobs)

    def _late(self, service: str, version: int) -> list[str]:
        """What a tick of that service has to do."""
        known, now = self.surveys.get(service), clock.now()
        if known is None or not self._holds(known, version, now):
            known = self.surveys[service] = (version, now, schedule.survey(service, self.looked[service]))
        return known[2].late

    def _holds(self, known: tuple[int, datetime, schedule.Survey], version: int, now: datetime) -> bool:
        """Whether an answer is still true: nothing was written since, and time stands still; or that service had
        nothing to do, and its next moment has not come. What is looked at once a day, at no moment of its own, is asked
        for each day.
        """
        before, at, found = known
        if before != version or found.late:
            return before == version and at == now
        return now.date() == at.date() and (found.next is None or now < found.next)


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
            behind = {service: jobs for service in SERVICES if (jobs := schedule.behind(service))}
            for service, jobs in behind.items():
                tick = worker.app.tasks[f"{service}.tick"]
                tick.run()
                tick.run(jobs)  # those, too, that would wait until others have done theirs
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
