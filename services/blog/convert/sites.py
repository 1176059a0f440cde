"""The program's blog as target, whatever makes it: the path of a post, its front matter, its file."""

from __future__ import annotations

import json
import re
from datetime import date
from itertools import chain

from . import astro, hugo, jekyll, kramdown
from .meta import slugged
from .shapes import Author, Said, Target

_SHAPES = {"skinny": jekyll, "jekyll": jekyll, "hugo": hugo, "astro": astro}
# An index is no post, and would make one of all that is beside it; lists that go on are at /page/2/.
_RESERVED = frozenset({"index", "page"})


def category(tags: tuple[str, ...], target: Target) -> str:
    """The category of the target that the first fitting tag names; else the target's own choice."""
    known = {slugged(name): name for name in target.categories}
    return next((known[slugged(tag)] for tag in tags if slugged(tag) in known), target.category)


def path(slug: str, day: date, where: str, author: Author, target: Target) -> tuple[str, str]:
    """Path and slug of a post's file: of its own, also where only the date differs from another's, for addresses may lack it."""
    taken = {_slug(name.lower()) for name in target.taken if slug in name.lower()}
    if not target.kramdown:
        taken |= _RESERVED
    tries = chain((slug, f"{slug}-{author.key}"), (f"{slug}-{author.key}-{number}" for number in range(2, 1000)))
    free = next(name for name in tries if name not in taken)
    folder = jekyll.folder(target, where)
    return (f"{folder}/{day:%Y-%m-%d}-{free}.md" if target.kramdown else f"{folder}/{free}.md"), free


def _slug(path: str) -> str:
    """What a post's address ends with, by its path: a folder's name where the post is its index."""
    *folders, name = path.split("/")
    stem = re.sub(r"^\d{4}-\d\d?-\d\d?-|\.\w+$", "", name)
    return folders[-1] if stem in {"index", "_index"} and folders else stem


def front(said: Said, target: Target) -> dict[str, object]:
    """A post's front matter, in order."""
    return _SHAPES[target.shape].front(said, target)


def inert(body: str, target: Target) -> str:
    """The body, in which the target's own templates find nothing to run. Astro's Markdown has none."""
    if target.kramdown:
        return kramdown.inert(body)
    return hugo.inert(body) if target.shape == "hugo" else body


def written(said: dict[str, object], body: str) -> str:
    """The file: every string as JSON, which is YAML that no version of it reads as anything but a string."""
    lines = []
    for key, value in said.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *(f"  {inner}: {_scalar(one)}" for inner, one in value.items())]
        else:
            lines.append(f"{key}: {_scalar(value)}")
    return "---\n" + "\n".join(lines) + "\n---\n\n" + body


def _scalar(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "").replace("\u2028", " ").replace("\u2029", " ")
