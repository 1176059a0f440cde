"""The words of a mail: subject, plain text and HTML of one kind, from its folder in templates/mail.

Its own Jinja environment, not Flask's: mails are written in workers, without a request. Templates are compiled once per
process; a name that is missing is an error, not an empty place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from shared import face

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
    made.filters.update(local=face.local, city=face.city)
    return made


def render(kind: str, context: Mapping[str, Any]) -> Text:
    """The text of one kind with these values."""
    subject, text, html = _templates(kind)
    return Text(
        subject=subject.render(context).strip(),
        text=_BLANK_LINES.sub("\n\n", text.render(context)).strip() + "\n",
        html=html.render(context),
    )


@lru_cache(64)
def _templates(kind: str) -> tuple[Template, Template, Template]:
    find = environment().get_template
    return find(f"{kind}/subject.txt"), find(f"{kind}/text.txt"), find(f"{kind}/body.html")


_BLANK_LINES = re.compile(r"\n{3,}")
