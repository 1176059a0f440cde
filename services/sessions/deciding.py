"""What an organizer can decide about one session, each shown before it is done.

A preview does it and takes it back: so it cannot say anything else than what then happens. Whoever saves says what they
saw (`seen`); if something else would happen by now, nothing does, and they are shown that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from . import minutes, overrides, people
from .models import SERVICE, unannounced
from .rules.refusals import Refused, Stale
from .rules.rotation import Role
from .rules.states import SessionState
from .turns import answering, seats

Row = Mapping[Any, Any]
# Deeds after which somebody may be mailed: pages show what happens before they are done.
MAILS = frozenset({"lead", "mentor", "free-lead", "free-mentor", "answer", "resend"})
_ROLES = {"lead": Role.COORDINATOR, "mentor": Role.MENTOR}


@dataclass(frozen=True)
class Asked:
    """What a form or a program asks for.

    :param person: of lead, mentor, answer.
    :param agreed: of lead, mentor: they have said yes; else they are asked.
    :param answer: coming or cannot.
    :param marks: of attendance: who was there and who was not.
    :param people: of resend; none: all who are invited.
    """

    deed: str
    reason: str
    person: str = ""
    agreed: bool = False
    answer: str = ""
    marks: Mapping[str, bool] = field(default_factory=dict)
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decided:
    """What happens, in sentences; and the same in one word."""

    effects: list[str]
    token: str


def possible(tx: Connection, of: Row) -> list[str]:
    """The deeds that can be done about that session now."""
    now, state = clock.now(), of["state"]
    if state == SessionState.CANCELLED or of["circle"] is None:
        return []
    if state in seats.AHEAD and of["starts_at"] > now:
        holders = {name: seats.holder(seats.turns(tx, of["id"], role)) for name, role in _ROLES.items()}
        found = [*_ROLES, *(f"free-{name}" for name, holder in holders.items() if holder), "answer"]
        return [*found, "resend"] if of["invited"] else found
    found = ["attendance"]
    if of["ends_at"] <= now:
        found += _ROLES
    if state in (SessionState.HELD, SessionState.MINUTED):
        found.append("close")
    until = minutes.texts(tx, of).correct_until
    return [*found, "reopen"] if until and until <= now else found


def decide(tx: Connection, by: str, id: str, asked: Asked, seen: str | None = None) -> Decided:
    """Do it; the journal has it then.

    :param seen: the token of the preview.
    :raises Refused: as the deed.
    :raises Stale: something else would happen by now, or it was sent out since.
    """
    found = _do(tx, by, id, asked)
    if seen is not None and seen != found.token:
        if asked.deed == "resend":
            raise Stale("deed", "Invites to this session went out in the meantime.", "This would send one more.")
        raise Stale("deed", "Something has changed in the meantime.", "This is what would happen now.")
    return found


def preview(by: str, id: str, asked: Asked) -> Decided:
    """What `decide` would do; nothing is kept.

    :raises Refused: as the deed.
    """
    found: list[Decided] = []
    try:
        with db.write(SERVICE) as tx:
            found.append(_do(tx, by, id, asked))
            raise _TakenBack
    except _TakenBack:
        return found[0]


class _TakenBack(Exception):
    """Nothing of a preview is kept."""


def _do(tx: Connection, by: str, id: str, asked: Asked) -> Decided:
    command = _DEEDS.get(asked.deed)
    if command is None:
        raise Refused("deed", "It is not said what to do.", f"Choose one of {', '.join(_DEEDS)}.")
    of = seats.hold(tx, id)
    event = db.metadata(SERVICE).tables["event"]
    last = tx.execute(sa.select(sa.func.max(event.c.position))).scalar() or 0
    noted = _touched(tx, of["circle"])
    command(tx, by, id, asked)
    rows = tx.execute(sa.select(event.c.type, event.c.data).where(event.c.position > last).order_by(event.c.position))
    told = [(row.type, row.data) for row in rows if row.data.get("session") == id]
    names = people.names(tx, _named(told))
    effects = [words for type, data in told for words in _words(type, data, names)]
    if of["invited"] and _touched(tx, of["circle"]) > noted:
        effects.append("Invites name who leads and who mentors: whoever has one gets an update.")
    if asked.deed not in MAILS or not effects:
        effects.append("Nobody gets a mail.")
    # The same invite once more has a higher number: so a second press on the same button is stale.
    numbers = [data["sequence"] for type, data in told if type == "session.announced"]
    return Decided(effects, hashlib.sha256(repr((asked.deed, effects, numbers)).encode()).hexdigest()[:16])


def _touched(tx: Connection, circle: str) -> int:
    """How often somebody noted that the circle's invites may say something else."""
    return int(tx.execute(sa.select(sa.func.count()).where(unannounced.c.circle == circle)).scalar_one())


def _named(told: list[tuple[str, dict[str, Any]]]) -> list[str]:
    found = [data["person"] for _, data in told if data.get("person")]
    return found + [each["person"] for _, data in told for each in data.get("attendees", ())]


def _words(type: str, data: Mapping[str, Any], names: Mapping[str | None, str]) -> list[str]:
    who = names.get(data.get("person"), "")
    if type == "turn.offered":
        return [f"{who} is asked by mail to {'mentor' if data['role'] == Role.MENTOR else 'coordinate'} it."]
    if type == "turn.accepted":
        others = [f"{len(data['told'])} who were told that it is open get a mail that it is taken."]
        return [f"{who} has the turn from now on.", *(others if data["told"] else [])]
    if type == "turn.released":
        return [
            f"{who} is free of it" + ("." if data["why"] in ("away", "gone") else ", and gets a mail that says so.")
        ]
    if type == "turn.declined":
        return [f"{who} gives the turn back."]
    if type == "turn.opened":
        return ["Nobody else can be asked: the circle and the organizers get a mail that anyone may take it."]
    if type == "session.announced":
        told = sorted(names[each["person"]] for each in data["attendees"])
        return [f"The invite goes out once more, to {', '.join(told)}."]
    return []


# ---- the deeds ----


def _assign(role: Role) -> Callable[[Connection, str, str, Asked], Any]:
    def work(tx: Connection, by: str, id: str, asked: Asked) -> None:
        answering.assign(tx, id, _person(asked), asked.agreed, asked.reason, by, role)

    return work


def _free(role: Role) -> Callable[[Connection, str, str, Asked], Any]:
    def work(tx: Connection, by: str, id: str, asked: Asked) -> None:
        answering.free(tx, id, asked.reason, by, role)

    return work


def _answer(tx: Connection, by: str, id: str, asked: Asked) -> None:
    overrides.answer(tx, by, id, _person(asked), asked.answer, asked.reason)


def _mark(tx: Connection, by: str, id: str, asked: Asked) -> None:
    overrides.mark(tx, by, id, asked.marks, asked.reason)


def _close(tx: Connection, by: str, id: str, asked: Asked) -> None:
    overrides.close(tx, by, id, asked.reason)


def _reopen(tx: Connection, by: str, id: str, asked: Asked) -> None:
    overrides.reopen(tx, by, id, asked.reason)


def _resend(tx: Connection, by: str, id: str, asked: Asked) -> None:
    overrides.resend(tx, by, id, asked.people, asked.reason)


def _person(asked: Asked) -> str:
    if not asked.person:
        raise Refused("person", "It is not said who.", "Choose one of the list.")
    return asked.person


_DEEDS: dict[str, Callable[[Connection, str, str, Asked], Any]] = {
    **{name: _assign(role) for name, role in _ROLES.items()},
    **{f"free-{name}": _free(role) for name, role in _ROLES.items()},
    "answer": _answer,
    "attendance": _mark,
    "close": _close,
    "reopen": _reopen,
    "resend": _resend,
}
DEEDS = tuple(_DEEDS)
