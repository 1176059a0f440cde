"""What a calendar is told of one session: plain values, in the words of RFC 5545."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shared import clock

_UID = re.compile(r"[!-~]{1,255}")


class Status(StrEnum):
    """STATUS of the session."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class Answer(StrEnum):
    """PARTSTAT: what an attendee says."""

    NONE = "NEEDS-ACTION"
    YES = "ACCEPTED"
    NO = "DECLINED"
    MAYBE = "TENTATIVE"


@dataclass(frozen=True)
class Mailbox:
    """A name and an address, the latter as the envelope carries it."""

    name: str
    address: str


@dataclass(frozen=True)
class Attendee:
    """Whom one message is for; `asked` is whether an answer is wanted (RSVP)."""

    name: str
    address: str
    answer: Answer = Answer.NONE
    asked: bool = True


@dataclass(frozen=True)
class Event:
    """One session, as all who are invited may know it. Put no secret link in: invitations are passed on.

    :param uid: the same for ever, printable ASCII.
    :param sequence: rises whenever time, place or status change.
    :param stamp: the instant since which it is so; not that of sending, or a feed would change with every request.
    :param start: wall time, naive, in `zone` (an IANA name).
    :param location: a place in words, or where to click.
    :param organizer: the mailbox that the mail is from, and that is read.
    :raises ValueError: the UID, the sequence, the minutes, an address or the zone can be none.
    """

    uid: str
    sequence: int
    stamp: datetime
    start: datetime
    zone: str
    minutes: int
    summary: str
    organizer: Mailbox
    description: str = ""
    location: str = ""
    url: str = ""
    status: Status = Status.CONFIRMED
    coordinator: str = ""
    mentor: str = ""

    def __post_init__(self) -> None:
        if not _UID.fullmatch(self.uid):
            raise ValueError(f"{self.uid!r} is no UID: use 1 to 255 printable ASCII characters without blanks")
        if self.sequence < 0 or self.minutes < 1:
            raise ValueError("sequence must not be negative, minutes must be positive")
        if self.stamp.tzinfo is None or self.start.tzinfo is not None:
            raise ValueError("stamp must be aware (an instant), start naive (a wall time)")
        clock.zone(self.zone)

    @property
    def begins(self) -> datetime:
        """The instant, in UTC; a wall time in a gap or a fold as RFC 5545, 3.3.5 reads it."""
        return self.start.replace(tzinfo=clock.zone(self.zone), fold=0).astimezone(UTC)

    @property
    def ends(self) -> datetime:
        """The instant, in UTC: so many minutes later, whatever the clocks do meanwhile."""
        return self.begins + timedelta(minutes=self.minutes)


@dataclass(frozen=True)
class Invite:
    """A calendar message; `method` is METHOD, and must be that of the MIME part too.

    :param pieces: its text, in whole lines; what many messages have in common is a piece of its own.
    """

    method: str
    pieces: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)
