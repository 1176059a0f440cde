"""Publish: an event and what it is owed to, in the publisher's own transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

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
    db.lock(tx, f"subject:{subject}")
    id, now = db.new_id(), clock.machine()
    insert_event, insert_delivery, instant = _statements(tx)
    position, seq = tx.exec_driver_sql(
        insert_event,
        {
            "id": id,
            "type": type,
            "version": entry.version,
            "subject": subject,
            "time": instant(clock.now()),
            "recorded": now,
            "correlation": log.correlation() or id,
            "data": json.dumps(data),
        },
    ).one()
    owed = only or entry.subscribers
    if owed:
        common = {"event": position, "subject": subject, "seq": seq, "due": now}
        tx.exec_driver_sql(insert_delivery, [{**common, "subscriber": name} for name in owed])
        db.after_commit(tx, bell(service))
    return id


# Every sign-up passes here, so the SQL is written once a dialect and handed to the driver as it is: by SQLAlchemy's
# expressions these statements took a fifth of a request.
_INSERT_EVENT = """INSERT INTO event (id, type, version, subject, seq, time, recorded, correlation, erased, data)
    SELECT {id}, {type}, {version}, {subject}, coalesce(max(seq), 0) + 1, {time}, {recorded}, {correlation}, {false},
    {data} FROM event WHERE subject = {subject} RETURNING position, seq"""
_INSERT_DELIVERY = """INSERT INTO delivery (event, subscriber, subject, seq, attempts, failures, silences, due)
    VALUES ({event}, {subscriber}, {subject}, {seq}, 0, 0, 0, {due})"""
_NAMES = "id type version subject time recorded correlation data event subscriber seq due".split()
_SQLITE = {name: f":{name}" for name in _NAMES} | {"false": "0"}
_POSTGRESQL = {name: f"%({name})s" for name in _NAMES} | {
    "false": "false",
    "data": "CAST(%(data)s AS jsonb)",
    "time": "CAST(%(time)s AS timestamptz)",
    "recorded": "CAST(%(recorded)s AS double precision)",
    "version": "CAST(%(version)s AS integer)",
    "subject": "CAST(%(subject)s AS varchar)",
}
_WRITTEN = {
    "sqlite": (_INSERT_EVENT.format(**_SQLITE), _INSERT_DELIVERY.format(**_SQLITE), db.instant_text),
    "postgresql": (_INSERT_EVENT.format(**_POSTGRESQL), _INSERT_DELIVERY.format(**_POSTGRESQL), lambda moment: moment),
}


def _statements(tx: Connection) -> tuple[str, str, Callable[[datetime], Any]]:
    """The two INSERTs in this database's words, and how it wants an instant."""
    return _WRITTEN[tx.dialect.name]


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
