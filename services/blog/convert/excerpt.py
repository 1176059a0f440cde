"""Title and teaser of a post that does not say them: its first heading, its first paragraph."""

from __future__ import annotations

import re
from html import unescape

from . import meta
from .jekyll import TEASER_MOST, plain
from .masking import Mask
from .parsing import blocks

_TOP = 1500  # characters
# What does not end takes in all the rest, so that nobody looks for its end again.
_TO = r"[^\]]*+)(?:\Z|\](?:\((?:[^)]*+(?:(?P<end>\))|\Z)))?)"
_IMAGE = re.compile(rf"(!\[{_TO}")
_LINK = re.compile(rf"\[(?P<words>{_TO}")
_MARKS = re.compile(r"(?<!\w)[*_]++|(?<![*_])[*_]++(?!\w)|\*++|`|\$\$|\\(?=[|{*_\[\]])")


def heading(text: str, title: str, mask: Mask) -> tuple[str, str]:
    """The title, and the text without the heading that says the same: layouts print the title themselves."""
    match = re.match(
        r"(?:[ \t]*\n)*+(?:#[ \t]+(?P<one>[^ \t\n][^\n]*)|(?P<two>[^\n#>|`-][^\n]*)\n=+[ \t]*)(?:\n|\Z)", text
    )
    if not match:
        return title, text
    found = words(mask.words(meta.headed(match["one"] or match["two"])))
    if title and re.sub(r"\W+", "", found).lower() != re.sub(r"\W+", "", title).lower():
        return title, text
    return title or found, text[match.end() :]


def words(markdown: str) -> str:
    """Markdown's text without its marks."""
    text = _IMAGE.sub(lambda m: " " if m["end"] else m[0], markdown)
    text = _LINK.sub(lambda m: m["words"] if m["end"] else m[0], text)
    text = re.sub(r"(?<!\s)\s*+\{[:#.][^{}]*\}", "", text)
    text = re.sub(r"</?[A-Za-z][^<>]*>", "", text)
    return meta.one_line(unescape(_MARKS.sub("", text)))


def teaser(text: str, mask: Mask) -> str:
    """The first paragraph that says something, short; nearly always it is near the top, and no more is read then."""
    top = text.find("\n\n", _TOP)
    return _teaser(text[:top], mask) or _teaser(text, mask) if top > 0 else _teaser(text, mask)


def _teaser(text: str, mask: Mask) -> str:
    for block in blocks(text):
        if block.kind == "text" and not block.text.lstrip().startswith(("#", "|", ">", "- ", "* ")):
            if len(found := plain(words(mask.words(block.text)))) > 20:
                return short(found)
    return ""


def short(text: str) -> str:
    """At most TEASER_MOST characters, ending with a whole word."""
    if len(text) <= TEASER_MOST:
        return text
    return text[: TEASER_MOST - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
