"""The program's blog as a target of conversion: its shape and what it has, read off its tree.

Skinny-Bones is known by its layout `article`; everything else that has posts is plain, modern Jekyll.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any

import yaml

from .convert import Author, Target, front

Read = Callable[[str], bytes | None]
CONFIG_MOST = 200_000  # bytes
_ESCAPED = re.compile(r"\{\{-?\s*page\.title\s*\|[^}]*\b(?:escape|xml_escape|escape_once)\b")
_RAW_TITLE = re.compile(r"\{\{-?\s*page\.title\b[^}]*\}\}")


def target(paths: Iterable[str], read: Read, taken: Iterable[str] = ()) -> Target:
    """What the files of the program's blog say of it.

    :param read: one file, or None.
    :param taken: paths of posts that are proposed and not there yet.
    """
    files = frozenset(paths)
    skinny = "_layouts/article.html" in files
    posts = frozenset(path for path in files if path.startswith("_posts/"))
    settings = _settings(read)
    categories = sorted({path.split("/")[1] for path in posts if path.count("/") > 1}) if skinny else []
    return Target(
        "skinny" if skinny else "jekyll",
        tuple(categories),
        categories[0] if categories else "blog",
        base=_base(settings.get("baseurl")),
        authors=any(path.startswith("_data/authors/") for path in files) and not skinny,
        escapes=_escapes(files, read),
        taken=posts | frozenset(taken),
    )


def layout(paths: Collection[str], read: Read) -> str:
    """The layout of a page that is no post; empty when nothing but posts has one."""
    for name in ("page", "default"):
        if f"_layouts/{name}.html" in paths:
            return name
    if {"theme", "remote_theme"} & set(_settings(read)):
        return "page"
    return next((name for name in ("article", "post") if f"_layouts/{name}.html" in paths), "")


def author_file(author: Author) -> tuple[str, bytes]:
    """A file of author data: its path, and what it says."""
    said: dict[str, str] = {"name": author.name}
    if author.url:
        said["url"] = author.url
    return f"_data/authors/{author.key}.yml", yaml.safe_dump(said, allow_unicode=True, sort_keys=False).encode()


def _settings(read: Read) -> dict[str, Any]:
    text = (read("_config.yml") or b"")[:CONFIG_MOST].decode("utf-8", "replace")
    return front.read(f"---\n{text}\n---\n", "jekyll").data


def _base(said: Any) -> str:
    return said.rstrip("/") if isinstance(said, str) and re.fullmatch(r"(/[\w.~-]+)*/?", said) else ""


def _escapes(files: frozenset[str], read: Read) -> bool:
    """Whether every layout that prints a page's title escapes it."""
    for path in sorted(files):
        if path.startswith(("_layouts/", "_includes/")) and path.endswith(".html"):
            text = (read(path) or b"")[:CONFIG_MOST].decode("utf-8", "replace")
            if any(not _ESCAPED.match(found) for found in _RAW_TITLE.findall(text)):
                return False
    return True
