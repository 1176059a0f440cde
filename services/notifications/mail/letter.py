"""A letter: one mail as bytes, made once and stored, the same at every attempt.

Headers go through `email.message.EmailMessage`, which encodes and folds them; what people typed is flattened to one
plain line first (`line`), so that no name can begin a header of its own. Bodies are quoted-printable: 7 bits, so that
any server takes them.
"""

from __future__ import annotations

import binascii
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

import idna

from services.notifications.mail.text import Text


@dataclass(frozen=True)
class Letter:
    """The finished mail: `headers` as people read them, `raw` as it goes over the wire."""

    headers: list[list[str]]
    raw: bytes


def line(value: object, most: int = 120) -> str:
    """Any text as one harmless line: no controls, no lone surrogates, no marks that turn the direction of reading."""
    kept = []
    for char in str(value):
        category = unicodedata.category(char)
        if category in ("Cc", "Zl", "Zp") or char.isspace():
            kept.append(" ")
        elif category == "Cs" or category == "Cn" or char in _TURNING:
            kept.append("\ufffd" if category == "Cs" else "")
        else:
            kept.append(char)
    flat = " ".join("".join(kept).split())
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


# Embeddings, overrides and isolates could make "moc.live" look like another name; a joiner inside an emoji is fine.
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def wire(address: str) -> str:
    """An address as the envelope carries it: the domain in ASCII (RFC 5891); the local part stays as it is.

    :raises ValueError: it has no domain, or one that cannot be.
    """
    local, at, domain = address.rpartition("@")
    if not at or not local or any(c in "\r\n<> \t" or unicodedata.category(c) == "Cc" for c in address):
        raise ValueError(f"{address!r} is not a mail address")
    if not domain.isascii():
        domain = idna.encode(domain, uts46=True).decode("ascii")
    return f"{local}@{domain}"


def mailbox(value: str, name: str | None = None) -> Address:
    """`Name <address>` or an address alone, as a header wants it; `name` replaces the name."""
    typed, address = parseaddr(value)
    local, _, domain = wire(address or value).rpartition("@")
    return Address(display_name=line(typed if name is None else name), username=local, domain=domain)


def write(
    id: str, kind: str, sender: str, program: str, to_name: str, to_address: str, text: Text, date: datetime, host: str
) -> Letter:
    """The letter to one person.

    :param sender: BATON_MAIL_FROM; its name is replaced by the program's.
    :param host: the program's host, for List-Id.
    :raises ValueError: the address cannot be one.
    """
    origin = mailbox(sender, program)
    to = mailbox(wire(to_address), to_name)
    policy = SMTP if to.username.isascii() else SMTPUTF8
    message = EmailMessage(policy)
    message["From"] = origin
    message["To"] = to
    message["Subject"] = line(text.subject, 200)
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{id}@{origin.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday replies, please
    message["List-Id"] = f"<{kind}.{host}>"
    message["MIME-Version"] = "1.0"
    headers = [[name, str(value)] for name, value in message.items()]
    message["Content-Language"] = "en"
    message["Content-Type"] = f'multipart/alternative; boundary="={id}="'
    for subtype, content in (("plain", text.text), ("html", text.html)):
        part = MIMEPart(policy)
        part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
        part["Content-Transfer-Encoding"] = "quoted-printable"
        octets = content.replace("\r\n", "\n").encode("utf-8", "replace")
        part.set_payload(binascii.b2a_qp(octets, istext=True).decode("ascii"))
        message.attach(part)
    return Letter(headers, message.as_bytes())
