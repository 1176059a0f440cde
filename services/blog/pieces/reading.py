"""The editorial queue, one piece, and whose there are.

The queue is made of what is true elsewhere: a piece by its own state, a post by where its offer stands. A post is
announced once everybody who subscribes to `post.published` has handled it: its author congratulated, chat and digest
told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import SERVICE, blog, offer, person, piece, post
from ..rules import pieces as rules

PAGE = 50
SUGGESTED_MOST = 50  # posts among which a likeness is looked for: the latest
_PR = ("waiting", "held", "failed", "handed", "open")
_ORDER = {state: number for number, (state, _) in enumerate(rules.QUEUE)}
_reviewer = person.alias("reviewer")


def _stage() -> Any:
    """Where the post of an offer stands in the queue; null: it is not in it."""
    delivery = db.metadata(SERVICE).tables["delivery"]
    subject = sa.literal("post/").concat(offer.c.post)
    owed = sa.exists().where(delivery.c.subject == subject, delivery.c.confirmed_at.is_(None))
    public = sa.and_(offer.c.state.in_(("merged", "closed")), offer.c.published_at.is_not(None))
    return sa.case((offer.c.state.in_(_PR), "pr"), (sa.and_(public, owed), "live"), (public, "announced"))


def _rows() -> Any:
    """All that is in the queue: (piece, post, offer, person, title, state, since, reviewer, why)."""
    stage = _stage()
    title = sa.func.coalesce(sa.func.nullif(offer.c.title, ""), post.c.title)
    since = sa.case((offer.c.state.in_(_PR), offer.c.changed_at), else_=offer.c.published_at)
    names = ("piece", "post", "offer", "person", "title", "state", "since", "reviewer", "why")
    of_posts = (
        piece.c.id,
        post.c.id,
        offer.c.id,
        offer.c.person,
        title,
        stage,
        since,
        piece.c.reviewer,
        offer.c.reason,
    )
    posts = (
        sa.select(*(column.label(name) for name, column in zip(names, of_posts, strict=True)))
        .select_from(offer.join(post, post.c.id == offer.c.post).outerjoin(piece, piece.c.post == offer.c.post))
        .where(stage.is_not(None))
    )
    none = sa.cast(sa.null(), sa.String)
    of_pieces = (piece.c.id, piece.c.post, none, piece.c.person, piece.c.title, piece.c.state, piece.c.since,
                 piece.c.reviewer, sa.literal(""))  # fmt: skip
    written = (
        sa.select(*(column.label(name) for name, column in zip(names, of_pieces, strict=True)))
        .join(person, person.c.id == piece.c.person)
        .where(piece.c.state.in_(rules.WRITING), person.c.state.not_in(("left", "erased")))
        .where(~sa.exists().where(offer.c.post == piece.c.post, stage.is_not(None)))
        .where(sa.or_(piece.c.begun.is_(False), piece.c.reviewer.is_not(None)))
    )
    return sa.union_all(posts, written).subquery()


def counts(tx: Connection) -> dict[str, int]:
    """How many pieces there are in each state of the queue."""
    rows = _rows()
    found = {state: many for state, many in tx.execute(sa.select(rows.c.state, sa.func.count()).group_by(rows.c.state))}
    return {state: found.get(state, 0) for state, _ in rules.QUEUE}


def queue(tx: Connection, state: str = "", page: int = 1) -> list[dict[str, Any]]:
    """A page of the queue, with author and reviewer by name and the days for which each waits: in the order of the
    states, those that wait longest first, of what is announced the latest.

    :param state: a key of rules.QUEUE; empty: all of them.
    """
    rows = _rows()
    rank = sa.case(_ORDER, value=rows.c.state)
    late = sa.case((rows.c.state == "announced", rows.c.since))
    names = (person.c.name.label("author"), _reviewer.c.name.label("reviewer_name"))
    query = (
        sa.select(rows, *(sa.func.coalesce(name, "").label(name.name) for name in names))
        .outerjoin(person, person.c.id == rows.c.person)
        .outerjoin(_reviewer, _reviewer.c.id == rows.c.reviewer)
        .order_by(rank, late.desc(), rows.c.since, rows.c.title)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    if state:
        query = query.where(rows.c.state == state)
    return [_with_days(dict(row)) for row in tx.execute(query).mappings()]


def _with_days(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "title": row["title"] or "A post", "days": rules.days(row["since"], clock.now())}


def _pieces(tx: Connection, *where: Any) -> list[dict[str, Any]]:
    """Pieces with author and reviewer by name, and `stage`: the state, or where the post stands; the latest first."""
    names = (person.c.name.label("author"), _reviewer.c.name.label("reviewer_name"))
    query = (
        sa.select(piece, *(sa.func.coalesce(name, "").label(name.name) for name in names))
        .add_columns(_stage().label("stage"), offer.c.id.label("offer"), post.c.title.label("post_title"))
        .outerjoin(person, person.c.id == piece.c.person)
        .outerjoin(_reviewer, _reviewer.c.id == piece.c.reviewer)
        .outerjoin(post, post.c.id == piece.c.post)
        .outerjoin(offer, offer.c.post == piece.c.post)
        .where(*where)
        .order_by(piece.c.created_at.desc(), piece.c.id)
        .limit(2 * rules.PIECES_MOST)
    )
    return [{**row, "stage": row["stage"] or row["state"]} for row in tx.execute(query).mappings()]


def one(tx: Connection, id: str) -> dict[str, Any] | None:
    """A piece, or None."""
    return next(iter(_pieces(tx, piece.c.id == id)), None)


def names(tx: Connection, ids: Iterable[str]) -> dict[str, str]:
    """Names by id, of those who are known."""
    rows = tx.execute(sa.select(person.c.id, person.c.name).where(person.c.id.in_(list(ids))))
    return {row.id: row.name for row in rows}


def mine(tx: Connection, who: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(what somebody writes, what they are asked to review), the latest first, without what is dropped."""
    there = piece.c.state != "dropped"
    return _pieces(tx, piece.c.person == who, there), _pieces(tx, piece.c.reviewer == who, there)


def posts_like(tx: Connection, row: dict[str, Any]) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """(the post of the author's that seems to be this piece, all that it could be), the latest first."""
    other = piece.alias()
    taken = sa.exists().where(other.c.post == post.c.id, other.c.begun.is_(False))
    theirs = (blog.c.person == row["person"], blog.c.state != "left", post.c.state != "gone", ~taken)
    query = sa.select(post.c.id, post.c.title).join(blog, blog.c.id == post.c.blog).where(*theirs)
    rows = tx.execute(query.order_by(post.c.created_at.desc(), post.c.id).limit(SUGGESTED_MOST)).mappings()
    found = [dict(each) for each in rows if each["title"]]
    return rules.likest(row["title"], found), found


def suggested(tx: Connection, whose: str, title: str, post_id: str) -> dict[str, Any] | None:
    """The idea of that person's which a post seems to be, where none is joined with it."""
    if tx.execute(sa.select(piece.c.id).where(piece.c.post == post_id, piece.c.begun.is_(False))).first():
        return None
    free = (piece.c.person == whose, piece.c.post.is_(None), piece.c.state != "dropped")
    rows = tx.execute(sa.select(piece.c.id, piece.c.title).where(*free).order_by(piece.c.created_at)).mappings()
    return rules.likest(title, [dict(row) for row in rows])
