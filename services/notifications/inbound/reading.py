"""One mail that came in, opened: who wrote it, to what, and whether a machine did. Nothing in it is proven.

Nothing is raised but `reply.Unread`, whatever the bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from uuid import UUID

from shared.calendar import reply
from shared.calendar.text import line

DEPTH = 20  # parts within parts
PARTS = 200
_ID = re.compile(r"<([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})@[^<>\s]{1,255}>", re.IGNORECASE)


@dataclass(frozen=True)
class Opened:
    """A mail. :param automatic: as `reply.automatic`. :param answers: ids of mails, ours perhaps, newest first."""

    raw: bytes
    whole: Message
    sender: str
    name: str
    subject: str
    automatic: str
    listed: bool
    answers: list[str]


def opened(raw: bytes) -> Opened:
    """Open a mail.

    :raises reply.Unread: it is too large, or cannot be taken apart.
    """
    whole = reply.opened(raw)
    try:
        name, sender = parseaddr(header(whole, "From"))
        listed = any(each in whole for each in ("List-Id", "List-Unsubscribe", "List-Post"))
        return Opened(
            raw=raw,
            whole=whole,
            sender=line(sender, 320),
            name=line(name, 200),
            subject=line(header(whole, "Subject"), 200),
            automatic=reply.automatic(whole),
            listed=listed,
            answers=_answers(whole),
        )
    except Exception:
        # As in shared/calendar/reply: the standard library raises what comes to hand on hostile input.
        raise reply.Unread(reply.Why.UNREADABLE) from None


def key(raw: bytes, cut: bool = False) -> str:
    """What is the same however often, and by whatever way, a mail comes: of its headers only those of its writer.

    Servers on the way add headers at the top; who fetches it twice, or gets it from two of them, must see one mail.
    Of one that is cut, where it was depends on the way: its headers alone count.
    """
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    own = re.findall(rb"(?im)^(?:message-id|from|date|subject):.*(?:\n[ \t].*)*", head[:100_000])
    said = b"\n".join(sorted(each.strip() for each in own))
    return hashlib.sha256(said + b"\n\n" + (b"" if cut else body.strip())).hexdigest()


def header(mail: Message, name: str) -> str:
    """One header as a person reads it; its encoded words decoded where they can be."""
    # Not `get`: of octets beyond ASCII, which mail programs put there all the same, that leaves nothing.
    values = (str(value) for each, value in mail.raw_items() if each.lower() == name.lower())
    value = reply.decoded(next(values, "")[:5000].encode("utf-8", "surrogateescape"), "utf-8")
    try:
        return str(make_header(decode_header(value)))
    except Exception:
        return _lenient(value)


def _lenient(value: str) -> str:
    """The same, where the charset of an encoded word is not the one it says."""
    try:
        found = decode_header(value)
    except Exception:
        return value
    return "".join(
        reply.decoded(part, charset or "utf-8") if isinstance(part, bytes) else part for part, charset in found
    )


def parts(mail: Message, depth: int = 0) -> Iterator[Message]:
    """Its parts that hold something, from the outside in; what is inside a report or a forwarded mail stays whole."""
    if mail.get_content_maintype() == "multipart" and mail.is_multipart():
        if depth < DEPTH:
            for each in mail.get_payload():
                if isinstance(each, Message):
                    yield from parts(each, depth + 1)
    else:
        yield mail


def text(part: Message) -> str:
    """What a part says, whatever charset it says it is in."""
    content = part.get_payload(decode=True)
    return reply.decoded(content, str(part.get_content_charset("utf-8"))) if isinstance(content, bytes) else ""


def _answers(mail: Message) -> list[str]:
    found = _ID.findall(str(mail.get("In-Reply-To", ""))[:2000])
    found += reversed(_ID.findall(str(mail.get("References", ""))[-5000:]))
    return list(dict.fromkeys(str(UUID(each)) for each in found))[:20]
