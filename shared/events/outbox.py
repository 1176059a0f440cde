"""Publish: an event and what it is owed to, in the publisher's own transaction."""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.engine import Connection

from .. import clock, db, log
from . import relay
from .catalog import BY_TYPE, Entry


def emit(tx: Connection, type: str, subject: str, data: dict[str, Any], only: tuple[str, ...] | None = None) -> str:
    """Record that something happened, and owe it to every subscriber of that type.

    Events of one subject are numbered in the order of their commits: whoever emits for a subject that others may be
    changing too holds that subject's lock until the end of the transaction.

    :param only: owe it to these subscribers alone (a replay).
    :returns: the id of the event.
    :raises ValueError: the catalogue has no such event, another service owns it, or the data does not fit.
    """
    service = db.service_of(tx)
    entry = _checked(service, type, data)
    tables = db.metadata(service).tables
    event, delivery = tables["event"], tables["delivery"]
    db.lock(tx, f"subject:{subject}")
    seq = (tx.execute(_LAST_SEQ, {"subject": subject}).scalar() or 0) + 1
    id, now = db.new_id(), clock.machine()
    position = tx.execute(
        event.insert(),
        {
            "id": id,
            "type": type,
            "version": entry.version,
            "subject": subject,
            "seq": seq,
            "time": clock.now(),
            "recorded": now,
            "correlation": log.correlation() or id,
            "erased": False,
            "data": data,
        },
    ).inserted_primary_key[0]  # type: ignore[index]  # an INSERT of one row always has it
    owed = [
        {
            "event": position,
            "subscriber": name,
            "subject": subject,
            "seq": seq,
            "attempts": 0,
            "failures": 0,
            "silences": 0,
            "due": now,
        }
        for name in (only or entry.subscribers)
    ]
    if owed:
        tx.execute(delivery.insert(), owed)
        db.after_commit(tx, bell(service))
    return id


_LAST_SEQ = sa.text("SELECT max(seq) FROM event WHERE subject = :subject")
_rings: dict[str, Any] = {}


def bell(service: str) -> Any:
    """The hook that rings for `service`; the same object each time, so that one commit rings once."""
    return _rings.setdefault(service, partial(_ring, service))


def _ring(service: str) -> None:
    relay.ring(service)


def _checked(service: str, type: str, data: dict[str, Any]) -> Entry:
    entry = BY_TYPE.get(type)
    if entry is None:
        raise ValueError(f"the catalogue has no event {type!r}: add it to shared/events/catalog.py")
    if entry.owner != service:
        raise ValueError(f"{type} belongs to {entry.owner}: {service} cannot publish it")
    schema = _schemas.get(type) or _schemas.setdefault(type, entry.schema())
    errors = schema.validate(data)
    if errors:
        raise ValidationError(errors, field_name=type)
    return entry


_schemas: dict[str, Any] = {}
