"""Astro as target: front matter as its collection's schema calls things, and nothing else where that is strict."""

from __future__ import annotations

from .jekyll import words
from .shapes import Said, Target

# What Astro's own blog starter calls things, and what others might read.
STARTER = (
    ("title", "title"),
    ("description", "description"),
    ("date", "pubDate"),
    ("image", "heroImage"),
    ("author", "author"),
    ("tags", "tags"),
    ("canonical", "canonicalURL"),
)


def front(said: Said, target: Target) -> dict[str, object]:
    """The front matter, in order."""
    known: dict[str, object] = {
        "title": said.title,
        "description": said.excerpt,
        "date": said.day,
        "image": f"{target.base}/{said.teaser.removeprefix(target.static)}" if said.teaser else None,
        "author": said.author.name,
        "tags": words(said.tags) or None,
        "canonical": said.original or None,
        "draft": False,
    }
    names = target.keys or STARTER
    return {name: known[key] for key, name in names if known.get(key) is not None}
