"""`wire`: the event machinery alone, with an event and handlers of the test's own. Then what several files share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from marshmallow import fields
from sqlalchemy.engine import Connection

from services.signup import access_links, rate
from shared import db, engines
from shared.config import Config
from shared.events import catalog, emit, inbox, relay
from shared.events.envelope import Event
from tests import signup, turns
from tests.conftest import SECRET, Baton
from tests.gathering import House
from tests.inviting import Met
from tests.mentoring import TOP, guest

TYPE = "test.happened"
ANSWER = "test.answered"  # what sessions may publish in turn
PUBLISHER, SUBSCRIBER, OTHER = "blog", "sessions", "notifications"


class Happened(catalog.Data):
    """The test's event."""

    n = fields.Integer(required=True)
    name = fields.String(load_default="", metadata=catalog.PERSONAL)


class Wire:
    """blog publishes `test.happened` to sessions, whose handler keeps a row for each in a table of its own."""

    def __init__(self, baton: Baton) -> None:
        self.baton = baton
        self.queue = baton.queue
        self.before: Callable[[Connection, Event], None] = lambda tx, event: None
        self.after: Callable[[Connection, Event], None] = lambda tx, event: None
        with db.write(SUBSCRIBER) as tx:
            tx.execute(sa.text("CREATE TABLE effect (subject VARCHAR(120), n INTEGER, name VARCHAR(80))"))

    def handle(self, tx: Connection, event: Event) -> None:
        self.before(tx, event)
        row = {"subject": event.subject, "n": event.data["n"], "name": event.data.get("name", "")}
        tx.execute(sa.text("INSERT INTO effect (subject, n, name) VALUES (:subject, :n, :name)"), row)
        self.after(tx, event)

    def emit(self, *happenings: tuple[str, int], name: str = "") -> None:
        """Publish each (subject, n), all in one transaction."""
        with db.write(PUBLISHER) as tx:
            for subject, n in happenings:
                emit(tx, TYPE, subject, {"n": n, "name": name})

    def deliver(self) -> int:
        """Put what is due on the queue."""
        return relay.deliver_due(PUBLISHER)

    def handle_one(self, answer: bool = True) -> Any:
        """Let a worker take one message; returns the receipt. Without `answer` the receipt is lost."""
        from shared import worker

        name, args = self.queue.popleft()
        if not name.endswith(".receive"):
            return worker.app.tasks[name].run(*args)
        receipt = inbox.receive(name.partition(".")[0], args[0])
        if answer:
            inbox.answer(PUBLISHER, receipt)
        return receipt

    def lose(self, loses: Callable[[list[int]], bool] = lambda ns: True) -> None:
        """Drop messages from the queue whose events' n fulfil `loses`."""
        kept = [entry for entry in self.queue if not (entry[0].endswith(".receive") and loses(numbers(entry)))]
        self.queue.clear()
        self.queue.extend(kept)

    def rounds(self, count: int, seconds: float = 700.0, between: Callable[[], None] = lambda: None) -> None:
        """Deliver, lose what `between` loses, handle the rest, and let time pass; `count` times."""
        for _ in range(count):
            self.deliver()
            between()
            while self.queue:
                self.handle_one()
                between()
            self.baton.pass_machine_time(seconds)

    def effects(self, subject: str | None = None) -> list[int]:
        """The n of all effects, in the order in which they were written."""
        order = "ctid" if engines.engine(SUBSCRIBER).dialect.name == "postgresql" else "rowid"
        with db.read(SUBSCRIBER) as tx:
            rows = tx.execute(sa.text(f"SELECT subject, n FROM effect ORDER BY {order}")).all()
        return [row.n for row in rows if subject in (None, row.subject)]

    def deliveries(self, **where: Any) -> list[dict[str, Any]]:
        found = self.baton.rows(PUBLISHER, "delivery", subscriber=SUBSCRIBER, **where)
        return sorted(found, key=lambda row: row["event"])

    def unconfirmed(self) -> list[dict[str, Any]]:
        return [row for row in self.deliveries() if row["confirmed_at"] is None]

    def dead(self) -> list[dict[str, Any]]:
        return [row for row in self.deliveries() if row["dead_at"] is not None]


def numbers(message: tuple[str, list[Any]]) -> list[int]:
    """The n of the events in a message."""
    return [envelope["data"]["n"] for envelope in message[1][0]["events"]]


@pytest.fixture
def wire(settings: Config, monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire(Baton(settings, monkeypatch))
    entry = catalog.Entry(TYPE, PUBLISHER, (SUBSCRIBER,), Happened, "The test did something.")
    monkeypatch.setitem(catalog.BY_TYPE, TYPE, entry)
    monkeypatch.setitem(inbox._handlers, (SUBSCRIBER, TYPE), made.handle)
    answer = catalog.Entry(ANSWER, SUBSCRIBER, (OTHER,), Happened, "sessions did something about it.")
    monkeypatch.setitem(catalog.BY_TYPE, ANSWER, answer)
    monkeypatch.setitem(inbox._handlers, (OTHER, ANSWER), lambda tx, event: None)
    return made


# ---- signup ----


@pytest.fixture(autouse=True)
def fresh_rate() -> None:
    """No test is slowed by what another asked for."""
    rate.forget()


@pytest.fixture
def client(baton: Baton) -> Any:
    """A stranger's browser at signup."""
    return baton.client("signup")


@pytest.fixture
def runs(baton: Baton, client: Any) -> Any:
    """A client signed in as an organizer."""
    return signup.signed_in(client, signup.organizer(), "member", "organizer")


@pytest.fixture
def met(baton: Any) -> Met:
    return Met(baton)


@pytest.fixture
def house(baton: Any) -> House:
    return House(baton)


@pytest.fixture
def alone(baton: Baton, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest) -> Baton:
    """A Baton whose command line finds its data, whose broker is its own, and whose databases nobody else looks at."""
    if engines.engine("signup").dialect.name == "postgresql":
        for kept in request.getfixturevalue("postgres_databases").values():
            kept.close()
    monkeypatch.setenv("BATON_DATA", str(tmp_path))
    monkeypatch.setenv("BATON_SECRET", SECRET)
    monkeypatch.setenv("BATON_CALLED_FROM", str(tmp_path))
    monkeypatch.setenv("BATON_BROKER_URL", "")
    return baton


@pytest.fixture
def olga(baton: Baton) -> str:
    with db.write("signup") as tx:
        id = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    baton.drain()
    return id


@pytest.fixture
def asked(baton: Baton, olga: str) -> tuple[str, str, str]:
    """A circle of the top stream, its next session, and the guest who is asked to mentor it."""
    where = turns.circle(baton, "Ada", "Bea", stream=TOP)
    gus = guest(baton)
    turns.tick(baton)
    return where, turns.sessions(baton, where)[0]["id"], gus
