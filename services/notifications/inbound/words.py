"""What somebody wrote, without what must not be passed on: markup, files, and what they quote of our mail to them.

A quoted mail holds links that open its reader's own page. Quotes are cut, and whatever looks like a link of ours, or a
piece of one that a mail program broke in two, is blotted out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from itertools import islice

from shared import config, tokens
from shared.calendar.text import line, paragraphs

from . import reading

MOST = 10_000  # characters that are passed on
_READ = 60_000  # characters that are looked at
_FILES = 20
_QUOTED = re.compile(
    r"^\s*(>|-{2,}\s*(original message|forwarded message|ursprüngliche nachricht|message d'origine)|_{20,}\s*$"
    r"|from:\s.+@|on\s.{5,200}\swrote:\s*$|am\s.{5,200}\sschrieb\s.*:\s*$|le\s.{5,200}\sa écrit\s?:\s*$)",
    re.IGNORECASE,
)
_BROKEN_HEAD = re.compile(r"^\s*(on|am|le)\s.{5,200}$", re.IGNORECASE)
_SECRET = re.compile(r"[\w-]{32,}(?:\.[\w-]+)*", re.ASCII)


@dataclass(frozen=True)
class Said:
    """:param left_out: files, each with its size. :param cut: there was more."""

    text: str
    left_out: list[str]
    cut: bool


def said(mail: Message, cut: bool = False) -> Said:
    """What a mail says, as harmless lines of plain text. :param cut: this is only how it begins."""
    plain, html, files = "", "", []
    for part in islice(reading.parts(mail), reading.PARTS):
        kind, attached = part.get_content_type(), "attachment" in str(part.get("Content-Disposition", ""))[:50].lower()
        if kind == "text/plain" and not attached and len(plain) < _READ:
            plain += reading.text(part)[:_READ] + "\n"
        elif kind == "text/html" and not attached:
            html = html or reading.text(part)[:_READ]
        elif kind != "text/calendar":
            files.append(_name(part) if cut else _file(part))
    whole = plain if plain.strip() else _reduced(html)
    own = _without_quotes(whole)
    own = re.sub(re.escape(config.current().base_url) + r"/\S*", tokens.HIDDEN, own)
    own = paragraphs(_SECRET.sub(tokens.HIDDEN, tokens.hidden(own)), _READ)
    own = re.sub(r"\n{3,}", "\n\n", own)
    more = [f"and {len(files) - _FILES} more"] if len(files) > _FILES else []
    return Said(own[:MOST].rstrip(), [*files[:_FILES], *more], cut or len(own) > MOST)


def _name(part: Message) -> str:
    """A file's name, or what it is, as it says itself."""
    try:
        name = line(part.get_filename() or "", 80)
    except Exception:
        name = ""
    return name or line(part.get_content_type(), 60)


def _file(part: Message) -> str:
    """The same with its size."""
    content = None if part.is_multipart() else part.get_payload()
    size = len(content) * (3 if str(part.get("Content-Transfer-Encoding", "")).lower() == "base64" else 4) // 4 if (
        isinstance(content, str)) else 0  # fmt: skip
    return f"{_name(part)} ({max(size // 1000, 1)} KB)"


def _without_quotes(text: str) -> str:
    """Up to where the mail that they answer begins; of answers between quoted lines, the lines that are theirs."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept: list[str] = []
    for number, each in enumerate(lines):
        found = _QUOTED.match(each)
        if found is None:
            kept.append(each)
        elif not found[1].startswith(">"):
            if each.rstrip().endswith(":") or not kept:
                continue  # it only introduces lines that are marked
            break
        elif number and kept and _BROKEN_HEAD.match(kept[-1]):
            kept.pop()
    return "\n".join(kept)


_DROPPED = {"head", "script", "style", "title", "blockquote", "template", "noscript", "svg", "object"}
_VOID = {"br", "hr", "img", "meta", "link", "input", "area", "base", "col", "embed", "source", "wbr", "param", "track"}
_LINES = {"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "hr"}
_QUOTES = {"gmail_quote", "divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "yahoo_quoted"}


class _Reducer(HTMLParser):
    """The text of a page, less what is quoted in it, and what nobody sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.open: list[str] = []  # from the element that is dropped inwards
        self.over = False  # what follows is the mail that they answer

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id")).lower().split()
        if _QUOTES & set(marks):
            self.over = True
        if tag in _VOID:
            if tag in _LINES:
                self.out.append("\n")
            return
        if self.open or tag in _DROPPED:
            if len(self.open) < 200:
                self.open.append(tag)
        elif tag in _LINES:
            self.out.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass
        elif tag in _LINES:
            self.out.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.open and not self.over:
            self.out.append(re.sub(r"\s+", " ", data))


def _reduced(html: str) -> str:
    reducer = _Reducer()
    try:
        reducer.feed(html)
        reducer.close()
    except Exception:
        pass  # what was read until then is what there is
    return "".join(reducer.out)
