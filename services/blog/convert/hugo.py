"""Hugo as target: front matter that its own templates and the common themes read, and shortcodes that are shown, not run."""

from __future__ import annotations

import re

from .jekyll import words
from .shapes import Said, Target

_OPENED = re.compile(r"\{\{(?P<kind>[<%])")
_ENDS = {"<": ">}}", "%": "%}}"}
_DIVIDER = re.compile(r"<!--(?=\s*more\s*-->)")
JOINER = "\u2060"  # nobody sees it


def front(said: Said, target: Target) -> dict[str, object]:
    """The front matter, in order."""
    found: dict[str, object] = {"title": said.title, "date": said.day, "draft": False, "author": said.author.name}
    if target.authors:
        found["authors"] = [said.author.key]
    found["categories"] = [said.where]
    if tags := words(said.tags):
        found["tags"] = tags
    found |= {"description": said.excerpt, "summary": said.excerpt}
    if said.original:
        found["canonicalURL"] = said.original
    if said.teaser:
        address = said.teaser.removeprefix(target.static)
        found |= {"images": [address], "cover": {"image": address, "alt": "", "relative": False}}
    if said.math:
        found["math"] = True
    return found


def inert(body: str) -> str:
    """The body, with each shortcode as Hugo writes one that is to be read: ``{{</* name */>}}``, in code, too.

    Hugo reads them before Markdown. One that never ends would stop the build, and a divider within code would vanish: these
    get a character that nobody sees.
    """
    body = _DIVIDER.sub(f"<!--{JOINER}", body)
    out, at = [], 0
    endless: set[str] = set()  # kinds of which no end follows any more
    while opened := _OPENED.search(body, at):
        end = -1 if opened["kind"] in endless else body.find(_ENDS[opened["kind"]], opened.end())
        out.append(body[at : opened.start()])
        if end < 0:
            endless.add(opened["kind"])
            out.append(f"{{{JOINER}{{{opened['kind']}")
            at = opened.end()
        else:
            inner = body[opened.end() : end]
            out.append(f"{opened[0]}/*{inner}*/{_ENDS[opened['kind']]}")
            at = end + 3
    return "".join([*out, body[at:]])
