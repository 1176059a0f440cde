"""The program's blog as a target of conversion: its shape and what it has, read off its tree, a module per generator.

    jekyll     known by its layout `article` for Skinny-Bones; whatever is none of the others is plain, modern Jekyll
    hugo       content/<section>/<slug>.md, settings in hugo.toml and its like
    astro      a content collection, whose schema says what front matter is called
    choosing   what organizers set themselves, where a tree tells too little
    lacking    what a Jekyll blog lacks for members' posts, and what mends it
    titles     where a Jekyll blog's templates print a title as it is
    heads      likewise what the pages of Hugo and Astro do not say

What is read is only ever text: no setting, schema or template is run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

import yaml

from ..convert import Author, Target
from ..convert.shapes import ShapeName
from . import astro, heads, hugo, jekyll
from .choosing import AUTO, NAMES, Choice, choose, chosen
from .jekyll import layout
from .lacking import CANONICAL, Setup, diff, setup_of
from .reading import Read

__all__ = ["AUTO", "NAMES", "Choice", "Read", "Seen", "author_file", "choose", "chosen", "is_author", "keeps"]
__all__ += ["Setup", "diff", "lacks", "layout", "look", "said", "target"]

_OF = {"jekyll": jekyll, "skinny": jekyll, "hugo": hugo, "astro": astro}
_AUTHORS = {"jekyll": "_data/authors/", "hugo": "data/authors/"}


class Seen(NamedTuple):
    """What the files of the program's blog say.

    :param detected: its shape, if nobody chose another.
    :param notes: what people should know of it, in sentences.
    """

    target: Target
    detected: ShapeName
    notes: tuple[str, ...]


def target(paths: Iterable[str], read: Read, taken: Iterable[str] = (), choice: Choice = AUTO) -> Target:
    """What the files of the program's blog say of it.

    :param read: one file, or None.
    :param taken: paths of posts that are proposed and not there yet.
    :param choice: what organizers say of it.
    """
    return look(paths, read, taken, choice).target


def look(paths: Iterable[str], read: Read, taken: Iterable[str] = (), choice: Choice = AUTO) -> Seen:
    """The same, with what people should know of it."""
    files = frozenset(paths)
    detected = _shape(files)
    shape = choice.shape or detected
    found, notes = _OF[shape].seen(shape, files, read, choice.folder)
    below = f"{found.folder}/"
    posts = {path for path in files if path.startswith(below)}
    return Seen(replace(found, taken=posts | frozenset(taken)), detected, tuple(notes))


def lacks(paths: Iterable[str], read: Read, choice: Choice = AUTO) -> Setup:
    """What it lacks for members' posts, and what mends it; what cannot be mended is only said (`Seen.notes`)."""
    files = frozenset(paths)
    shape = choice.shape or _shape(files)
    if shape == "hugo":
        return heads.of_hugo(files, read)
    if shape == "astro":
        folder = astro.seen(shape, files, read, choice.folder)[0].folder
        return heads.of_astro(files, read, astro.schema(files), folder.rsplit("/", 1)[-1])
    return setup_of(files, read)


def said(seen: Seen, lacking: Setup) -> tuple[str, ...]:
    """What people should know of it beside what it lacks: nothing that would be mended."""
    mended = {hugo.NO_CANONICAL, astro.NO_CANONICAL} if CANONICAL in lacking.mends else set()
    return tuple(note for note in seen.notes if note not in mended)


def _shape(files: frozenset[str]) -> ShapeName:
    if any(re.fullmatch(r"astro\.config\.\w+", path) for path in files):
        return "astro"
    if not any(path.startswith("_posts/") for path in files) and hugo.is_one(files):
        return "hugo"
    return "skinny" if "_layouts/article.html" in files else "jekyll"


def keeps(target: Target, path: str) -> bool:
    """Whether a post may stay at that path: it would not once another generator makes the blog."""
    return path.startswith(f"{target.folder.split('/', 1)[0]}/")


def author_file(author: Author, target: Target) -> tuple[str, bytes]:
    """A file of author data: its path, and what it says."""
    said: dict[str, str] = {"name": author.name}
    if author.url:
        said["url"] = author.url
        if target.shape == "skinny":
            said["web"] = author.url  # as its theme calls it
    path = f"{_AUTHORS.get(target.shape, _AUTHORS['jekyll'])}{author.key}{target.data}"
    if target.data == ".json":
        return path, (json.dumps(said, ensure_ascii=False, indent=2) + "\n").encode()
    return path, yaml.safe_dump(said, allow_unicode=True, sort_keys=False).encode()


def is_author(path: str) -> bool:
    """Whether a file is author data, which other posts of theirs may need."""
    return path.startswith(tuple(_AUTHORS.values()))
