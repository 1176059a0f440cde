"""What people typed, made harmless for places with a syntax of their own: headers of mails, lines of calendars."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

# Embeddings, overrides and isolates could make "moc.live" look like another name; a joiner inside an emoji is fine.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def line(value: object, most: int = 120) -> str:
    """Any text as one harmless line: no controls, no lone surrogates, no marks that turn the direction of reading."""
    typed = str(value)
    if not (typed.isascii() and typed.isprintable()):
        typed = "".join(map(_harmless, typed))
    flat = " ".join(typed.split()) if " " in typed else typed
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def _harmless(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp") or char.isspace():
        return " "
    if category == "Cs":
        return "\ufffd"
    return "" if category == "Cn" or char in _TURNING else char


def paragraphs(value: str, most: int = 5000) -> str:
    """Any text as harmless lines, joined by LF; cut when it is longer than `most` characters."""
    whole = "\n".join(line(each, most) for each in value.splitlines()).strip()
    return whole if len(whole) <= most else whole[: most - 1].rstrip() + "…"


def uri(address: str) -> str:
    """A mailbox as a mailto URI (RFC 6068); letters, digits and the usual marks stay as calendars write them.

    :raises ValueError: it holds a lone surrogate, or no @.
    """
    if "@" not in address:
        raise ValueError(f"{address!r} is not a mail address")
    return "mailto:" + quote(address, safe="@!$&'*+-./=^_`{|}~")


def link(address: str) -> str:
    """A web address with nothing in it that a URI cannot hold.

    :raises ValueError: it holds a lone surrogate.
    """
    return quote(address, safe=":/?#[]@!$&'()*+,;=%-._~")
