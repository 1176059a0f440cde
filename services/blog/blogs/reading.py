"""What is shown of blogs and posts."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..models import blog, offer, person, post
from .registering import Row

PAGE = 50


def of_person(tx: Connection, whose: str) -> list[Row]:
    """The blogs of a person that are followed, in the order in which they came."""
    query = sa.select(blog).where(blog.c.person == whose, blog.c.state != "left").order_by(blog.c.created_at, blog.c.id)
    return list(tx.execute(query).mappings())


def find(tx: Connection, id: str) -> Row | None:
    """A blog by its id."""
    return tx.execute(sa.select(blog).where(blog.c.id == id)).mappings().first()


def posts(tx: Connection, blog_id: str, page: int = 1) -> tuple[list[Row], int, int]:
    """(posts, how many there are, the page that this is): the latest first; of those that are gone, the ones that
    are still on the program's blog."""
    left = sa.exists().where(offer.c.post == post.c.id, offer.c.published_at.is_not(None), offer.c.state != "withdrawn")
    where = sa.and_(post.c.blog == blog_id, sa.or_(post.c.state != "gone", left))
    total = int(tx.execute(sa.select(sa.func.count()).select_from(post).where(where)).scalar_one())
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    order = (sa.func.coalesce(post.c.day, "").desc(), post.c.path.desc())
    query = sa.select(post).where(where).order_by(*order).limit(PAGE).offset((page - 1) * PAGE)
    return list(tx.execute(query).mappings()), total, page


def everybody(tx: Connection, page: int = 1) -> tuple[list[Any], int, int]:
    """(blogs with `author` and counts of their posts, how many, which page), for organizers; the latest first."""
    total = int(tx.execute(sa.select(sa.func.count()).select_from(blog).where(blog.c.state != "left")).scalar_one())
    page = min(max(page, 1), max(1, -(-total // PAGE)))
    query = (
        sa.select(blog, person.c.name.label("author"))
        .outerjoin(person, person.c.id == blog.c.person)
        .where(blog.c.state != "left")
        .order_by(blog.c.created_at.desc(), blog.c.id.desc())
    )
    rows = list(tx.execute(query.limit(PAGE).offset((page - 1) * PAGE)).mappings())
    ids = [row["id"] for row in rows]
    counted = sa.select(post.c.blog, post.c.state, sa.func.count()).where(post.c.blog.in_(ids))
    counts: dict[str, dict[str, int]] = {}
    for id, state, count in tx.execute(counted.group_by(post.c.blog, post.c.state)):
        counts.setdefault(id, {})[state] = count
    return [{**row, "counts": counts.get(row["id"], {})} for row in rows], total, page


def author(tx: Connection, id: str) -> str:
    """What the author of a blog is called."""
    query = sa.select(person.c.name).join(blog, blog.c.person == person.c.id).where(blog.c.id == id)
    return tx.execute(query).scalar() or "somebody"
