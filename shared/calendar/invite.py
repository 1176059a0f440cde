"""An invitation to one session, an update of it, or its end: a message per person, the only attendee in it (RFC 5546).

An update is the same message with a higher `sequence`; a cancellation is the same with the status CANCELLED. What many
have in common (the frame, the zone, the organizer) is written once by the library; the session's own lines are written
here, as the library would (tests compare them), and the line of the attendee, all that differs, is put in between
(`Prepared.to`): which is what makes a circle's invitations cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from . import component, text
from .event import Attendee, Event, Invite, Mailbox, Status

_OCTETS = 75  # a line's length, RFC 5545, 3.1


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
    sent_in = component.zone_for(event)
    before, after = _around(method, sent_in.key if sent_in else None)
    values = component.values(event, sent_in)
    first = b"".join(_row(name, values[name]) for name in _FIRST)
    last = {name: _row(name, value) for name, value in values.items() if name not in _FIRST}
    last["ORGANIZER"] = _organizer(event.organizer)
    return Prepared(method, before + first, b"".join(last[name] for name in sorted(last)) + after)


_FIRST = ("SUMMARY", "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE")  # the library's order; the rest by name


def _row(name: str, value: bytes) -> bytes:
    apart = b";" if value.startswith(b"TZID=") else b":"
    return folded(name.encode() + apart + value) + b"\r\n"


@lru_cache(64)
def _around(method: str, zone_key: str | None) -> tuple[bytes, bytes]:
    """What comes before the properties of the session, zone and all, and what comes after them."""
    made = component.calendar()
    made.add("method", method)
    component.add_zone(made, zone_key)
    made.add_component(component.empty())
    before, begin, after = made.to_ical().partition(b"BEGIN:VEVENT\r\n")
    return before + begin, after


@lru_cache(16)
def _organizer(mailbox: Mailbox) -> bytes:
    made = component.empty()
    made.add("organizer", component.organizer(mailbox))
    return made.to_ical().removeprefix(b"BEGIN:VEVENT\r\n").removesuffix(b"END:VEVENT\r\n")


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
