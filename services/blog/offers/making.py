"""A post as it is written into the program's blog: converted, and no more of it than its author agreed to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from functools import cache, partial
from typing import Any

from shared import clock

from .. import targets
from ..convert import Converted, Kitchen, Note, Said, Skipped, Target, When, convert, jekyll, meta, sites, text
from ..forges import Forge
from ..posts import Material

NO_ADDRESS = "Its author agreed to a link, and it is not known where the post can be read."
SAID = {
    "excerpt": "Its author agreed to an excerpt: the rest is at the original.",
    "link": "Its author agreed to a link: the text is at the original.",
}


def made(
    material: Material, post: Mapping[str, Any], consent: str, target: Target, kitchen: Kitchen | None = None
) -> Converted | Skipped:
    """The post in the target's dialect, or why there is none.

    :param post: its row: title, day, url.
    :param consent: full, excerpt or link.
    :param kitchen: the process for notebooks; without it, one with its own patience.
    """
    if not material.raw:
        return _of_feed(material, post, target)
    when = When(clock.now(), clock.zone("UTC"), material.first_day)
    found = convert(material.path, material.raw, material.source, target, when, kitchen)
    if isinstance(found, Skipped) or consent == "full":
        return found
    if not found.original:
        return Skipped("unsupported", NO_ADDRESS)
    return _less(found, consent, material, target)


def _less(found: Converted, consent: str, material: Material, target: Target) -> Converted:
    """An excerpt, or a link. No image comes along; a secret in what stays behind is none of ours."""
    shown = found.said.excerpt if consent == "excerpt" else ""
    said = replace(found.said, teaser="", excerpt=shown or jekyll.plain(found.title), math=False)
    lines = [jekyll.attribution(material.source.author, found.original)]
    if shown:
        lines.append(jekyll.literal(shown))
    lines.append(f"[{'Read on at the original' if shown else 'Read it at the original'}]({found.original}).")
    secret = tuple(note for note in found.notes if note.kind == "secret" and shown)
    notes = (Note("dropped", SAID[consent]), *secret)
    front = sites.front(said, target)
    body = sites.inert("\n\n".join(lines) + "\n", target)
    return replace(found, said=said, front=front, body=body, images=(), notes=notes)


def _of_feed(material: Material, post: Mapping[str, Any], target: Target) -> Converted | Skipped:
    """An entry of a feed, as a link: its text is in no repository."""
    original = meta.safe(post["url"] or "")
    if not original.startswith(("https://", "http://")):
        return Skipped("unsupported", NO_ADDRESS)
    title = post["title"] or original
    day = date.fromisoformat(post["day"]) if post["day"] else clock.now().date()
    author = material.source.author
    path, _ = sites.path(meta.slugged(title) or "post", day, target.category, author, target)
    said = Said(title, day, target.category, author, jekyll.plain(title), original)
    body = sites.inert(f"{jekyll.attribution(author, original)}\n\n[Read it at the original]({original}).\n", target)
    notes = (Note("dropped", "It comes from a feed: the text is at the original."),)
    return Converted(path, sites.front(said, target), body, (), notes, title, day, original, said)


def aimed(
    forge: Forge, ours: Collection[str], taken: Collection[str], choice: targets.Choice
) -> tuple[str, frozenset[str], Target]:
    """What a post is made for: the program's blog as it is now, its files but for ours, and what they say of it.

    :param ours: paths of this very post's, which are not in its way.
    :param taken: paths of posts that are proposed and not there yet.
    :param choice: what organizers say of it.
    """
    base = forge.base()
    others = forge.paths(base) - set(ours)
    return base, others, targets.target(others, cache(partial(forge.read, base)), taken, choice)


def files(found: Converted, material: Material, target: Target, there: frozenset[str]) -> dict[str, bytes]:
    """The files that the post brings: itself, images, and its author's data where the target has such and lacks it."""
    brought = {found.path: text(found).encode()} | {image.path: image.data for image in found.images}
    if target.authors:
        path, data = targets.author_file(material.source.author, target)
        if path not in there:
            brought[path] = data
    return brought
