"""History: what one event and each page cost after three years, beside the same program on its second day.

Both have the same ten thousand members. What differs is what time leaves behind: what BATON_KEEP_* keeps, and what is
kept for ever. Rows are written in bulk, a step of rows a statement; what is measured runs the functions and the apps
of production, without a broker and a network, whose cost has no history.
"""

from __future__ import annotations

import importlib
import json
import logging
import random
import sys
import tempfile
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.signup import people
from services.signup.people import row as rows
from shared import access, clock, config, db, engines, log, migrate, tokens, worker
from shared.events import bell, relay
from shared.quick import Quick, params
from tests.postgres import Postgres

from .measure import Missing, Row, in_turn

ROUNDS = 30
MEMBERS = 10_000
YEARS = 3
LEAVERS, SIGN_INS, MAILS, DEEDS, EXPIRED = 7, 350, 450, 250, 2  # a day
EVENTS, LOADS = 2, 3  # in a round
LEAST, AIM = 1.3, 1.05
DAY = timedelta(days=1)
PAGES = (
    ("members", "signup", "/signup/organizer/", "organizer"),
    ("one person", "signup", "/signup/organizer/members/{member}", "organizer"),
    ("the log", "signup", "/signup/organizer/audit", "organizer"),
    ("own page", "signup", "/signup/me", "member"),
    ("outbox", "notifications", "/notifications/outbox", "organizer"),
    ("operation", "notifications", "/notifications/ops", "organizer"),
    ("operation, signup", "signup", "/signup/ops", "organizer"),
)
STREAMS = ("stream1", "stream2", "stream3")
NAMES = "Ada Grace Katherine Alan Zoë Chien-Shiung Srinivasa Ana Li Olu".split()
FAMILIES = "Lovelace Hopper Johnson Turing Müller Wu Ramanujan O'Neil García Okafor".split()
KINDS = ("sign-in", "welcome", "confirm", "confirm-reminder", "goodbye", "address-changed")
Queue = deque[tuple[str, list[Any]]]


def measure(rounds: int, database: str = "sqlite") -> list[Row]:
    """Milliseconds of an event, and of each page."""
    found = [Row(f"event, {database}", "ms", LEAST, AIM, lower=True)]
    found += [Row(f"page: {name}", "ms", LEAST, AIM, lower=True) for name, *_ in PAGES]
    log.configure("text", logging.ERROR)  # one line an event would be the bench
    queue: Queue = deque()
    bell.ring = lambda service: None  # type: ignore[assignment]
    worker.send = lambda name, *args: queue.append((name, json.loads(json.dumps(args))))  # type: ignore[assignment]
    for service in config.SERVICES:
        worker.carry(service)
    with ExitStack() as ends:
        old, young = (_program(ends, database, days) for days in (YEARS * 365, 1))
        for row, work in zip(found, (_events(queue), *(_loads(*page) for page in PAGES)), strict=True):
            for program in (old, young):  # caches are filled, modules loaded
                work(program)
            in_turn(rounds, partial(_sample, row.subject, work, old), partial(_sample, row.floor, work, young))
    return found


@dataclass
class _Program:
    """One program with its databases."""

    settings: config.Config
    members: list[str]
    organizer: str
    clients: dict[str, Any] = field(default_factory=dict)


def _program(ends: ExitStack, database: str, days: int) -> _Program:
    """A program that has run for so many days."""
    folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="baton-bench-")))
    urls: tuple[tuple[str, str], ...] = ()
    if database == "postgres":
        server = Postgres(durable=True)
        ends.callback(server.stop)
        urls = tuple((service, server.create(f"baton_{service}")) for service in config.SERVICES)
    settings = config.Config(
        secret="a-secret-of-benches-that-is-long-enough", data=folder, database_urls=urls, database_pool=2,
        smtp_url="smtp://localhost:1", signup_rate="1000000/second",
    )  # fmt: skip
    ends.callback(engines.close, [settings.database_url(service) for service in config.SERVICES])
    config.use(settings)
    ends.callback(config.use, None)
    began = time.perf_counter()
    for service in config.SERVICES:
        migrate.upgrade(service)
    with db.write("signup") as tx:
        importlib.import_module("services.signup.seed").seed(tx)
    past = _Past(days)
    count = sum(_fill(service, name, made) for service, name, made in past.tables())
    _settled(database)
    seconds = time.perf_counter() - began
    print(f"history: {days} days on {database}: {count:,} rows in {seconds:.0f} s", file=sys.stderr, flush=True)
    return _Program(settings, past.members, past.members[0])


def _fill(service: str, name: str, made: Iterator[dict[str, Any]]) -> int:
    table, count = db.metadata(service).tables[name], 0
    insert: Quick | None = None
    while step := list(islice(made, 5_000)):
        columns = list(step[0])
        insert = insert or Quick(lambda _tx: sa.insert(table).values(params(table, columns)))  # noqa: B023
        with db.write(service, durable=False) as tx:
            insert(tx, *step)
        count += len(step)
    return count


def _settled(database: str) -> None:
    """What a server does by itself in three years, and what filling it in a minute left undone."""
    for service in config.SERVICES:
        if database == "postgres":
            with engines.engine(service).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(
                    "SELECT setval(pg_get_serial_sequence('event', 'position'),"
                    " (SELECT coalesce(max(position), 0) + 1 FROM event), false)"
                )
                if service == "signup":
                    connection.exec_driver_sql(
                        "SELECT setval(pg_get_serial_sequence('audit', 'id'), (SELECT max(id) + 1 FROM audit), false)"
                    )
                connection.exec_driver_sql("VACUUM ANALYZE")
        else:
            with engines.engine(service).connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


class _Past:
    """What `days` of a program leave behind, less what is older than its age."""

    def __init__(self, days: int) -> None:
        self.days, self.dice = days, random.Random(7)
        self.now, self.machine = datetime.now(UTC), clock.machine()
        self.members = self._ids(MEMBERS)
        self.left = self._ids(LEAVERS * days)
        self.erased = self._ids(LEAVERS * days // 3)
        self.expired = self._ids(EXPIRED * days)

    def tables(self) -> Iterable[tuple[str, str, Iterator[dict[str, Any]]]]:
        """(service, table, rows), those that others refer to first."""
        known, events = list(self._people()), list(self._events())
        yield "signup", "person", iter(known)
        yield "signup", "audit", self._audit()
        yield "signup", "event", (dict(each) for each in events)
        yield "signup", "delivery", self._deliveries(events)
        yield "signup", "revoked", ({"person": id, "before": self.machine} for id in self.left + self.erased)
        for service in ("sessions", "notifications", "blog"):
            columns = db.metadata(service).tables["person"].c.keys()
            copies = ({**each, "roles": ["member"], "joined_at": each["confirmed_at"]} for each in known)
            yield service, "person", ({name: copy[name] or _EMPTY.get(name) for name in columns} for copy in copies)
            yield service, "inbox", self._proofs(service)
        yield "notifications", "mail", self._mails()
        for service in config.SERVICES:
            yield service, "run", self._runs(service)

    def _ids(self, count: int) -> list[str]:
        return [str(uuid.UUID(int=self.dice.getrandbits(128), version=4)) for _ in range(count)]

    def _ago(self, most: float) -> tuple[datetime, float]:
        """An instant within the last `most` days, as long as the program has run: program and machine time."""
        ago = self.dice.random() * min(most, self.days)
        return self.now - ago * DAY, self.machine - ago * 86_400

    def _people(self) -> Iterator[dict[str, Any]]:
        empty = {column.name: None for column in db.metadata("signup").tables["person"].columns}
        for state, ids in (("active", self.members), ("left", self.left), ("erased", self.erased)):
            for number, id in enumerate(ids):
                at, _ = self._ago(self.days)
                row: dict[str, Any] = {**empty, "id": id, "state": state, "timezone": "UTC", "search": ""}
                row |= {"answers": {}, "checklist": {}, "created_at": at, "confirmed_at": at}
                row |= {"stream": self.dice.choice(STREAMS), "is_organizer": id == self.members[0]}
                if state != "erased":
                    name = f"{self.dice.choice(NAMES)} {self.dice.choice(FAMILIES)}"
                    email = f"{state}{number}@example{number % 40}.org"
                    row |= {"name": name, "email": email, "email_key": email, "timezone": "America/Toronto"}
                    row |= {"search": rows.search_words(name, email), "charter_version": 1, "charter_at": at}
                    row |= {"answers": {"stream1-background": "linear algebra and a course on deep learning " * 3}}
                if state == "left":
                    row |= {"left_at": at, "left_from": "active"}
                yield row

    def _events(self) -> Iterator[dict[str, Any]]:
        """The last of each subject, for ever; of the rest, what is not older than its age."""
        known: list[tuple[str, str, float]] = []
        days = float(self.days)
        for type, ids in (
            ("member.changed", self.members),
            ("member.left", self.left),
            ("member.erased", self.erased),
            ("application.expired", self.expired),
        ):
            known += [(type, id, days) for id in ids]
        for _ in range(int(SIGN_INS * min(config.Config.keep_events, self.days))):
            known.append(("signin.requested", self.dice.choice(self.members), config.Config.keep_events))
        self.dice.shuffle(known)
        seqs: dict[str, int] = {}
        for position, (type, id, most) in enumerate(known, start=100):
            at, machine = self._ago(most)
            seqs[id] = seqs.get(id, 10) + 1
            person = {"person": id, "name": "Ada Lovelace", "email": "ada@example.org", "timezone": "UTC",
                      "stream": "stream1", "state": "active", "roles": ["member"], "github": None, "blog": None,
                      "joined_at": None}  # fmt: skip
            yield {"position": position, "id": self._ids(1)[0], "type": type, "version": 1, "subject": f"person/{id}",
                   "seq": seqs[id], "time": at, "recorded": machine, "correlation": None, "erased": False,
                   "data": person}  # fmt: skip

    def _deliveries(self, events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for each in events:
            for name in ("notifications",) if each["type"] == "signin.requested" else relay.subscribers("signup"):
                yield {"event": each["position"], "subscriber": name, "subject": each["subject"], "seq": each["seq"],
                       "attempts": 1, "failures": 0, "silences": 0, "due": each["recorded"], "sent": each["recorded"],
                       "confirmed_at": each["recorded"]}  # fmt: skip

    def _audit(self) -> Iterator[dict[str, Any]]:
        everybody = self.members + self.left
        for id in range(100, 100 + int(DEEDS * min(config.Config.keep_audit, self.days))):
            who = f"person/{self.dice.choice(everybody)}"
            at, _ = self._ago(self.days)
            yield {"id": id, "at": at, "by": who, "what": "person.corrected", "subject": who,
                   "detail": {"fields": ["github"]}}  # fmt: skip

    def _proofs(self, service: str) -> Iterator[dict[str, Any]]:
        daily = SIGN_INS + MAILS if service == "notifications" else LEAVERS * 5
        for _ in range(int(daily * min(config.Config.keep_events + 30, self.days))):
            yield {
                "source": "signup",
                "event": self._ids(1)[0],
                "handled": self._ago(config.Config.keep_events + 30)[1],
            }

    def _mails(self) -> Iterator[dict[str, Any]]:
        text = "What, when, what you can do, two buttons, why you got it.\n" * 8
        html, raw = f"<p>{text}</p>" * 4, (text * 9).encode()
        everybody = self.members + self.left
        whole = self.now - config.Config.keep_mail_texts * DAY
        for _ in range(int(MAILS * min(config.Config.keep_mails, self.days))):
            at, machine = self._ago(config.Config.keep_mails)
            emptied = at < whole
            yield {"id": self._ids(1)[0], "cause": self._ids(1)[0], "person": self.dice.choice(everybody),
                   "kind": self.dice.choice(KINDS), "address": "ada@example.org", "name": "Ada Lovelace",
                   "subject": "Welcome", "text": "" if emptied else text, "html": "" if emptied else html,
                   "headers": [], "raw": b"" if emptied else raw, "duty": True, "state": "sent", "attempts": 1,
                   "bulk": False, "due": machine, "sent_at": at, "created_at": at,
                   "emptied_at": at if emptied else None}  # fmt: skip

    def _runs(self, service: str) -> Iterator[dict[str, Any]]:
        from shared import schedule

        for job in schedule.jobs(service):
            step = 1 / 24 if isinstance(job.period, schedule.Every) else 1
            for number in range(int(min(config.Config.keep_runs, self.days) / step)):
                at = self.now - (number + 1) * step * DAY
                yield {"job": job.name, "period": f"{number}", "started": at, "finished": at}


_EMPTY: dict[str, Any] = {"name": "", "email": "", "stream": None}


Work = Callable[[_Program], list[float]]  # milliseconds of each time it was done


def _sample(samples: list[float], work: Work, program: _Program) -> None:
    samples.extend(work(program))


def _events(queue: Queue) -> Work:
    """Somebody signs up and confirms; both are told to whom they are owed, handled, and confirmed."""

    def happen() -> None:
        email = f"{uuid.uuid4().hex}@bench.test"
        application = {"name": "Ada Lovelace", "email": email, "stream": "stream1", "timezone": "UTC", "charter": "1"}
        with db.write("signup") as tx:
            applied = people.apply(tx, {**application, "answers": {}})
        _drain(queue)
        with db.write("signup") as tx:
            if applied.person is None or people.confirm(tx, applied.person) != "confirmed":
                raise Missing("somebody who signed up cannot confirm")
        _drain(queue)

    def work(program: _Program) -> list[float]:
        config.use(program.settings)
        return [_milliseconds(happen) for _ in range(EVENTS)]

    return work


def _drain(queue: Queue) -> None:
    """Everything that is owed goes out, is handled, and its receipt written."""
    relay.deliver_due("signup")
    while queue:
        name, args = queue.popleft()
        if not name.endswith(".send"):  # no mail leaves
            worker.app.tasks[name].run(*args)


def _loads(name: str, service: str, path: str, role: str) -> Work:
    """Somebody in that role opens a page."""

    def work(program: _Program) -> list[float]:
        config.use(program.settings)
        if service not in program.clients:
            program.clients[service] = importlib.import_module(f"services.{service}").create_app().test_client()
        client, member = program.clients[service], program.members[17]
        person = program.organizer if role == "organizer" else member
        claims = {"person": person, "roles": [role], "at": clock.machine()}
        client.set_cookie(access.COOKIE, tokens.sign("cookie", claims))

        def load() -> None:
            answer = client.get(path.format(member=member))
            if answer.status_code != 200 or not answer.get_data():
                raise Missing(f"the page {name} answers {answer.status_code}")

        return [_milliseconds(load) for _ in range(LOADS)]

    return work


def _milliseconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
