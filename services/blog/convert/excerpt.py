"""Title and teaser of a post that does not say them: its first heading, its first paragraph."""

from __future__ import annotations

import re
from html import unescape

from .jekyll import TEASER_MOST, plain
from .masking import Mask
from .meta import one_line
from .parsing import blocks


def heading(text: str, title: str, mask: Mask) -> tuple[str, str]:
    """The title, and the text without the heading that says the same: layouts print the title themselves."""
    match = re.match(
        r"(?:[ \t]*\n)*(?:#[ \t]+(?P<one>[^\n]+?)[ \t]*#*|(?P<two>[^\n#>|`-][^\n]*)\n=+)[ \t]*(?:\n|\Z)", text
    )
    if not match:
        return title, text
    found = words(mask.show(match["one"] or match["two"]))
    if title and re.sub(r"\W+", "", found).lower() != re.sub(r"\W+", "", title).lower():
        return title, text
    return title or found, text[match.end() :]


def words(markdown: str) -> str:
    """Markdown's text without its marks."""
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", " ", markdown)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"\s*\{[:#.][^{}]*\}", "", text)
    text = re.sub(r"</?[A-Za-z][^<>]*>", "", text)
    return one_line(unescape(re.sub(r"(?<!\w)[*_]+|[*_]+(?!\w)|`|\$\$|\\(?=[|{*_\[\]])", "", text)))


def teaser(text: str, mask: Mask) -> str:
    """The first paragraph that says something, short."""
    for block in blocks(text):
        if block.kind == "text" and not block.text.lstrip().startswith(("#", "|", ">", "- ", "* ")):
            if len(found := plain(words(mask.show(block.text)))) > 20:
                return short(found)
    return ""


def short(text: str) -> str:
    """At most TEASER_MOST characters, ending with a whole word."""
    if len(text) <= TEASER_MOST:
        return text
    return text[: TEASER_MOST - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
