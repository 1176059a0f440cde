"""Mails about the organizers' monthly meeting and talks that are no invites: a proposal, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from shared import config

from .. import people
from . import compose, invitation, letter


def propose(tx: Connection, cause: str, data: Mapping[str, Any]) -> None:
    """To each organizer: a plan has made a proposal, and nothing goes out before somebody looks at it."""
    context = {
        "kind": data["kind"],
        "starts_at": datetime.fromisoformat(data["starts_at"]),
        "page": f"{config.current().base_url}/sessions/gatherings/{data['session']}",
    }
    deadline = datetime.fromisoformat(data["starts_at"])
    for to in people.readers(tx, data["to"]):
        compose.write(tx, "proposal", cause, to, context, deadline=deadline)


def note(tx: Connection, cause: str, data: Mapping[str, Any]) -> None:
    """To each who was invited: where notes and recording are."""
    context = {
        "thing": invitation.THINGS[data["kind"]],
        "title": letter.line(data["title"]),
        "starts_at": datetime.fromisoformat(data["starts_at"]),
        "notes": data["notes"],
        "recording": compose.web(data["recording"]),
    }
    for person in data["to"]:
        to = invitation.reader(tx, data, person)
        if to:
            compose.write(tx, "notes", cause, to, context, {"session": data["session"]})
