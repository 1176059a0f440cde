"""What others are told of offers: where each is, whenever that changes, and all of them to who replays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.events import emit
from shared.events.replay import State

from ..models import offer

SAYS = ("state", "kind", "title")  # when one of them changes, it is told
QUIET = "waiting"  # it is there for minutes, and nobody has to do anything


def moved(tx: Connection, row: Mapping[str, Any]) -> None:
    """An offer is somewhere else, or says something else."""
    if row["state"] != QUIET and not row["setup"]:
        emit(tx, "offer.moved", f"offer/{row['id']}", _told(row))


def present(tx: Connection) -> Iterator[tuple[str, str, State]]:
    """(subject, type, state) of all offers."""
    for id in tx.execute(sa.select(offer.c.id).where(offer.c.setup.is_(None))).scalars():
        yield f"offer/{id}", "offer.snapshot", partial(_now, id)


def _now(id: str, tx: Connection) -> dict[str, Any] | None:
    row = dict(tx.execute(sa.select(offer).where(offer.c.id == id)).mappings().one())
    return None if row["state"] == QUIET else _told(row)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: row[name] for name in ("person", "kind", "state", "title", "original")}
    told |= {"offer": row["id"], "what": "post" if row["post"] else "profile", "since": row["changed_at"].isoformat()}
    for name in ("opened_at", "published_at"):
        told[name] = row[name].isoformat() if row[name] else None
    return told
