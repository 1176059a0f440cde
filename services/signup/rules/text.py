"""Text that people type: names, addresses, lines, paragraphs. What is taken is taken whole, never silently mended."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from .refusals import Refused

NAME_MOST = 100
SHORT_MOST = 300
LONG_MOST = 5000
URL_MOST = 2000
EMAIL_MOST = 254  # RFC 5321 4.5.3.1.3, less the angle brackets

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")
_PLAIN = re.compile(r"[ -~]*\Z")


def line(field: str, value: str, most: int = SHORT_MOST) -> str:
    """One line of text, trimmed and in NFC.

    :raises Refused: it holds line breaks or other control characters, or is longer than `most` characters.
    """
    return _text(field, value, most, breaks=False)


def paragraphs(field: str, value: str, most: int = LONG_MOST) -> str:
    """Text of several lines, trimmed, in NFC, its line ends made LF.

    :raises Refused: it holds control characters, or is longer than `most` characters.
    """
    return _text(field, value.replace("\r\n", "\n").replace("\r", "\n"), most, breaks=True)


def _text(field: str, value: str, most: int, breaks: bool) -> str:
    if not _PLAIN.match(value):
        _refuse_controls(field, value, breaks)
        value = unicodedata.normalize("NFC", value)
    value = value.strip()
    if len(value) > most:
        raise Refused(field, f"This is {len(value)} characters long.", f"Use at most {most}.")
    return value


def _refuse_controls(field: str, value: str, breaks: bool) -> None:
    for character in value:
        if breaks and character in "\n\t":
            continue
        kind = unicodedata.category(character)
        if kind in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDI:
            is_break = character in "\r\n\u2028\u2029"
            what = "a line break" if is_break else f"the control character U+{ord(character):04X}"
            raise Refused(field, f"This has {what} in it.", "Take it out; type the text instead of pasting it.")


def name(field: str, value: str) -> str:
    """A person's name, trimmed, inner spaces made single.

    :raises Refused: empty, invisible, with control characters or a web address in it, or longer than 100 characters as
        people count them.
    """
    value = " ".join(line(field, value, most=10 * NAME_MOST).split())
    if not value:
        raise Refused(field, "The name is missing.", "Write the name you want to be called by.")
    if all(unicodedata.category(character)[0] in "CZM" for character in value):
        raise Refused(field, "Nothing of this name can be seen.", "Write it in letters.")
    if leads_away(value):
        # It is written into a mail to whatever address a stranger types: without this, anybody could advertise by us.
        raise Refused(field, "There is a web address in this name.", "Write the name alone, without :// and www.")
    if length(value) > NAME_MOST or len(value) > 4 * NAME_MOST:
        raise Refused(field, f"This name is longer than {NAME_MOST} characters.", "Write a shorter form of it.")
    return value


_WEB = re.compile(r"://|\bwww\.|[a-z0-9-]{2}\.[a-z]{2,24}/\S")
_DOTS = str.maketrans("\u3002\u2024\ufe52\uff61", "....")  # what a browser reads as a dot in a host's name


def leads_away(value: str) -> bool:
    """Whether a mail program would make a link of part of it, or a reader could take it for one.

    Compared as it looks (NFKC: fullwidth and styled letters are plain ones) and without characters that are not seen.
    """
    if value.isascii():
        return bool(_WEB.search(value.lower()))
    plain = unicodedata.normalize("NFKC", value.translate(_DOTS)).casefold()
    seen = "".join(each for each in plain if unicodedata.category(each) not in {"Cf", "Mn", "Me"})
    return bool(_WEB.search(seen))


def length(value: str) -> int:
    """How many characters a person sees: marks, joiners, skin tones and the second half of a flag count nothing."""
    count = 0
    joined = flag = False
    for character in value:
        is_flag = "\U0001f1e6" <= character <= "\U0001f1ff"
        tone = "\U0001f3fb" <= character <= "\U0001f3ff"
        hidden = character in _JOINERS or tone or unicodedata.category(character) in {"Mn", "Me"}
        if not hidden and not joined and not (is_flag and flag):
            count += 1
        flag = is_flag and not flag
        joined = character == "\u200d"
    return count


def email_key(email: str) -> str:
    """The address as compared: two spellings of one mailbox give one key.

    Case is folded on both sides of the @ (RFC 5321 lets the local part differ by case; no provider people use does),
    and NFC applied. The domain is in its ASCII form already (address.checked). A +tag is kept: it is another mailbox.
    """
    email = email.strip()
    if email.isascii():
        return email.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", email).casefold())


def url(field: str, value: str) -> str:
    """A web address with http or https.

    :raises Refused: anything else, scripts and addresses with a password included.
    """
    value = line(field, value, most=URL_MOST)
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username and parts.port != 0
    except ValueError:
        good = False
    if not good or any(character in " <>\"'`\\" for character in value):
        raise Refused(field, "This is not a web address.", "Write it with https:// in front: https://example.org/me.")
    return value


_GITHUB = re.compile(r"(?:https?://(?:www\.)?github\.com/)?@?([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/?\Z")


def github(field: str, value: str) -> str | None:
    """A GitHub user name, taken also from a profile's address; None when empty.

    :raises Refused: it can be no GitHub name.
    """
    value = line(field, value)
    if not value:
        return None
    found = _GITHUB.match(value)
    if not found:
        raise Refused(field, "This is not a GitHub user name.", "Write the name alone, as in ada-lovelace.")
    return found.group(1)


def slug(value: str, taken: set[str] | frozenset[str] = frozenset(), most: int = 48) -> str:
    """A short name for addresses and keys made of `value`'s ASCII letters and digits, unlike any in `taken`."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:most].strip("-") or "item"
    candidate, count = stem, 1
    while candidate in taken:
        count += 1
        candidate = f"{stem}-{count}"
    return candidate
