"""A letter: one mail as bytes, made once and stored, the same at every attempt.

Written out by hand, not by `email.message.EmailMessage`: that reads a display name as it writes it, so that somebody
called `=?utf-8?q?Ann=0ABcc:_x?=` gets a header of their own (Python 3.11). Here whatever people typed is flattened to
one plain line (`line`), and anything in it beyond letters, digits and a few marks goes into encoded words (RFC 2047).
Bodies are quoted-printable: 7 bits, so that any server takes them. (It is also ten times as fast.)

An invitation is carried twice, as the calendars of this world want it: beside the text, as one more way to show the
mail, and as the attached `invite.ics`.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from types import MappingProxyType

import idna

from shared.calendar.event import Invite
from shared.calendar.text import line

from . import quoted
from .text import Text


@dataclass(frozen=True)
class Letter:
    """The finished mail: `headers` as people read them, `raw` as it goes over the wire."""

    headers: list[list[str]]
    raw: bytes


def wire(address: str) -> str:
    """An address as the envelope carries it: the domain in ASCII (RFC 5891); the local part stays as it is.

    :raises ValueError: it has no domain, or one that cannot be.
    """
    address.encode()  # a lone surrogate is a ValueError, too
    if _PLAIN_ADDRESS.fullmatch(address):
        return address
    local, at, domain = address.rpartition("@")
    if not at or not domain or not local or any(c in "\r\n<> \t" or unicodedata.category(c) == "Cc" for c in address):
        raise ValueError(f"{address!r} is not a mail address")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}@{domain}"


@lru_cache
def address_of(mailbox: str) -> str:
    """The address in `Name <address>`, as the envelope carries it."""
    return wire(parseaddr(mailbox)[1] or mailbox)


def write(
    id: str,
    list: str,
    sender: str,
    program: str,
    to_name: str,
    to_address: str,
    text: Text,
    date: datetime,
    host: str,
    invite: Invite | None = None,
    more: Mapping[str, str] = MappingProxyType({}),
) -> Letter:
    """The letter to one person.

    :param list: what it belongs to, for List-Id (RFC 2919): the list it comes by, or the kind that it is.
    :param sender: BATON_MAIL_FROM; its name is replaced by the program's.
    :param host: the program's host, for List-Id.
    :param invite: what the calendar of the recipient, its only attendee, shall know; its organizer is the sender.
    :param more: headers of this mail alone, in ASCII, on one line each.
    :raises ValueError: the address cannot be one.
    """
    origin, to = address_of(sender), wire(to_address)
    program, to_name, subject = line(program), line(to_name), line(text.subject, 200)
    stamp = _stamp(date)
    message_id, list_id = f"<{id}@{origin.rpartition('@')[2]}>", f"<{list}.{host}>"
    boundary = f"={id}="  # "=" and a dash cannot come from quoted-printable
    own = "".join(f"{line(name)}: {line(value, 900)}\r\n" for name, value in more.items())
    head = (
        f"From: {_mailbox(program, origin)}\r\n"
        f"To: {_mailbox(to_name, to)}\r\n"
        f"Subject: {_fold(_unstructured(subject))}\r\n"
        f"Date: {stamp}\r\n"
        f"Message-ID: {message_id}\r\n"
        "Auto-Submitted: auto-generated\r\n"  # RFC 3834: no holiday replies, please
        f"List-Id: {list_id}\r\n"
        f"{own}"
        "MIME-Version: 1.0\r\n"
        "Content-Language: en\r\n"
    )
    plain, html = text.octets or (quoted.quoted(text.text), quoted.quoted(text.html))
    bodies = [_part("text/plain; charset=utf-8", plain), _part("text/html; charset=utf-8", html)]
    if invite:
        calendar = b"".join(map(_quoted, invite.pieces))
        bodies.append(_part(f"text/calendar; charset=utf-8; method={invite.method}", calendar))
        attached = _part('application/ics; name="invite.ics"', calendar, 'attachment; filename="invite.ics"')
        whole = _multipart("mixed", f"=mixed={id}=", [_multipart("alternative", boundary, bodies), attached])
    else:
        whole = _multipart("alternative", boundary, bodies)
    shown = [
        ["From", f"{program} <{origin}>"],
        ["To", f"{to_name} <{to}>".strip()],
        ["Subject", subject],
        ["Date", stamp],
        ["Message-ID", message_id],
        ["Auto-Submitted", "auto-generated"],
        ["List-Id", list_id],
        *([name, value] for name, value in more.items()),
    ]
    return Letter(shown, head.encode() + whole)


def words(raw: bytes) -> tuple[str, str]:
    """Its text and its HTML, as they were written; empty where there is none."""
    found = {"text/plain": "", "text/html": ""}
    for part in message_from_bytes(raw).walk():
        if part.get_content_type() in found and isinstance(content := part.get_payload(decode=True), bytes):
            found[part.get_content_type()] = content.decode("utf-8", "replace").replace("\r\n", "\n")
    return found["text/plain"], found["text/html"]


def stopping(address: str) -> dict[str, str]:
    """The two headers by which a mail program offers to end such mail, by one POST to that address (RFC 8058)."""
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def rewritten(raw: bytes, change: Callable[[str], str]) -> bytes:
    """The same letter with every text in it put through `change`. For looking at: what is sent is never touched.

    Read whole, not searched: quoted-printable breaks its lines anywhere, in the middle of an address too.
    """
    whole = message_from_bytes(raw)
    if stop := whole["List-Unsubscribe"]:
        whole.replace_header("List-Unsubscribe", change(stop).encode("ascii", "ignore").decode())
    for part in whole.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            words = content.decode("utf-8", "replace") if isinstance(content, bytes) else ""
            part.set_payload(quoted.quoted(change(words)).decode("ascii").replace("\r\n", "\n"))
    return whole.as_bytes(policy=compat32.clone(linesep="\r\n", max_line_length=None))


_stamp = lru_cache(64)(format_datetime)
_quoted = lru_cache(64)(quoted.quoted)  # a circle's invites have all but a line in common
_PLAIN_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+", re.ASCII)
_PLAIN_PHRASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 '-]{0,59}")
_PLAIN_TEXT = re.compile(r"[ -~]{0,66}")


def _mailbox(name: str, address: str) -> str:
    if not name:
        return address
    words = [name] if _PLAIN_PHRASE.fullmatch(name) else list(_encoded(name))
    return _fold([*words, f"<{address}>"])


def _unstructured(text: str) -> list[str]:
    return [text] if _PLAIN_TEXT.fullmatch(text) and "=?" not in text else list(_encoded(text))


def _encoded(text: str) -> Iterator[str]:
    """Encoded words of at most 75 characters, each whole characters (RFC 2047, 2 and 5)."""
    chunk = b""
    for char in text:
        octets = char.encode()
        if len(chunk) + len(octets) > 45:
            yield f"=?utf-8?b?{b64encode(chunk).decode()}?="
            chunk = b""
        chunk += octets
    yield f"=?utf-8?b?{b64encode(chunk).decode()}?="


def _fold(words: list[str]) -> str:
    return "\r\n ".join(words) if sum(map(len, words)) > 66 else " ".join(words)


def _multipart(subtype: str, boundary: str, parts: list[bytes]) -> bytes:
    between = f"--{boundary}\r\n".encode()
    head = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(b"%s%s\r\n" % (between, part) for part in parts) + f"--{boundary}--\r\n".encode()


def _part(kind: str, content: bytes, disposition: str = "") -> bytes:
    where = f"Content-Disposition: {disposition}\r\n" if disposition else ""
    return f"Content-Type: {kind}\r\n{where}Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode() + content
