"""A sender that dies as by `kill -9`: each mail once, or held, and never more than one held per kill."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from services.notifications.mail import ledger, sending, smtp
from services.notifications.rules import LEASE
from shared import clock, db, worker
from shared.config import Config
from tests.smtp import Server
from tests.told import PROGRAM, applicant, mails, tell

SEND = "from services.notifications.mail.sending import send_due\nwhile send_due().more: pass"


@pytest.fixture
def server(
    settings: Config, change_settings: Callable[..., Config], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    monkeypatch.setattr(worker, "send", lambda *_: None)
    smtp._own.__dict__.clear()
    with Server() as server:
        change_settings(smtp_url=server.url)
        tell("program.changed", PROGRAM)
        yield server
    smtp._own.__dict__.clear()


def a_sender(settings: Config, server: Server, die_at: str = "") -> subprocess.Popen[bytes]:
    """A process of its own that sends what is due."""
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BATON_")},
        "BATON_SECRET": settings.secret,
        "BATON_DATA": str(settings.data),
        "BATON_CLOCK": settings.clock,
        "BATON_SMTP_URL": server.url,
        "BATON_NOTIFICATIONS_DATABASE_URL": settings.database_url("notifications"),
        "BATON_DIE_AT": die_at,
    }
    return subprocess.Popen([sys.executable, "-c", SEND], env=env, stderr=subprocess.DEVNULL)


def after_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tick does once the leases of dead senders are over."""
    real = clock.machine
    with monkeypatch.context() as patch:
        patch.setattr(clock, "machine", lambda: real() + LEASE + 1)
        with db.write("notifications") as tx:
            ledger.sweep(tx)
    sending.send_due()


@pytest.mark.parametrize(
    ("point", "held", "taken"),
    [("mail.claimed", 0, 3), ("mail.data_at", 1, 2), ("mail.dot", 1, 3), ("mail.sent", 1, 2)],
)
def test_every_gap(
    settings: Config, server: Server, monkeypatch: pytest.MonkeyPatch, point: str, held: int, taken: int
) -> None:
    for name in ("ann", "bo", "cy"):
        tell("application.received", applicant(name))
    sender = a_sender(settings, server, point)
    assert sender.wait(30) == -signal.SIGKILL

    after_the_lease(monkeypatch)

    assert Counter(row.state for row in mails()) == Counter({"sent": 3 - held, "held": held})
    assert len(server.ids) == len(set(server.ids)) == taken
    by_id = {row.id: row.state for row in mails()}
    assert all(by_id[id] in ("sent", "held") for id in server.ids)
    assert {id for id, state in by_id.items() if state == "sent"} <= set(server.ids)


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize(
    ("type", "in_flight"), [("application.received", 1), ("application.reminded", sending.IN_FLIGHT)]
)
def test_killed_at_any_moment(
    settings: Config, server: Server, monkeypatch: pytest.MonkeyPatch, type: str, in_flight: int, groups: bool
) -> None:
    """Given senders of what is awaited, or of bulk, to a server that takes commands one by one, or in groups."""
    server.extensions += ("PIPELINING",) if groups else ()
    kills, dice = 0, random.Random(5)
    server.plan = lambda step, _talk: time.sleep(0.004) if step in ("mail", "rcpt", "dot") else None  # type: ignore
    while kills < 5:
        for _ in range(30):  # a sender that is not killed in time finds no end of work
            tell(type, applicant(db.new_id()))
        enough = len(server.taken) + 4
        sender = a_sender(settings, server)
        while len(server.taken) < enough and sender.poll() is None:
            time.sleep(0.01)
        time.sleep(dice.random() * 0.1)
        if sender.poll() is None:
            os.kill(sender.pid, signal.SIGKILL)
        if sender.wait(30) == -signal.SIGKILL:
            kills += 1
    after_the_lease(monkeypatch)
    after_the_lease(monkeypatch)

    states = Counter(row.state for row in mails())
    assert set(states) <= {"sent", "held"} and states["held"] <= kills * in_flight
    assert len(server.ids) == len(set(server.ids)), "nobody is mailed twice"
    assert {row.id for row in mails(state="sent")} <= set(server.ids), "nothing is called sent that is not there"
