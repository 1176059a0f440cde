"""The kinds of mail, for organizers: what each is for, when it comes and to whom, and how one looks.

A kind is shown with the values of the latest real mail of it, where these were kept; else with those of a sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from jinja2 import TemplateError
from sqlalchemy.engine import Connection

from shared import clock, config

from ..digest import writing
from ..models import content, mail, stream
from . import compose, parts, rewording, samples, text
from .compose import Reader
from .kinds import KINDS, Kind, list_of


@dataclass(frozen=True)
class About:
    """What organizers read of a kind: what it is for, when it is sent, to whom; `list`: how its readers call it."""

    kind: Kind
    purpose: str
    when: str
    to: str
    list: str | None


@lru_cache(128)
def about(name: str) -> About:
    """What is known of a kind, of about.txt in its folder; empty where that says nothing."""
    file = text.FOLDER / name / "about.txt"
    said = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    purpose, when, to = [*said, "", "", ""][:3]
    by = list_of(name)
    return About(KINDS[name], purpose, when, to, by.title if by else None)


def everything() -> list[About]:
    """All kinds, duty first."""
    return [about(name) for name in sorted(KINDS, key=lambda name: not KINDS[name].duty)]


def sample(tx: Connection, kind: str, to: Reader) -> dict[str, Any]:
    """All values that a mail of that kind takes, made up but for the program and its reader."""
    program = compose.the_program(tx)
    rows = tx.execute(sa.select(stream.c.name).where(stream.c.position.is_not(None)).order_by(stream.c.position))
    made = samples.context(kind, clock.now(), config.current().base_url, list(rows.scalars()))
    if kind == "digest":
        made |= {"digest": writing.made(tx, clock.now()), "period": clock.now().date().isoformat()}
    return {**compose.frame(program, to, made["link"], made["until"]), **made}


def real(tx: Connection, kind: str, to: Reader) -> tuple[dict[str, Any], bool]:
    """The values of the latest real mail of that kind, where they were kept, and True; or a sample's, and False."""
    made = content.c.made_of
    query = sa.select(made).join(mail).where(mail.c.kind == kind, made.is_not(None), ~mail.c.cause.startswith("test/"))
    found = tx.execute(query.order_by(mail.c.created_at.desc()).limit(1)).scalar()
    return ({**sample(tx, kind, to), "links": {}, **found}, True) if found else (sample(tx, kind, to), False)


def shown(kind: str, words: Mapping[str, str], values: Mapping[str, Any]) -> text.Text:
    """A mail with these words and values.

    :raises parts.Broken: it cannot be.
    """
    try:
        return parts.render(kind, words, values)
    except TemplateError as error:
        raise parts.Broken(parts.Fault("", 0, f"There is no example of this mail: {error}.")) from error


def try_words(tx: Connection, kind: str, words: Mapping[str, str], to: Reader) -> text.Text:
    """What a mail would be with these words; nothing is kept.

    :raises rewording.Refused: it could not be sent so.
    """
    clean = rewording.cleaned(kind, words)
    if found := parts.faults(kind, clean, sample(tx, kind, to)):
        raise rewording.Refused(found)
    try:
        return shown(kind, clean, real(tx, kind, to)[0])
    except parts.Broken as broken:
        raise rewording.Refused([broken.fault]) from broken
