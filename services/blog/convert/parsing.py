"""Where the blocks of a text are: markdown-it says it, by the line maps of its tokens, of whatever is not plain prose.

Parsing is most of what a conversion costs, and most of a post is paragraphs whose lines begin with a letter, headings, and
fences at the margin. These are found here. The rest goes to markdown-it in parts: a blank line with something at the margin
behind it ends every list, quote, table and paragraph, so parts can be read alone, and one that a step left as it was is not
read again. Only a fence or a tag that is still open there goes on: then the part is made longer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from markdown_it import MarkdownIt

_PARSER = MarkdownIt("commonmark").enable("table")
_PARSER.disable(["inline", "text_join"])

# A line at the margin that begins so can be nothing but words: no list, quote, rule, heading, table, tag, fence or reference.
_BEGINS = r"(?:[^\s#>+*=_~`<|:\d\[-]|:::|\*{1,2}(?=\w)|\d++(?![.)])|\[[^\[\]\\\n]*+\]\()"
_WORDS = rf"{_BEGINS}[^\n]*+(?:\n|\Z)"
# What can be told without a parser, behind blank lines: words, a heading, a quote of nothing but words, what opens a fence.
_NEXT = re.compile(
    r"(?:[ \t]*+\n)*+(?:"
    rf"((?:{_WORDS})++(?=[ \t]*+(?:\n|\Z))|#{{1,6}}(?:[ \t][^\n]*+)?(?:\n|\Z))"
    rf"|((?:>(?: ?{_WORDS}|[ \t]*+(?:\n|\Z)))++(?=[ \t]*+(?:\n|\Z)))"
    r"|(`{3,}+(?=[^`\n]*+(?:\n|\Z))|~{3,}+)([^\n]*+)(?:\n|\Z)"
    r")?+"
)
_TEXT, _QUOTE, _FENCE, _INFO = 1, 2, 3, 4
_MARGIN = re.compile(r"[^ \t\n][ \t]*+\n(?:[ \t]*+\n)++(?=\S)")
_SHORT = 4000  # characters of a part; longer ones are remembered for a moment only


class Code(NamedTuple):
    """What is in a fence, or in indented code: ``markup`` is the fence's marks."""

    info: str
    markup: str
    content: str


class Block(NamedTuple):
    """Some lines of a text: ``fence``, ``code`` (indented), ``html``, ``row`` (of a table), ``text``, or ``rest``."""

    kind: str
    text: str
    code: Code | None = None


class Span(NamedTuple):
    """Where a block is: its first line, and the one behind its last."""

    kind: str
    first: int
    last: int
    code: Code | None = None


class Parsed(NamedTuple):
    """The blocks of a text in order, the lines where its tables begin, and whether its last block may go on behind it."""

    spans: tuple[Span, ...]
    tables: tuple[int, ...] = ()
    is_open: bool = False


def blocks(text: str) -> list[Block]:
    """The text as blocks, none left out: joined by newlines they are the text again."""
    lines = text.split("\n")
    found: list[Block] = []
    at, end = 0, len(lines)
    for kind, first, last, code in parsed(text).spans:
        if first < at:
            continue
        last = last if last < end else end
        if first > at:
            found.append(Block("rest", lines[at] if first == at + 1 else "\n".join(lines[at:first])))
        if last > first:
            found.append(Block(kind, lines[first] if last == first + 1 else "\n".join(lines[first:last]), code))
            at = last
        elif first > at:
            at = first
    if at < end:
        found.append(Block("rest", "\n".join(lines[at:])))
    return found


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
        found = _NEXT.match(text, at)
        assert found is not None  # it may be empty
        kind = found.lastindex
        at, start = (found.end(), found.start(kind if kind != _INFO else _FENCE)) if kind else (found.end(),) * 2
        line += text.count("\n", found.start(), start)
        if kind is None:
            if at < len(text):
                at, held = _part(text, start)
                spans += [Span(one.kind, line + one.first, line + one.last, one.code) for one in held.spans]
                tables += [line + first for first in held.tables]
            last = line + text.count("\n", start, at)
        elif kind == _INFO:
            code, at = _fenced(text, found)
            last = line + _lines(text, start, at)
            spans.append(Span("fence", line, last, code))
        else:
            last = line + _lines(text, start, at)
            spans += (Span("text", line, last),) if kind == _TEXT else _quoted(found[_QUOTE], line)
        line = last
    return Parsed(tuple(spans), tuple(tables))


def _lines(text: str, start: int, end: int) -> int:
    return text.count("\n", start, end) + (text[end - 1] != "\n")


def _quoted(quote: str, line: int) -> Iterator[Span]:
    """The paragraphs of a quote of nothing but words."""
    begun = line
    for at, said in enumerate((*quote.removesuffix("\n").split("\n"), ">"), line):
        if said[1:].strip(" \t"):
            continue
        if at > begun:
            yield Span("text", begun, at)
        begun = at + 1


def _fenced(text: str, opened: re.Match[str]) -> tuple[Code, int]:
    """A fence at the margin: its code, and where in the text it ends."""
    marks = opened[_FENCE]
    close = re.compile(rf"^ {{0,3}}{marks[0]}{{{len(marks)},}}+[ \t]*+(?:\n|\Z)", re.M).search(text, opened.end())
    end = close.end() if close else len(text)
    return Code(opened[_INFO], marks, text[opened.end() : close.start() if close else end]), end


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
