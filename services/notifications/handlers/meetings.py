"""Sessions and what they leave behind: invites, minutes, items; gatherings; who fell silent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from shared.events import Event, ahead, on

from .. import people
from ..chat import telling
from ..digest import projection
from ..mail import compose, gathering, invitation, letter, session
from ..models import SERVICE
from ..rules import lists


@on(SERVICE, "session.minuted", "minutes.corrected")
def session_minuted(tx: Connection, event: Event) -> None:
    """To each of the circle, with their own action items first and a link to tick them."""
    data = event.data
    named = session.named(data)
    gone = people.forgotten(tx, named)  # first of all, in one order: nobody else of them can be erased before this ends
    projection.minuted(tx, event, gone)
    in_chat = telling.minuted(tx, event)
    known = compose.the_program(tx)
    told = people.readers(tx, [*data["to"], *data["organizers"]])
    names = people.called(tx, named, hold=False)
    of = lists.Of(data["stream"], in_chat, projection.by_letter(tx, data))
    for to in told:
        context = session.minutes(data, names, to.person, to.timezone or known.timezone, event.type)
        link, links = "item" if context["mine"] else None, {}
        if context["led"]:
            links["lead"] = ("lead", {"session": data["session"]})
        if context["leads_next"]:
            links["next"] = ("lead", {"session": data["next"]["session"]})
        by = "all-minutes" if context["for_organizer"] else "minutes"
        topic = compose.Told(f"{session.TOPIC}{data['session']}", 0)  # whom an answer to it is for
        compose.write(
            tx, "minutes", event.id, to, context, link=link, mentions=named, told=topic, links=links, list=by, of=of
        )


@on(SERVICE, "minutes.missed")
def minutes_missed(tx: Connection, event: Event) -> None:
    projection.late(tx, event)
    data = event.data
    known = compose.the_program(tx)
    for to in people.readers(tx, data["to"]):
        context = session.late(data, to.timezone or known.timezone)
        link = "lead" if data["who"] == "coordinator" else None
        compose.write(tx, "minutes-late", event.id, to, context, {"session": data["session"]}, link=link)


@on(SERVICE, "session.announced")
def session_announced(tx: Connection, event: Event) -> None:
    projection.announced(tx, event.data)
    projection.gathered(tx, event.data)
    invitation.announce(tx, event.id, event.data)


@ahead(SERVICE, "session.announced", "session.reminded")
def to_a_circle(tx: Connection, event: Event) -> None:
    """The mails to a circle are made before the transaction that puts them down, so that senders need not wait."""
    with compose.drafting():
        (invitation.remind if event.type == "session.reminded" else invitation.announce)(tx, event.id, event.data)


@on(SERVICE, "session.snapshot")
def session_snapshot(tx: Connection, event: Event) -> None:
    projection.remembered(tx, event, people.forgotten(tx, event.data["members"]))


@on(SERVICE, "checkin.asked")
def checkin_asked(tx: Connection, event: Event) -> None:
    """Still with us? Not sent any more once nobody waits for the answer."""
    projection.checked_in(tx, event)
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        until = datetime.fromisoformat(data["answer_by"])
        context = {
            "circle": letter.line(data["name"]),
            "missed": [datetime.fromisoformat(each) for each in data["missed"]],
            "answer_by": until,
        }
        compose.write(tx, "checkin", event.id, to, context, {"checkin": data["checkin"]}, deadline=until)


@on(SERVICE, "checkin.ended", "checkin.snapshot")
def checkin_ended(tx: Connection, event: Event) -> None:
    projection.checked_in(tx, event)


@on(SERVICE, "items.changed")
def items_changed(tx: Connection, event: Event) -> None:
    projection.items(tx, event)


@on(SERVICE, "session.reminded")
def session_reminded(tx: Connection, event: Event) -> None:
    projection.gathered(tx, event.data)
    data = event.data
    in_chat = telling.of_session(tx, data["session"], datetime.fromisoformat(data["starts_at"]))
    invitation.remind(tx, event.id, data, in_chat)


@on(SERVICE, "gathering.proposed")
def gathering_proposed(tx: Connection, event: Event) -> None:
    gathering.propose(tx, event.id, event.data)


@on(SERVICE, "gathering.noted")
def gathering_noted(tx: Connection, event: Event) -> None:
    gathering.note(tx, event.id, event.data)
