"""What goes: with somebody who leaves or is erased, and what was dropped long ago."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock
from shared.events import erase
from shared.events.erasure import erase_mentions

from ..models import comment, piece

KEPT = timedelta(days=30)  # of a piece that was dropped, of a comment that was deleted


def left(tx: Connection, who: str) -> None:
    """They are not in the program any more: nobody waits for a review of theirs."""
    tx.execute(sa.update(piece).where(piece.c.reviewer == who).values(reviewer=None))


def blank(tx: Connection, who: str) -> None:
    """They are erased: their pieces go with all that was said about them, and what they said about others'."""
    mine = list(tx.execute(sa.select(piece.c.id).where(piece.c.person == who)).scalars())
    tx.execute(sa.delete(comment).where(sa.or_(comment.c.piece.in_(mine), comment.c.person == who)))
    tx.execute(sa.delete(piece).where(piece.c.id.in_(mine)))
    left(tx, who)
    if mine:
        erase(tx, *(f"piece/{id}" for id in mine))
    erase_mentions(tx, "piece.commented", who)


def prune(tx: Connection) -> None:
    """Delete what was dropped long ago, with all that was said about it; and what its writer took back of a talk."""
    before = clock.now() - KEPT
    taken_back = (comment.c.deleted_at < before, comment.c.text != "")
    tx.execute(sa.update(comment).where(*taken_back).values(text=""))
    old = list(tx.execute(sa.select(piece.c.id).where(piece.c.state == "dropped", piece.c.since < before)).scalars())
    tx.execute(sa.delete(comment).where(comment.c.piece.in_(old)))
    tx.execute(sa.delete(piece).where(piece.c.id.in_(old)))
