"""All that happened in a circle, the latest first: who came and went, its sessions, what was changed by hand.

A page costs the same few statements however long the history is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..invites import reading as invites
from ..models import attendance, change, session
from ..models import place as places

Row = Mapping[Any, Any]
PAGE = 30


@dataclass(frozen=True)
class Moment:
    """One line of the timeline.

    :param kind: made, closed, joined, left, session, change.
    :param row: of `place`, `session`, `change`, or the circle.
    :param present: of a session, how many were there, of how many `marked`.
    """

    at: datetime
    kind: str
    row: Row
    duties: Mapping[str, str | None] = field(default_factory=dict)
    present: int = 0
    marked: int = 0


def past(tx: Connection, circle: Row, page: int = 1) -> tuple[list[Moment], bool]:
    """A page of what happened, the latest first; and whether there is more."""
    most, now = page * PAGE + 1, clock.now()
    mine = places.c.circle == circle["id"]
    found = [Moment(circle["created_at"], "made", circle)]
    if circle["closed_at"]:
        found.append(Moment(circle["closed_at"], "closed", circle))
    for kind, table, column, where in (
        ("joined", places, places.c.since, mine),
        ("left", places, places.c.until, sa.and_(mine, places.c.until.is_not(None))),
        ("session", session, session.c.starts_at, session.c.circle == circle["id"]),
        ("change", change, change.c.at, change.c.circle == circle["id"]),
    ):
        query = sa.select(table).where(where, column <= now).order_by(column.desc(), table.c.id.desc()).limit(most)
        found += [Moment(row[column.name], kind, row) for row in tx.execute(query).mappings()]
    found.sort(key=lambda each: (each.at, _ORDER.index(each.kind), str(each.row["id"])), reverse=True)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return _with_sessions(tx, shown), len(found) > page * PAGE


_ORDER = ("made", "joined", "session", "change", "left", "closed")  # of the same instant


def _with_sessions(tx: Connection, found: list[Moment]) -> list[Moment]:
    """The same; sessions with who led and mentored them, and how many came."""
    ids = [each.row["id"] for each in found if each.kind == "session"]
    duties = invites.duties(tx, ids)
    present = sa.func.sum(sa.case((attendance.c.present, 1), else_=0)).label("present")
    query = sa.select(attendance.c.session, present, sa.func.count().label("marked"))
    came = {row.session: row for row in tx.execute(query.where(attendance.c.session.in_(ids)).group_by("session"))}
    shown = []
    for each in found:
        if each.kind == "session":
            id = each.row["id"]
            row = came.get(id)
            counts = (int(row.present), int(row.marked)) if row else (0, 0)
            shown.append(Moment(each.at, each.kind, each.row, duties[id], *counts))
        else:
            shown.append(each)
    return shown
