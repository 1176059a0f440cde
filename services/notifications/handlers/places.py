"""Places in circles: given, waited for, offered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from shared.events import Event, on

from .. import people
from ..digest import projection
from ..mail import compose, letter
from ..models import SERVICE

SESSIONS = {"next": "/sessions/"}  # where the button of a mail about sessions leads


@on(SERVICE, "circle.joined")
def circle_joined(tx: Connection, event: Event) -> None:
    """Who is in the circle is named, so this mail is emptied when one of them is erased."""
    projection.arrived(tx, event)
    projection.seated(tx, event)
    data = event.data
    to = people.reader(tx, data["person"])
    if to is None:
        return
    others = people.names(tx, [id for id in data["members"] if id != data["person"]])
    context = {
        "stream": compose.stream_name(tx, data["stream"]),
        "circle": letter.line(data["name"]),
        "how": data["how"],
        "others": [letter.line(name) for _, name in others],
        "starts_at": datetime.fromisoformat(data["starts_at"]) if data["starts_at"] else None,
        "minutes": data["minutes"],
        "meets": compose.web(data["link"]),
        "location": letter.line(data["location"] or "", 400),
    }
    compose.write(tx, "placed", event.id, to, context, SESSIONS, mentions=[id for id, _ in others])


@on(SERVICE, "circle.left")
def circle_left(tx: Connection, event: Event) -> None:
    projection.seated(tx, event)


@on(SERVICE, "place.waiting")
def place_waiting(tx: Connection, event: Event) -> None:
    projection.seated(tx, event)
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        context = {
            "stream": compose.stream_name(tx, data["stream"]),
            "position": data["position"],
            "lapsed": data["why"] == "lapsed",
        }
        compose.write(tx, "waiting", event.id, to, context, SESSIONS)


@on(SERVICE, "place.offered")
def place_offered(tx: Connection, event: Event) -> None:
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        context = {
            "stream": compose.stream_name(tx, data["stream"]),
            "answer_by": datetime.fromisoformat(data["until"]),
        }
        compose.write(tx, "place", event.id, to, context, {"offer": data["offer"]})


@on(SERVICE, "place.snapshot")
def place_snapshot(tx: Connection, event: Event) -> None:
    projection.arrived(tx, event)
    projection.seated(tx, event)
