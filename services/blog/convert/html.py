"""HTML within Markdown, tag by tag: known tags stay with known attributes, what runs or embeds goes, every other ``<`` is text.

No sanitizer is run over the Markdown: it would take ``a < b`` and code for HTML. Code, math and link addresses are aside
already, so that what looks like a tag here is one.
"""

from __future__ import annotations

import re
from html import escape, unescape

from .masking import CLOSE, OPEN
from .pairs import swapped
from .parsing import blocks
from .work import Work

_VOID = {"br", "hr", "img", "col", "wbr"}
_BLOCK = {
    "address", "article", "aside", "blockquote", "center", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "footer", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "ul", "caption", "colgroup", "col",
}  # fmt: skip
_PANDOC = {"div", "section", "details", "center", "aside", "article", "blockquote", "td", "th"}
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "mark", "q", "rp",
    "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
_CODE = {"code", "kbd", "pre", "samp", "tt", "var"}
_ATTRIBUTES = {
    "align", "alt", "border", "cellpadding", "cellspacing", "cite", "class", "color", "colspan", "datetime", "dir", "height", "href",
    "id", "lang", "loading", "markdown", "name", "open", "reversed", "rowspan", "scope", "size", "span", "src", "start", "title",
    "valign", "value", "width",
}  # fmt: skip
_SILENT = {"style", "target", "rel", "frameborder", "allowfullscreen", "bgcolor", "decoding", "srcset", "sizes"}
_RUNS = "script|style|svg|object|applet|canvas|noscript|template|select|textarea|audio|video|picture|noembed|noframes|xmp|math"
_ELEMENT = re.compile(rf"<({_RUNS})\b([^<>]*)>", re.I)
_FRAME = re.compile(r"<iframe\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?)/?>", re.I)
_COMMENT = re.compile(r"<!--")
_PART = r"[A-Za-z_:@][\w:.@-]*+(?:\s*+=\s*+(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]++))?+"
# Possessive throughout: a long word that ends in no tag is looked at once, not in every way to cut it.
_TAG = re.compile(
    rf"<(?P<shut>/?)(?P<name>[A-Za-z][A-Za-z0-9:-]*+)(?P<rest>(?:[\s/]++(?:{_PART})?+|(?<=[\"']){_PART})*+)>"
)
_ATTRIBUTE = re.compile(r"([A-Za-z_:@][\w:.@-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+)))?")


def translate(text: str, work: Work) -> str:
    """The text with only tags that show something."""
    if "<" not in text:
        return text
    text = swapped(text, _COMMENT, lambda _: "-->", lambda _tag, inner, _end: _comment(inner, work))
    text = swapped(text, _FRAME, lambda _: r"(?i)</iframe\s*>", lambda tag, inner, _: _frame(tag[1], inner, work))
    text = _FRAME.sub(lambda tag: _frame(tag[1], "", work), text)
    for _ in range(4):
        before = text
        text = swapped(
            text,
            _ELEMENT,
            lambda tag: rf"(?i)</{tag[1].lower()}\s*>",
            lambda tag, inner, _: _element(tag[1].lower(), tag[2], inner, work),
        )
        if text == before:
            break
    keep = _paired(text)
    native = work.source.dialect in {"jekyll", "fastpages"}
    open_ended = _open_ended(text, work) if work.target.kramdown and not native else set()
    out, at = [], 0
    for match in _TAG.finditer(text):
        out += [text[at : match.start()].replace("<", "&lt;"), _tag(match, keep, open_ended, work)]
        at = match.end()
    text = "".join([*out, text[at:].replace("<", "&lt;")])
    return _code_within(text, work) if work.target.html else text


_TAG_OR_MARK = re.compile(rf"<(?P<shut>/?)(?P<name>[a-z0-9]+)(?P<rest>[^<>]*)>|{OPEN}(?P<mark>\d+){CLOSE}")


def _code_within(text: str, work: Work) -> str:
    """The text; code within tags will be HTML, where kramdown sees no fence and no backtick, but would see what is between."""
    open_tags: list[tuple[str, bool]] = []
    raw = 0  # of them, in how many kramdown sees no Markdown
    for match in _TAG_OR_MARK.finditer(text):
        name = match["name"]
        if name is None:
            if raw:
                work.mask.tag(int(match["mark"]))
        elif match["shut"]:
            while open_tags:
                other, was_raw = open_tags.pop()
                raw -= was_raw
                if other == name:
                    break
        elif name not in _VOID:
            read = 'markdown="1"' in match["rest"]
            open_tags.append((name, name in _CODE or (name in _BLOCK and not read)))
            raw += open_tags[-1][1]
    return text


def _comment(inner: str, work: Work) -> str:
    return (
        ""
        if re.fullmatch(r"\s*(more|truncate|excerpt|end ?excerpt|toc|summary)\s*", inner, re.I)
        else work.dropped("a comment", inner)
    )


def _said(rest: str, work: Work) -> dict[str, str]:
    return {key.lower(): unescape(work.mask.show(a or b or c)) for key, a, b, c in _ATTRIBUTE.findall(rest)}


def _frame(rest: str, inner: str, work: Work) -> str:
    work.dropped("what was in <iframe>", inner)
    where = _said(rest, work).get("src", "")
    where = re.sub(
        r"^(?:https?:)?//(?:www\.)?youtube(?:-nocookie)?\.com/embed/([\w-]+).*", r"https://youtu.be/\1", where
    )
    link = work.link(where) if where else "#"
    if link == "#":
        return work.original("a frame")
    work.note("changed", f"An embedded page became a link: {link}")
    return anchor(f"See it on {link.split('/')[2] if '//' in link else 'its own page'}", link)


def anchor(words: str, link: str) -> str:
    """A link that is one inside raw HTML, too."""
    return f'<a href="{escape(link)}">{words}</a>'


def _element(name: str, rest: str, inner: str, work: Work) -> str:
    if name in {"script", "style"}:
        where = _said(rest, work).get("src", "")
        if "gist.github.com" in where:
            return anchor("See the gist", work.link(where.removesuffix(".js")))
        work.note("dropped", f"Left out <{name}{(' ' + where) if where else ''}>.")
        return work.dropped(f"what was in <{name}>", inner)
    if name in {"noscript", "template", "picture"}:
        if name == "picture":
            return re.sub(r"<source\b[^<>]*>", "", inner, flags=re.I)
        return work.dropped(f"what was in <{name}>", inner)
    if name in {"video", "audio"}:
        where = _said(rest, work).get("src") or next(
            (a or b for a, b in re.findall(r"src=(?:\"([^\"]+)\"|'([^']+)')", inner)), ""
        )
        if where and (link := work.link(where)) != "#":
            work.dropped(f"what was in <{name}>", re.sub(r"<[^<>]*>", " ", inner))
            return anchor(f"Play the {name}", link)
    return work.original(f"<{name}> {re.sub(r'<[^<>]*>', ' ', inner)}")


def _paired(text: str) -> set[int]:
    """Where tags start that have their other half; kramdown takes everything behind a lone one for its inside."""
    keep: set[int] = set()
    stack: list[tuple[str, int]] = []
    for match in _TAG.finditer(text):
        name = match["name"].lower()
        if name in _VOID or name == "image":
            keep.add(match.start())
        elif not match["shut"]:
            if match[0].endswith("/>"):
                continue
            stack.append((name, match.start()))
        elif any(name == other for other, _ in stack[-40:]):
            while stack:
                other, start = stack.pop()
                if other == name:
                    keep |= {start, match.start()}
                    break
    return keep


def _open_ended(text: str, work: Work) -> set[int]:
    """Where block tags start behind which CommonMark, after a blank line, reads Markdown again; pandoc always does."""
    if work.source.dialect == "quarto":
        return {
            match.start() for match in _TAG.finditer(text) if not match["shut"] and match["name"].lower() in _PANDOC
        }
    found, at = set(), 0
    for block in blocks(text):
        if block.kind == "html":
            stack: list[tuple[str, int]] = []
            for match in _TAG.finditer(block.text):
                name = match["name"].lower()
                if name in _VOID:
                    continue
                if not match["shut"]:
                    stack.append((name, at + match.start()))
                elif stack and stack[-1][0] == name:
                    stack.pop()
            found |= {start for name, start in stack if name in _BLOCK}
        at += len(block.text) + 1
    return found


def _tag(match: re.Match[str], keep: set[int], open_ended: set[int], work: Work) -> str:
    name = match["name"].lower()
    name = "img" if name == "image" else name
    if (
        name in {"meta", "link", "base", "input", "embed", "source", "track", "param", "frame"}
        or match.start() not in keep
    ):
        if name not in _BLOCK | _INLINE | {
            "meta",
            "link",
            "base",
            "input",
            "embed",
            "source",
            "track",
            "param",
            "frame",
            "form",
            "button",
            "label",
        } and not _known(name):
            return "&lt;" + match[0][1:].replace("<", "&lt;")
        said = " ".join(_said(match["rest"], work).values())
        work.note("dropped", f"Left out <{match['shut']}{name}>{': ' + said if said else ''}")
        return ""
    if name not in _BLOCK | _INLINE:
        if not _known(name):
            return "&lt;" + match[0][1:]
        work.note("dropped", f"Left out the tags of <{name}>; what they held is here.")
        return ""
    if match["shut"]:
        return f"</{name}>"
    if name == "img" and "src" not in match["rest"].lower():  # words about a tag
        return "&lt;" + match[0][1:]
    said = _attributes(name, match["rest"], work)
    if not work.target.kramdown:
        return f"<{name}{said}{' /' if name in _VOID else ''}>{_reads(name, match['rest'], work)}"
    return f"<{name}{said}{' markdown=' + chr(34) + '1' + chr(34) if match.start() in open_ended else ''}{' /' if name in _VOID else ''}>"


def _reads(name: str, rest: str, work: Work) -> str:
    """The blank line behind which CommonMark reads Markdown within a tag, where the original does."""
    if work.source.dialect == "quarto":
        return "\n\n" if name in _PANDOC - {"td", "th"} else ""
    return "\n\n" if _said(rest, work).get("markdown") in {"1", "block"} else ""


def _known(name: str) -> bool:
    return name in {
        "form", "button", "label", "fieldset", "legend", "option", "html", "body", "head", "title", "marquee", "script", "iframe", "style",
        "svg", "object", "dialog", "video", "audio", "textarea", "select", "noscript", "template", "math", "canvas", "frameset", "bgsound",
    }  # fmt: skip


def _attributes(name: str, rest: str, work: Work) -> str:
    out = []
    for key, value in _said(rest, work).items():
        if key in {"src", "href", "cite"}:
            value = work.image(value) if key == "src" and name == "img" else work.link(value)
        elif key == "data-src" and name == "img":
            key, value = "src", work.image(value)
        elif key not in _ATTRIBUTES:
            work.note(
                "dropped",
                f"Attributes left out: {key}" if key in _SILENT else f"Attributes left out: {key}={value[:200]}",
            )
            continue
        if key == "markdown" and (not work.target.kramdown or value not in {"1", "0", "block", "span"}):
            continue
        out.append(f' {key}="{work.mask.hide(escape(value, quote=True).replace("|", "&#124;"))}"')
    return "".join(out)
