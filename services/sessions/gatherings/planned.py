"""What a plan does when it is time: propose, and let the organizers know."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from shared.events import emit

from .. import people
from ..meetings import telling as meetings
from . import plans, proposing, reading


def propose(tx: Connection, kind: str) -> str | None:
    """Propose what is due, unless there is one in that month already; returns its id."""
    day = plans.due(tx, kind)
    if day is None:
        return None
    off = ("dropped", "cancelled")
    month = f"{day:%Y-%m}"
    if any(row["day"][:7] == month and row["state"] not in off for row in reading.listed(tx, kind)):
        return None
    id = proposing.propose(tx, "system", kind, day)
    row = reading.one(tx, id)
    data = {"session": id, "kind": kind, "starts_at": row["starts_at"].isoformat(), "to": people.organizers(tx)}
    emit(tx, "gathering.proposed", meetings.subject(id), data)
    return id
