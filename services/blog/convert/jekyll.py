"""The program's blog as target: path, front matter and the line of attribution, for Skinny-Bones and for plain modern Jekyll."""

from __future__ import annotations

import json
import re
from datetime import date
from html import escape
from itertools import chain
from urllib.parse import urlsplit

from .meta import Meta, slugged
from .shapes import Author, Target

TEASER_MOST = 200


def category(tags: tuple[str, ...], target: Target) -> str:
    """The category of the target that the first fitting tag names; else the target's own choice."""
    known = {slugged(name): name for name in target.categories}
    return next((known[slugged(tag)] for tag in tags if slugged(tag) in known), target.category)


def path(slug: str, day: date, where: str, author: Author, target: Target) -> tuple[str, str]:
    """Path and slug of a post's file: of its own, also where only the date differs from another's, for addresses may lack it."""
    folder = f"_posts/{where}" if target.shape == "skinny" else "_posts"
    alike = [name.rsplit("/", 1)[-1].lower() for name in target.taken if slug in name.lower()]
    taken = {re.sub(r"^\d{4}-\d\d?-\d\d?-|\.\w+$", "", name) for name in alike}
    tries = chain((slug, f"{slug}-{author.key}"), (f"{slug}-{author.key}-{number}" for number in range(2, 1000)))
    free = next(name for name in tries if name not in taken)
    return f"{folder}/{day:%Y-%m-%d}-{free}.md", free


def front(
    meta: Meta,
    title: str,
    day: date,
    where: str,
    teaser: str,
    excerpt: str,
    original: str,
    author: Author,
    target: Target,
) -> dict[str, object]:
    """The front matter, in order. Titles for layouts that print them as they are carry HTML's own signs escaped."""
    shown = title if target.escapes else escape(title, quote=True).replace("&#x27;", "'")
    said: dict[str, object] = {
        "layout": "article" if target.shape == "skinny" else "post",
        "title": shown,
        "date": day.isoformat(),
    }
    if target.authors:
        said["author"] = author.key
    said["categories"] = where if target.shape == "skinny" else [where]
    tags = [tag for tag in (plain(one) for one in meta.tags) if tag][:10]
    if tags:
        said["tags"] = tags
    said["excerpt"] = excerpt
    if original:
        said["canonical_url"] = original
    if target.shape == "skinny":
        said["comments"] = True
        if teaser:
            said["image"] = {"teaser": teaser.removeprefix("images/")}
    elif teaser:
        said["image"] = f"{target.base.rstrip('/')}/{teaser}"
    return said


def attribution(author: Author, original: str) -> str:
    """The visible line that says who wrote it and where it was first."""
    name = literal(author.name)
    who = f"[{name}]({author.url})" if author.url else name
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


def written(said: dict[str, object], body: str) -> str:
    """The file: every string as JSON, which is YAML that no version of it reads as anything but a string."""
    lines = []
    for key, value in said.items():
        if isinstance(value, dict):
            lines += [f"{key}:", *(f"  {inner}: {_scalar(one)}" for inner, one in value.items())]
        else:
            lines.append(f"{key}: {value}" if key == "date" else f"{key}: {_scalar(value)}")
    return "---\n" + "\n".join(lines) + "\n---\n\n" + body


def _scalar(value: object) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "").replace("\u2028", " ").replace("\u2029", " ")
