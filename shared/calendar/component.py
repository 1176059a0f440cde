"""An Event as VEVENT, and what surrounds it: the one place where iCalendar is written, for invitations and feeds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from icalendar import Calendar, vCalAddress, vText

from shared import clock

from . import text
from .event import Event, Mailbox, Status
from .zone import Zone, zone

PRODUCT = "-//Baton//Baton//EN"
_OCTETS = 75  # a line's length, RFC 5545, 3.1


class Words(vText):
    """TEXT escaped as RFC 5545, 3.3.11 has it. The library's own takes a typed backslash and N for a line break."""

    def to_ical(self) -> bytes:
        """The value of the property."""
        return str(self).translate(_ESCAPES).encode()


_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def calendar() -> Calendar:
    """An empty VCALENDAR."""
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    return made


def zone_for(event: Event) -> Zone | None:
    """The zone to send its times in; None for UTC."""
    found = zone(event.zone)
    return found if found and found.speaks_of(event.begins) and found.speaks_of(event.ends) else None


def frame(made: Calendar, zones: Iterable[Zone | None]) -> tuple[bytes, bytes]:
    """What of that calendar comes before its sessions, with each of these zones once, and what comes after them."""
    used = {each.key: each for each in zones if each}
    for key in sorted(used):
        made.add_component(used[key].component())
    before, end, _ = made.to_ical().rpartition(b"END:VCALENDAR\r\n")
    return before, end


def rows(event: Event, summary: str | None = None, organizer: bytes = b"") -> tuple[bytes, bytes]:
    """The session's own lines, as the library would write them: those that come before ATTENDEE, and those after.

    :param summary: what its title is instead of its own.
    :param organizer: that line.
    """
    sent_in = zone_for(event)
    first = [
        ("SUMMARY", b":" + Words(summary or text.line(event.summary, 200)).to_ical()),
        ("DTSTART", _instant(event.begins, sent_in)),
        ("DTEND", _instant(event.ends, sent_in)),
        ("DTSTAMP", _instant(event.stamp, None)),
        ("UID", b":" + event.uid.encode()),
        ("SEQUENCE", b":%d" % event.sequence),
    ]
    description, location = text.paragraphs(_description(event)), text.line(event.location, 500)
    over = event.status is Status.CANCELLED
    texts = [("DESCRIPTION", description), ("LOCATION", location)]
    states = [("STATUS", event.status.value), ("TRANSP", "TRANSPARENT" if over else "OPAQUE")]
    if event.url:
        states.append(("URL", text.link(event.url)))
    told = b"".join(_row(name, b":" + Words(value).to_ical()) for name, value in texts if value)
    stands = b"".join(_row(name, b":" + value.encode()) for name, value in states)
    return b"".join(_row(*each) for each in first), told + organizer + stands


def _row(name: str, rest: bytes) -> bytes:
    return folded(name.encode() + rest) + b"\r\n"


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


def _instant(instant: datetime, sent_in: Zone | None) -> bytes:
    """What stands behind a name: an instant in UTC, or the zone and the wall time there."""
    if sent_in is None:
        return f":{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}".encode()
    return f";TZID={sent_in.key}:{instant.astimezone(clock.zone(sent_in.key)):%Y%m%dT%H%M%S}".encode()


def organizer(mailbox: Mailbox) -> vCalAddress:
    """ORGANIZER."""
    made = vCalAddress(text.uri(mailbox.address))
    name = common_name(mailbox.name)
    if name:
        made.params["CN"] = name
    return made


def common_name(name: str) -> str:
    """A name for CN, without what calendars read differently: a double quote would need an escape that some show as it
    is (RFC 6868), and a backslash, which is no escape there, is one to others.
    """
    return text.line(name).replace('"', "'").replace("\\", "/")


def _description(event: Event) -> str:
    roles = [("Coordinator", event.coordinator), ("Mentor", event.mentor)]
    named = [f"{role}: {text.line(name)}" for role, name in roles if name]
    return "\n".join(named) + ("\n\n" if named and event.description else "") + event.description
