"""Who looks after a piece: a member or an organizer, said by organizers; and that they are asked to look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.events import emit

from ..models import person, piece
from ..rules.refusals import Missing, Refused

HERE = ("confirmed", "waiting", "active", "alumni")
MOST = 2_000
FEW = 40  # in each row of the queue; who is none of them is chosen on the piece's page
_organizes = sa.cast(person.c.roles, sa.Text).like('%"organizer"%')


def organizers(tx: Connection) -> list[str]:
    """Ids of all organizers, as far as signup told of them."""
    return list(tx.execute(sa.select(person.c.id).where(_organizes).order_by(person.c.id)).scalars())


def candidates(tx: Connection, author: str) -> list[tuple[str, str]]:
    """(id, name) of who may review what that person writes, organizers first."""
    here = sa.or_(person.c.state.in_(HERE), _organizes)
    query = sa.select(person.c.id, person.c.name, _organizes.label("runs")).where(here, person.c.id != author)
    rows = tx.execute(query.order_by(_organizes.desc(), person.c.name, person.c.id).limit(MOST))
    return [(row.id, f"{row.name} (organizer)" if row.runs else row.name) for row in rows]


def likely(tx: Connection) -> list[tuple[str, str]]:
    """(id, name) of who may be asked first, of all pieces: organizers, who reviews something now, then anybody."""
    here = sa.or_(person.c.state.in_(HERE), _organizes)
    looks = sa.exists().where(piece.c.reviewer == person.c.id)
    query = sa.select(person.c.id, person.c.name).where(here)
    return [tuple(row) for row in tx.execute(query.order_by(_organizes.desc(), looks.desc(), person.c.name).limit(FEW))]


def assign(tx: Connection, _by: str, id: str, reviewer: str) -> str | None:
    """Say who reviews it; empty: nobody. Who is new to it is asked to look. Returns who did before.

    :raises Refused: there is no such piece, or nobody of that id can review it.
    """
    before = put_back(tx, id, reviewer)
    if reviewer and reviewer != before:
        row = tx.execute(sa.select(piece).where(piece.c.id == id)).mappings().one()
        ask(tx, row)
    return before


def put_back(tx: Connection, id: str, reviewer: str) -> str | None:
    """The same without asking them: they were asked before. Returns who reviewed it until now."""
    row = tx.execute(sa.select(piece).where(piece.c.id == id).with_for_update()).mappings().first()
    if row is None:
        raise Missing("piece", "There is no such piece.", "Choose one from the queue.")
    here = sa.or_(person.c.state.in_(HERE), _organizes)
    if reviewer and (
        reviewer == row["person"] or not tx.execute(sa.select(person.c.id).where(person.c.id == reviewer, here)).first()
    ):
        raise Refused("reviewer", "They cannot review it.", "Choose a member or an organizer who does not write it.")
    tx.execute(sa.update(piece).where(piece.c.id == id).values(reviewer=reviewer or None))
    before: str | None = row["reviewer"]
    return before


def ask(tx: Connection, row: Mapping[Any, Any]) -> None:
    """Have its reviewer look at it; while there is none, the organizers."""
    to = [row["reviewer"]] if row["reviewer"] else [id for id in organizers(tx) if id != row["person"]]
    if to:
        told = {"piece": row["id"], "author": row["person"], "title": row["title"], "state": row["state"]}
        emit(tx, "review.asked", f"piece/{row['id']}", {**told, "reviewer": row["reviewer"], "to": to})
