"""Publish: an event and what it is owed to, in the publisher's own transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema, ValidationError
from sqlalchemy.engine import Connection

from .. import clock, db, log, obvious
from ..columns import instant_text
from ..quick import Quick, params
from . import bell
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
    event = {
        "id": id,
        "type": type,
        "version": entry.version,
        "subject": subject,
        "time": clock.now(),
        "recorded": now,
        "correlation": log.correlation() or id,
        "erased": False,
        "data": data,
    }
    position, seq = _INSERT_EVENT(tx, event).fetchone()
    owed = only or entry.subscribers
    if owed:
        common = {"event": position, "subject": subject, "seq": seq, "due": now}
        _INSERT_DELIVERY(tx, *({**common, "subscriber": name} for name in owed))
        db.after_commit(tx, hook(service))
    return id


def emit_all(tx: Connection, type: str, happenings: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Record the same happening of many subjects, (subject, data) each, that `tx` itself has just made.

    Nobody else can know of them before the commit: so it is the first event of each, no lock is needed, and all go in
    by three statements. The data of all have the fields of the first, which is checked.

    :raises ValueError: as `emit`; or the fields differ.
    """
    if not happenings:
        return
    service, fields = db.service_of(tx), happenings[0][1].keys()
    entry = _checked(service, type, happenings[0][1])
    if any(data.keys() != fields for _, data in happenings):
        raise ValueError(f"the data of these {type} differ in their fields")
    now, correlation = clock.machine(), log.correlation() or db.new_id()
    at: Any = instant_text(clock.now()) if tx.dialect.name == "sqlite" else clock.now()
    first, following, owed = _BULK[tx.dialect.name]
    before = tx.exec_driver_sql(first).scalar()
    ids = db.new_ids(len(happenings))
    # All in one JSON, which the database takes apart: one by one the encoding alone would cost more than the INSERT.
    rows = json.dumps([(id, *happening) for id, happening in zip(ids, happenings, strict=True)])
    tx.exec_driver_sql(following, (type, entry.version, at, now, correlation, rows))
    for name in entry.subscribers:
        tx.exec_driver_sql(owed, (name, now, before, correlation, type))
    if entry.subscribers:
        db.after_commit(tx, hook(service))


_FIRST = "SELECT coalesce(max(position), 0) FROM event"
_FOLLOWING = """INSERT INTO event (id, subject, data, type, version, time, recorded, correlation, seq, erased)
    SELECT {row}, {type}, {version}, {time}, {number}, {correlation}, 1, {false} FROM {rows}"""
_OWED = """INSERT INTO delivery (event, subscriber, subject, seq, attempts, failures, silences, due)
    SELECT position, {type}, subject, seq, 0, 0, 0, {number} FROM event
    WHERE position > {mark} AND correlation = {mark} AND type = {mark}"""
_BULK_SQLITE = dict.fromkeys(("type", "version", "time", "number", "correlation", "mark"), "?") | {
    "row": "json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')",
    "rows": "json_each(?)",
    "false": "0",
}
_BULK_POSTGRESQL = {
    "row": "value ->> 0, value ->> 1, value -> 2",
    "rows": "jsonb_array_elements(CAST(%s AS jsonb)) AS each (value)",
    "false": "false",
    "type": "CAST(%s AS varchar)",
    "version": "CAST(%s AS integer)",
    "time": "CAST(%s AS timestamptz)",
    "number": "CAST(%s AS double precision)",
    "correlation": "CAST(%s AS varchar)",
    "mark": "%s",
}
_BULK = {
    dialect: tuple(each.format(**words) for each in (_FIRST, _FOLLOWING, _OWED))
    for dialect, words in (("sqlite", _BULK_SQLITE), ("postgresql", _BULK_POSTGRESQL))
}


def _insert_event(tx: Connection) -> Any:
    """INSERT an event as the next one of its subject; gives its position and seq."""
    event = db.metadata(db.service_of(tx)).tables["event"]
    given = "id type version subject time recorded correlation erased data".split()
    same = event.alias("same")
    seq = sa.select(sa.func.coalesce(sa.func.max(same.c.seq), 0) + 1).where(same.c.subject == sa.bindparam("subject"))
    return (
        sa.insert(event)
        .values(**params(event, given), seq=seq.scalar_subquery())
        .returning(event.c.position, event.c.seq)
    )


def _insert_delivery(tx: Connection) -> Any:
    delivery = db.metadata(db.service_of(tx)).tables["delivery"]
    row = params(delivery, "event subscriber subject seq due".split())
    return sa.insert(delivery).values(**row, attempts=0, failures=0, silences=0)


_INSERT_EVENT, _INSERT_DELIVERY = Quick(_insert_event), Quick(_insert_delivery)


_rings: dict[str, Any] = {}


def hook(service: str) -> Any:
    """What rings after a commit for `service`; the same object each time, so that one commit rings once."""
    return _rings.setdefault(service, partial(_ring, service))


def _ring(service: str) -> None:
    bell.ring(service)


def _checked(service: str, type: str, data: dict[str, Any]) -> Entry:
    entry = BY_TYPE.get(type)
    if entry is None:
        raise ValueError(f"the catalogue has no event {type!r}: add it to shared/events/catalog.py")
    if entry.owner != service:
        raise ValueError(f"{type} belongs to {entry.owner}: {service} cannot publish it")
    schema, shape = _schemas.get(type) or _schemas.setdefault(type, _loaded(entry))
    if not obvious.fits(data, shape):
        errors = schema.validate(data)
        if errors:
            raise ValidationError(errors, field_name=type)
    return entry


def _loaded(entry: Entry) -> tuple[Schema, obvious.Shape]:
    schema = entry.schema()
    return schema, obvious.shape(schema)


_schemas: dict[str, tuple[Schema, obvious.Shape]] = {}
