"""The words of a mail: subject, plain text and HTML of one kind, from its folder in templates/mail.

Its own Jinja environment, not Flask's: mails are written in workers, without a request. Templates are compiled once per
process; a name that is missing is an error, not an empty place.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from shared import face

from ..digest import wording
from ..monthly import wording as monthly
from .kinds import KINDS

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "mail"


@dataclass(frozen=True)
class Text:
    """What one mail says."""

    subject: str
    text: str
    html: str


@lru_cache(1)
def environment() -> Environment:
    """The one environment; HTML is escaped, plain text is not."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=lambda name: bool(name and name.endswith(".html")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.filters.update(digested=wording.shown, monthly=monthly.shown)
    made.filters.update(local=face.local, city=face.city, day=face.day, markdown=_markdown)
    return made


def render(kind: str, context: Mapping[str, Any]) -> Text:
    """The text of one kind with these values. Of what goes to many, what they are told alike is rendered once."""
    return _filled(kind, context) if KINDS[kind].many else _rendered(kind, context)


def _rendered(kind: str, context: Mapping[str, Any]) -> Text:
    subject, text, html = _templates(kind)
    return Text(
        subject=subject.render(context).strip(),
        text=plain(text.render(context)),
        html=html.render(context),
    )


# What is each reader's own, and said as it is: its place in the text is known by marks that nobody else can write.
_OWN = ("name", "link", "preferences")
_MARK = f"\ue000{secrets.token_hex(8)}"
_KEPT = 64  # texts
_alike: dict[str, Text] = {}


def _filled(kind: str, context: Mapping[str, Any]) -> Text:
    """The same as `_rendered`, of the text that all readers to whom the same is told share."""
    links = context.get("links") or {}
    own = {name: context[name] for name in _OWN if context.get(name)} | {f"links.{name}": links[name] for name in links}
    same = {name: value for name, value in context.items() if name not in own and name != "links"}
    if context.get("until"):  # its minute is all that is shown of it
        same["until"] = context["until"].replace(second=0, microsecond=0)
    key = repr((kind, sorted(own), sorted(same.items(), key=lambda item: item[0])))
    found = _alike.get(key)
    if found is None:
        marks = {name: f"{_MARK}{number}\ue001" for number, name in enumerate(sorted(own))}
        marked = {name: marks[name] for name in own if not name.startswith("links.")}
        found = _rendered(kind, {**same, **marked, "links": {name: marks[f"links.{name}"] for name in links}})
        if len(_alike) >= _KEPT:
            _alike.clear()
        _alike[key] = found
    subject, text, html = found.subject, found.text, found.html
    for number, name in enumerate(sorted(own)):
        mark, value = f"{_MARK}{number}\ue001", str(own[name])
        subject, text, html = (
            subject.replace(mark, value),
            text.replace(mark, value),
            html.replace(mark, str(escape(value))),
        )
    return Text(subject, text, html)


def plain(made: str) -> str:
    """Plain text without the gaps that templates leave."""
    return _BLANK_LINES.sub("\n\n", made).strip() + "\n"


_SANS = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_BODY = f"{_SANS};font-size:16px;line-height:25px;color:#1d2321"
_HEADING = {"class": "ink", "style": f"margin:16px 0 4px;{_SANS};font-size:16px;line-height:24px;color:#1d2321"}
_CODE = "font-family:Menlo,Consolas,monospace;font-size:14px"
_CELL = {
    "class": "ink line",
    "align": "left",
    "style": f"padding:4px 12px 4px 0;border-bottom:1px solid #dcdbd2;{_BODY}",
}
_LOOK: face.Look = {
    **dict.fromkeys(("h3", "h4", "h5", "h6"), _HEADING),
    "p": {"class": "ink", "style": f"margin:0 0 12px;{_BODY}"},
    "ul": {"class": "ink", "style": f"margin:0 0 12px;padding-left:22px;{_BODY}"},
    "ol": {"class": "ink", "style": f"margin:0 0 12px;padding-left:22px;{_BODY}"},
    "blockquote": {"class": "line", "style": "margin:0 0 12px;padding-left:14px;border-left:3px solid #dcdbd2"},
    "a": {"class": "accent", "style": "color:#0c6350;word-break:break-word"},
    "code": {"class": "ink", "style": f"{_CODE};color:#1d2321;white-space:pre-wrap"},
    "th": _CELL,
    "td": _CELL,
}


def _markdown(text: str, base_url: str) -> Markup:
    """What somebody wrote in Markdown, as a mail shows it."""
    return face.markdown(text, 3, _LOOK, base_url)


@lru_cache(64)
def _templates(kind: str) -> tuple[Template, Template, Template]:
    find = environment().get_template
    return find(f"{kind}/subject.txt"), find(f"{kind}/text.txt"), find(f"{kind}/body.html")


_BLANK_LINES = re.compile(r"\n{3,}")
