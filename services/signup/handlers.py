"""Signup hears no events; it tells a new subscriber everything: the program, and every person as they are now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.events import snapshot

from . import program, rules
from .models import person as people
from .people import subject, told


@snapshot("signup")
def present(tx: Connection) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(subject, type, data) of the program, then of all who confirmed once and are not erased."""
    try:
        yield program.SUBJECT, "program.changed", program.announced(tx)
    except program.NotSeeded:
        return
    for row in tx.execute(sa.select(people).where(people.c.state.in_(rules.KNOWN)).order_by(people.c.id)).mappings():
        yield subject(row["id"]), "member.snapshot", told(row)
