"""What a program takes along of blog."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import export
from shared.export import Row, part

from .models import SERVICE, blog, post

_BLOG = ["id", "person", "kind", "address", "site", "dialect", "consent", "consent_at", "state", "created_at"]
_POST = ["id", "blog", "path", "title", "day", "url", "state", "reason", "choice"]


@part(SERVICE, "blogs", "Members' blogs, and how their authors let them be offered.", _BLOG)
def blogs(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(*(blog.c[name] for name in _BLOG)).order_by(blog.c.id))


@part(SERVICE, "posts", "Their posts, with what became of each.", _POST)
def posts(tx: Connection) -> Iterator[Row]:
    query = sa.select(*(post.c[name] for name in _POST)).where(post.c.state != "gone")
    yield from export.table(tx, query.order_by(post.c.id))
