"""Text that people type into sessions: what is taken is taken whole, never silently mended."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

from .refusals import Refused

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def line(field: str, value: str, most: int) -> str:
    """One line of text, trimmed and in NFC, inner spaces made single.

    :raises Refused: it holds control characters, or is longer than `most` characters.
    """
    found = " ".join(_plain(field, value, "").split(" ")).strip()
    if len(found) > most:
        raise Refused(field, f"This is {len(found)} characters long.", f"Use at most {most}.")
    return found


def paragraphs(field: str, value: str, most: int) -> str:
    """Text of several lines in NFC, its line ends made LF, no blank lines at its end.

    :param most: bytes in UTF-8.
    :raises Refused: it holds control characters, or is longer.
    """
    found = _plain(field, value.replace("\r\n", "\n").replace("\r", "\n"), "\n\t").rstrip()
    size = len(found.encode())
    if size > most:
        raise Refused(
            field,
            f"This is {size:,} bytes long.",
            f"Use at most {most:,}: put what is long into a document, and link to it. What you typed is still here.",
        )
    return found


def _plain(field: str, value: str, breaks: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    for character in value:
        if character not in breaks and (
            unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _TURNING
        ):
            what = "a line break" if character in "\r\n\u2028\u2029" else f"the character U+{ord(character):04X}"
            raise Refused(field, f"This has {what} in it.", "Take it out; type the text instead of pasting it.")
    return unicodedata.normalize("NFC", value)


def day(field: str, value: str, first: date, days: int = 366) -> date:
    """A local date, ISO 8601, from `first` on and at most `days` later.

    :raises Refused: it is no date, or another one.
    """
    try:
        found = date.fromisoformat(value.strip())
    except ValueError:
        found = None
    if found is None or found.isoformat() != value.strip():
        raise Refused(field, "This is not a date.", f"Write it as year, month and day, like {first.isoformat()}.")
    if found < first:
        raise Refused(field, "This day is over.", f"Choose {first.isoformat()} or a later day.")
    if found > first + timedelta(days=days):
        raise Refused(field, "This day is more than a year away.", "Choose a nearer one; it can be moved on later.")
    return found
