"""The four verbs by which people change the plan, each shown before it is saved, logged, and undone.

Members change their own turns: they swap, hand over (a substitute who says yes), skip one; who coordinates a session
may leave its date out. Organizers may do all of it for anybody, and say who has agreed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import people
from ..circles import journal as circle_journal
from ..models import session
from ..rules import rotation
from ..rules.refusals import Refused, Stale
from ..rules.rotation import Change, Ledger, Role
from ..rules.rotation import asking as times
from ..rules.rotation.why import said
from ..rules.states import TAKEN, SessionState, TurnState
from . import answering, asking, journal, ledger, seats
from .seats import Row

ROLE = Role.COORDINATOR
VERBS = ("swap", "substitute", "skip-me", "skip-date")


@dataclass(frozen=True)
class Asked:
    """What a form asks for.

    :param session: whose turn it is about.
    :param other: of a swap, the session to swap with.
    :param person: of a substitute, who covers.
    :param agreed: an organizer says that all who are concerned have said yes.
    """

    verb: str
    session: str
    other: str = ""
    person: str = ""
    agreed: bool = False
    reason: str = ""

    @classmethod
    def of(cls, typed: Mapping[str, Any]) -> Asked:
        """What was typed."""
        text = {name: _plain(typed.get(name)) for name in ("verb", "session", "other", "person", "reason")}
        return cls(**text, agreed=typed.get("agreed") in (True, "yes"))


def _plain(value: Any) -> str:
    """Text that any database can be asked for."""
    return str(value or "").encode("utf-8", "replace").decode().replace("\0", "").strip()


@dataclass(frozen=True)
class Preview:
    """What would change.

    :param change: None when somebody is only asked whether they take the turn over.
    :param token: says in one word what it is, so that nothing else is saved than was seen.
    """

    change: Change | None
    effects: list[str]
    token: str


def preview(tx: Connection, circle: str, asked: Asked, me: str, organizer: bool) -> Preview:
    """Work out a change; nothing is saved.

    :raises Refused: a field is missing or wrong, it is not theirs to change, or it cannot be done.
    """
    answering.line("reason", asked.reason)
    if _hands_over(asked, me, organizer):
        of = _session(tx, circle, asked.session, "session")
        answering.can_hand_over(tx, of, me, asked.person)
        name = people.names(tx, [asked.person])[asked.person]
        day = said(seats.day(of))
        effects = [f"{name} is asked to take {day}.", f"Until {name} says yes, the turn stays yours."]
        return Preview(None, effects, f"hand-over {asked.session} {asked.person}")
    book = ledger.load(tx, circle, ROLE)
    change = _change(tx, book, asked, me, organizer)
    if not change.moves and not change.dropped:
        raise Refused("verb", "Nothing would be different.", "Look at the turns as they are now.")
    names = _names(tx, change)
    told = repr([change.verb, change.moves, change.dropped]).encode()
    return Preview(change, change.words(names), hashlib.sha256(told).hexdigest()[:16])


def save(tx: Connection, circle: str, asked: Asked, me: str, organizer: bool, by: str, seen: str | None = None) -> str:
    """Do it; returns the id of its entry in the journal, '' where nothing can be undone: somebody is only asked.

    :param seen: the token of the preview.
    :raises Stale: since then something has changed.
    """
    seats.lock(tx)
    found = preview(tx, circle, asked, me, organizer)
    if seen is not None and seen != found.token:
        raise Stale("turn", "These turns have changed in the meantime.", "This is what would happen now.")
    if found.change is None:
        answering.hand_over(tx, asked.session, me, asked.person, by, asked.reason)
        return ""
    return _carry_out(tx, circle, found.change, by, asked.session, answering.line("reason", asked.reason))


def leave_out(tx: Connection, by: str, of: Row, reason: str) -> None:
    """An organizer leaves out a date, and the circle is told why: the verb skip-date, whoever has agreed.

    :param of: a session of a circle that lies ahead.
    """
    seats.lock(tx)
    book = ledger.load(tx, of["circle"], ROLE)
    if any(each.id == of["id"] for each in book.sessions):
        change = rotation.skip_date(book, of["id"])
    else:  # moved so far away that nobody was looked for
        change = Change("skip date", (), (), dropped=rotation.Session(of["id"], seats.day(of)))
    _carry_out(tx, of["circle"], change, by, of["id"], reason, note=reason or None)


def _carry_out(
    tx: Connection, circle: str, change: Change, by: str, about: str, reason: str, note: str | None = None
) -> str:
    """Store a change, note it in the journal, and ask whoever is next; returns the id of the entry."""
    held = _write(tx, circle, change, by, note)
    gone = change.dropped
    after = {"moves": journal.plain(change), "dropped": [gone.id, gone.date.isoformat()] if gone else None}
    id = journal.note(tx, by, journal.VERBS[change.verb], held[about], {}, after, reason)
    asking.released(tx, held)
    return id


@circle_journal.undoes(*VERBS)
def _undo(tx: Connection, by: str, entry: Row) -> None:
    """What it was before, if nothing that it touched has changed since and nothing of it is over."""
    seats.lock(tx)
    done = journal.back(entry)
    if done.dropped:
        _can_come_back(tx, done.dropped)
    for row in [after or before for before, after in done.moves]:
        assert row is not None, "a move has a row at one end"
        if row.date < clock.now().date():
            raise Refused("change", "One of these sessions is over.", "What has taken place stays as it was.")
    change = done.undo()
    gone = done.dropped.id if done.dropped else None
    rotation.apply(ledger.load(tx, entry["circle"], ROLE, dropped=gone), change)
    asking.released(tx, _write(tx, entry["circle"], change, by))


def _can_come_back(tx: Connection, gone: rotation.Session) -> None:
    now = tx.execute(sa.select(session).where(session.c.id == gone.id)).mappings().one()
    if now["starts_at"] <= clock.now():
        raise Refused("change", "The date it had is over.", "What has taken place stays as it was.")
    if now["state"] != SessionState.CANCELLED or seats.day(now) != gone.date:
        raise Refused("change", "This session was changed again since.", "Undo the later change first.")


def _hands_over(asked: Asked, me: str, organizer: bool) -> bool:
    return asked.verb == "substitute" and not organizer and bool(asked.person and asked.session) and asked.person != me


def _change(tx: Connection, book: Ledger, asked: Asked, me: str, organizer: bool) -> Change:
    if asked.verb not in VERBS:
        raise Refused("verb", "It is not said what to do.", "Choose one of the four.")
    if not asked.session:
        raise Refused("session", "The date is missing.", "Choose one of the coming sessions.")
    of = _session(tx, book.circle, asked.session, "session")
    turns = {each.session.id: each for each in rotation.forecast(book, ledger.since(), 99)}
    having = turns[asked.session].person if asked.session in turns else None
    if asked.verb == "swap":
        return _swap(tx, book, asked, me, organizer, having)
    if asked.verb == "substitute":
        if not asked.person:
            raise Refused("person", "It is not said who covers.", "Choose one of the circle.")
        if not organizer and any(d.session == asked.session and d.state in TAKEN for d in book.duties):
            raise Refused("session", "Somebody has this turn.", "They can hand it over to you.")
        agreed = [asked.person] if asked.agreed or asked.person == me else []
        return rotation.substitute(book, asked.session, asked.person, agreed)
    if asked.verb == "skip-me":
        who = having if organizer and having else me
        return rotation.skip_me(book, asked.session, who, late=clock.now() >= times.open_at(seats.local(of)))
    leads = any(d.session == asked.session and d.person == me and d.state == TurnState.ACCEPTED for d in book.duties)
    if not organizer and not leads:
        remedy = "Ask the coordinator of that session, or an organizer."
        raise Refused("session", "Only who coordinates a session can leave its date out.", remedy)
    everybody = [member.id for member in book.members] if asked.agreed else [me]
    return rotation.skip_date(book, asked.session, everybody)


def _swap(tx: Connection, book: Ledger, asked: Asked, me: str, organizer: bool, having: str | None) -> Change:
    if not asked.other:
        raise Refused("other", "The date to swap with is missing.", "Choose one of the coming sessions.")
    if asked.other == asked.session:
        raise Refused("other", "This is the same date.", "Choose another one.")
    _session(tx, book.circle, asked.other, "other")
    turns = {each.session.id: each for each in rotation.forecast(book, ledger.since(), 99)}
    instead = turns[asked.other].person if asked.other in turns else None
    for field, who in (("session", having), ("other", instead)):
        if who is None:
            raise Refused(field, "Nobody has this date, and nobody could.", "Choose a date that somebody has.")
    assert having is not None and instead is not None, "refused just above"
    if not organizer and me not in (having, instead):
        raise Refused("session", "Neither of these turns is yours.", "Choose a turn of your own.")
    agreed = [having, instead] if organizer and asked.agreed else [me]
    return rotation.swap(book, (asked.session, having), (asked.other, instead), agreed)


def _session(tx: Connection, circle: str, id: str, field: str) -> Row:
    """A session of this circle that lies ahead."""
    where = (session.c.id == id, session.c.circle == circle)
    row = tx.execute(sa.select(session).where(*where)).mappings().first()
    if row is None:
        raise Refused(field, "This is no session of this circle.", "Choose one of its coming sessions.")
    try:
        return seats.ahead(row)
    except Refused as refused:
        raise Refused(field, refused.message, refused.remedy) from None


def _names(tx: Connection, change: Change) -> dict[str, str]:
    found = people.names(tx, {told.person for told in change.effects if told.person})
    return {id: name for id, name in found.items() if id}


def _write(tx: Connection, circle: str, change: Change, by: str, note: str | None = None) -> dict[str, Row]:
    """Store it, seats freed before they are taken; returns the sessions that it touched."""
    ids = {row.session for move in change.moves for row in move if row}
    ids |= {each.id for each in (change.dropped, change.restored) if each}
    held = seats.sessions(tx, ids)
    for before, after in change.moves:
        row = after or before
        assert row is not None, "a move has a row at one end"
        state = TurnState(after.state) if after else TurnState.PROPOSED
        undoing = change.verb.startswith("undo")
        # Who passes asks nobody: whoever is next comes by the order of turns.
        asked = {} if change.verb == "skip me" else {"kind": seats.ASKED, "by": by}
        why = asked if state == TurnState.OFFERED else None
        themselves = "own" if by == f"person/{row.person}" else "changed"
        cause = "undone" if undoing else themselves if change.dropped is None else "cancelled"
        seats.put(tx, held[row.session], row.role, row.person, state, by, why, cause=cause)
    if change.dropped:
        of = held[change.dropped.id]
        held[of["id"]] = seats.change_state(tx, of, SessionState.CANCELLED, note)
    if change.restored:
        of = held[change.restored.id]
        held[of["id"]] = seats.change_state(tx, of, SessionState.PLANNED)
    for id, of in held.items():
        held[id] = seats.settle(tx, of)
    return held
