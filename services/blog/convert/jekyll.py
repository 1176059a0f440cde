"""Jekyll as target: front matter for Skinny-Bones and for plain modern Jekyll; and the line of attribution of any target."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlsplit

from .meta import safe
from .shapes import Author, Said, Target

TEASER_MOST = 200
_TAG = re.compile(r"<[A-Za-z/!?]")


def folder(target: Target, where: str) -> str:
    """Where a post of that category lies."""
    return f"{target.folder}/{where}" if target.shape == "skinny" else target.folder


def front(said: Said, target: Target) -> dict[str, object]:
    """The front matter, in order. Titles for layouts that print them as they are carry HTML's own signs escaped."""
    runs = target.lets_tags and _TAG.search(said.title)
    shown = said.title if target.escapes and not runs else escape(said.title, quote=True).replace("&#x27;", "'")
    found: dict[str, object] = {
        "layout": "article" if target.shape == "skinny" else "post",
        "title": shown,
        "date": said.day,
    }
    if target.authors:
        found["author"] = said.author.key
    found["categories"] = said.where if target.shape == "skinny" else [said.where]
    if tags := words(said.tags):
        found["tags"] = tags
    found["excerpt"] = said.excerpt
    if said.original:
        found["canonical_url"] = said.original
    if target.shape == "skinny":
        found["comments"] = True
        if said.teaser:
            found["image"] = {"teaser": said.teaser.removeprefix("images/")}
    elif said.teaser:
        found["image"] = f"{target.base.rstrip('/')}/{said.teaser}"
    return found


def words(tags: tuple[str, ...]) -> list[str]:
    """The first ten tags, as plain words."""
    return [tag for tag in (plain(one) for one in tags) if tag][:10]


def attribution(author: Author, original: str) -> str:
    """The visible line that says who wrote it and where it was first."""
    name = literal(author.name)
    who = f"[{name}]({safe(author.url)})" if author.url else name
    if not original:
        return f"*By {who}.*"
    return f"*By {who}. Originally published at [{literal(urlsplit(original).netloc or original)}]({original}).*"


def plain(text: str) -> str:
    """Words for attributes that a layout may not escape: no quotes, no signs of HTML or Liquid."""
    text = text.replace('"', "”").replace("&", "and")
    return " ".join(re.sub(r"[<>{}\x00-\x1f]", " ", text).split())


def literal(text: str) -> str:
    """Text in which Markdown, HTML and Liquid find nothing."""
    return (
        re.sub(r"([\\`*_{}\[\]|])", r"\\\1", text)
        .replace("<", "&lt;")
        .replace("{", "&#123;")
        .replace("\\&#123;", "&#123;")
    )
