"""Jekyll: Skinny-Bones and plain, modern sites."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..convert import Target
from ..convert.shapes import ShapeName
from .lacking import escapes, knows_authors, lets_tags, templates
from .reading import Read, base, settings


def seen(shape: ShapeName, files: frozenset[str], read: Read, _folder: str) -> tuple[Target, list[str]]:
    """What such a blog is and has, and what people should know of it."""
    skinny = shape == "skinny"
    posts = [path for path in files if path.startswith("_posts/")]
    categories = sorted({path.split("/")[1] for path in posts if path.count("/") > 1}) if skinny else []
    found = templates(files, read)
    of = Target(
        shape,
        tuple(categories),
        categories[0] if categories else "blog",
        base=base(_settings(read).get("baseurl")),
        authors=knows_authors(files, found),
        escapes=escapes(found),
        lets_tags=lets_tags(found),
    )
    return of, []


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
