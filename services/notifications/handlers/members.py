"""Members, organizers and guests: what is known of them, their way in, and their goodbye."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from shared.events import Event, NotYet, erase, on

from .. import people
from ..chat import telling
from ..digest import projection
from ..mail import compose, ledger, letter, preferences
from ..mail.compose import Reader
from ..models import SERVICE
from ..rules import lists

COPIES = ("member.snapshot", "member.changed", "member.paused", "member.returned", "member.moved", "member.kept",
          "member.placed", "member.waiting", "member.pooled", "member.unpooled", "organizer.removed")  # fmt: skip


@on(SERVICE, "program.changed")
def program_changed(tx: Connection, event: Event) -> None:
    people.keep_program(tx, event.data)


@on(SERVICE, *COPIES)
def person_changed(tx: Connection, event: Event) -> None:
    people.keep(tx, event.data)
    projection.became(tx, event)
    projection.arrived(tx, event)


@on(SERVICE, "application.expired", "application.withdrawn", "member.erased")
def person_gone(tx: Connection, event: Event) -> None:
    people.forget(tx, event.data["person"])
    if event.type == "application.withdrawn":
        projection.never_came(tx, event.data["person"])
    erase(tx, event.subject)


@on(SERVICE, "guest.forgotten")
def guest_forgotten(tx: Connection, event: Event) -> None:
    """Not before they know that they are not expected any more: afterwards there is no address to tell them."""
    if ledger.waits(tx, event.data["person"], "invite-cancel"):
        raise NotYet("the mail that it is off waits still")
    person_gone(tx, event)


@on(SERVICE, "signin.requested")
def signin_requested(tx: Connection, event: Event) -> None:
    data = event.data
    to = Reader(data["person"], data["name"], data["email"], people.zone_of(tx, data["person"]))
    claims = {"request": data["request"], "next": data.get("next")}
    compose.write(tx, "sign-in", event.id, to, {"already": False, "stream": None}, claims)


@on(SERVICE, "member.confirmed")
def member_confirmed(tx: Connection, event: Event) -> None:
    to = people.keep(tx, event.data)
    context = {"stream": compose.stream_name(tx, event.data["stream"]), "state": event.data["state"]}
    compose.write(tx, "welcome", event.id, to, context)
    projection.became(tx, event)
    projection.arrived(tx, event)
    telling.joined(tx, event)


@on(SERVICE, "member.left")
def member_left(tx: Connection, event: Event) -> None:
    """Who leaves to be erased gets one letter for both, from member.erasing."""
    to = people.keep(tx, event.data)
    if not event.data.get("erase_after"):
        _goodbye(tx, event, to, None)
    projection.became(tx, event)


@on(SERVICE, "member.erasing")
def member_erasing(tx: Connection, event: Event) -> None:
    to, after = people.keep(tx, event.data), event.data.get("erase_after")
    if after:
        _goodbye(tx, event, to, datetime.fromisoformat(after))


@on(SERVICE, "organizer.added")
def organizer_added(tx: Connection, event: Event) -> None:
    to = people.keep(tx, event.data)
    if event.data.get("invited"):
        compose.write(tx, "organizer", event.id, to, {})


@on(SERVICE, "member.graduated")
def member_graduated(tx: Connection, event: Event) -> None:
    to = people.keep(tx, event.data)
    context = {"stream": compose.stream_name(tx, event.data["stream"])}
    compose.write(tx, "alumni", event.id, to, context)
    projection.became(tx, event)


@on(SERVICE, "guest.asked")
def guest_asked(tx: Connection, event: Event) -> None:
    """No copy is kept before their yes. The organizer who asks is named, so it is emptied when they are erased."""
    data = event.data
    to = Reader(data["person"], data["name"], data["email"], data["timezone"])
    names = [name for each in data["streams"] if (name := compose.stream_name(tx, each))]
    context: dict[str, Any] = {"streams": names, "known": data["known"]}
    by = letter.line(people.name_of(tx, data["by"]))
    context["organizer"] = by[:1].upper() + by[1:]  # a sentence begins with it
    mentions = [data["by"]] if context["organizer"] else []
    compose.write(tx, "guest", event.id, to, context, mentions=mentions)


@on(SERVICE, "goal.reached")
def goal_reached(tx: Connection, event: Event) -> None:
    """What they wrote is not in it: that is theirs."""
    data = event.data
    to = people.reader(tx, data["person"])
    if to:
        context = {
            "stream": compose.stream_name(tx, data["stream"]),
            "next_stream": compose.stream_name(tx, data["next_stream"]),
        }
        compose.write(tx, "goal", event.id, to, context, {"next": "/signup/me/goal"})
    projection.became(tx, event)


@on(SERVICE, "address.requested")
def address_requested(tx: Connection, event: Event) -> None:
    data = event.data
    to = Reader(data["person"], data["name"], data["email"], people.zone_of(tx, data["person"]))
    compose.write(tx, "address", event.id, to, {}, {"request": data["request"]})


@on(SERVICE, "member.readdressed")
def member_readdressed(tx: Connection, event: Event) -> None:
    """The old address is told: perhaps it was not its reader who did this."""
    now = people.keep(tx, event.data)
    compose.write(tx, "address-changed", event.id, replace(now, email=event.data["former"]), {})


@on(SERVICE, "talks.wanted")
def talks_wanted(tx: Connection, event: Event) -> None:
    """They said so to sessions. What they want of notes stays, as long as they want invites."""
    person, wanted = event.data["person"], event.data["wanted"]
    before = preferences.choices(tx, person).get(preferences.TALKS, lists.MAIL)
    if wanted != (before != lists.NONE):
        preferences.choose(tx, person, {preferences.TALKS: lists.MAIL if wanted else lists.NONE}, tell=False)


def _goodbye(tx: Connection, event: Event, to: Reader, erased: datetime | None) -> None:
    context = {"stream": compose.stream_name(tx, event.data["stream"]), "erased": erased}
    compose.write(tx, "goodbye", event.id, to, context)
