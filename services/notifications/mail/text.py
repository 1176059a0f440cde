"""The words of a mail: subject, plain text and HTML of one kind, from its folder in templates/mail.

Its own Jinja environment, not Flask's: mails are written in workers, without a request. Templates are compiled once per
process; a name that is missing is an error, not an empty place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from operator import itemgetter
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from shared import face

from ..digest import wording
from ..monthly import wording as monthly
from . import outline
from .kinds import KINDS
from .outline import Outline

FOLDER = Path(__file__).resolve().parent.parent / "templates" / "mail"


@dataclass(frozen=True)
class Text:
    """What one mail says. :param octets: text and HTML in quoted-printable, where they are known already."""

    subject: str
    text: str
    html: str
    octets: tuple[bytes, bytes] | None = field(default=None, compare=False, repr=False)


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


def _rendered(kind: str, context: Mapping[str, Any], marking: bool = False) -> Text:
    subject, text, html = _templates(kind, marking)
    return Text(
        subject=subject.render(context).strip(),
        text=plain(text.render(context)),
        html=html.render(context),
    )


# What is said as it is, whoever reads it and whatever it is about.
_SAID = ("name", "link", "preferences", "zone", "starts_at", "circle", "title", "meets", "location", "note", "agenda",
         "coordinator", "mentor", "speaker")  # fmt: skip
_KEPT = 64  # outlines
_Alike = tuple[Outline, Outline, Outline, list[Callable[[outline.Values], Any]]]
_alike: dict[Any, _Alike | None] = {}
_latest: dict[Any, tuple[dict[str, Any], _Alike | None]] = {}


def _filled(kind: str, context: Mapping[str, Any]) -> Text:
    """The same as `_rendered`, of what all mails of this kind have in common that differ only in what is said."""
    links = context.get("links") or {}
    said = [name for name in _SAID if outline.able(context.get(name))]
    if context.get("was"):
        said.remove("starts_at")  # the two are compared
    of = [name for name in links if outline.able(links[name])]
    shape = (kind, tuple(said), tuple(of), tuple(links))
    same = {name: value for name, value in context.items() if name not in said and name != "links"}
    if context.get("until"):  # its minute is all that is shown of it
        same["until"] = context["until"].replace(second=0, microsecond=0)
    latest = _latest.get(shape)
    if latest is None or latest[0] != same:  # to be equal costs less to know than a key
        key = (*shape, repr(sorted(same.items(), key=itemgetter(0))))
        if key not in _alike:
            if len(_alike) >= _KEPT:
                _alike.clear()
                _latest.clear()
            _alike[key] = _outlined(kind, context, said, of)
        latest = _latest[shape] = (same, _alike[key])
    found = latest[1]
    if found is None:
        return _rendered(kind, context)
    *outlines, places = found
    words = [str(get(context)) for get in places]
    (subject, _), (text, plain), (html, octets) = (each.fill(words) for each in outlines)
    return Text(subject.strip(), text, html, (plain, octets))


def _outlined(kind: str, context: Mapping[str, Any], said: Iterable[str], of: Iterable[str]) -> _Alike | None:
    """None where a template decides by what is said; or fails, which it then does with the values, too."""
    places = outline.Places()
    marked = {
        name: (places.moment if isinstance(context[name], datetime) else places.words)(itemgetter(name))
        for name in said
    }
    links = {**context.get("links", {}), **{name: places.words(partial(_linked, name)) for name in of}}
    try:
        made = _rendered(kind, {**context, **marked, "links": links}, marking=True)
    except Exception:
        return None
    return Outline(made.subject), Outline(made.text), Outline(made.html, html=True), places.found


def _linked(name: str, values: outline.Values) -> Any:
    return values["links"][name]


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


@lru_cache(1)
def _marking() -> Environment:
    return outline.marking(environment())


@lru_cache(128)
def _templates(kind: str, marking: bool = False) -> tuple[Template, Template, Template]:
    find = (_marking() if marking else environment()).get_template
    return find(f"{kind}/subject.txt"), find(f"{kind}/text.txt"), find(f"{kind}/body.html")


_BLANK_LINES = re.compile(r"\n{3,}")
