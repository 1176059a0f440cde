"""HTML as Markdown, for a target that leaves raw HTML out: Hugo does, without a word, unless its settings say otherwise.

What arrives here went through ``html``: known tags, each with its other half, every other ``<`` written as an entity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from .jekyll import literal
from .masking import clean, fence, language
from .parsing import blocks
from .work import Work, safe

_DEEPEST = 40
_VOID = {"br", "hr", "img", "col", "wbr"}
_INLINE = {
    "a", "abbr", "b", "bdi", "bdo", "big", "br", "cite", "code", "del", "dfn", "em", "font", "i", "img", "ins", "kbd", "mark", "q", "rp",
    "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
}  # fmt: skip
_AROUND = {"b": "**", "strong": "**", "i": "*", "em": "*", "cite": "*", "dfn": "*", "var": "*"}
_AROUND |= {"del": "~~", "s": "~~", "strike": "~~"}
_CODE = {"code", "kbd", "samp", "tt"}
_SMALL = {
    "sup": str.maketrans("0123456789+-=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ"),
    "sub": str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎"),
}
_PAIR = re.compile(r"<(?P<name>[a-z0-9]+)(?P<rest>[^<>]*)>(?P<inner>[^<>]*)</(?P=name)>")
_TAG = re.compile(r"<(?P<shut>/?)(?P<name>[a-z][a-z0-9]*)(?P<rest>[^<>]*)>")
_ATTRIBUTE = re.compile(r"([\w-]+)=\"([^\"]*)\"")
_PREFIX = re.compile(r"[ \t>]*(?:(?:[-*+]|\d+[.)])[ \t]+)?")
NOTE = "HTML was written as Markdown, which has no styles: the program's blog shows no HTML within posts."


def translate(text: str, work: Work) -> str:
    """The text without a tag, its words all there."""
    if not _TAG.search(text):
        return text
    work.note("changed", NOTE)
    out = []
    for block in blocks(text):
        if block.kind == "html":
            out.append(_block(block.text, work))
        elif block.kind in {"fence", "code"} or "<" not in block.text:
            out.append(block.text)
        else:
            out.append(_line(block.text, work, block.kind == "row"))
    return "\n".join(out)


# Within a line


def _line(text: str, work: Work, in_row: bool = False) -> str:
    """Text with its tags as marks, from the inside out."""
    for _ in range(_DEEPEST):
        text, count = _PAIR.subn(lambda m: _made(m["name"], _said(m["rest"], work), m["inner"], work), text)
        if not count:
            break
    return _TAG.sub(lambda m: _lone(m, work, in_row), text)


def _lone(match: re.Match[str], work: Work, in_row: bool) -> str:
    name = match["name"]
    if match["shut"]:
        return ""
    if name == "img":
        return _image(_said(match["rest"], work), work)
    if name == "br":
        return " " if in_row else "\\\n"
    return "" if name in _INLINE else "\n\n"


def _said(rest: str, work: Work) -> dict[str, str]:
    return {key: unescape(work.mask.show(value)) for key, value in _ATTRIBUTE.findall(rest)}


def _made(name: str, said: dict[str, str], inner: str, work: Work) -> str:
    """What a tag that holds these words becomes; blanks go out of it, for marks stand right beside words."""
    words = inner.strip()
    before, after = (inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]) if words else ("", inner)
    if not words:
        return inner
    if name in _AROUND:
        words = f"{_AROUND[name]}{words}{_AROUND[name]}" if "\n\n" not in words else words
    elif name in _CODE:
        code = clean(unescape(work.mask.show(words)))
        words = work.mask.hide(f"`{code}`") if "`" not in code and "\n" not in code else words
    elif name == "a" and said.get("href"):
        words = f"[{words}]({work.mask.hide(safe(said['href']))})"
    elif name == "q":
        words = f"“{words}”"
    elif name in _SMALL:
        small = words.translate(_SMALL[name])
        if not set(small) & set(words):
            return before + small + after
        work.note("changed", f"Written on the line: <{name}>{words}</{name}>")
        words = f"{'^' if name == 'sup' else '_'}({words})" if re.fullmatch(r"[\w+-]+", words) else words
    elif name not in _INLINE:
        return f"\n\n{words}\n\n"
    return before + words + after


def _image(said: dict[str, str], work: Work) -> str:
    address = safe(said.get("src", ""))
    if not address or address == "#":
        return said.get("alt", "")
    return f"![{literal(said.get('alt', ''))}]({work.mask.hide(address)})"


# Blocks


@dataclass
class _Node:
    name: str
    said: dict[str, str] = field(default_factory=dict)
    inner: list[_Node | str] = field(default_factory=list)

    def find(self, *names: str) -> Iterator[_Node]:
        """What of these names is in it, but for what is in a table within."""
        for one in self.inner:
            if isinstance(one, _Node):
                if one.name in names:
                    yield one
                elif one.name != "table":
                    yield from one.find(*names)


class _Reader(HTMLParser):
    def __init__(self, work: Work) -> None:
        super().__init__(convert_charrefs=False)
        self.work = work
        self.root = _Node("div")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {key: unescape(self.work.mask.show(value or "")) for key, value in attrs})
        self.open[-1].inner.append(node)
        if tag not in _VOID and len(self.open) < _DEEPEST:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag in [node.name for node in self.open[1:]]:
            while self.open.pop().name != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.open[-1].inner.append(data)

    def handle_entityref(self, name: str) -> None:
        self.open[-1].inner.append(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.open[-1].inner.append(f"&#{name};")


def _block(text: str, work: Work) -> str:
    """A block of HTML as blocks of Markdown, as far in (list, quote) as it was."""
    first = text.split("\n", 1)[0]
    found = _PREFIX.match(first)
    prefix = found[0] if found else ""
    inner = re.sub(r"(?m)^[ \t]*(?:>[ \t]?)*", "", text[len(prefix) :]) if ">" in prefix else text[len(prefix) :]
    reader = _Reader(work)
    reader.feed(inner)
    reader.close()
    made = "\n\n".join(_blocks(reader.root, work))
    if not prefix.strip():
        return f"\n{made}\n" if made else ""
    rest = re.sub(r"[^>\s]", " ", prefix)
    return prefix + "\n".join((rest + line).rstrip() for line in made.split("\n"))[len(rest) :]


def _blocks(node: _Node, work: Work) -> list[str]:
    out: list[str] = []
    run: list[str] = []

    def flush() -> None:
        words = _words("".join(run))
        run.clear()
        if words:
            out.append(words)

    for one in node.inner:
        if isinstance(one, str):
            run.append(one)
        elif one.name in _INLINE and not any(True for _ in one.find(*_BLOCKS)):
            run.append(_inline(one, work))
        else:
            flush()
            out += _of(one, work)
    flush()
    return out


_BLOCKS = (
    "p",
    "div",
    "ul",
    "ol",
    "li",
    "table",
    "pre",
    "blockquote",
    "figure",
    "section",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
)


def _words(text: str) -> str:
    """Words in lines that begin at the margin."""
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def _inline(node: _Node, work: Work) -> str:
    if node.name == "img":
        return _image(node.said, work)
    if node.name == "br":
        return "\\\n"
    return _made(node.name, node.said, _flat(node, work), work)


def _flat(node: _Node, work: Work) -> str:
    """All that is in a node, as one run of words."""
    return "".join(
        one if isinstance(one, str) else _inline(one, work) if one.name in _INLINE else f" {_flat(one, work)} "
        for one in node.inner
    )


def _cell(node: _Node, work: Work) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(_flat(node, work).replace("\\\n", " ").split()))


def _of(node: _Node, work: Work) -> list[str]:
    """A block's blocks."""
    name = node.name
    if name == "pre":
        code = next(node.find("code"), node)
        words = clean(unescape(work.mask.show(_text(node)))).strip("\n")
        return [work.mask.hide(fence(words, language(code.said.get("class", "").removeprefix("language-"))))]
    if name in {"ul", "ol"}:
        return [_list(node, work)]
    if name == "table":
        return _table(node, work)
    if name == "hr":
        return ["* * *"]
    inner: list[str] = _blocks(node, work)
    if name == "blockquote":
        return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(inner).split("\n"))] if inner else []
    if name == "li":
        return ["\n".join(_hung("- ", inner))] if inner else []
    if len(inner) == 1 and "\n" not in inner[0]:
        if re.fullmatch("h[1-6]", name):
            return [f"{'#' * int(name[1])} {inner[0]}"]
        if name in {"summary", "dt", "caption", "legend"} and "**" not in inner[0]:
            return [f"**{inner[0]}**"]
    return inner


def _text(node: _Node) -> str:
    return "".join(one if isinstance(one, str) else "\n" if one.name == "br" else _text(one) for one in node.inner)


def _list(node: _Node, work: Work) -> str:
    lines: list[str] = []
    number = int(node.said["start"]) if re.fullmatch(r"\d{1,9}", node.said.get("start", "")) else 1
    for one in node.inner:
        held = one if isinstance(one, _Node) and one.name == "li" else _Node("li", {}, [one])
        if inner := _blocks(held, work):
            lines += _hung(f"{number}. " if node.name == "ol" else "- ", inner)
            number += 1
    return "\n".join(lines)


def _hung(mark: str, inner: list[str]) -> list[str]:
    first, *rest = "\n\n".join(inner).split("\n")
    return [mark + first, *((" " * len(mark) + line).rstrip() for line in rest)]


_CELLS_MOST = 20_000


def _table(node: _Node, work: Work) -> list[str]:
    out = [words for one in node.find("caption") for words in _of(one, work)]
    out += [words for one in _stray(node) if (words := _words(one))]
    rows = [[_cell(cell, work) for cell in row.find("td", "th")] for row in node.find("tr")]
    rows = [row for row in rows if row]
    if not rows:
        return out
    width = max(map(len, rows))
    if width * len(rows) > _CELLS_MOST:  # as a table it would be as large, most of it empty
        return [*out, *(" · ".join(filter(None, row)) for row in rows)]
    if not any(True for _ in next(node.find("tr")).find("th")):
        rows.insert(0, [""] * width)
    rows.insert(1, ["---"] * width)
    shown = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
    return [*out, "\n".join(shown)]


def _stray(node: _Node) -> Iterator[str]:
    """Words of a table that are in no cell: a browser shows them before it."""
    for one in node.inner:
        if isinstance(one, str):
            yield one
        elif one.name in {"thead", "tbody", "tfoot", "tr"}:
            yield from _stray(one)
