"""Mail: invites to sessions, from the event that announces them until the ledger says `sent`, to Debian's smtp-sink.

The subject is the running system: `session.announced` in the outbox of sessions, handled, built, written down, claimed,
sent, all by its worker's two processes. The floor is a bare Celery task per invite, in as many processes: usual build,
one connection each. Built alone, both only make mails, here. To a relay 20 ms away both send what is made already:
the worker from the ledger, the floor ready bytes by 16 threads, each mail on a fresh connection.
"""

from __future__ import annotations

import importlib
import os
import shutil
import signal
import smtplib
import subprocess
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from types import ModuleType
from typing import Any

import redis
import sqlalchemy as sa

from services.notifications import tasks
from services.notifications.mail import compose, invitation
from services.notifications.mail.compose import Reader
from services.notifications.models import content, mail, mention, person
from shared import clock, config, db, worker
from shared.cli import broker
from shared.events import emit

from . import stage
from .measure import Missing, Row, in_turn

ROUNDS = 5
CIRCLE = 12
PEOPLE = 240  # each in some of the circles
SESSIONS, FAR_SESSIONS = 400, 50  # in a round; the first are half of those of the largest program
FLOOR, FAR_FLOOR = 600, 320  # mails in a round
ALONE, USUAL = 100, 100  # sessions whose invites are only made in a round, and the mails of its floor
PATIENCE = 240.0
ZONES = ("America/Toronto", "Europe/London", "Asia/Kolkata")
NAMES = "Ada Grace Katherine Alan Zoë Chien-Shiung Srinivasa Ana Li Olu".split()


def measure(rounds: int) -> list[Row]:
    """All three rows."""
    whole = Row("mail, built and sent", "mails/s", 15, 36)
    alone = Row("mail, built alone", "mails/s", 20, 70)
    far = Row("mail, relay 20 ms away", "mails/s", 3, 7)
    with _sink() as port, stage.valkey() as url:
        os.environ.update(FLOOR_BROKER=url, FLOOR_SMTP=str(port))
        bare = importlib.import_module("tests.bench.floors.mail")
        with stage.baton(smtp_port=port), stage.process("tests.bench.floors.mail") as worker:
            _people()
            in_turn(rounds, lambda: _send(whole.subject, SESSIONS), lambda: _floor(whole.floor, bare, worker.pid))
            in_turn(rounds, lambda: _built(alone.subject), lambda: _usual(alone.floor, bare))
        away = broker.any_port()
        with stage.process("tests.bench.away", str(away), str(port), "20"):
            _answers(away)
            with stage.baton(smtp_port=away):
                _people()
                raw = _one(bare)
                in_turn(rounds, lambda: _waiting(far.subject), lambda: _fresh(far.floor, away, raw))
    return [whole, alone, far]


@contextmanager
def _sink() -> Iterator[int]:
    """Debian's smtp-sink, which takes everything and keeps nothing; gives its port."""
    command = shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin")
    if not command:
        raise Missing("smtp-sink is missing: it comes with Debian's package postfix")
    port = broker.any_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    started = subprocess.Popen([command, *user, f"127.0.0.1:{port}", "512"], start_new_session=True,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        _answers(port)
        yield port
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def _answers(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost", timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise Missing(f"no mail server answers on port {port}") from None
            time.sleep(0.05)


def _people() -> list[Reader]:
    """Members of the program, as notifications knows them."""
    ids = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"mail{number}.example")) for number in range(PEOPLE)]
    known = [
        Reader(id, f"{NAMES[number % 10]} Member {number}", f"member{number}@example.org", ZONES[number % 3])
        for number, id in enumerate(ids)
    ]
    with db.write("notifications") as tx:
        tx.execute(
            person.insert(),
            [{"id": each.person, "name": each.name, "email": each.email, "timezone": each.timezone, "state": "active",
              "stream": "stream1", "roles": ["member"]} for each in known],
        )  # fmt: skip
    return known


def _announced(number: int, ids: list[str]) -> dict[str, Any]:
    """The event of one circle's session."""
    start = clock.now().replace(microsecond=0) + timedelta(days=7 + number % 14)
    return {
        "session": db.new_id(), "circle": db.new_id(), "name": f"Starting out, circle {number}", "kind": "circle",
        "stream": "stream1", "day": start.date().isoformat(), "time": f"{start:%H:%M}", "zone": "UTC",
        "minutes": 60, "starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=1)).isoformat(),
        "state": "planned", "sequence": 0, "title": None, "link": "https://meet.example.org/room", "location": None,
        "note": None, "coordinator": ids[0], "mentor": ids[1], "what": "request", "changed": [], "was": None,
        "attendees": [{"person": id, "answer": None} for id in ids], "stamp": clock.now().isoformat(),
    }  # fmt: skip


def _circle(number: int) -> list[str]:
    return [
        str(uuid.uuid5(uuid.NAMESPACE_DNS, f"mail{(number * 7 + place) % PEOPLE}.example")) for place in range(CIRCLE)
    ]


def _send(samples: list[float], sessions: int) -> None:
    """Add invites per second, from the commit of their events on, until the ledger says that all are sent."""
    with db.write("notifications") as tx:
        for table in (mention, content, mail):
            tx.execute(table.delete())
    made = [_announced(number, _circle(number)) for number in range(sessions)]
    with db.write("sessions") as tx:
        for each in made:
            emit(tx, "session.announced", f"session/{each['session']}", each)
        began = time.perf_counter()
    wanted = sessions * CIRCLE
    while stage.owed("sessions") or _left():
        if time.perf_counter() - began > PATIENCE:
            raise Missing(f"invites wait still after {PATIENCE:.0f} s")
        time.sleep(0.05)
    samples.append(wanted / (time.perf_counter() - began))
    if (there := _sent()) != wanted:
        raise Missing(f"{there} of {wanted} invites were sent: a rate over wrong rows means nothing")


def _built(samples: list[float]) -> None:
    """Add invites per second that are only made: asked for, rendered, written out as they go over the wire."""
    made = [_announced(number, _circle(number)) for number in range(ALONE)]
    with db.read("notifications") as tx, compose.drafting():
        began = time.perf_counter()
        for each in made:
            invitation.announce(tx, db.new_id(), each)
        samples.append(ALONE * CIRCLE / (time.perf_counter() - began))


def _usual(samples: list[float], bare: ModuleType) -> None:
    """Add invites per second that the floor only makes."""
    contexts = [_context(number) for number in range(USUAL)]
    began = time.perf_counter()
    for each in contexts:
        bare.build(each).as_bytes()
    samples.append(USUAL / (time.perf_counter() - began))


def _waiting(samples: list[float]) -> None:
    """Add mails per second of those that wait in the ledger, from their commit until each was sent."""
    with db.write("notifications") as tx:
        for table in (mention, content, mail):
            tx.execute(table.delete())
    with db.write("notifications") as tx:
        for number in range(FAR_SESSIONS):
            invitation.announce(tx, db.new_id(), _announced(number, _circle(number)))
    began = time.perf_counter()
    _ring()
    while _left():
        if time.perf_counter() - began > PATIENCE:
            raise Missing(f"mails wait still after {PATIENCE:.0f} s")
        time.sleep(0.05)
    samples.append(_sent() / (time.perf_counter() - began))


def _ring() -> None:
    """As `tasks.ring` does; this process has had another broker before, and Celery keeps to its first."""
    with worker.app.connection_for_write(config.current().broker_url) as connection:
        worker.app.send_task(tasks.send.name, connection=connection)


def _left() -> bool:
    """Whether mails are on their way; asked of two small indexes, since counting whole mails is work of its own."""
    with db.read("notifications") as tx:
        return any(tx.execute(each).first() for each in _LEFT)


_LEFT = [sa.text(f"SELECT 1 FROM mail WHERE state = '{state}' LIMIT 1") for state in ("queued", "sending")]


def _sent() -> int:
    with db.read("notifications") as tx:
        return int(tx.execute(_SENT).scalar_one())


_SENT = sa.text("SELECT count(*) FROM mail WHERE state = 'sent'")


def _context(number: int) -> dict[str, Any]:
    """What the floor's templates are given for one invite."""
    reader = Reader(
        db.new_id(), f"{NAMES[number % 10]} Member {number}", f"member{number}@example.org", ZONES[number % 3]
    )
    data = _announced(number, _circle(number))
    base = "https://mentors.example.org"
    link = f"{base}/sessions/rsvp/{uuid.uuid4().hex * 4}"
    return {
        **data, "program": "Mentors", "name": reader.name, "email": reader.email, "zone": reader.timezone,
        "base_url": base, "link": link, "links": {}, "preferences": None, "circle": data["name"],
        "title": data["name"], "location": "",
        "meets": data["link"], "coordinator": "Ada", "mentor": "Grace", "leads": False, "mentors": False,
        "speaks": False, "agenda": f"{base}/sessions/s/{data['session']}", "thing": "session",
    }  # fmt: skip


def _floor(samples: list[float], bare: ModuleType, pid: int) -> None:
    """Add invites per second of the floor, all of its tasks waiting when it begins."""
    os.killpg(pid, signal.SIGSTOP)
    for number in range(FLOOR):
        bare.invite.delay(_context(number))
    with redis.Redis.from_url(os.environ["FLOOR_BROKER"]) as asked:
        began = time.perf_counter()
        os.killpg(pid, signal.SIGCONT)
        while asked.llen("celery"):
            time.sleep(0.005)
        samples.append(FLOOR / (time.perf_counter() - began))


def _one(bare: ModuleType) -> bytes:
    return bytes(bare.build(_context(1)).as_bytes())


def _fresh(samples: list[float], port: int, raw: bytes) -> None:
    """Add mails per second of 16 threads, a fresh connection for each mail."""

    def send(_number: int) -> None:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as server:
            server.sendmail("program@example.org", "member@example.org", raw)

    began = time.perf_counter()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(send, range(FAR_FLOOR)))
    samples.append(FAR_FLOOR / (time.perf_counter() - began))
