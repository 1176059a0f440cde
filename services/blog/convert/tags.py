"""Liquid tags that plugins bring, to Jekyll, Octopress and Pelican alike: pictures, and what a post takes in from files.

Pelican's liquid_tags show a notebook, or some of its cells, within a post: often there is nothing else in it. They are taken
in before anything else is done to a text, as its own build does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from .masking import clean, fence
from .notebook import Cooked
from .pairs import swapped
from .shapes import Note, Source

if TYPE_CHECKING:
    from .work import Work

_TAKEN = re.compile(r"^\{%-?[ \t]*(notebook|include_code)[ \t]+([^\n%]{1,500}?)[ \t]*-?%\}[ \t]*$", re.M)
_CELLS = re.compile(r"cells\[(-?\d{0,4}):(-?\d{0,4})\]")
_FILE = re.compile(r"(?<!\S)[^\s\"':\[\]]+\.\w{1,8}(?!\S)")
_PICTURE = re.compile(r"\{%-?\s*(?:picture|responsive_image|img)\s")
_SHOWN = re.compile(r"\{%-?\s*(youtube|vimeo|video|audio|gist|soundcloud|notebook|include_code|flickr|graphviz)\s")
_PICTURED = re.compile(r"[^\s\"'=]+\.(?:png|jpe?g|gif|webp|svg|avif|bmp)\b", re.I)
_WORDS = re.compile(r"(?:alt\s*=\s*)?\"([^\"]*)\"|'([^']*)'")
CODE_MOST = 100_000  # bytes of a file that is taken in as code
BOOKS_MOST = 5  # notebooks in one post


def taken_in(
    text: str, source: Source, most: int, cook: Callable[[bytes], Cooked]
) -> tuple[str, dict[str, bytes], list[Note]]:
    """The text with notebooks and files of code in place of the tags that name them, the images these hold, and notes.

    :param most: bytes of a notebook. :param cook: makes Markdown of one; ValueError says why not.
    """
    images: dict[str, bytes] = {}
    notes: list[Note] = []
    books = 0

    def swap(tag: re.Match[str]) -> str:
        nonlocal books
        named = _FILE.search(tag[2])
        path = source.tree.named(named[0]) if named else None
        if path is None:
            return tag[0]
        if tag[1] == "include_code":
            if source.tree.sizes[path] > CODE_MOST:
                return tag[0]
            code = clean(source.tree.read(path).decode("utf-8", "replace"))
            return fence(code, re.sub(r"\W", "", path.rpartition(".")[2]).lower().replace("py", "python"))
        books += 1
        try:
            if books > BOOKS_MOST:
                raise ValueError(f"there are more than {BOOKS_MOST} in this post")
            if source.tree.sizes[path] > most:
                raise ValueError(f"it is larger than {most // 1000} kB")
            cooked = cook(_some(source.tree.read(path), tag[2]))
        except ValueError as why:
            notes.append(Note("missing", f"The notebook {path} was not taken in: {why}."))
            return tag[0]
        notes.extend(cooked.notes)
        images.update({f"{books}-{name}": data for name, data in cooked.images.items()})
        return clean(cooked.text).replace("notebook:", f"notebook:{books}-")

    return _TAKEN.sub(swap, text), images, notes


def _some(raw: bytes, said: str) -> bytes:
    """A notebook with those cells alone that a tag asks for, as `cells[2:]`."""
    asked = _CELLS.search(said)
    if not asked:
        return raw
    first, last = (int(end) if end not in {"", "-"} else None for end in asked.groups())
    try:
        book = json.loads(raw)
        holds = book if "cells" in book else book["worksheets"][0]
        holds["cells"] = holds["cells"][first:last]
        return json.dumps(book).encode()
    except (ValueError, RecursionError, KeyError, TypeError, IndexError):
        raise ValueError("it is no notebook") from None


def pictures(text: str, work: Work) -> str:
    """Tags that show a picture, as the picture."""
    if "{%" not in text:
        return text
    made = lambda tag, rest, end: _picture(tag[0] + rest + end, rest, work)  # noqa: E731
    return swapped(text, _PICTURE, lambda _: r"-?%\}", made, 500)


def _picture(whole: str, said: str, work: Work) -> str:
    named = _PICTURED.search(said)
    if not named:
        return work.original(f"“{whole}”")
    path = named[0] if work.in_tree(named[0]) or "//" in named[0] else work.source.tree.named(named[0])
    words = [one or other for one, other in _WORDS.findall(said)]
    alt = re.sub(r"[\[\]]", "", words[-1]) if words else ""
    return f"![{alt}]({'/' + path if path and path != named[0] else named[0]})"


def pelican(text: str, work: Work) -> str:
    """Tags of Pelican's liquid_tags, outside code: what they show, or a line that leads there."""
    text = pictures(text, work)
    return swapped(text, _SHOWN, lambda _: r"-?%\}", lambda tag, rest, end: _shown(tag, rest, end, work), 500)


def _shown(tag: re.Match[str], rest: str, end: str, work: Work) -> str:
    first = (rest.split() or [""])[0]
    at = {"youtube": "https://youtu.be/", "vimeo": "https://vimeo.com/", "gist": "https://gist.github.com/"}.get(tag[1])
    if at and re.fullmatch(r"[\w./-]+", first):
        return f"[See it on {at.split('/')[2]}]({at}{first})"
    return work.original(f"“{(tag[0] + rest + end)[:300]}”")
