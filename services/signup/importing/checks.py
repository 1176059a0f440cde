"""A row of the file as a person, by the mapping: the same checks as at sign-up, said in rows and columns.

What people wrote freely elsewhere is met half-way (a blog without https://, a ticked box as its words); whatever
cannot be taken whole refuses its row, and says which column and what to do. Called for every row, so what comes again
and again (domains, streams, zones) is looked up once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from shared import clock

from .. import address, rules
from ..program import Program
from ..rules import Question, Refused, text
from . import dates, guess
from .mapping import Columns, answers_to

REMEMBERED = 10_000  # different answers and zones, at most
SAID_MOST = 5_000  # characters of a cell that are kept of a refused row
NOTHING = frozenset({"", "-", "--", "n/a", "na", "none", "no", "nil", "null", "nope", "not yet"})
YES = frozenset({"yes", "true", "y", "x", "1", "ok", "checked", "ja", "oui", "sí", "si", "sim", "wahr", "vrai"})
NO = frozenset({"no", "false", "n", "0", "unchecked", "nein", "non", "não", "falsch", "faux"})
# What a spreadsheet would take for a formula. Exports put an apostrophe before it (shared/export.py); it is taken away.
FORMULA = frozenset("=+-@\t\r＝＋－＠")

_NAME = re.compile(r"[A-Za-zÀ-ÖØ-öø-ɏ]+(?:[ '-][A-Za-zÀ-ÖØ-öø-ɏ]+)*\Z")  # what most names are: nothing to refuse


class Found(NamedTuple):
    """One person of the file, as columns of `person`. `key` is their address as compared."""

    row: int
    key: str
    name: str
    email: str
    stream: str
    timezone: str
    answers: dict[str, Any]
    github: str | None
    blog: str | None
    at: datetime | None


@dataclass(frozen=True)
class Wrong:
    """What is wrong in one cell."""

    column: str
    message: str
    remedy: str

    def as_dict(self) -> dict[str, str]:
        return {"column": self.column, "message": self.message, "remedy": self.remedy}


class Checks:
    """Reads rows by one mapping."""

    def __init__(self, header: Sequence[str], made: Columns, now: Program, asked: Mapping[str, Question]) -> None:
        self.header, self.made, self.now = header, made, now
        self.names = [n for n, each in enumerate(made.columns) if each == "name"]
        self.places = {field: made.place(field) for field in guess.FIELDS}
        taken = ("email", "stream", "timezone", "github", "blog", "timestamp")
        self.fields = [(each, self.places[each], getattr(self, f"_{each}")) for each in taken]
        self.answers = answers_to(made, asked.values())
        self.zone = clock.zone(made.timezone)
        self.said: dict[str, dict[str, int]] = {"stream": {}, "timezone": {}}  # answers as they come, and how often
        self._meant: dict[tuple[str, str], str | None] = {}

    def person(self, row: int, cells: list[str]) -> Found | list[Wrong]:
        """The person in that row, or everything that is wrong with it."""
        width = len(self.header)
        if len(cells) < width:
            cells = cells + [""] * (width - len(cells))
        elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
            what = f"This row has {len(cells)} cells, the first row {width}."
            return [Wrong("", what, "Put cells with a comma or line break in them in quotation marks.")]
        if "'" in "".join(cells):
            cells = [cell if cell[:1] != "'" or cell[1:2] not in FORMULA else cell[1:] for cell in cells]
        cells = [cell.strip() for cell in cells]
        wrong: list[Wrong] = []
        told: list[Any] = []
        for _, place, check in self.fields:
            try:
                told.append(check("" if place is None else cells[place]))
            except Refused as refusal:
                wrong.append(Wrong(self._column(place), refusal.message, refusal.remedy))
                told.append("")
        email, stream, timezone, github, blog, at = told
        name, said = self._name(wrong, cells), self._answers(wrong, cells)
        if wrong:
            return wrong
        zone = timezone or self.made.timezone
        return Found(row, rules.email_key(email), name, email, stream, zone, said, github, blog, at)

    def key(self, cells: Sequence[str]) -> str | None:
        """The address in a row that was refused, as compared; None where there is none that could be anybody's."""
        place = self.places["email"]
        said = cells[place].strip() if place is not None and place < len(cells) else ""
        try:
            return rules.email_key(self._email(said))
        except Refused:
            return None

    def _column(self, place: int | None) -> str:
        return (self.header[place] or f"Column {place + 1}") if place is not None else ""

    def _name(self, wrong: list[Wrong], cells: Sequence[str]) -> str:
        said = cells[self.names[0]] if len(self.names) == 1 else " ".join(cells[n] for n in self.names if cells[n])
        if len(said) <= text.NAME_MOST and _NAME.match(said) and unicodedata.is_normalized("NFC", said):
            return said
        try:
            return text.name("name", said)
        except Refused as refusal:
            wrong.append(Wrong(self._column(self.names[0] if self.names else None), refusal.message, refusal.remedy))
            return ""

    def _email(self, said: str) -> str:
        return address.checked("email", said)

    def _stream(self, said: str) -> str:
        others = self.made.stream or ""
        if self.places["stream"] is None or (not said and self.now.stream(others)):
            return others
        slug = self._meaning("stream", said)
        if slug is None:
            if not said:
                remedy = "Choose it under “What the answers mean”, or a stream of whoever names none (--stream)."
                raise Refused("stream", "No stream is given.", remedy)
            what = f"Nobody said which stream “{_short(said)}” is."
            raise Refused("stream", what, "Choose it under “What the answers mean” (in a terminal: --meaning).")
        return slug

    def _timezone(self, said: str) -> str | None:
        if not said:
            return None
        zone = self._meaning("timezone", said)
        if zone is None:
            what = f"Nobody knows which time zone “{_short(said)}” is."
            raise Refused(
                "timezone",
                what,
                "Choose it under “What the answers mean” (in a terminal: --meaning), or leave that column out.",
            )
        return zone

    def _meaning(self, field: str, said: str) -> str | None:
        if "\n" in said or "\r" in said:
            said = " ".join(said.split())  # as a form would give it back
        seen = self.said[field]
        if said in seen or len(seen) < REMEMBERED:
            seen[said] = seen.get(said, 0) + 1
        if (field, said) in self._meant:
            return self._meant[field, said]
        meaning = self.made.meanings.get(field, {}).get(said)
        if meaning is None:
            meaning = guess.stream(said, self.now) if field == "stream" else guess.zone(said)
        elif field == "stream" and self.now.stream(meaning) is None:
            meaning = None  # removed since it was chosen
        if len(self._meant) < REMEMBERED:
            self._meant[field, said] = meaning
        return meaning

    def _timestamp(self, said: str) -> datetime | None:
        if not said:
            return None
        at = dates.parse(said, self.made.dates, self.zone)
        if at is None:
            what = f"“{_short(said)}” is no date written as {dates.ORDERS[self.made.dates]}."
            raise Refused(
                "timestamp", what, "Correct it; or choose the other order of dates, or leave that column out."
            )
        return at

    def _github(self, said: str) -> str | None:
        return None if not said or said.casefold() in NOTHING else text.github("github", said.partition("?")[0])

    def _blog(self, said: str) -> str | None:
        return None if not said or said.casefold() in NOTHING else text.url("blog", _with_scheme(said))

    def _answers(self, wrong: list[Wrong], cells: Sequence[str]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for place, question in self.answers:
            said = cells[place]
            if not said:
                continue
            try:
                value = answer(question, said)
            except Refused as refusal:
                wrong.append(Wrong(self._column(place), refusal.message, refusal.remedy))
                continue
            if value:
                kept[question.id] = value
        return kept


def answer(question: Question, said: str) -> Any:
    """A cell as the answer to a question, of the type that `rules.answers` keeps.

    :raises Refused: it is not among the options, or too long, or no web address.
    """
    if question.kind == "checkbox":
        words = said.casefold()
        if words in NO:
            return None
        if words in YES or guess.plain(words) == guess.plain(question.label):
            return True
        raise Refused(question.id, f"“{_short(said)}” is not a yes or no.", "Write yes or no.")
    if question.kind == "choice":
        return _option(question, said)
    if question.kind == "several":
        return _options(question, said)
    if question.kind == "url":
        return None if said.casefold() in NOTHING else text.url(question.id, _with_scheme(said))
    if question.kind == "short":
        said = " ".join(said.splitlines())  # pasted over several lines, as form fields elsewhere allow
        return text.line(question.id, said)
    return text.paragraphs(question.id, said)


def _option(question: Question, said: str) -> str:
    for option in question.options:
        if option == said or guess.plain(option) == guess.plain(said):
            return option
    raise Refused(
        question.id,
        f"“{_short(said)}” is not among the options.",
        f"Choose from: {'; '.join(question.options)}. Or add it to the question, or leave that column out.",
    )


_ENDS = ("", ",", ";")


def _options(question: Question, said: str) -> list[str]:
    """Google joins what was ticked by ", ", and options may have commas themselves: the longest that fits is meant."""
    found, rest = set(), said
    longest = sorted(question.options, key=len, reverse=True)
    while rest:
        fits = [o for o in longest if rest.casefold().startswith(o.casefold()) and rest[len(o) :].lstrip()[:1] in _ENDS]
        if not fits:
            found.add(_option(question, rest.partition(",")[0].strip()))
            rest = rest.partition(",")[2].strip()
            continue
        found.add(fits[0])
        rest = rest[len(fits[0]) :].lstrip(" ,;")
    return [option for option in question.options if option in found]


def _with_scheme(said: str) -> str:
    """People leave the https:// out."""
    bare = "://" not in said and "." in said.partition("/")[0] and not said.startswith((".", "/")) and " " not in said
    return f"https://{said}" if bare and ":" not in said.partition("/")[0] else said


def _short(said: str) -> str:
    said = " ".join(said.split())
    return said if len(said) <= 60 else said[:59] + "…"
