"""What every page needs beside its template: Markdown that is safe, times in the reader's zone, the list of time zones.

`dress(app)` gives a service's templates the filters `markdown`, `local` and `iso`. Not the place for anything that only
one service shows.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from flask import Flask
from markdown_it import MarkdownIt
from markupsafe import Markup

# Raw HTML stays text, and markdown-it refuses javascript:, vbscript:, file: and data: links by itself. Images are off:
# a picture from elsewhere would tell its host who reads the program (and the content policy refuses it anyway).
_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")


def markdown(text: str | None, level: int = 3) -> Markup:
    """Markdown as safe HTML; its headings begin at `level` and skip none, whatever levels its writer used."""
    tokens = _markdown.parse(text or "")
    above: list[str] = []
    for token in tokens:
        if token.type == "heading_open":
            while above and above[-1] >= token.tag:
                above.pop()
            above.append(token.tag)
            shown = f"h{min(6, level + len(above) - 1)}"
        if token.type in ("heading_open", "heading_close"):
            token.tag = shown
    return Markup(_markdown.renderer.render(tokens, _markdown.options, {}))


def local(instant: datetime, zone: str | None = None, short: bool = False) -> str:
    """An aware instant as words in `zone` (UTC when unknown): 'Sun 22 Nov 2026, 14:30 (Toronto)'; short: the day."""
    try:
        there = instant.astimezone(ZoneInfo(zone or "UTC"))
    except (KeyError, ValueError, OSError):
        zone, there = "UTC", instant.astimezone(UTC)
    if short:
        return f"{there.day} {there:%b %Y}"
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M} ({city(zone or 'UTC')})"


def iso(instant: datetime) -> str:
    """The same instant for machines, in UTC."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


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
    app.jinja_env.filters.update(markdown=markdown, local=local, iso=iso, city=city)
