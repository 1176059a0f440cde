"""An invitation to one session, an update of it, or its end: a message per person, the only attendee in it (RFC 5546).

An update is the same message with a higher `sequence`; a cancellation is the same with the status CANCELLED. What is
the same for all is written once by the library (`prepare`); the line of the attendee, all that differs, is then put
into those bytes (`Prepared.to`), which is what makes a circle's invitations cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from . import component, text
from .event import Attendee, Event, Invite, Status

_OCTETS = 75  # a line's length, RFC 5545, 3.1
_MARK = b"ATTENDEE:mailto:somebody@invalid"


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
    made = component.calendar()
    made.add("method", method)
    component.add_zones(made, [event])
    vevent = component.vevent(event)
    vevent.add("organizer", component.organizer(event.organizer))
    vevent.add("attendee", "mailto:somebody@invalid")
    made.add_component(vevent)
    # A line of its own: whatever else people typed is behind the name of another property, or folded behind a blank.
    before, mark, after = made.to_ical().partition(b"\r\n%s\r\n" % _MARK)
    if not mark:
        raise AssertionError("the place of the attendee was not found")
    return Prepared(method, before + b"\r\n", after)


def attendee_line(who: Attendee, cancelled: bool) -> bytes:
    """ATTENDEE with its parameters, folded, without its line end."""
    name = component.common_name(who.name).replace("^", "^^")  # RFC 6868
    called = f'CN="{name}";' if name else ""
    asked = ";RSVP=TRUE" if who.asked and not cancelled else ""
    row = (
        f"ATTENDEE;{called}CUTYPE=INDIVIDUAL;PARTSTAT={who.answer.value};ROLE=REQ-PARTICIPANT{asked}"
        f":{text.uri(who.address)}"
    )
    return folded(row.encode())


def folded(row: bytes) -> bytes:
    """The row in lines of at most 75 octets, each beginning with a whole character."""
    pieces, begin, room = [], 0, _OCTETS
    while len(row) - begin > room:
        end = begin + room
        while row[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(row[begin:end])
        begin, room = end, _OCTETS - 1
    pieces.append(row[begin:])
    return b"\r\n ".join(pieces)
