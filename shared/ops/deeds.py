"""What a person does about deliveries, by page or by command: the deed, its line in the log, and its note for later.

A service that has an audit log registers how it is written (`notes`); in the others the delivery's own columns and the
log line suffice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Connection

from .. import db, log
from ..events import keeping, replay

logger = log.get()

Note = Callable[[Connection, str, str, dict[str, Any]], None]
_notes: dict[str, Note] = {}


def notes(service: str) -> Callable[[Note], Note]:
    """Register the audit log of a service: `note(tx, by, what, detail)`."""

    def register(note: Note) -> Note:
        _notes[service] = note
        return note

    return register


def retry(tx: Connection, position: int, subscriber: str, by: str) -> dict[str, Any] | None:
    """Owe a dead or skipped delivery again; how it was before, or None when it is neither."""
    one = keeping.one(tx, position, subscriber)
    if one is None or not keeping.retry(tx, position, subscriber):
        return None
    _did(tx, by, "delivery.retried", one)
    return one


def skip(tx: Connection, position: int, subscriber: str, by: str, why: str) -> bool:
    """Give a dead delivery up; False when it is not dead."""
    one = keeping.one(tx, position, subscriber)
    if one is None or not keeping.skip(tx, position, subscriber, by, why):
        return False
    _did(tx, by, "delivery.skipped", one)
    return True


def ask_replay(tx: Connection, subscriber: str, by: str) -> bool:
    """Have a subscriber told everything again; False when that is asked for or under way already."""
    asked = replay.ask(tx, subscriber, by)
    if asked:
        _note(tx, by, "replay.asked", {"to": subscriber})
    logger.info("ops.replay_asked", service=db.service_of(tx), subscriber=subscriber, by=by, asked=asked)
    return asked


def _did(tx: Connection, by: str, what: str, one: dict[str, Any]) -> None:
    _note(tx, by, what, {"type": one["type"], "to": one["subscriber"]})
    logger.info(f"ops.{what}", service=db.service_of(tx), position=one["position"], subscriber=one["subscriber"], by=by)


def _note(tx: Connection, by: str, what: str, detail: dict[str, Any]) -> None:
    note = _notes.get(db.service_of(tx))
    if note:
        note(tx, by, what, detail)
