"""What goes into a conversion and what comes out: plain values, nothing that knows of databases or networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

DialectName = Literal["jekyll", "fastpages", "hugo", "quarto", "pelican", "myst", "astro", "readme"]
NoteKind = Literal["changed", "dropped", "missing", "secret"]


@dataclass(frozen=True)
class Note:
    """One line for the people who review: what was changed, dropped or missing, or looks like a secret.

    The text of what was dropped is in it, except of hidden cells and secrets: notes are published.
    """

    kind: NoteKind
    text: str


class Tree:
    """The files of a repository at one commit. Symbolic links and submodules are not files: whoever lists leaves them out.

    :param sizes: path to size in bytes.
    :param read: bytes of one of these paths; only called for what a post names.
    """

    def __init__(self, sizes: Mapping[str, int], read: Callable[[str], bytes]) -> None:
        self.sizes = sizes
        self.read = read

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {path.casefold(): path for path in sorted(self.sizes, reverse=True)}

    def find(self, path: str) -> str | None:
        """The path as the tree spells it; writers on Windows and macOS do not see that case differs."""
        return path if path in self.sizes else self._folded.get(path.casefold())


@dataclass(frozen=True)
class Author:
    """Who wrote it.

    :param key: their file name in the target's author data; lower case, digits, hyphens.
    """

    name: str
    key: str
    url: str = ""


@dataclass(frozen=True)
class Source:
    """A member's blog.

    :param site: where it is published, as in ``https://ada.example/``; empty when unknown.
    :param pages: where its repository shows a file: ``https://github.com/ada/blog/blob/main/``.
    :param raws: addresses under which the repository's files can be had as they are, each ending in a slash.
    :param permalink: Jekyll's setting of that name, where the blog has one.
    """

    dialect: DialectName
    tree: Tree
    author: Author
    site: str = ""
    pages: str = ""
    raws: tuple[str, ...] = ()
    permalink: str = ""


@dataclass(frozen=True)
class Limits:
    """How much one post may bring. Bytes, unless said."""

    post: int = 2_000_000
    notebook: int = 40_000_000
    image: int = 5_000_000
    images: int = 60  # how many
    all_images: int = 40_000_000
    pixels: int = 40_000_000


@dataclass(frozen=True)
class Target:
    """The program's blog.

    :param shape: ``skinny`` (Skinny-Bones: a folder per category, teaser below ``images/``) or ``jekyll`` (plain, modern).
    :param categories: what it has; a post's tags are matched against them.
    :param category: for posts that match none.
    :param base: Jekyll's ``baseurl``.
    :param authors: whether it has author data, so that ``author: <key>`` means something there.
    :param escapes: whether its layouts escape titles; if not, the front matter holds them escaped.
    :param taken: paths of the posts that it has.
    """

    shape: Literal["skinny", "jekyll"] = "jekyll"
    categories: tuple[str, ...] = ()
    category: str = "blog"
    base: str = ""
    authors: bool = False
    escapes: bool = True
    taken: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class When:
    """What a conversion may know of time.

    :param now: an instant.
    :param zone: the program's.
    :param committed: the day of the post's first commit, for posts that do not say their date.
    """

    now: datetime
    zone: ZoneInfo
    committed: date | None = None

    @property
    def today(self) -> date:
        """The day in the program's zone or in UTC, whichever is earlier: a site built in UTC leaves out what is of tomorrow."""
        return min(self.now.astimezone(self.zone).date(), self.now.astimezone(ZoneInfo("UTC")).date())


@dataclass(frozen=True)
class Image:
    """A file to be put beside the post.

    :param path: where, in the target.
    :param found: its path in the source's tree; empty when it was in the post itself (a notebook's output).
    """

    path: str
    data: bytes
    found: str = ""


@dataclass(frozen=True)
class Converted:
    """A post as the target wants it.

    :param path: of the file, in the target.
    :param front: its front matter, in order.
    :param original: where it was first published.
    """

    path: str
    front: dict[str, object]
    body: str
    images: tuple[Image, ...]
    notes: tuple[Note, ...]
    title: str
    date: date
    original: str

    @property
    def held(self) -> bool:
        """True when it must not go public before a person has looked: it holds what looks like a secret."""
        return any(note.kind == "secret" for note in self.notes)


SkipReason = Literal["draft", "future", "expired", "not-a-post", "unreadable", "too-large", "empty", "unsupported"]


@dataclass(frozen=True)
class Skipped:
    """No post, and why, in words for its author.

    :param day: on which it will be one, where that is known.
    """

    reason: SkipReason
    text: str
    day: date | None = None


@dataclass(frozen=True)
class Looked:
    """A post as its front matter tells of it, before anybody converts it.

    :param url: where it is published, as well as that can be told.
    """

    title: str
    day: date
    url: str
