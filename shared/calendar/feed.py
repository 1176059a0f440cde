"""A feed: what somebody's calendar subscribes to and asks for again every hour or so.

Two builds of the same sessions are byte-equal (nothing in it says when it was asked for), so that an ETag answers most
requests. It invites nobody: no METHOD, no attendees. A session that was cancelled stays in it, as cancelled, and its
title says so too: calendars that merge would otherwise keep the one they know, and some show no status.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from . import component, text
from .event import Event, Status

REFRESH = timedelta(hours=1)


def feed(name: str, events: Iterable[Event]) -> bytes:
    """The calendar of that name; the order of `events` does not matter."""
    made = component.calendar()
    title = component.Words(text.line(name))
    made.add("name", title)
    made.add("x-wr-calname", title)
    made.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", "PT1H")
    ordered = sorted(events, key=lambda event: (event.begins, event.uid))
    before, after = component.frame(made, map(component.zone_for, ordered))
    return before + b"".join(map(_session, ordered)) + after


def _session(event: Event) -> bytes:
    off = event.status is Status.CANCELLED
    rows = component.rows(event, text.line(f"Cancelled: {event.summary}", 200) if off else None)
    return b"BEGIN:VEVENT\r\n" + b"".join(rows) + b"END:VEVENT\r\n"
