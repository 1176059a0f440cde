"""What a mail says, as its reader sees it: of its MIME, never of what it was made of."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
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
        """The page of the session that it is about, if it links to one."""
        return next((found[0] for link in self.links if (found := re.search(r"/sessions/s/[\w-]+", link))), None)

    @property
    def leads(self) -> bool:
        """Does it say that its reader coordinates?"""
        return re.search(r"^Coordinator: you$", self.text, re.MULTILINE) is not None


def read(id: str, kind: str, address: str, at: datetime, raw: bytes) -> Letter:
    """A mail as it went, or would have gone, over the wire."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    plain = message.get_body(("plain",))
    text = plain.get_content().replace("\r\n", "\n") if plain else ""
    links = [link.rstrip(".,)") for link in LINK.findall(text)]
    begins, ends = _when(message)
    return Letter(id, kind, address, at, str(message["Subject"]), text, list(dict.fromkeys(links)), begins, ends)


def _when(message: EmailMessage) -> tuple[datetime | None, datetime | None]:
    """The times of the one event of an invite; (None, None) where there is none."""
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            return _times(ATTENDEE.sub("", part.get_content()))
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
