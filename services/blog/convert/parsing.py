"""Where the blocks of a text are: markdown-it says it, by the line maps of its tokens, of whatever is not plain prose.

Parsing is most of what a conversion costs, and most of a post is paragraphs whose lines begin with a letter, headings, and
fences at the margin. These are found here. The rest goes to markdown-it in parts: a blank line with something at the margin
behind it ends every list, quote, table and paragraph, so parts can be read alone, and one that a step left as it was is not
read again. Only a fence or a tag that is still open there goes on: then the part is made longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark").enable("table")
_PARSER.disable(["inline", "text_join"])

# A line at the margin that begins so can be nothing but words: no list, quote, rule, heading, table, tag, fence or reference.
_WORDS = r"(?:[^\s#>+*=_~`<|:\d\[-]|:::)[^\n]*+(?:\n|\Z)"
_PROSE = re.compile(rf"(?:{_WORDS})++(?=[ \t]*+(?:\n|\Z))")
_HEADING = re.compile(r"#{1,6}(?:[ \t][^\n]*+)?(?:\n|\Z)")
_FENCE = re.compile(r"(?P<marks>`{3,}+(?=[^`\n]*+(?:\n|\Z))|~{3,}+)(?P<info>[^\n]*+)(?:\n|\Z)")
_BLANK = re.compile(r"[ \t]*+\n")
_MARGIN = re.compile(r"[^ \t\n][ \t]*+\n(?:[ \t]*+\n)++(?=\S)")
_SHORT = 4000  # characters of a part; longer ones are remembered for a moment only


@dataclass(frozen=True)
class Code:
    """What is in a fence, or in indented code: ``markup`` is the fence's marks."""

    info: str
    markup: str
    content: str


@dataclass(frozen=True)
class Block:
    """Some lines of a text: ``fence``, ``code`` (indented), ``html``, ``row`` (of a table), ``text``, or ``rest``."""

    kind: str
    text: str
    code: Code | None = None


@dataclass(frozen=True)
class Span:
    """Where a block is: its first line, and the one behind its last."""

    kind: str
    first: int
    last: int
    code: Code | None = None


@dataclass(frozen=True)
class Parsed:
    """The blocks of a text in order, the lines where its tables begin, and whether its last block may go on behind it."""

    spans: tuple[Span, ...]
    tables: tuple[int, ...] = ()
    is_open: bool = False


def blocks(text: str) -> Iterator[Block]:
    """The text as blocks, none left out: joined by newlines they are the text again."""
    lines = text.split("\n")
    at = 0
    for span in parsed(text).spans:
        if span.first < at:
            continue
        last = min(span.last, len(lines))
        if span.first > at:
            yield Block("rest", "\n".join(lines[at : span.first]))
        if last > span.first:
            yield Block(span.kind, "\n".join(lines[span.first : last]), span.code)
        at = max(at, last)
    if at < len(lines):
        yield Block("rest", "\n".join(lines[at:]))


def tables(text: str) -> tuple[int, ...]:
    """The lines in which tables begin."""
    return parsed(text).tables if "|" in text else ()


@lru_cache(maxsize=4)
def parsed(text: str) -> Parsed:
    """What CommonMark (with tables) makes of a text whose lines end in \\n."""
    spans: list[Span] = []
    tables: list[int] = []
    at = line = 0
    if not text[(end := text.rfind("\n") + 1) :].strip(" \t"):  # a last line of blanks is none
        text = text[:end]
    while at < len(text):
        if blank := _BLANK.match(text, at):
            at, line = blank.end(), line + 1
        elif words := _PROSE.match(text, at) or _HEADING.match(text, at):
            last = line + _lines(words[0])
            spans.append(Span("text", line, last))
            at, line = words.end(), last
        elif opened := _FENCE.match(text, at):
            code, at, last = _fenced(text, opened, line)
            spans.append(Span("fence", line, last, code))
            line = last
        else:
            end, found = _part(text, at)
            spans += (Span(one.kind, line + one.first, line + one.last, one.code) for one in found.spans)
            tables += (line + first for first in found.tables)
            line += text.count("\n", at, end)
            at = end
    return Parsed(tuple(spans), tuple(tables))


def _lines(text: str) -> int:
    return text.count("\n") + (not text.endswith("\n"))


def _fenced(text: str, opened: re.Match[str], line: int) -> tuple[Code, int, int]:
    """A fence at the margin: its code, where in the text it ends, and the line behind it."""
    marks = opened["marks"]
    close = re.compile(rf"^ {{0,3}}{marks[0]}{{{len(marks)},}}+[ \t]*+(?:\n|\Z)", re.M).search(text, opened.end())
    end = close.end() if close else len(text)
    code = Code(opened["info"], marks, text[opened.end() : close.start() if close else end])
    return code, end, line + _lines(text[opened.start() : end])


def _part(text: str, at: int) -> tuple[int, Parsed]:
    """Where what begins here ends, and what is in it."""
    least = at
    while True:
        margin = _MARGIN.search(text, least)
        end = margin.end() if margin else len(text)
        part = text[at:end]
        found = (_short if len(part) < _SHORT else _long)(part)
        if margin is None or not found.is_open:
            return end, found
        least = min(end + (end - at), len(text))  # twice as much, so that what never ends is read a few times only


def _read(part: str) -> Parsed:
    """What markdown-it says."""
    spans: list[Span] = []
    tables: list[int] = []
    row = is_open = False
    for token in _PARSER.parse(part):
        row = (row or token.type == "tr_open") and token.type != "tr_close"
        if token.map is None:
            continue
        first, last = token.map
        match token.type:
            case "fence":
                spans.append(Span("fence", first, last, Code(token.info, token.markup, token.content)))
            case "code_block":
                spans.append(Span("code", first, last, Code(token.info, token.markup, token.content)))
            case "html_block":
                spans.append(Span("html", first, last))
            case "inline":
                spans.append(Span("row" if row else "text", first, last))
            case "table_open":
                tables.append(first)
            case _:
                continue
        is_open = token.level == 0 and token.type in {"fence", "html_block"} and last >= part.count("\n")
    return Parsed(tuple(spans), tuple(tables), is_open)


_short = lru_cache(maxsize=512)(_read)
_long = lru_cache(maxsize=4)(_read)
