"""What a post is, for whoever offers it: its bytes, and the blog that it is from.

material(tx, post_id)   from the mirror, at the commit where it stands
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from .convert import Author, Limits, Source, Tree
from .convert.meta import slugged
from .models import blog, person, post
from .repos import Entry, Failed, Mirror

_LIMITS = Limits()


class Absent(Exception):
    """It cannot be read here and now: its mirror is not on this machine, or nobody has it any more."""


class Material(NamedTuple):
    """A post as it stands at its source.

    :param path: of the file in the blog's repository; the entry's id for a post of a feed.
    :param raw: the file; empty for a post of a feed, which can only be offered as a link.
    :param first_day: of the first commit that had it.
    """

    path: str
    raw: bytes
    source: Source
    first_day: date | None


def material(tx: Connection, post_id: str) -> Material:
    """A post's bytes and its blog, at the commit of its row.

    :raises Absent: it cannot be read here and now; the work on its blog brings a mirror that is missing.
    """
    query = (
        sa.select(post, *(blog.c[name].label(f"blog_{name}") for name in _OF_BLOG), person.c.name.label("author"))
        .join(blog, blog.c.id == post.c.blog)
        .outerjoin(person, person.c.id == blog.c.person)
        .where(post.c.id == post_id)
    )
    row = tx.execute(query).mappings().first()
    if row is None:
        raise Absent("There is no such post.")
    first = date.fromisoformat(row["first_day"]) if row["first_day"] else None
    if row["blog_kind"] == "feed":
        tree = Tree({}, lambda path: b"")
        return Material(row["path"], b"", source(_blog(row), row["author"] or "", tree), first)
    mirror = Mirror(row["blog"])
    try:
        found = mirror.entry(row["commit"], row["path"])
        if found is None:
            raise Absent("Its file is not in that commit.")
        # One byte more than conversion takes, so that it is conversion that says what is too large.
        raw = mirror.blob(found.blob, _LIMITS.notebook + 1)
    except Failed as failed:
        raise Absent(_UNREAD) from failed
    return Material(row["path"], raw, source(_blog(row), row["author"] or "", tree_of(mirror, row["commit"])), first)


_UNREAD = "Its repository cannot be read here now."
_OF_BLOG = ("kind", "clone_url", "site", "dialect", "permalink", "branch")


def _blog(row: RowMapping) -> dict[str, Any]:
    return {name: row[f"blog_{name}"] for name in _OF_BLOG}


class _Sizes(Mapping[str, int]):
    """Sizes of a commit's files by path, read once somebody asks: many posts name no other file.

    :raises Absent: they cannot be read here and now.
    """

    def __init__(self, mirror: Mirror, commit: str) -> None:
        self._mirror, self._commit = mirror, commit

    @cached_property
    def files(self) -> dict[str, Entry]:
        try:
            return self._mirror.tree(self._commit)
        except Failed as failed:
            raise Absent(_UNREAD) from failed

    def __getitem__(self, path: str) -> int:
        return self.files[path].size

    def __iter__(self) -> Iterator[str]:
        return iter(self.files)

    def __len__(self) -> int:
        return len(self.files)


def tree_of(mirror: Mirror, commit: str) -> Tree:
    """A commit's files as a conversion asks for them. A file that cannot be read is an empty one."""
    sizes = _Sizes(mirror, commit)

    def read(path: str) -> bytes:
        try:
            return mirror.blob(sizes.files[path].blob, _LIMITS.image)
        except Failed:
            return b""

    return Tree(sizes, read)


def source(of: Any, author: str, tree: Tree) -> Source:
    """The blog as a conversion knows it. `of`: a row of `blog`, or the columns of it that are asked for."""
    pages, raws = shown(of["clone_url"] or "", of["branch"] or "")
    who = Author(author, slugged(author) or "author", of["site"] or "")
    return Source(of["dialect"] or "readme", tree, who, of["site"] or "", pages, raws, of["permalink"] or "")


def shown(clone_url: str, branch: str) -> tuple[str, tuple[str, ...]]:
    """Where a forge shows a repository's files, and under which addresses they can be had as they are."""
    parts = urlsplit(clone_url)
    host, path = (parts.hostname or "").lower(), re.sub(r"\.git$", "", parts.path.strip("/"))
    if parts.scheme not in {"http", "https"} or not host or not branch:
        return "", ()
    home, at = f"{parts.scheme}://{parts.netloc}/{path}", quote(branch)
    if host in {"github.com", "www.github.com"}:
        raw = f"https://raw.githubusercontent.com/{path}"
        raws = (f"{raw}/{at}/", f"{raw}/refs/heads/{at}/", f"{home}/raw/{at}/", f"{home}/blob/{at}/")
        return f"{home}/blob/{at}/", raws
    if "gitlab" in host:
        return f"{home}/-/blob/{at}/", (f"{home}/-/raw/{at}/", f"{home}/-/blob/{at}/")
    return f"{home}/src/branch/{at}/", (
        f"{home}/raw/branch/{at}/",
        f"{home}/src/branch/{at}/",
        f"{home}/media/branch/{at}/",
    )
