"""What the author of a piece says of it. Every command is of one transaction, and refuses what is not theirs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import blog, comment, piece, post
from ..rules import pieces as rules
from ..rules.refusals import Missing, Refused
from . import reviewing

Row = Any


def own(tx: Connection, whose: str, id: str) -> Row:
    """A piece of that person's, held until `tx` ends.

    :raises Refused: there is none of that id, or it is somebody else's.
    """
    mine = (piece.c.id == id, piece.c.person == whose)
    row = tx.execute(sa.select(piece).where(*mine).with_for_update()).mappings().first()
    if row is None:
        raise Missing("piece", "There is no such piece of yours.", "Open it from your list.")
    return row


def note(tx: Connection, whose: str, said: dict[str, str]) -> str:
    """Note an idea: its title and a few words, as `rules.checked` gives them. Returns the piece's id.

    :raises Refused: there are too many.
    """
    db.lock(tx, f"pieces:{whose}")
    there = sa.select(sa.func.count()).where(piece.c.person == whose, piece.c.state != "dropped")
    if tx.execute(there).scalar_one() >= rules.PIECES_MOST:
        raise Refused("title", f"There are {rules.PIECES_MOST} pieces of yours.", "Drop some that nobody will write.")
    return _written(tx, whose, said, "draft" if said["link"] else "idea")


def _written(tx: Connection, whose: str, said: dict[str, str], state: str, **more: Any) -> str:
    id, now = db.new_id(), clock.now()
    values = {"id": id, "person": whose, "state": state, "since": now, "created_at": now, **said, **more}
    tx.execute(sa.insert(piece).values(**values))
    return id


def change(tx: Connection, whose: str, id: str, said: dict[str, str]) -> None:
    """Other words, or another link. What has a link to read is a draft at least."""
    row = own(tx, whose, id)
    tx.execute(sa.update(piece).where(piece.c.id == id).values(**said))
    if said["link"] and row["state"] == "idea":
        mark(tx, whose, id, "draft")


def mark(tx: Connection, whose: str, id: str, state: str) -> None:
    """Say where it stands: idea, draft, feedback (whoever reviews it is asked to look), dropped.

    :raises Refused: there is no such state.
    """
    row = own(tx, whose, id)
    if state not in rules.STATES:
        raise Refused("state", "That is no state of a piece.", f"Choose one of: {', '.join(rules.STATES)}.")
    if state == row["state"]:
        return
    tx.execute(sa.update(piece).where(piece.c.id == id).values(state=state, since=clock.now()))
    if state == "feedback":
        reviewing.ask(tx, {**row, "state": state})


def join(tx: Connection, whose: str, id: str, post_id: str) -> None:
    """Say that it became that post of theirs. What was said about the post before is taken along.

    :raises Refused: there is no such post of theirs, or it is another piece's.
    """
    row = own(tx, whose, id)
    theirs = (post.c.id == post_id, blog.c.person == whose, blog.c.state != "left")
    if tx.execute(sa.select(post.c.id).join(blog, blog.c.id == post.c.blog).where(*theirs)).first() is None:
        raise Missing("post", "There is no such post of yours.", "Choose one from the list.")
    if row["post"] == post_id:
        return
    other = tx.execute(sa.select(piece).where(piece.c.post == post_id).with_for_update()).mappings().first()
    reviewer = row["reviewer"]
    if other is not None:
        if not other["begun"]:
            raise Refused("post", "Another piece of yours became that post.", "Take the two apart first, on its page.")
        tx.execute(sa.update(comment).where(comment.c.piece == other["id"]).values(piece=id))
        tx.execute(sa.delete(piece).where(piece.c.id == other["id"]))
        reviewer = reviewer or other["reviewer"]
    tx.execute(sa.update(piece).where(piece.c.id == id).values(post=post_id, reviewer=reviewer))


def part(tx: Connection, whose: str, id: str) -> None:
    """It did not become that post after all."""
    row = own(tx, whose, id)
    if row["begun"]:
        raise Refused("piece", "This is about the post, and nothing without it.", "There is nothing to take apart.")
    tx.execute(sa.update(piece).where(piece.c.id == id).values(post=None))


def of_post(tx: Connection, post_id: str, whose: str | None = None) -> str:
    """The piece of a post; where there is none, one is begun, so that people can talk about it.

    :param whose: the reader, when only the post's author may; None: an organizer.
    :raises Refused: there is no such post.
    """
    query = sa.select(post.c.title, blog.c.person).join(blog, blog.c.id == post.c.blog)
    row = tx.execute(query.where(post.c.id == post_id, blog.c.state != "left")).first()
    if row is None or whose not in {None, row.person}:
        raise Missing("post", "There is no such post.", "Open it from the list.")
    db.lock(tx, f"pieces:{row.person}")
    found: str | None = tx.execute(sa.select(piece.c.id).where(piece.c.post == post_id)).scalar()
    said = {"title": rules.line(row.title)[: rules.TITLE_MOST] or "A post", "about": "", "link": ""}
    return found or _written(tx, row.person, said, "draft", post=post_id, begun=True)
