"""What a mail says, as its reader sees it: of its MIME, never of what it was made of."""

from __future__ import annotations

import email
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.header import decode_header, make_header
from email.message import Message
from functools import lru_cache

LINK = re.compile(r"https?://[^\s<>\"]+")
ATTENDEE = re.compile(r"^ATTENDEE.*\r?\n(?:[ \t].*\r?\n)*", re.M)  # with its folded lines


@dataclass(frozen=True)
class Letter:
    """One mail.

    :param begins: of the session whose invite is in it.
    """

    id: str
    kind: str
    address: str
    at: datetime
    subject: str
    text: str
    links: list[str] = field(default_factory=list)
    begins: datetime | None = None
    ends: datetime | None = None

    def link(self, *purposes: str) -> str | None:
        """The first link of one of these purposes: /<service>/<purpose>/<token>."""
        wanted = re.compile(rf"/\w+/({'|'.join(purposes)})/[^/?#]+")
        return next((link for link in self.links if wanted.search(link)), None)

    @property
    def session(self) -> str | None:
        """Which session it is about, as its reader tells one from another: by when it is."""
        found = re.search(r"^When: (.+)$", self.text, re.MULTILINE)
        return found[1] if found else None

    @property
    def leads(self) -> bool:
        """Does it say that its reader coordinates?"""
        return re.search(r"^Coordinator: you$", self.text, re.MULTILINE) is not None


def read(id: str, kind: str, address: str, at: datetime, raw: bytes) -> Letter:
    """A mail as it went, or would have gone, over the wire."""
    # By the older of Python's two parsers: the other reads every header of every part by its grammar, and took a third
    # of a demo's own time.
    message = email.message_from_bytes(raw)
    text = next((_text(part) for part in message.walk() if part.get_content_type() == "text/plain"), "")
    subject = str(make_header(decode_header(message["Subject"] or "")))
    links = [link.rstrip(".,)") for link in LINK.findall(text)]
    begins, ends = _when(message)
    return Letter(id, kind, address, at, subject, text, list(dict.fromkeys(links)), begins, ends)


def _text(part: Message) -> str:
    """What a part says, decoded, with plain line ends."""
    said = part.get_payload(decode=True)
    assert isinstance(said, bytes)
    return said.decode(part.get_content_charset("utf-8"), "replace").replace("\r\n", "\n")


def _when(message: Message) -> tuple[datetime | None, datetime | None]:
    """The times of the one event of an invite; (None, None) where there is none."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            return _times(ATTENDEE.sub("", _text(part)))
    return None, None


@lru_cache(64)
def _times(calendar: str) -> tuple[datetime | None, datetime | None]:
    """Of a calendar that names nobody invited: the same for a whole circle, and read once."""
    from icalendar import Calendar

    event = Calendar.from_ical(calendar).events[0]
    begins, ends = event.start, event.end
    if isinstance(begins, datetime) and isinstance(ends, datetime):
        return begins, ends
    return None, None
