"""Idempotency-Keys: the same request with the same key has no further effect for 24 hours."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .models import idempotency as table
from .rules import KeyReused, Refused

KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")


def first(tx: Connection, key: str, body: Mapping[str, Any]) -> bool:
    """Claim the key for this request; False when this very request came with it before.

    :raises Refused: it is no key; KeyReused: another request came with it.
    """
    if not KEY.match(key):
        raise Refused(
            "Idempotency-Key", "This key cannot be used.", "Send 1 to 255 visible ASCII characters, a UUID for example."
        )
    said = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    claim = db.insert(tx, table).on_conflict_do_nothing()
    if tx.execute(claim, {"key": key, "body": said, "at": clock.machine()}).rowcount:
        return True
    if tx.execute(sa.select(table.c.body).where(table.c.key == key)).scalar() != said:
        raise KeyReused(
            "Idempotency-Key", "This key was used for another request.", "Send a fresh key with each new request."
        )
    return False


def answer(tx: Connection, key: str | None, body: Mapping[str, Any], make: Callable[[], str]) -> str:
    """What `make()` made for this request; with a key that came before what it made then."""
    if key is None:
        return make()
    if first(tx, key, body):
        made = make()
        tx.execute(sa.update(table).where(table.c.key == key).values(answer=made))
        return made
    return str(tx.execute(sa.select(table.c.answer).where(table.c.key == key)).scalar_one())
