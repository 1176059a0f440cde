"""What a Jekyll blog lacks for members' posts, and what mends it: canonical addresses, escaped titles, author data.

Templates are changed as text, at the place that lacks it and nowhere else. What is not there to be changed (a theme
that is a gem) is only said. Once mended, nothing is found any more.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from . import titles
from .reading import MOST, Read

_TEMPLATE = re.compile(r"(?:_layouts|_includes)/.*\.(?:html|xml|md)")
_PAGE = re.compile(r"(?![_.]|node_modules/|vendor/)(?:[^/_][^/]*/){0,2}(?:[^/]+\.(?:html|xml)|index\.md)")
_MOST = 200  # templates that are read
_LIQUID = r"\{\{.{0,500}?\}\}|\{%.{0,500}?%\}"
_LINKS = re.compile(rf"<link\b(?:{_LIQUID}|[^<>])*+>", re.S)
_HREF = re.compile(rf"(\bhref=)([\"'])((?:{_LIQUID}|(?!\2)[^<>])*+)\2", re.S)
_IS_CANONICAL = re.compile(r"\brel=[\"']?canonical\b", re.I)
_READS_CANONICAL = re.compile(r"canonical_url|\{%-?\s*seo\b")
_HEAD_ENDS = re.compile(r"^[ \t]*</head>|</head>", re.M | re.I)
_READS_AUTHORS = "site.data.authors"
_IMAGES = re.compile(rf"<img\b(?:{_LIQUID}|[^<>])*+>", re.S)
_SHOWS_AVATAR = re.compile(r"\{\{-?\s*author\.avatar\b")
_GUARDED = re.compile(r"\{%-?\s*if\s+author\.avatar\b")
_AUTHOR = re.compile(r"^([\w-]+):[ \t]*\n((?:(?:[ \t]+[^\n]*)?(?:\n|\Z))*?)(?=^\S|\Z)", re.M)
_LINK = '<link rel="canonical" href="{{ page.canonical_url | escape }}">'
_NAMED = (
    "{% assign post_author = site.data.authors[page.author] %}"
    '{% if post_author %}<meta name="author" content="{{ post_author.name | escape }}">{% endif %}'
)
ONE_FILE = "_data/authors.yml"

CANONICAL = (
    "Its pages say of each post that it is the original, so search engines take the author's own blog for the copy. "
    "They are to name the address in the post's front matter, where there is one."
)
TITLES = (
    "Titles are printed as they are, so that a sign of HTML in one is taken for HTML. They are to be escaped, each "
    "once: what is escaped already stays as it is."
)
AUTHORS = (
    "It does not know authors, so a post can only name its author in its text. Its pages are to look them up, and each "
    "author is to be a file of their own in _data/authors, which comes with their first post."
)
AUTHOR = "Its pages do not say who wrote a post. They are to name the author in their head, for search engines."
SPLIT = (
    "Its authors are in one file, into which two posts cannot both write. Each is to be a file of their own in "
    "_data/authors."
)
NO_HEAD = (
    "Its layouts are not in this repository but a theme's: whether pages name the original's address (canonical_url) "
    "cannot be seen. Themes with jekyll-seo-tag do."
)
NO_SPLIT = (
    "Its authors are in one file in _data that Baton cannot take apart: move each to a file of their own, "
    "_data/authors/<key>.yml."
)


class Setup(NamedTuple):
    """What a blog lacks.

    :param mends: in sentences, what `files` (path to bytes) and `removed` would mend.
    :param left: in sentences, what they cannot.
    """

    mends: tuple[str, ...] = ()
    files: Mapping[str, bytes] = {}
    removed: frozenset[str] = frozenset()
    left: tuple[str, ...] = ()


def templates(files: frozenset[str], read: Read) -> dict[str, str]:
    """The layouts, includes and pages that Liquid makes, by path; those that are no text are left out."""
    found = {}
    listed = [path for path in sorted(files) if _TEMPLATE.fullmatch(path)]
    listed += [path for path in sorted(files) if _PAGE.fullmatch(path)]
    for path in listed[:_MOST]:
        data = read(path) or b""
        try:
            text = data.decode() if len(data) <= MOST else ""
        except UnicodeDecodeError:
            continue
        if text and (_TEMPLATE.fullmatch(path) or text.startswith("---")):
            found[path] = text
    return found


def escapes(found: Mapping[str, str]) -> bool:
    """Whether every template that prints a title escapes it."""
    return not titles.bare(found)


def lets_tags(found: Mapping[str, str]) -> bool:
    """Whether a tag in a title would run on some page though every template escapes titles."""
    return titles.lets_tags(found)


def knows_authors(files: frozenset[str], found: Mapping[str, str]) -> bool:
    """Whether `author: <key>` in a post means something, and a file in _data/authors says what."""
    if any(re.fullmatch(r"_data/authors\.\w+", path) for path in files) or any(map(_bare_avatar, found.values())):
        return False
    return any(path.startswith("_data/authors/") for path in files) or any(
        _READS_AUTHORS in text for text in found.values()
    )


def setup_of(files: frozenset[str], read: Read) -> Setup:
    """What a Jekyll blog lacks, and what mends it."""
    before = templates(files, read)
    after = dict(before)
    mends: list[str] = []
    left: list[str] = []
    brought: dict[str, bytes] = {}
    layouts = {path: text for path, text in before.items() if _TEMPLATE.fullmatch(path)}
    if not any(_READS_CANONICAL.search(text) for text in layouts.values()):
        named = {path: made for path, text in layouts.items() if (made := _LINKS.sub(_canonical, text)) != text}
        head = next((path for path, text in layouts.items() if _HEAD_ENDS.search(text)), None)
        if not named and head:
            named = {head: _headed(after[head], "{% if page.canonical_url %}" + _LINK + "{% endif %}")}
        (mends if named else left).append(CANONICAL if named else NO_HEAD)
        after |= named
    if not escapes(before):
        mends.append(TITLES)
        after |= {path: titles.escaped(after[path], places) for path, places in titles.bare(after).items()}
    one_file = next((path for path in sorted(files) if re.fullmatch(r"_data/authors\.\w+", path)), None)
    if one_file:
        brought = _split(read(one_file) or b"") if one_file == ONE_FILE else {}
        (mends if brought else left).append(SPLIT if brought else NO_SPLIT)
    if not (one_file and not brought) and not knows_authors(files - {one_file or ""}, before):
        head = next((path for path, text in layouts.items() if _HEAD_ENDS.search(text)), None)
        reads = any(_READS_AUTHORS in text for text in before.values())
        if reads or head:
            mends.append(AUTHORS)
            after = {path: _IMAGES.sub(_guarded, text) if _bare_avatar(text) else text for path, text in after.items()}
        if head and not reads:
            after[head] = _headed(after[head], _NAMED)
    changed = {path: text.encode() for path, text in after.items() if text != before[path]}
    removed = frozenset({ONE_FILE}) if brought else frozenset()
    return Setup(tuple(mends), changed | brought, removed, tuple(left))


def diff(found: Setup, read: Read) -> str:
    """What it would change, as `git diff` says it."""
    out: list[str] = []
    for path, data in sorted({**found.files, **dict.fromkeys(found.removed, b"")}.items()):
        before = (read(path) or b"").decode("utf-8", "replace").splitlines()
        out.append(f"diff --git a/{path} b/{path}")
        out += list(difflib.unified_diff(before, data.decode("utf-8", "replace").splitlines(), lineterm=""))[2:]
    return "\n".join(out)


def _canonical(link: re.Match[str]) -> str:
    chosen = r"\1\2{% if page.canonical_url %}{{ page.canonical_url | escape }}{% else %}\3{% endif %}\2"
    return _HREF.sub(chosen, link[0], count=1) if _IS_CANONICAL.search(link[0]) else link[0]


def _headed(text: str, line: str) -> str:
    """The text with a line at the end of its head, as far in as that."""
    end = _HEAD_ENDS.search(text)
    if end is None:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = re.match(r"[ \t]*", end[0])
    before = text[: end.start()]
    start = "" if not before or before.endswith("\n") else newline
    return f"{before}{start}{indent[0] if indent else ''}{line}{newline}{text[end.start() :]}"


def _bare_avatar(text: str) -> bool:
    return not _GUARDED.search(text) and any(_SHOWS_AVATAR.search(image[0]) for image in _IMAGES.finditer(text))


def _guarded(image: re.Match[str]) -> str:
    return "{% if author.avatar %}" + image[0] + "{% endif %}" if _SHOWS_AVATAR.search(image[0]) else image[0]


def _split(data: bytes) -> dict[str, bytes]:
    """A file for each author, word by word as they stand; none where that cannot be done, or would say other things."""
    try:
        text = data.decode().replace("\r\n", "\n")
        whole = _strings(text) if "&" not in text and len(text) <= MOST else None
        if not isinstance(whole, dict) or not all(re.fullmatch(r"[\w-]{1,60}", str(key)) for key in whole):
            return {}
        parts = _AUTHOR.findall(text)
        made = {key: _dedented(part) for key, part in parts}
        if {key: _strings(part) for key, part in made.items()} != whole:
            return {}
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return {}
    return {f"_data/authors/{key}.yml": part.encode() for key, part in made.items()}


def _strings(text: str) -> Any:
    return yaml.load(text, yaml.BaseLoader)  # noqa: S506  the loader of nothing but strings


def _dedented(part: str) -> str:
    lines = part.rstrip().split("\n")
    least = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[least:] for line in lines) + "\n"
