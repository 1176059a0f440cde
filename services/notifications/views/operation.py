"""What `/notifications/ops` has beside what every service shows there: held mails, the queue, the mail server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Response
from sqlalchemy.engine import Connection

from shared import access, clock, config, db, ops
from shared.ops import pages
from shared.web import go, problem

from .. import outbox
from ..inbound import mailbox
from ..mail import held, server
from ..mail.kinds import KINDS
from ..models import SERVICE
from .pages import reader_zone

HOME = "/notifications/ops"
SAID = {
    "arrived": "Marked as arrived. If that was a mistake, its own page can take it back.",
    "again": "It goes out once more, now.",
    "held": "It is held again.",
}
_QUEUE = sa.text("SELECT count(*) AS mails, min(due) AS due FROM mail WHERE state = 'queued'")
_SENDING = sa.text("SELECT count(*) FROM mail WHERE state = 'sending'")


def mails(tx: Connection) -> dict[str, Any]:
    """The mail part of the page."""
    queue, stuck = tx.execute(_QUEUE).one(), outbox.counts(tx)
    return {
        "held": held.listed(tx),
        "held_total": stuck.get("held", 0),
        "failed": stuck.get("failed", 0),
        "queued": queue.mails,
        "oldest_due": max(0.0, clock.machine() - queue.due) if queue.due is not None else None,
        "next_due": queue.due,
        "sending": tx.execute(_SENDING).scalar() or 0,
        "server": server.state(tx),
        "box": mailbox.state(tx),
        "reads": bool(config.current().imap_url),
        "offline": not config.current().smtp_url,
        "titles": {kind.name: kind.title for kind in KINDS.values()},
    }


def state(tx: Connection) -> dict[str, Any]:
    """The same in numbers, for programs."""
    found = mails(tx)
    numbers = {name: found[name] for name in ("held_total", "failed", "queued", "oldest_due", "sending", "offline")}
    return {**numbers, "server_down_since": found["server"].down_since, "server_said": found["server"].said}


blueprint = pages.blueprint(SERVICE, reader_zone, "notifications/ops.html", mails, SAID)


@blueprint.post("/mails/<uuid:id>/arrived")
@access.needs("organizer")
def arrived(id: UUID) -> Any:
    """A held mail reached its reader."""
    return _decide(held.arrived, id, "arrived")


@blueprint.post("/mails/<uuid:id>/again")
@access.needs("organizer")
def again(id: UUID) -> Any:
    """A held mail goes out once more."""
    return _decide(held.again, id, "again")


@blueprint.post("/mails/<uuid:id>/hold")
@access.needs("organizer")
def hold(id: UUID) -> Any:
    """It was no more than a mistake to say that it arrived."""
    return _decide(held.undo, id, "held")


def _decide(command: Callable[[Connection, str, str], None], id: UUID, said: str) -> Response:
    decide(command, id)
    return go(HOME, said)


def decide(command: Callable[[Connection, str, str], None], id: UUID) -> None:
    """One decision about a held mail, by whoever asks.

    :raises Problem: it cannot be done to that mail.
    """
    who = access.reader()
    try:
        with db.write(SERVICE) as tx:
            command(tx, str(id), who.actor if who else ops.NOBODY)
    except held.Refused as refused:
        problem(409, "This cannot be done to this mail", str(refused))
