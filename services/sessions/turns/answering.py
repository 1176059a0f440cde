"""What a person says to a turn: yes, no, "I take it", "could you?"; and what an organizer decides in their place.

Every yes goes through rules.states.take, under the lock of turns and that of the session; and should both ever fail,
the database has a unique index over (session, role) of those who said yes. So two who click at once make one.
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock
from shared.events import emit

from ..circles.journal import reasoned
from ..invites import answering as invited
from ..models import turn
from ..rules import rotation
from ..rules.refusals import Missing, Refused
from ..rules.rotation import Role
from ..rules.rotation import verbs as moves
from ..rules.states import HOLDING, TAKEN, TURN, TurnState, take
from . import asking, journal, ledger, seats
from .seats import HANDED, Row

REASON_MOST = 500


def accept(tx: Connection, id: str, by: str) -> str:
    """Say yes to a turn, asked for or (after a no, or too late) still free; returns accepted, or already.

    :raises Refused: somebody else has it or is being asked, or the session has begun, is over or cancelled.
    """
    of, row = _own(tx, id)
    if row["state"] in TAKEN:
        return "already"
    seats.ahead(of)
    _takes_part(tx, of, row)
    if row["state"] != TurnState.OFFERED:
        return volunteer(tx, of["id"], row["person"], by, Role(row["role"]))
    invited.comes_after_all(tx, of["id"], row["person"])
    rows = seats.turns(tx, of["id"], row["role"])
    given = row["why"] or {}
    if given.get("kind") == HANDED:
        _release_giver(tx, of, row, rows, given["by"], by)
        rows = seats.turns(tx, of["id"], row["role"])
    state = take(seats.states(rows), row["person"], "accept")
    seats.put(tx, of, row["role"], row["person"], state, by)
    seats.settle(tx, of)
    return "accepted"


def _release_giver(tx: Connection, of: Row, row: Row, rows: list[Row], giver: str, by: str) -> None:
    """Who handed the turn over is free with the yes of the other, not before."""
    for each in rows:
        if each["person"] == giver and each["state"] in HOLDING:
            state = TURN.after(each["state"], "release")
            seats.put(tx, of, row["role"], giver, state, by, cause="covered")


def decline(tx: Connection, id: str, by: str, reason: str = "") -> str:
    """Say no, now or after all; the next in line is asked at once. Returns declined, or already.

    :param reason: for the organizers alone.
    :raises Refused: the session has begun, is over or cancelled, or the reason cannot be taken.
    """
    words = line("reason", reason)
    of, row = _own(tx, id)
    if row["state"] not in HOLDING:
        if row["state"] == TurnState.SERVED:
            seats.ahead(of)
        return "already"
    seats.ahead(of)
    state = TURN.after(row["state"], "decline")
    seats.put(tx, of, row["role"], row["person"], state, by)
    if words:
        journal.note(tx, by, "decline", of, {"turn": id, "state": row["state"]}, {"state": state.value}, words)
    seats.settle(tx, of)
    asking.released(tx, [of["id"]])
    return "declined"


@invited.gives_up
def give_up(tx: Connection, session: str, person: str, source: str) -> None:
    """Who cannot come can lead or mentor it no more: their turn is declined, as if they had said so of the turn.

    Where a calendar said it, no page has told them that a turn they had accepted went with it: a mail does.
    """
    live = sa.select(turn).where(turn.c.session == session, turn.c.person == person, turn.c.state.in_(HOLDING))
    for row in tx.execute(live.order_by(turn.c.id)).mappings().all():
        decline(tx, row["id"], f"person/{person}")
        if source == "calendar" and row["state"] in TAKEN:
            facts = seats.facts(seats.hold(tx, session), row)
            emit(tx, "turn.released", f"turn/{row['id']}", {**facts, "why": source})


def volunteer(tx: Connection, session: str, person: str, by: str, role: Role = Role.COORDINATOR) -> str:
    """Take a seat that nobody has; returns accepted, or already.

    :raises Refused: somebody has it or is being asked, or this person cannot on that day.
    """
    of = seats.ahead(seats.hold(tx, session))
    rows = seats.turns(tx, session, role)
    having = seats.holder(rows)
    if having is not None and having["person"] == person:
        return "already" if having["state"] in TAKEN else accept(tx, having["id"], by)
    if having is not None and having["state"] == TurnState.OFFERED:
        remedy = "If they do not answer in time, the next is asked. You need not do anything."
        raise Refused("turn", "Somebody else is being asked at present.", remedy)
    take(seats.states(rows), person, "volunteer")
    invited.comes_after_all(tx, session, person)
    of_role = ledger.load(tx, of["circle"], role)
    if person not in {member.id for member in of_role.members}:
        raise Refused("person", "Only the circle's own people can take its turns.", "Ask somebody of the circle.")
    write(tx, of, rotation.substitute(of_role, session, person, agreed=[person]), by)
    return "accepted"


def hand_over(tx: Connection, session: str, giver: str, to: str, by: str, reason: str = "") -> None:
    """Ask somebody to take one's own turn; it stays one's own until they say yes.

    :raises Refused: it is not theirs, somebody is being asked already, or the other cannot on that day.
    """
    words = line("reason", reason)
    of = seats.hold(tx, session)
    state = can_hand_over(tx, of, giver, to)
    seats.put(tx, of, Role.COORDINATOR, to, state, by, {"kind": HANDED, "by": giver})
    journal.note(tx, by, "hand-over", of, {"person": giver}, {"person": to}, words)


def can_hand_over(tx: Connection, of: Row, giver: str, to: str) -> TurnState:
    """The state that the other's turn would have.

    :raises Refused: as `hand_over`.
    """
    seats.ahead(of)
    rows = seats.turns(tx, of["id"], Role.COORDINATOR)
    if not any(row["person"] == giver and row["state"] in HOLDING for row in rows):
        raise Refused("session", "This turn is not yours.", "Choose a turn of your own.")
    if giver == to:
        raise Refused("person", "This turn is yours already.", "Choose somebody else.")
    if any(row["state"] == TurnState.OFFERED and row["person"] != giver for row in rows):
        raise Refused("person", "Somebody is being asked to take it already.", "Wait for their answer.")
    book = ledger.load(tx, of["circle"], Role.COORDINATOR)
    rotation.apply(book, rotation.substitute(book, of["id"], to, agreed=[to]))  # refused if they cannot
    before = next((row["state"] for row in rows if row["person"] == to), None)
    if not TURN.may(before, "offer"):
        remedy = "Ask somebody else, or talk to them: they can take it by the link in the mail that they got."
        raise Refused("person", "They have passed on this session before.", remedy)
    return TURN.after(before, "offer")


def ask(tx: Connection, session: str, to: str, by: str, role: Role) -> None:
    """Who leads a session asks a mentor for it, or a volunteer for the next one: theirs with their own yes, not before.

    Who was being asked so far is free of it.

    :raises Refused: somebody has said yes, or that person cannot or passed on it.
    """
    of = seats.ahead(seats.hold(tx, session))
    having = seats.holder(seats.turns(tx, session, role))
    if not to:
        raise Refused("person", "It is not said who is to be asked.", "Choose somebody.")
    if having is not None and having["state"] in TAKEN:
        raise Refused("person", "Somebody has said yes already.", "Nothing is to be done.")
    if having is not None and having["person"] == to:
        raise Refused("person", "They are being asked already.", "Wait for their answer, or choose somebody else.")
    write(tx, of, rotation.substitute(ledger.load(tx, of["circle"], role), session, to), by, "changed")
    journal.note(tx, by, "ask", of, {"person": having["person"] if having else None}, {"person": to, "role": role}, "")


def assign(tx: Connection, session: str, to: str, agreed: bool, reason: str, by: str, role: Role) -> None:
    """An organizer gives a seat to somebody: accepted if they have said so, else they are asked. With a reason.

    After the session it corrects who really served: credit goes to whoever did it.

    :raises Refused: the reason is missing, or that person cannot.
    """
    words = reasoned(reason)
    of = seats.hold(tx, session)
    if of["ends_at"] <= clock.now() and of["state"] != "cancelled":
        _correct(tx, of, to, words, by, role)
        return
    seats.ahead(of)
    if agreed:
        invited.comes_after_all(tx, session, to)
    change = _give(ledger.load(tx, of["circle"], role), session, to, agreed)
    write(tx, of, change, by, cause="organizer")
    before = {"moves": journal.plain(change), "role": role.value}
    after = {"person": to, "agreed": agreed}
    journal.note(tx, by, "assign", of, before, after, words)


def _give(book: rotation.Ledger, session: str, to: str, agreed: bool) -> moves.Change:
    """What giving them the seat changes; who is being asked already, and has said yes, has it."""
    asked = [d for d in book.duties if (d.session, d.person, d.role) == (session, to, book.role)]
    if agreed and asked and asked[0].state == TurnState.OFFERED:
        yes = asked[0]._replace(state=TURN.after(asked[0].state, "accept"))
        return moves.Change("substitute", (moves.Move(asked[0], yes),), ())
    return rotation.substitute(book, session, to, agreed=[to] if agreed else [])


def _correct(tx: Connection, of: Row, to: str | None, words: str, by: str, role: Role) -> None:
    rows = seats.turns(tx, of["id"], role)
    served = next((row for row in rows if row["state"] in TAKEN), None)
    if served is not None and served["person"] == to:
        raise Refused("person", "This is who served already.", "Nothing is to be done.")
    if to is not None and to not in {m.id for m in ledger.load(tx, of["circle"], role, gone=True).members}:
        raise Refused("person", "They are not in this circle.", "Choose one of its people.")
    if served is not None:
        first = TurnState.SERVED if served["state"] == TurnState.SERVED else TURN.after(served["state"], "serve")
        seats.put(tx, of, role, served["person"], TURN.after(first, "retract"), by, cause="organizer")
    if to is not None:
        state = take(seats.states(seats.turns(tx, of["id"], role)), to, "stand_in")
        seats.put(tx, of, role, to, state, by)
    before = {"person": served["person"] if served else None, "role": role.value}
    journal.note(tx, by, "correct", of, before, {"person": to}, words)


def served_by(tx: Connection, session: str, to: str | None, by: str) -> None:
    """Who really coordinated, where whoever had said yes was not there: the turn counts for them. None: nobody did.

    :raises Refused: they are not in the circle.
    """
    of = seats.hold(tx, session)
    _correct(tx, of, to, "", by, Role.COORDINATOR)


def free(tx: Connection, session: str, reason: str, by: str, role: Role) -> None:
    """An organizer frees whoever has the seat, with a reason; the next in line is asked.

    :raises Refused: nobody has it, or the reason is missing.
    """
    words = reasoned(reason)
    of = seats.ahead(seats.hold(tx, session))
    having = seats.holder(seats.turns(tx, session, role))
    if having is None:
        raise Refused("session", "Nobody has this turn.", "Choose another date.")
    state = TURN.after(having["state"], "release")
    seats.put(tx, of, role, having["person"], state, by, cause="organizer")
    before = {"person": having["person"], "role": role.value, "state": having["state"]}
    journal.note(tx, by, "free", of, before, {}, words)
    seats.settle(tx, of)
    asking.released(tx, [session])


def write(tx: Connection, of: Row, change: moves.Change, by: str, cause: str = "covered") -> None:
    """Store a change that touches one session alone."""
    for before, after in change.moves:
        row = after or before
        assert row is not None, "a move has a row at one end"
        state = TurnState(after.state) if after else TurnState.PROPOSED
        why = {"kind": seats.ASKED, "by": by} if state == TurnState.OFFERED else None
        seats.put(tx, of, row.role, row.person, state, by, why, cause=cause)
    seats.settle(tx, of)


def _own(tx: Connection, id: str) -> tuple[Row, Row]:
    """The session and the turn, both held."""
    seats.lock(tx)
    row = tx.execute(sa.select(turn).where(turn.c.id == id)).mappings().first()
    if row is None:
        raise Missing("turn", "There is no such turn.", "Look at the address, or open your circle's page.")
    return seats.hold(tx, row["session"]), row


def _takes_part(tx: Connection, of: Row, row: Row) -> None:
    if not seats.takes_part(tx, of, row["role"], row["person"]):
        raise Refused("person", "This turn belongs to people who take part at present.", "Come back first.")


def line(field: str, value: str) -> str:
    """A few words of somebody's, on one line.

    :raises Refused: they are too long.
    """
    plain = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} else c for c in value)
    words = " ".join(unicodedata.normalize("NFC", plain).split())
    if len(words) > REASON_MOST:
        raise Refused(field, f"This is {len(words)} characters long.", f"Use at most {REASON_MOST}.")
    return words
