"""Jekyll and fastpages: what their own build does with Liquid, done here, as far as it is known what it does.

The rest is shown as a line that leads to the original. What is left of Liquid afterwards is text, and made inert at the end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .masking import BRACE, fence

if TYPE_CHECKING:
    from .work import Work

_RAW = re.compile(r"\{%-?\s*raw\b.*?%\}(.*?)\{%-?\s*endraw\b.*?%\}", re.S)
_HIGHLIGHT = re.compile(
    r"^([ \t]*)\{%-?\s*highlight\s+([\w+#-]+).*?%\}[ \t]*\n?(.*?)\n?[ \t]*\{%-?\s*endhighlight\s*-?%\}", re.S | re.M
)
_COMMENT = re.compile(r"\{%-?\s*comment\s*-?%\}(.*?)\{%-?\s*endcomment\s*-?%\}", re.S)
_SITE = re.compile(r"\{\{-?\s*(?:site\.(?:baseurl|url)|page\.baseurl)\s*-?\}\}")
_FILTERED = re.compile(r"\{\{-?\s*(['\"])(.*?)\1\s*\|\s*(?:relative_url|absolute_url|prepend:\s*site\.\w+)[^}]*-?\}\}")
_LINK = re.compile(r"\{%-?\s*(?:link|post_url)\s+(\S+)\s*-?%\}")
_INCLUDE = re.compile(r"\{%-?\s*include\s+([\w./-]+)(.*?)-?%\}", re.S)
_GIST = re.compile(r"\{%-?\s*gist\s+(\S+).*?-?%\}")
_LEFT = re.compile(r"\{%-?\s*(\w+).{0,2000}?-?%\}|\{\{.{0,2000}?\}\}", re.S)
_ARGUMENT = re.compile(r"(?<!\S)([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))")
_BOXES = {"alert", "info", "warning", "important", "note", "tip"}


def before(text: str, work: Work) -> str:
    """What Jekyll does before there is any Markdown: raw is unwrapped, also within code, and highlight becomes a fence."""
    if _RAW.search(text):
        work.note("changed", "Liquid's raw tags were taken out: the whole post is raw now.")
        text = _RAW.sub(lambda m: re.sub(r"\{(?=[{%])", BRACE, m[1]), text)
    return _HIGHLIGHT.sub(lambda m: "\n" + m[1] + fence(m[3], m[2].lower(), m[1]) + "\n", text)


def translate(text: str, work: Work) -> str:
    """Liquid outside code."""
    text = _COMMENT.sub(lambda m: work.dropped("a comment", m[1]), text)
    text = _SITE.sub("", text)
    text = _FILTERED.sub(lambda m: m[2], text)
    text = _LINK.sub(lambda m: work.of_file(m[1]), text)
    text = _GIST.sub(lambda m: f"[gist {m[1]}](https://gist.github.com/{m[1].strip(chr(34))})", text)
    text = _INCLUDE.sub(lambda m: _include(m[1], m[2], work), text)
    text = re.sub(r"\{%-?\s*(?:jupyter_)?(?:toc|tableofcontents)\s*-?%\}", "", text)
    return _LEFT.sub(lambda m: work.original(f"“{m[0][:300]}”"), text)


def _include(name: str, rest: str, work: Work) -> str:
    said = {key: first or second or third for key, first, second, third in _ARGUMENT.findall(rest)}
    kind = re.sub(r"\.\w+$", "", name.rsplit("/", 1)[-1]).lower()
    if kind in _BOXES and (words := said.get("text", said.get("content"))):
        return f"\n\n> **{kind.capitalize()}:** {words}\n\n"
    if kind in {"youtube", "youtubeplayer", "video"} and (
        where := said.get("content") or said.get("id") or said.get("url")
    ):
        return f"[Watch the video]({where if '//' in where else 'https://youtu.be/' + where})"
    if kind in {"image", "figure", "img", "screenshot"} and (
        where := said.get("url") or said.get("src") or said.get("file") or said.get("image_path")
    ):
        caption = said.get("caption") or said.get("description") or ""
        words = f"![{said.get('alt') or caption}]({where})"
        return words + (f"\n\n*{caption}*" if caption and caption != said.get("alt") else "")
    if kind in {"toc", "tableofcontents"}:
        return ""
    return work.original(f"“{name}” ({' '.join(said.values())[:500]})" if said else f"“{name}”")
