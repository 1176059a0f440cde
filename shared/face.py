"""What every page needs beside its template: Markdown that is safe, times in the reader's zone, the list of time zones.

`dress(app)` gives a service's templates the filters `markdown`, `local`, `day` and `iso`. Not the place for anything
that only one service shows.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

if TYPE_CHECKING:
    from flask import Flask

# Raw HTML stays text. Images are off: a picture from elsewhere would tell its host who reads the program (and the
# content policy refuses it anyway); one is shown as a link to it.
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")

# How tags look where no stylesheet reaches, as in a mail: {tag: {attribute: value}}.
Look = Mapping[str, Mapping[str, str]]


def markdown(text: str | None, level: int = 3, look: Look | None = None, origin: str = "") -> Markup:
    """Markdown as safe HTML; its headings begin at `level` and skip none, whatever levels its writer used.

    Links lead to http, https and mailto addresses, or to a path on this site; a bare web address is a link too.

    :param origin: of this site, for readers who are not on it.
    """
    tokens = _parsed(text)
    above: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
            shown = f"h{min(6, level + len(above) - 1)}"
        if token.type in ("heading_open", "heading_close"):
            token.tag = shown
        for each in (token, *(token.children or ())):
            if look and each.nesting >= 0:
                each.attrs.update(look.get(each.tag, {}))
            if origin and str(each.attrGet("href") or "").startswith("/"):
                each.attrSet("href", f"{origin}{each.attrGet('href')}")
    return Markup(_markdown.renderer.render(tokens, _markdown.options, {}))


def links(text: str | None) -> list[tuple[str, str]]:
    """The web addresses that Markdown links to, with the words they stand under, in order; code is no link."""
    found = []
    for token in _parsed(text):
        children = token.children or []
        for start, each in enumerate(children):
            href = str(each.attrGet("href") or "") if each.type == "link_open" else ""
            if href.lower().startswith(("http://", "https://")):
                words = itertools.takewhile(lambda inner: inner.type != "link_close", children[start + 1 :])
                found.append((href, " ".join("".join(inner.content or " " for inner in words).split())))
    return found


def _parsed(text: str | None) -> list[Token]:
    tokens = _markdown.parse(text or "")
    for token in tokens:
        if token.type == "inline":
            token.children = list(_linked(token.children or []))
    return tokens


def _linked(children: list[Token]) -> Iterator[Token]:
    """The same tokens with bare addresses as links, images as links, no link that leads nowhere or has no words."""
    open_href: str | None = None
    for number, token in enumerate(children):
        following = children[number + 1] if number + 1 < len(children) else None
        if token.type == "link_open":
            href = str(token.attrGet("href") or "")
            open_href = href if _leads(href) else ""
            if not open_href:
                continue
            yield token
            if following is not None and following.type == "link_close":
                yield _words(href)
        elif token.type == "link_close":
            if open_href:
                yield token
            open_href = None
        elif token.type == "text" and open_href is None:
            if following is not None and following.type == "link_open" and token.content.endswith("!"):
                token.content = token.content[:-1]  # of an image
            yield from _bare(token.content)
        else:
            yield token


_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_BARE = re.compile(r"https?://[^\s<>\"'`{}|\\^\[\]]+", re.IGNORECASE)


def _leads(href: str) -> bool:
    scheme = _SCHEME.match(href)
    return (
        scheme.group().lower() in {"http:", "https:", "mailto:"}
        if scheme
        else href.startswith(("/", "#")) and href[:2] != "//"
    )


def _bare(text: str) -> Iterator[Token]:
    end = 0
    for found in _BARE.finditer(text):
        address = found.group().rstrip(".,;:!?*_~")
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(".,;:!?*_~")
        if address.endswith("//"):
            continue
        yield _words(text[end : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": _markdown.normalizeLink(address)})
        yield _words(address)
        yield Token("link_close", "a", -1)
        end = found.start() + len(address)
    yield _words(text[end:])


def _words(text: str) -> Token:
    return Token("text", "", 0, content=text)


@lru_cache(1024)  # many are told of the same hour
def local(instant: datetime, zone: str | None = None, short: bool = False) -> str:
    """An aware instant as words in `zone` (UTC when unknown): 'Sun 22 Nov 2026, 14:30 (Toronto)'; short: the day."""
    try:
        there = instant.astimezone(ZoneInfo(zone or "UTC"))
    except (KeyError, ValueError, OSError):
        zone, there = "UTC", instant.astimezone(UTC)
    if short:
        return f"{there.day} {there:%b %Y}"
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M} ({city(zone or 'UTC')})"


def day(text: str) -> str:
    """A local date, ISO 8601, as words: 'Sun 22 Nov 2026'."""
    found = date.fromisoformat(text)
    return f"{found:%a} {found.day} {found:%b %Y}"


def iso(instant: datetime) -> str:
    """The same instant for machines, in UTC."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def counted(number: int) -> str:
    """A number of things as people read it: '12,345'."""
    return f"{number:,}"


def city(zone: str) -> str:
    """'America/Argentina/Buenos_Aires' as people say it: 'Argentina, Buenos Aires'."""
    return ", ".join(zone.split("/")[1:] or [zone]).replace("_", " ")


@lru_cache(1)
def zones() -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """The zones people live in (zone.tab of the pinned tzdata), by region: ((region, ((name, words), …)), …)."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8")
    names = sorted(line.split("\t")[2].strip() for line in table.splitlines() if line and not line.startswith("#"))
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in names:
        groups.setdefault(name.split("/")[0], []).append((name, city(name)))
    groups["No region"] = [("UTC", "UTC")]
    return tuple((region, tuple(members)) for region, members in groups.items())


def zone_groups(chosen: str | None = None) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """The groups for a <select>, with a chosen older name (a browser may say Asia/Calcutta) kept as a choice."""
    groups = list(zones())
    if chosen and not any(chosen == name for _, members in groups for name, _ in members):
        groups.insert(0, ("Chosen", ((chosen, city(chosen)),)))
    return groups


def dress(app: Flask) -> None:
    """Give the templates of an app what they are written with."""
    app.jinja_env.filters.update(markdown=markdown, local=local, day=day, iso=iso, city=city, counted=counted)
