"""What a program takes along of blog."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import export
from shared.export import Row, part

from .models import SERVICE, blog, comment, piece, post, profile

_BLOG = ["id", "person", "kind", "address", "site", "dialect", "consent", "consent_at", "state", "created_at"]
_PIECE = ["id", "person", "title", "about", "link", "state", "since", "reviewer", "post", "created_at"]
_COMMENT = ["id", "piece", "person", "text", "at", "edited_at"]
_PROFILE = ["id", "person", "name", "bio", "site", "links", "alt", "state", "agreed_at", "changed_at"]
_POST = ["id", "blog", "path", "title", "day", "url", "state", "reason", "choice"]


@part(SERVICE, "blogs", "Members' blogs, and how their authors let them be offered.", _BLOG)
def blogs(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(*(blog.c[name] for name in _BLOG)).order_by(blog.c.id))


@part(SERVICE, "posts", "Their posts, with what became of each.", _POST)
def posts(tx: Connection) -> Iterator[Row]:
    query = sa.select(*(post.c[name] for name in _POST)).where(post.c.state != "gone")
    yield from export.table(tx, query.order_by(post.c.id))


@part(SERVICE, "pieces", "What members write or mean to, and who reviews it.", _PIECE)
def pieces(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(*(piece.c[name] for name in _PIECE)).order_by(piece.c.id))


@part(SERVICE, "comments", "What was said about these pieces.", _COMMENT)
def comments(tx: Connection) -> Iterator[Row]:
    query = sa.select(*(comment.c[name] for name in _COMMENT)).where(comment.c.deleted_at.is_(None))
    yield from export.table(tx, query.order_by(comment.c.id))


@part(SERVICE, "profiles", "What members say of themselves for the mentees page; their pictures are there.", _PROFILE)
def profiles(tx: Connection) -> Iterator[Row]:
    query = sa.select(*(profile.c[name] for name in _PROFILE)).where(profile.c.state != "gone")
    yield from export.table(tx, query.order_by(profile.c.id))
