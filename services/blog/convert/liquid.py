"""Jekyll and fastpages: what their own build does with Liquid, done here, as far as it is known what it does.

The rest is shown as a line that leads to the original. What is left of Liquid afterwards is text, and made inert at the end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .masking import BRACE, clean, fence
from .pairs import swapped
from .tags import pictures

if TYPE_CHECKING:
    from .work import Work

# What begins, and how it ends; between ``{%`` and ``%}`` there are so many characters at most.
_IN_TAG = r"(?:.{0,300}?)"
_RAW, _RAW_ENDS = re.compile(rf"\{{%-?\s*raw\b{_IN_TAG}%\}}", re.S), rf"(?s)\{{%-?\s*endraw\b{_IN_TAG}%\}}"
_HIGHLIGHT = re.compile(rf"^([ \t]*)\{{%-?\s*highlight\s+([\w+#-]+){_IN_TAG}%\}}[ \t]*\n?", re.S | re.M)
_HIGHLIGHT_ENDS = r"\{%-?\s*endhighlight\s*-?%\}"
_COMMENT, _COMMENT_ENDS = re.compile(r"\{%-?\s*comment\s*-?%\}"), r"\{%-?\s*endcomment\s*-?%\}"
_SITE = re.compile(r"\{\{-?\s*(?:site\.(?:baseurl|url)|page\.baseurl)\s*-?\}\}")
_FILTERED = re.compile(
    r"\{\{-?\s*(['\"])([^{}\n]{0,2000}?)\1\s*+\|\s*+(?:relative_url|absolute_url|prepend:\s*site\.\w+)[^{}]{0,300}?-?\}\}"
)
_PAGE = re.compile(
    r"\{\{-?\s*page\.([\w.-]{1,80}?)\s*+(?:\|\s*+(?:relative_url|absolute_url|escape|strip|prepend:\s*site\.\w+)\s*+){0,3}-?\}\}"
)
_LINK = re.compile(r"\{%-?\s*(?:link|post_url)\s+(\S+)\s*-?%\}")
_INCLUDE = re.compile(r"\{%-?\s*include\s+([\w./-]+)")
_GIST = re.compile(rf"\{{%-?\s*gist\s+(\S+){_IN_TAG}-?%\}}")
_LEFT = re.compile(r"\{%-?\s*\w+|\{\{")
_LONGEST = 2000  # what else is read as one tag of Liquid
_ARGUMENT = re.compile(r"(?<!\S)([\w-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|(\S+))")
_BOXES = {"alert", "info", "warning", "important", "note", "tip"}


def before(text: str, work: Work) -> str:
    """What Jekyll does before there is any Markdown: raw is unwrapped, also within code, and highlight becomes a fence."""
    if "{%" not in text:
        return text
    bare = swapped(text, _RAW, lambda _: _RAW_ENDS, lambda _, inner, _end: re.sub(r"\{(?=[{%])", BRACE, inner))
    if bare != text:
        work.note("changed", "Liquid's raw tags were taken out: the whole post is raw now.")
    return swapped(bare, _HIGHLIGHT, lambda _: _HIGHLIGHT_ENDS, _highlighted)


def _highlighted(tag: re.Match[str], code: str, _end: str) -> str:
    return "\n" + tag[1] + fence(code.rstrip(" \t").removesuffix("\n"), tag[2].lower(), tag[1]) + "\n"


def translate(text: str, work: Work) -> str:
    """Liquid outside code."""
    if "{{" not in text and "{%" not in text:
        return text
    text = swapped(text, _COMMENT, lambda _: _COMMENT_ENDS, lambda _, inner, _end: work.dropped("a comment", inner))
    text = _SITE.sub("", text)
    text = _FILTERED.sub(lambda m: m[2], text)
    text = _PAGE.sub(lambda m: _of_page(m, work), text)
    text = _LINK.sub(lambda m: work.of_file(m[1]), text)
    text = _GIST.sub(lambda m: f"[gist {m[1]}](https://gist.github.com/{m[1].strip(chr(34))})", text)
    text = swapped(text, _INCLUDE, lambda _: r"-?%\}", lambda tag, rest, _: _include(tag[1], rest, work))
    text = pictures(text, work)
    text = re.sub(r"\{%-?\s*(?:jupyter_)?(?:toc|tableofcontents)\s*-?%\}", "", text)
    return swapped(
        text,
        _LEFT,
        lambda tag: r"\}\}" if tag[0] == "{{" else r"-?%\}",
        lambda tag, rest, end: work.original(f"“{(tag[0] + rest + end)[:300]}”", _in_front(tag)),
        _LONGEST,
    )


def _of_page(said: re.Match[str], work: Work) -> str:
    """What the front matter says, where it is one line of text; else as it was."""
    value: Any = work.data
    for key in said[1].lower().split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return clean(value) if isinstance(value, str) and "\n" not in value and value.strip() else said[0]


def _in_front(tag: re.Match[str]) -> str:
    """What stands in front of a tag, as far as it matters."""
    return tag.string[max(0, tag.start() - 400) : tag.start()]


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
        parts = where.split(",")
        several = len(parts) > 1 and all(re.search(r"\.\w{3,4}\s*\Z", part) for part in parts)
        alt = said.get("alt") or caption
        words = "\n\n".join(f"![{alt}]({part.strip()})" for part in (parts if several else [where]))
        return words + (f"\n\n*{caption}*" if caption and caption != said.get("alt") else "")
    if kind in {"toc", "tableofcontents"}:
        return ""
    return work.original(f"“{name}” ({' '.join(said.values())[:500]})" if said else f"“{name}”")
