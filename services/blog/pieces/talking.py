"""The talk about a piece: plain text of its author, its reviewer and organizers, each mailed once to the others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from ..models import comment, person, piece
from ..rules import pieces as rules
from ..rules.refusals import Refused
from . import reviewing


def say(tx: Connection, who: str, id: str, text: str, press: str) -> None:
    """Keep a comment, and tell the others in the talk; while nobody looks after the piece, all organizers.

    :param text: as `rules.commented` gives it.
    :param press: an id of the form that was sent: sent twice, it is one comment.
    :raises Refused: there are too many.
    """
    row = tx.execute(sa.select(piece).where(piece.c.id == id).with_for_update()).mappings().one()
    spoke = list(tx.execute(sa.select(comment.c.person).where(comment.c.piece == id)).scalars())
    if len(spoke) >= rules.COMMENTS_MOST:
        raise Refused("text", "There are so many comments that nobody reads them.", "Talk to each other instead.")
    once = db.insert(tx, comment).values(id=press, piece=id, person=who, text=text, at=clock.now())
    if not tx.execute(once.on_conflict_do_nothing(index_elements=["id"])).rowcount:
        return
    others = {row["person"], *spoke, *([row["reviewer"]] if row["reviewer"] else [])} - {who}
    if not others - {row["person"]} and who == row["person"]:
        others |= set(reviewing.organizers(tx)) - {who}
    here = sa.select(person.c.id).where(person.c.id.in_(others), person.c.state.not_in(("left", "erased")))
    told = {"piece": id, "author": row["person"], "title": row["title"], "reviewer": row["reviewer"]}
    told |= {"person": who, "text": text}
    emit(tx, "piece.commented", f"piece/{id}", {**told, "to": sorted(tx.execute(here).scalars())})


def thread(tx: Connection, id: str) -> list[dict[str, Any]]:
    """What was said about a piece, the first first: id, person, name, text, at."""
    query = sa.select(comment, sa.func.coalesce(person.c.name, "").label("name"))
    query = query.outerjoin(person, person.c.id == comment.c.person).where(comment.c.piece == id)
    return [dict(row) for row in tx.execute(query.order_by(comment.c.at, comment.c.id)).mappings()]
