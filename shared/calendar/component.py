"""An Event as VEVENT, and what surrounds it: the one place where iCalendar is written, for invitations and feeds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from icalendar import Calendar, vCalAddress, vText, vUri
from icalendar import Event as VEvent

from shared import clock

from . import text
from .event import Event, Mailbox, Status
from .zone import Zone, zone

PRODUCT = "-//Baton//Baton//EN"


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


def add_zones(to: Calendar, events: Iterable[Event]) -> None:
    """Each zone that these events are sent in, once."""
    used = {found.key: found for event in events if (found := zone_for(event))}
    for key in sorted(used):
        to.add_component(used[key].component())


def add_zone(to: Calendar, key: str | None) -> None:
    """That zone; nothing for UTC."""
    found = zone(key) if key else None
    if found:
        to.add_component(found.component())


def empty() -> VEvent:
    """A session that nothing is known of."""
    return VEvent()


def values(event: Event, sent_in: Zone | None) -> dict[str, bytes]:
    """Each property of the session and what stands behind its name, without people, not folded.

    :param sent_in: the zone of its times, as `zone_for` has it.
    """
    found = {
        "UID": event.uid.encode(),
        "SEQUENCE": b"%d" % event.sequence,
        "DTSTAMP": _instant(event.stamp, None),
        "DTSTART": _instant(event.begins, sent_in),
        "DTEND": _instant(event.ends, sent_in),
        "SUMMARY": Words(text.line(event.summary, 200)).to_ical(),
        "STATUS": event.status.value.encode(),
        "TRANSP": b"TRANSPARENT" if event.status is Status.CANCELLED else b"OPAQUE",
    }
    if description := text.paragraphs(_description(event)):
        found["DESCRIPTION"] = Words(description).to_ical()
    if location := text.line(event.location, 500):
        found["LOCATION"] = Words(location).to_ical()
    if event.url:
        found["URL"] = text.link(event.url).encode()
    return found


def _instant(instant: datetime, sent_in: Zone | None) -> bytes:
    """An instant in UTC, or as wall time with its zone before it."""
    if sent_in is None:
        return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}".encode()
    return f"TZID={sent_in.key}:{instant.astimezone(clock.zone(sent_in.key)):%Y%m%dT%H%M%S}".encode()


def vevent(event: Event, summary: str | None = None) -> VEvent:
    """The session, without people."""
    made = VEvent()
    made.add("uid", event.uid)
    made.add("sequence", event.sequence)
    made.add("dtstamp", event.stamp)
    sent_in = zone_for(event)
    made.add("dtstart", _time(event.begins, sent_in))
    made.add("dtend", _time(event.ends, sent_in))
    made.add("summary", Words(summary or text.line(event.summary, 200)))
    description = text.paragraphs(_description(event))
    if description:
        made.add("description", Words(description))
    location = text.line(event.location, 500)
    if location:
        made.add("location", Words(location))
    if event.url:
        made.add("url", vUri(text.link(event.url)))
    made.add("status", event.status.value)
    made.add("transp", "TRANSPARENT" if event.status is Status.CANCELLED else "OPAQUE")
    return made


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


def _time(instant: datetime, sent_in: Zone | None) -> datetime:
    return instant.astimezone(clock.zone(sent_in.key)) if sent_in else instant


def _description(event: Event) -> str:
    roles = [("Coordinator", event.coordinator), ("Mentor", event.mentor)]
    named = [f"{role}: {text.line(name)}" for role, name in roles if name]
    return "\n".join(named) + ("\n\n" if named and event.description else "") + event.description
