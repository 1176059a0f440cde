"""Jekyll: Skinny-Bones and plain, modern sites."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from ..convert import Target
from ..convert.shapes import ShapeName
from .reading import MOST, Read, base, settings

_ESCAPED = re.compile(r"\{\{-?\s*page\.title\s*\|[^}]*\b(?:escape|xml_escape|escape_once)\b")
_RAW_TITLE = re.compile(r"\{\{-?\s*page\.title\b[^}]*\}\}")


def seen(shape: ShapeName, files: frozenset[str], read: Read, _folder: str) -> tuple[Target, list[str]]:
    """What such a blog is and has, and what people should know of it."""
    skinny = shape == "skinny"
    posts = [path for path in files if path.startswith("_posts/")]
    categories = sorted({path.split("/")[1] for path in posts if path.count("/") > 1}) if skinny else []
    found = Target(
        shape,
        tuple(categories),
        categories[0] if categories else "blog",
        base=base(_settings(read).get("baseurl")),
        authors=any(path.startswith("_data/authors/") for path in files) and not skinny,
        escapes=_escapes(files, read),
    )
    return found, []


def layout(paths: Collection[str], read: Read) -> str:
    """The layout of a page that is no post; empty when nothing but posts has one."""
    for name in ("page", "default"):
        if f"_layouts/{name}.html" in paths:
            return name
    if {"theme", "remote_theme"} & set(_settings(read)):
        return "page"
    return next((name for name in ("article", "post") if f"_layouts/{name}.html" in paths), "")


def _settings(read: Read) -> dict[str, Any]:
    return settings(read, "_config.yml")


def _escapes(files: frozenset[str], read: Read) -> bool:
    """Whether every layout that prints a page's title escapes it."""
    for path in sorted(files):
        if path.startswith(("_layouts/", "_includes/")) and path.endswith(".html"):
            text = (read(path) or b"")[:MOST].decode("utf-8", "replace")
            if any(not _ESCAPED.match(found) for found in _RAW_TITLE.findall(text)):
                return False
    return True
