"""Turns, of coordinators and mentors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from shared import config
from shared.events import Event, on

from .. import people
from ..chat import telling
from ..digest import projection
from ..mail import compose, invitation, letter
from ..models import SERVICE
from ..rules import lists


@on(SERVICE, "turn.offered")
def turn_offered(tx: Connection, event: Event) -> None:
    """Who hands a turn over, or changed the plan, is named, so this mail is emptied when they are erased."""
    data = event.data
    giver, changer = data["handed_by"], data.get("changed_by")
    context = {
        "answer_by": datetime.fromisoformat(data["answer_by"]),
        "why": data["why"],
        "handed_by": letter.line(people.name_of(tx, giver)) if giver else None,
        "changed_by": letter.line(people.name_of(tx, changer)) if changer else None,
        "last": data.get("last", False),
    }
    mentors = data["role"] == "mentor"
    _about_turn(
        tx, "mentor" if mentors else "turn", event, data["person"], context, {"turn": data["turn"]},
        [each for each in (giver, changer) if each], invitation.duty(data["session"], not mentors, mentors),
    )  # fmt: skip


@on(SERVICE, "turn.accepted")
def turn_accepted(tx: Connection, event: Event) -> None:
    projection.taken(tx, event)
    leads = event.data["person"]
    for person in event.data["told"]:
        who = letter.line(people.name_of(tx, leads)) or None
        _about_turn(tx, "turn-taken", event, person, {"who": who}, mentions=[leads])


@on(SERVICE, "turn.lapsed")
def turn_lapsed(tx: Connection, event: Event) -> None:
    """Where anyone may take it now, turn-open tells them so: one mail is enough, but for who is offered a pause."""
    data = event.data
    context = {"pause": data["pause"], "role": data["role"], "next_asked": data.get("asked", True)}
    if data["pause"] or not data.get("open"):
        _about_turn(tx, "turn-lapsed", event, data["person"], context, {"turn": data["turn"]})


@on(SERVICE, "turn.released")
def turn_released(tx: Connection, event: Event) -> None:
    """Who is away, paused, left or changed the plan did that themselves, and knows."""
    projection.released(tx, event)
    data = event.data
    if data["why"] not in ("away", "gone", "own"):
        _about_turn(tx, "turn-released", event, data["person"], {"cause": data["why"], "role": data["role"]})


@on(SERVICE, "turn.opened")
def turn_opened(tx: Connection, event: Event) -> None:
    projection.opened(tx, event)
    data = event.data
    of = lists.Of(data["stream"], telling.opened(tx, event))
    for person in data["to"]:
        _about_turn(tx, "turn-open", event, person, {}, {"session": data["session"]}, of=of)
    for person in data["organizers"]:
        _about_turn(tx, "turn-open-organizer", event, person, {}, of=of)


def _about_turn(
    tx: Connection,
    kind: str,
    event: Event,
    person: str,
    context: dict[str, Any],
    claims: dict[str, Any] | None = None,
    mentions: Iterable[str] = (),
    links: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
    of: lists.Of | None = None,
) -> None:
    """A mail about a turn: never sent once its session has begun."""
    to = people.reader(tx, person)
    if to is None:
        return
    data = event.data
    starts_at = datetime.fromisoformat(data["starts_at"])
    about = {"circle": letter.line(data["name"]), "starts_at": starts_at, "minutes": data["minutes"]}
    about["turns"] = f"{config.current().base_url}/sessions/circles/{data['circle']}/turns"
    compose.write(
        tx, kind, event.id, to, {**about, **context}, claims,
        mentions=mentions, deadline=starts_at, links=links, of=of,
    )  # fmt: skip
