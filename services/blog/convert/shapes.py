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
ShapeName = Literal["skinny", "jekyll", "hugo", "astro"]
MathKind = Literal["kramdown", "brackets", "dollars", "escaped"]
_STATIC: dict[str, str] = {"hugo": "static/", "astro": "public/"}


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

    @cached_property
    def _ends(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in self.sizes:
            found.setdefault(path.rsplit("/", 1)[-1].casefold(), []).append(path)
        return found

    def named(self, path: str) -> str | None:
        """The one file whose path ends with this one, wherever it lies; None where there are none or several.

        What a site was built into does not count: it has everything a second time.
        """
        end = "/" + path.strip("/").casefold()
        ends = [one for one in self._ends.get(end.rsplit("/", 1)[-1], []) if f"/{one}".casefold().endswith(end)]
        ends = [one for one in ends if one.split("/", 1)[0] not in _BUILT] or ends
        return ends[0] if len(ends) == 1 else None


_BUILT = {"docs", "public", "_site", "output"}


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

    :param shape: ``skinny`` (Skinny-Bones: a folder per category, teaser below ``images/``), ``jekyll`` (plain, modern),
        ``hugo`` or ``astro``.
    :param categories: what it has; a post's tags are matched against them.
    :param category: for posts that match none.
    :param base: the path below which the site lies (Jekyll's ``baseurl``).
    :param authors: whether it has author data, so that ``author: <key>`` means something there.
    :param escapes: whether its layouts escape titles; if not, the front matter holds them escaped.
    :param lets_tags: whether a tag in a title would run there all the same: such a title is held escaped in any case.
    :param taken: paths of the posts that it has.
    :param folder: where posts lie.
    :param html: whether HTML within Markdown is shown; Hugo leaves it out unless it is told otherwise.
    :param math: as what math is written: for kramdown, between brackets or dollars for who looks for these, or escaped.
    :param keys: what a post's front matter calls things, where that differs from blog to blog: (ours, theirs).
    :param strict: whether it takes no other keys than those.
    :param data: the ending of its files of author data, with the dot.
    """

    shape: ShapeName = "jekyll"
    categories: tuple[str, ...] = ()
    category: str = "blog"
    base: str = ""
    authors: bool = False
    escapes: bool = True
    lets_tags: bool = False
    taken: frozenset[str] = frozenset()
    folder: str = "_posts"
    html: bool = True
    math: MathKind = "kramdown"
    keys: tuple[tuple[str, str], ...] = ()
    strict: bool = False
    data: str = ".yml"
    limits: Limits = field(default_factory=Limits)

    @property
    def kramdown(self) -> bool:
        """Whether kramdown reads its posts, and Liquid before."""
        return self.shape in {"skinny", "jekyll"}

    @property
    def static(self) -> str:
        """The folder of files that are served as they are; empty: all of them."""
        return _STATIC.get(self.shape, "")


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
class Said:
    """What a post says of itself, for its front matter.

    :param where: its category.
    :param teaser: path of an image in the target, or empty.
    :param math: whether there is math in it.
    """

    title: str
    day: date
    where: str
    author: Author
    excerpt: str
    original: str = ""
    tags: tuple[str, ...] = ()
    teaser: str = ""
    math: bool = False


@dataclass(frozen=True)
class Converted:
    """A post as the target wants it.

    :param path: of the file, in the target.
    :param front: its front matter, in order; made of `said`.
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
    said: Said

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
