"""A session as calendars are told of it: one way for mails and for feeds, from the facts that events carry.

The UID is made of the session's id alone: were there the program's address in it, a move of the server would double
every session in everybody's calendar.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .event import Event, Mailbox, Status

_DOMAIN = "sessions.baton"
_UID = re.compile(rf"([0-9a-f-]{{36}})@{re.escape(_DOMAIN)}")


def uid(session: str) -> str:
    """The UID of that session, for ever."""
    return f"{session}@{_DOMAIN}"


def session_of(uid: str) -> str | None:
    """The session of a UID; None when it is none of ours."""
    found = _UID.fullmatch(uid.strip())
    return found[1] if found else None


def page(base_url: str, session: str) -> str:
    """The session's own page: its agenda, later its minutes. No secret; its circle signs in there."""
    return f"{base_url}/sessions/s/{session}"


def event(
    data: Mapping[str, Any], stamp: datetime, organizer: Mailbox, base_url: str, coordinator: str = "", mentor: str = ""
) -> Event:
    """The session of `data`, which has the fields of the events about sessions.

    :param stamp: since when it is so, or when it is told.
    """
    agenda = page(base_url, data["session"])
    where = [f"Join: {data['link']}"] if data["link"] and data["location"] else []
    return Event(
        uid=uid(data["session"]),
        sequence=data["sequence"],
        stamp=stamp,
        start=datetime.fromisoformat(f"{data['day']}T{data['time']}"),
        zone=data["zone"],
        minutes=data["minutes"],
        summary=data["title"] or data["name"],
        organizer=organizer,
        description="\n".join([*where, f"Agenda: {agenda}"]),
        location=data["location"] or data["link"] or "",
        url=agenda,
        status=Status.CANCELLED if data["state"] == "cancelled" else Status.CONFIRMED,
        coordinator=coordinator,
        mentor=mentor,
    )
