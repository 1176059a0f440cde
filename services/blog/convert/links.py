"""Links and images of Markdown: destinations replaced and put aside, titles kept, everything around them untouched."""

from __future__ import annotations

import re

from .masking import OPEN
from .work import Work

_PARENS = r"\([^\s()]*\)"
for _ in range(6):  # so deep may brackets stand in an address
    _PARENS = rf"\((?:[^\s()]|{_PARENS})*\)"
_DESTINATION = rf"(?P<to><[^<>\n]*>|[^\s()<>]*(?:{_PARENS}[^\s()<>]*)*)"
_TITLE = r"(?P<title>\s++(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?"
_ALT = r"(?P<alt>(?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.)*\])*)"
# Blanks are taken as many as there are: that there are thousands of them is found out once.
_BEFORE = r"[ \t]*+\n?[ \t]*+"
_IMAGE = re.compile(rf"!\[{_ALT}\]\({_BEFORE}{_DESTINATION}(?:\s++=\d*x\d*)?+{_TITLE}\s*+\)", re.S)
_SPACED = re.compile(r"!\[(?P<alt>[^\[\]]*)\]\((?P<to>[^()\n\"'<>]*\.(?:png|jpe?g|gif|svg|webp|avif))\)", re.I)
_LINK = re.compile(rf"\](?P<open>\({_BEFORE}){_DESTINATION}{_TITLE}\s*+\)", re.S)
_REFERENCE = re.compile(rf"^(?P<head>[ >]{{0,6}}\[(?!\^)[^\[\]\n]+\]:[ \t]*+){_DESTINATION}{_TITLE}[ \t]*+$", re.M)
_WIKI = re.compile(r"!\[\[([^\[\]|\n]+\.(?:png|jpe?g|gif|svg|webp|avif))(?:\|([^\[\]\n]*))?\]\]", re.I)
_WRAPPED = re.compile(r"(\]\(https?://[^\s()<>]*+)\n(?=[^\s()<>\"']+\))")
_AUTOLINK = re.compile(r"<((?:https?|mailto|ftp):[^\s<>]+|[\w.+-]+@[\w.-]+\.\w+)>", re.I)
# What kramdown might yet read as a link, though it was none here: its brackets are escaped.
_UNREAD = re.compile(rf"\](\((?!{OPEN}))")
_UNREAD_REFERENCE = re.compile(rf"^([ >]{{0,6}})\[(?=(?!\^)[^\[\]\n]+\]:(?![ \t]*{OPEN}))", re.M)
_PICTURE = re.compile(r"\.(png|jpe?g|gif|svg|webp|avif|bmp)([?#].*)?$", re.I)


def translate(text: str, work: Work) -> str:
    """All destinations absolute, images copied."""
    if work.source.dialect in {
        "jekyll",
        "fastpages",
    }:  # kramdown takes an address that goes on in the next line for one
        text = _WRAPPED.sub(r"\1", text)
    if "![" in text:
        text = _WIKI.sub(lambda m: f"![{m[2] or ''}]({m[1].replace(' ', '%20')})", text)
        text = _SPACED.sub(lambda m: f"![{m['alt']}]({work.mask.hide(work.image(m['to']))})", text)
        text = _IMAGE.sub(lambda m: _shown(m, work), text)
    text = _LINK.sub(lambda m: f"]({_hidden(m['to'], work, False)}{_titled(m, work)})", text)
    if "]:" in text:
        text = _REFERENCE.sub(lambda m: _referred(m, work), text)
        text = _UNREAD_REFERENCE.sub(r"\1\\[", text)
    text = _UNREAD.sub(r"]\\(", text)
    return _AUTOLINK.sub(lambda m: work.mask.hide(m[0].replace("{", "%7B").replace("}", "%7D")), text)


def _shown(match: re.Match[str], work: Work) -> str:
    """An image; its words where it cannot be had, for a browser would show it as broken."""
    to = _hidden(match["to"], work, True)
    if work.mask.show(to) == "#":
        return f"*{match['alt'].strip()}*" if match["alt"].strip() else ""
    return f"![{match['alt']}]({to}{_titled(match, work)})"


def _referred(match: re.Match[str], work: Work) -> str:
    to = _hidden(match["to"], work, bool(_PICTURE.search(match["to"].strip("<>"))))
    return f"{match['head']}{to}{_titled(match, work)}"


def _titled(match: re.Match[str], work: Work) -> str:
    """A link's title, in plain double quotes."""
    if not match["title"]:
        return ""
    words = match["title"].strip()[1:-1].replace('\\"', '"').replace("\n", " ")
    return " " + work.mask.hide('"' + words.replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;") + '"')


def _hidden(to: str, work: Work, image: bool) -> str:
    if to.startswith(OPEN):
        return to
    to = work.mask.show(to.strip().removeprefix("<").removesuffix(">"))
    return work.mask.hide(work.image(to) if image else work.link(to))
