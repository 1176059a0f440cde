"""What a mail says to everybody, with places for what differs: rendered once, and filled in for each reader.

A value that is only said, never decided by, is given to the templates as a mark that nobody else can write. Where it
came out, what was rendered is cut; lines without a place are put into quoted-printable once, too.

Not for a value that a template compares, counts or takes apart: filters that know no mark refuse it (`Unknown`), and
what a filter that does know it makes of a value is made anew for each reader.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache, wraps
from typing import Any

from jinja2 import Environment
from markupsafe import escape

from . import quoted

KNOWN = ("local", "city", "truncate")  # filters that say a value, whatever it is
_MARK = f"\ue000{secrets.token_hex(8)}"
_PLACE = re.compile(rf"{_MARK}(\d+)\ue001")
Values = Mapping[str, Any]


class Unknown(Exception):
    """A template does with a value what cannot be done with its mark."""


class Places:
    """The places of one outline: what is to be said at each, of the values of one reader."""

    def __init__(self) -> None:
        self.found: list[Callable[[Values], Any]] = []

    def words(self, get: Callable[[Values], Any]) -> _Words:
        """The mark of one more place."""
        self.found.append(get)
        mark = _Words(f"{_MARK}{len(self.found) - 1}\ue001")
        mark.get, mark.places = get, self
        return mark

    def moment(self, get: Callable[[Values], Any]) -> _Moment:
        """The mark of an instant, for a filter to put into words."""
        return _Moment(get, self)


class _Words(str):
    get: Callable[[Values], Any]
    places: Places


class _Moment:
    def __init__(self, get: Callable[[Values], Any], places: Places) -> None:
        self.get, self.places = get, places

    def __str__(self) -> str:
        raise Unknown("an instant is said by a filter")


def able(value: Any) -> bool:
    """Whether a value can be told later: words on one line, or an instant."""
    if isinstance(value, str):
        return bool(value) and value == value.strip() and "\n" not in value and "\r" not in value
    return isinstance(value, datetime)


def marking(environment: Environment) -> Environment:
    """The same environment, whose filters know marks or refuse them."""
    made = environment.overlay()
    made.filters = {name: _guarded(name, each) for name, each in environment.filters.items()}
    return made


def _guarded(name: str, filter: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(filter)  # with what Jinja gives it beside the value
    def guarded(*given: Any, **named: Any) -> Any:
        marks = [each for each in (*given, *named.values()) if isinstance(each, _Words | _Moment)]
        if not marks:
            return filter(*given, **named)
        if name not in KNOWN:
            raise Unknown(f"|{name} is no filter for what is said later")

        def say(values: Values) -> Any:
            own = [each.get(values) if isinstance(each, _Words | _Moment) else each for each in given]
            return filter(*own, **{key: each for key, each in named.items()})

        return marks[0].places.words(say)

    return guarded


class _Line:
    """A line with places, and how it was filled last: much of what differs is alike for the readers of one mail."""

    def __init__(self, row: str) -> None:
        pieces: list[str | int] = [*_PLACE.split(row)]
        pieces[1::2] = map(int, pieces[1::2])
        self.pieces = pieces
        # What stands between places is put into quoted-printable once: a soft end of line may stand anywhere.
        self.coded = [piece if isinstance(piece, int) else _coded(piece) for piece in pieces[:-1]]
        self.end = quoted.line(str(pieces[-1]).encode("utf-8", "replace"))
        self.places = [piece for piece in pieces if isinstance(piece, int)]
        self.last: tuple[list[str], tuple[str, bytes]] = ([], ("", b""))

    def fill(self, said: list[str]) -> tuple[str, bytes]:
        """The line with these words at its places, and the same in quoted-printable."""
        words = [said[place] for place in self.places]
        before, made = self.last
        if words != before:
            row = "".join([said[piece] if isinstance(piece, int) else piece for piece in self.pieces])
            coded = [_coded(said[piece]) if isinstance(piece, int) else piece for piece in self.coded]
            made = row, b"".join(coded) + self.end
            self.last = (words, made)
        return made


@lru_cache(2048)  # what differs is mostly a link, which stands in a letter several times
def _coded(text: str) -> bytes:
    return quoted.begun(text.encode("utf-8", "replace"))


@lru_cache(4096)
def _escaped(text: str) -> str:
    return str(escape(text))


class Outline:
    """One text with places."""

    def __init__(self, made: str, html: bool = False) -> None:
        self.html = html
        self.runs: list[tuple[str, bytes] | _Line] = []
        still: list[str] = []
        for row in made.split("\n"):
            if _MARK not in row:
                still.append(row)
                continue
            self._rest(still)
            still = []
            self.runs.append(_Line(row))
        self._rest(still)

    def _rest(self, rows: Iterable[str]) -> None:
        if rows:
            text = "\n".join(rows)
            self.runs.append((text, quoted.quoted(text)))

    def fill(self, words: list[str]) -> tuple[str, bytes]:
        """The text with these words at its places, and the same in quoted-printable."""
        said = [_escaped(each) for each in words] if self.html else words
        text, octets = [], []
        for run in self.runs:
            row, coded = run if isinstance(run, tuple) else run.fill(said)
            text.append(row)
            octets.append(coded)
        return "\n".join(text), b"\r\n".join(octets)
