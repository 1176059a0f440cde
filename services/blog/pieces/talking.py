"""The talk about a piece: plain text of its author, its reviewer and organizers, each mailed once to the others.

Whoever said something can change or delete it. Nobody is mailed of that, and mails that went out stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from ..models import comment, person, piece
from ..rules import pieces as rules
from ..rules.refusals import Missing, Refused
from . import reviewing


def say(tx: Connection, who: str, id: str, text: str, press: str) -> None:
    """Keep a comment, and tell the others in the talk; while nobody looks after the piece, all organizers.

    :param text: as `rules.commented` gives it.
    :param press: an id of the form that was sent: sent twice, it is one comment.
    :raises Refused: there are too many.
    """
    row = tx.execute(sa.select(piece).where(piece.c.id == id).with_for_update()).mappings().one()
    said = tx.execute(sa.select(comment.c.person, comment.c.deleted_at).where(comment.c.piece == id)).all()
    spoke = [each.person for each in said if each.deleted_at is None]
    if len(said) >= rules.COMMENTS_MOST:
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


def own(tx: Connection, who: str, id: str, said: str) -> dict[str, Any]:
    """A comment of that person's, held until `tx` ends.

    :raises Missing: there is none of that id on this piece, or somebody else said it.
    """
    mine = (comment.c.id == said, comment.c.piece == id, comment.c.person == who)
    row = tx.execute(sa.select(comment).where(*mine).with_for_update()).mappings().first()
    if row is None:
        raise Missing("comment", "There is no such comment of yours.", "Open it from the talk.")
    return dict(row)


def correct(tx: Connection, who: str, id: str, said: str, text: str) -> None:
    """Other words for what one said; the others see that it was changed.

    :param text: as `rules.commented` gives it.
    :raises Refused: it is deleted.
    """
    row = own(tx, who, id, said)
    if row["deleted_at"] is not None:
        raise Refused("text", "You deleted it.", "Put it back first.")
    if text != row["text"]:
        tx.execute(sa.update(comment).where(comment.c.id == said).values(text=text, edited_at=clock.now()))


def delete(tx: Connection, who: str, id: str, said: str) -> None:
    """Take back what one said: from now on nobody reads it."""
    if own(tx, who, id, said)["deleted_at"] is None:
        tx.execute(sa.update(comment).where(comment.c.id == said).values(deleted_at=clock.now()))


def restore(tx: Connection, who: str, id: str, said: str) -> None:
    """Put back what one deleted.

    :raises Refused: it was long ago, and nothing is left of it.
    """
    if not own(tx, who, id, said)["text"]:
        raise Refused("comment", "Nothing is left of it: it was deleted long ago.", "Say it again.")
    tx.execute(sa.update(comment).where(comment.c.id == said).values(deleted_at=None))


def thread(tx: Connection, id: str) -> list[dict[str, Any]]:
    """What was said about a piece, the first first: id, person, name, text, at, edited_at, deleted (then without its
    text), kept (whether it can be put back)."""
    query = sa.select(comment, sa.func.coalesce(person.c.name, "").label("name"))
    query = query.outerjoin(person, person.c.id == comment.c.person).where(comment.c.piece == id)
    return [_shown(row) for row in tx.execute(query.order_by(comment.c.at, comment.c.id)).mappings()]


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    deleted = row["deleted_at"] is not None
    return {**row, "deleted": deleted, "kept": bool(row["text"]), "text": "" if deleted else row["text"]}
