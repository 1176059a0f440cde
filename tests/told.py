"""Events told to a service (notifications, if not said) as signup would tell them, through the real inbox, without
signup being there."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from sqlalchemy.engine import Connection

from services.notifications import handlers
from services.notifications.mail import letter
from shared import clock, db
from shared.events import Event, inbox
from shared.events.catalog import BY_TYPE

assert handlers  # imported for what it registers

PROGRAM: dict[str, Any] = {
    "name": "Mentors for Machine Learning",
    "timezone": "America/Toronto",
    "chat_invite": "https://chat.example.org/join/abc",
    "charter_version": "3",
    "streams": [
        {"slug": "stream1", "name": "Starting out", "position": 1},
        {"slug": "stream2", "name": "First job", "position": 2},
    ],
}


def tell(
    type: str, data: dict[str, Any], id: str | None = None, subject: str | None = None, to: str = "notifications"
) -> inbox.relay.Receipt:
    """One event, handled in its own transaction; the receipt says how it went."""
    event = Event(
        position=1,
        id=id or str(uuid.uuid4()),
        source="signup",
        type=type,
        version=BY_TYPE[type].version,
        subject=subject or (f"person/{data['person']}" if "person" in data else "program"),
        seq=1,
        time=clock.now(),
        correlation=None,
        erased=False,
        data=data,
    )
    return inbox.receive(to, {"batch": str(uuid.uuid4()), "events": [event.envelope()]})


def member(person: str = "p1", **fields: Any) -> dict[str, Any]:
    """What member.* events carry."""
    return {
        "person": person,
        "name": "Ann Example",
        "email": f"{person}@example.org",
        "timezone": "Europe/Berlin",
        "stream": "stream1",
        "state": "waiting",
        "roles": ["member"],
        "github": None,
        "blog": None,
        "joined_at": None,
        **fields,
    }


def applicant(person: str = "p1", **fields: Any) -> dict[str, Any]:
    """What application.* events carry."""
    whole = member(person, **fields)
    return {name: whole[name] for name in ("person", "name", "email", "timezone", "stream")} | {
        "again": fields.get("again", False)
    }


def mails(**where: Any) -> list[Any]:
    """Rows of the ledger in the order they were written."""
    table = db.metadata("notifications").tables["mail"]
    with db.read("notifications") as tx:
        query = table.select().where(*(table.c[name] == value for name, value in where.items()))
        found = tx.execute(query.order_by(table.c.created_at, table.c.due, table.c.address)).mappings()
        return [SimpleNamespace(**row) for row in whole(tx, map(dict, found))]


def whole(tx: Connection, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """These rows of the ledger, each with what its mail says; empty where that is gone."""
    table = db.metadata("notifications").tables["content"]
    gone: dict[str, Any] = {"text": "", "html": "", "headers": [], "raw": b"", "made_of": None}
    said = {row["mail"]: dict(row) for row in tx.execute(table.select()).mappings()}
    for each in said.values():
        if each["raw"]:
            each["text"], each["html"] = letter.words(each["raw"])
    return [row | {name: said.get(row["id"], gone)[name] for name in gone} for row in rows]


def states() -> dict[str, str]:
    """Address to state."""
    return {row.address: row.state for row in mails()}


def spoken(page: str) -> str:
    """What a person reads of it: no addresses and no attributes, whose signed tokens hold any two letters sometimes."""
    return re.sub(r"""https?://[^\s"'<>]+|\s[\w-]+="[^"]*\"""", " ", page)
