"""Applications: each is asked to confirm, reminded once; organizers get them summed up."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from shared.events import Event, on

from .. import people
from ..digest import projection
from ..mail import compose, letter, summary
from ..mail.compose import Reader
from ..models import SERVICE
from ..rules import lists


@on(SERVICE, "application.received")
def application_received(tx: Connection, event: Event) -> None:
    _ask_to_confirm(tx, event, "confirm", again=bool(event.data.get("again")))
    projection.applied(tx, event)


@on(SERVICE, "application.reminded")
def application_reminded(tx: Connection, event: Event) -> None:
    _ask_to_confirm(tx, event, "confirm-reminder", again=False)


@on(SERVICE, "application.imported")
def application_imported(tx: Connection, event: Event) -> None:
    """A file named them: they are asked, and reminded once, and get nothing else before they confirm."""
    data = event.data
    to = people.keep(tx, data, "imported")
    organizer = people.name_of(tx, data["by"])
    context = {"stream": compose.stream_name(tx, data["stream"]), "organizer": letter.line(organizer)}
    kind = "imported-reminder" if data["reminder"] else "imported"
    compose.write(tx, kind, event.id, to, context, mentions=[data["by"]] if organizer else [])
    projection.applied(tx, event)


@on(SERVICE, "application.repeated")
def application_repeated(tx: Connection, event: Event) -> None:
    """The form was sent with a member's address: no second member, but no silence either."""
    data = event.data
    to = Reader(data["person"], data["name"], data["email"], data.get("timezone") or "")
    context = {"already": True, "stream": compose.stream_name(tx, data.get("stream"))}
    compose.write(tx, "sign-in", event.id, to, context, link="enter")


@on(SERVICE, "applications.summarized")
def applications_summarized(tx: Connection, event: Event) -> None:
    """One letter to each organizer. Who was erased meanwhile is counted, not named."""
    data = event.data
    known = compose.the_program(tx)
    gone = people.forgotten(tx, [entry["person"] for entry in data["applications"]])
    context = summary.context(data, people.streams(tx), gone)
    for organizer in data["organizers"]:
        zone = people.zone_of(tx, organizer["person"]) or known.timezone
        to = Reader(organizer["person"], organizer["name"], organizer["email"], zone)
        told = lists.Of(ahead=True)  # the chat tells once they confirm
        compose.write(tx, "applications", event.id, to, context, mentions=summary.named(context), of=told)


def _ask_to_confirm(tx: Connection, event: Event, kind: str, again: bool) -> None:
    to = people.keep_applicant(tx, event.data)
    context = {"stream": compose.stream_name(tx, event.data["stream"]), "again": again}
    compose.write(tx, kind, event.id, to, context)
