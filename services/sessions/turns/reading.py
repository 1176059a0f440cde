"""What pages show of turns: the next six with their reasons, the ring, and how one turn stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import cos, pi, sin
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import people
from ..models import circle, place, session
from ..rules import rotation
from ..rules.rotation import Role
from ..rules.rotation.forecasting import AHEAD
from ..rules.rotation.why import Why
from ..rules.states import HOLDING, TAKEN, TurnState
from . import ledger, seats
from .seats import Row


@dataclass(frozen=True)
class Next:
    """One of the next turns.

    :param person: who has it, is asked, or would be; None: nobody can.
    :param why: in words, about them; `why_you` to them.
    :param turn: the id of a turn that is held.
    :param open: anyone may take it.
    :param mentor: {name, state}, where somebody mentors or is asked to.
    """

    session: Row
    person: str | None
    name: str
    state: str
    why: str
    why_you: str
    answer_by: datetime | None = None
    turn: str | None = None
    open: bool = False
    asking: str = ""
    mentor: dict[str, str] | None = None


@dataclass(frozen=True)
class Dot:
    """One person on the ring: where, how many turns they have had, and when their next one is."""

    name: str
    initials: str
    turns: int
    next: str
    x: float
    y: float
    first: bool


def one(tx: Connection, id: str) -> Row | None:
    """The circle of that id."""
    return tx.execute(sa.select(circle).where(circle.c.id == id)).mappings().first()


def upcoming(tx: Connection, of: str, count: int = AHEAD) -> list[Next]:
    """The next turns of a circle."""
    book = ledger.load(tx, of)
    turns = rotation.forecast(book, ledger.since(), 99)
    rows = {row["id"]: row for row in _ahead(tx, [each.session.id for each in turns])}
    found = [each for each in turns if each.session.id in rows][:count]
    held = _held(tx, [each.session.id for each in found])
    persons = {each.person for each in found} | {row["person"] for row in held.values()}
    names = people.names(tx, persons)
    return [_next(tx, each, rows[each.session.id], held, names) for each in found]


def _next(
    tx: Connection, each: rotation.Forecast, of: Row, held: dict[tuple[str, str, str], Row], names: dict[Any, str]
) -> Next:
    name = names.get(each.person, "")
    row = held.get((of["id"], Role.COORDINATOR.value, each.person or ""))
    stored = row["why"] if row else {}
    if row is None and isinstance(each.why, Why):
        why, why_you = each.why.words(name), each.why.words()
    elif row is None:
        why = why_you = each.why.words()
    else:
        free = stored.get("kind") not in (seats.ASKED, seats.HANDED)
        why = seats.said(stored, name) or ("By a change, or of their own accord." if free else "By a change of turns.")
        why_you = seats.said(stored) or ("By a change, or of your own accord." if free else "By a change of turns.")
    other = [
        row
        for (id, role, who), row in held.items()
        if id == of["id"] and role == Role.COORDINATOR and who != each.person and row["state"] == TurnState.OFFERED
    ]
    mentors = [row for (id, role, _), row in held.items() if id == of["id"] and role == Role.MENTOR]
    mentor = min(mentors, key=lambda row: row["state"] not in TAKEN, default=None)
    return Next(
        session=of,
        person=each.person,
        name=name,
        state=each.state if row else "proposed",
        why=why,
        why_you=why_you,
        answer_by=row["answer_by"] if row and row["state"] == TurnState.OFFERED else None,
        turn=row["id"] if row else None,
        open=row is None and seats.is_open(tx, of["id"], Role.COORDINATOR),
        asking=names[other[0]["person"]] if other else "",
        mentor={"name": names[mentor["person"]], "state": mentor["state"]} if mentor else None,
    )


def _ahead(tx: Connection, ids: Iterable[str]) -> list[Row]:
    where = (session.c.id.in_(list(ids)), session.c.starts_at > clock.now())
    return list(tx.execute(sa.select(session).where(*where).order_by(session.c.starts_at)).mappings())


def _held(tx: Connection, ids: Iterable[str]) -> dict[tuple[str, str, str], Row]:
    found = {}
    for id in ids:
        for role in Role:
            for row in seats.turns(tx, id, role):
                if row["state"] in HOLDING | TAKEN:
                    found[id, role.value, row["person"]] = row
    return found


def ring(tx: Connection, of: str, turns: list[Next], zone: str) -> list[Dot]:
    """The circle's people, clockwise from the top in the order in which their turns come; days are those of `zone`."""
    book = ledger.load(tx, of)
    members = {member.id: member for member in book.members if member.state == "active"}
    scores = rotation.scores(book)
    comes = list(dict.fromkeys(each.person for each in turns if each.person in members))
    later = sorted((id for id in members if id not in comes), key=lambda id: (scores[id], id))
    names = people.names(tx, members)
    order = [id for id in [*comes, *later] if id]
    dots = []
    for number, id in enumerate(order):
        angle = 2 * pi * number / len(order) - pi / 2
        starts = next((each.session["starts_at"] for each in turns if each.person == id), None)
        when = starts.astimezone(clock.zone(zone)) if starts else None
        dots.append(
            Dot(
                names[id],
                _initials(names[id]),
                members[id].served,
                f"{when.day} {when:%B}" if when else "",
                round(120 + 88 * cos(angle), 1),
                round(120 + 88 * sin(angle), 1),
                number == 0 and bool(comes),
            )
        )
    return dots


def _initials(name: str) -> str:
    words = [word for word in name.split() if word[0].isalnum()] or ["?"]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def choices(tx: Connection, of: str, role: Role = Role.COORDINATOR) -> list[tuple[str, str]]:
    """(id, name) of the people in the ledger of a circle who take part, by name."""
    active = [member.id for member in ledger.load(tx, of, role).members if member.state == "active"]
    names = people.names(tx, active)
    return sorted(((id, names[id]) for id in active), key=lambda each: (each[1].casefold(), each[0]))


def circle_of(tx: Connection, person: str) -> str | None:
    """The circle that this person is in."""
    return tx.execute(sa.select(place.c.circle).where(place.c.person == person, place.c.until.is_(None))).scalar()
