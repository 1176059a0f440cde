"""Many people at once: the same rows and facts as one at a time, by a few statements for thousands.

As SQL for the driver, since what SQLAlchemy does for each value would cost more than the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii as _text
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.columns import instant_text
from shared.events import emit_all

from ..models import person
from ..people import row as rows
from .checks import Found

_INSERT = """INSERT INTO person (id, state, stream, name, email, email_key, search, timezone, answers, github, blog,
    checklist, is_organizer, created_at, imported_at, import, mailed_at)
    VALUES (?, 'imported', ?, ?, ?, ?, ?, ?, ?, ?, ?, '{}', FALSE, ?, ?, ?, ?) ON CONFLICT (email_key) DO NOTHING"""
_SQL = {
    "sqlite": (
        "SELECT email_key FROM person WHERE email_key IN (SELECT value FROM json_each(?))",
        "SELECT id FROM person WHERE id IN (SELECT value FROM json_each(?))",
        _INSERT,
    ),
    "postgresql": (
        "SELECT email_key FROM person WHERE email_key = ANY(%s)",
        "SELECT id FROM person WHERE id = ANY(%s)",
        _INSERT.replace("?", "%s"),
    ),
}


def known(tx: Connection, keys: Iterable[str]) -> set[str]:
    """Which of these addresses (as compared) belong to somebody already."""
    return _among(tx, _SQL[tx.dialect.name][0], list(keys))


def known_before(tx: Connection, id: str, keys: Sequence[str]) -> set[str]:
    """Which of these addresses (as compared) belong to somebody whom the import `id` did not bring."""
    other = sa.and_(person.c.email_key.in_(keys), person.c["import"].is_distinct_from(id))
    return set(tx.execute(sa.select(person.c.email_key).where(other)).scalars()) if keys else set()


def _among(tx: Connection, statement: str, values: list[str]) -> set[str]:
    if not values:
        return set()
    given: Any = (json.dumps(values),) if tx.dialect.name == "sqlite" else (values,)
    return {value for (value,) in tx.exec_driver_sql(statement, given)}


def _json(answers: dict[str, Any]) -> str:
    """As json.dumps writes it; for text alone, which answers mostly are, at a fraction of the cost."""
    told = [
        f"{_text(id)}: {_text(said) if said.__class__ is str else json.dumps(said)}" for id, said in answers.items()
    ]
    return "{" + ", ".join(told) + "}"


def insert(tx: Connection, by: str, id: str, found: Sequence[Found]) -> int:
    """Write those whose address is new as people whom the import `id` made, and have them asked to confirm.

    :returns: how many they are.
    """
    taken = known(tx, (each.key for each in found))
    by_key = {each.key: each for each in found if each.key not in taken}
    fresh = [by_key[key] for key in sorted(by_key)]  # in the order of their index: its pages are written once
    if not fresh:
        return 0
    _, present, statement = _SQL[tx.dialect.name]
    text = tx.dialect.name == "sqlite"
    now: Any = instant_text(clock.now()) if text else clock.now()
    mailed = clock.machine()
    ids = db.new_ids(len(fresh))
    written = [
        (
            person, stream, name, email, key, rows.search_words(name, email), zone, _json(said),
            github, blog, now if at is None else instant_text(at) if text else at, now, id, mailed,
        )
        for person, (_, key, name, email, stream, zone, said, github, blog, at) in zip(ids, fresh, strict=True)
    ]  # fmt: skip
    tx.exec_driver_sql(statement, written)
    if not text:  # somebody may have signed up in the same instant; on SQLite a writer is alone
        there = _among(tx, present, ids)
        fresh, ids = [e for e, one in zip(fresh, ids, strict=True) if one in there], [i for i in ids if i in there]
    organizer = by.partition("/")[2] or None
    emit_all(
        tx,
        "application.imported",
        [
            (
                rows.subject(person),
                {
                    "person": person,
                    "name": each.name,
                    "email": each.email,
                    "timezone": each.timezone,
                    "stream": each.stream,
                    "by": organizer,
                    "reminder": False,
                },
            )
            for person, each in zip(ids, fresh, strict=True)
        ],
    )
    return len(fresh)
