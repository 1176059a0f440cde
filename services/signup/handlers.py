"""Signup hears no events; it tells a new subscriber everything: the program, and every person as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.events import snapshot
from shared.events.replay import State

from . import program, rules
from .models import person as people
from .people import one, subject, told


@snapshot("signup")
def present(tx: Connection) -> Iterator[tuple[str, str, State]]:
    """(subject, type, state) of the program, and of all who confirmed once and are not erased."""
    yield program.SUBJECT, "program.changed", _program
    for id in tx.execute(sa.select(people.c.id).where(people.c.state.in_(rules.KNOWN))).scalars():
        yield subject(id), "member.snapshot", partial(_member, id)


def _program(tx: Connection) -> dict[str, Any] | None:
    try:
        return program.announced(tx)
    except program.NotSeeded:
        return None


def _member(id: str, tx: Connection) -> dict[str, Any] | None:
    row = one(tx, id)
    return told(row) if row and row["state"] in rules.KNOWN else None
