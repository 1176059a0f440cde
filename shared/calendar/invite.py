"""An invitation to one session, an update of it, or its end: a message per person, the only attendee in it (RFC 5546).

An update is the same message with a higher `sequence`; a cancellation is the same with the status CANCELLED. What many
have in common (the frame, the zone, the organizer) is written once by the library; the session's own lines are written
here, as the library would (tests compare them), and the line of the attendee, all that differs, is put in between
(`Prepared.to`): which is what makes a circle's invitations cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from icalendar import Event as VEvent

from . import component, text
from .event import Attendee, Event, Invite, Mailbox, Status
from .zone import Zone


@dataclass(frozen=True)
class Prepared:
    """A message but for its attendee."""

    method: str
    before: bytes
    after: bytes

    def to(self, who: Attendee) -> Invite:
        """The message to that person.

        :raises ValueError: the address can be none.
        """
        row = attendee_line(who, self.method == "CANCEL")
        return Invite(self.method, (self.before, row + b"\r\n", self.after))


@lru_cache(16)  # it is asked for once ahead, and once where it counts
def prepare(event: Event) -> Prepared:
    """The message to everybody, ready for each.

    :raises ValueError: the organizer's address can be none.
    """
    method = "CANCEL" if event.status is Status.CANCELLED else "REQUEST"
    before, after = _around(method, component.zone_for(event))
    first, rest = component.rows(event, organizer=_organizer(event.organizer))
    return Prepared(method, before + first, rest + after)


@lru_cache(64)
def _around(method: str, sent_in: Zone | None) -> tuple[bytes, bytes]:
    """What comes before the lines of the session, zone and all, and what comes after them."""
    made = component.calendar()
    made.add("method", method)
    before, after = component.frame(made, [sent_in])
    return before + b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n" + after


@lru_cache(16)
def _organizer(mailbox: Mailbox) -> bytes:
    made = VEvent()
    made.add("organizer", component.organizer(mailbox))
    return bytes(made.to_ical().removeprefix(b"BEGIN:VEVENT\r\n").removesuffix(b"END:VEVENT\r\n"))


@lru_cache(512)
def attendee_line(who: Attendee, cancelled: bool) -> bytes:
    """ATTENDEE with its parameters, folded, without its line end."""
    name = component.common_name(who.name).replace("^", "^^")  # RFC 6868
    called = f'CN="{name}";' if name else ""
    asked = ";RSVP=TRUE" if who.asked and not cancelled else ""
    row = (
        f"ATTENDEE;{called}CUTYPE=INDIVIDUAL;PARTSTAT={who.answer.value};ROLE=REQ-PARTICIPANT{asked}"
        f":{text.uri(who.address)}"
    )
    return component.folded(row.encode())
