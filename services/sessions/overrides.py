"""What an organizer decides in somebody else's place: an answer, attendance, a closing, minutes once more, an invite.

Each takes a reason, which stands in the journal; each but the invite, which nobody can unsend, can be undone there.
Who leads and who mentors is decided in turns.answering, who is where in circles.moving, dates in meetings.changing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from . import attendance, minutes
from .circles import journal
from .invites import answering, telling
from .invites import reading as invites
from .models import attendance as marks_table
from .models import minutes as minutes_table
from .models import rsvp, session
from .rules import states
from .rules.refusals import Refused
from .rules.states import SESSION, SessionState

Row = Mapping[Any, Any]
SOURCE = "organizer"


def answer(tx: Connection, by: str, id: str, person: str, said: str, reason: str) -> None:
    """Answer an invite for somebody: coming, or cannot. Who cannot gives their turn back.

    :raises Refused: the reason is missing, or as invites.answering.
    """
    words = journal.reasoned(reason)
    before = invites.answer_of(tx, id, person)
    answering.answer(tx, id, person, said, SOURCE)
    was = {"person": person, "answer": before["answer"] if before else None}
    _note(tx, by, "answer", id, was, {"person": person, "answer": said}, words)


@journal.undoes("answer")
def _undo_answer(tx: Connection, by: str, entry: Row) -> None:
    """Their answer is as it was; a turn that they gave back stays with whoever was asked instead."""
    id, person, was = entry["session"], entry["before"]["person"], entry["before"]["answer"]
    now = invites.answer_of(tx, id, person)
    if now is None or now["answer"] != entry["after"]["answer"] or now["source"] != SOURCE:
        raise Refused("change", "They have answered by themselves since.", "Their own answer counts.")
    answering.open_invite(tx, id, person)
    if was:
        answering.answer(tx, id, person, was, SOURCE)
    else:
        tx.execute(sa.delete(rsvp).where(rsvp.c.session == id, rsvp.c.person == person))


def mark(tx: Connection, by: str, id: str, marks: Mapping[str, bool], reason: str) -> None:
    """Correct who was there, also when the session is closed.

    :raises Refused: the reason is missing, nothing is marked, or as attendance.record.
    """
    words = journal.reasoned(reason)
    of = minutes.taken(tx, id)
    known = {each.person: each.present for each in attendance.sheet(tx, of)}
    after = {person: there for person, there in marks.items() if known.get(person) is not there}
    if not after:
        raise Refused("attendance", "Nothing would be different.", "Say of somebody that they were there, or not.")
    attendance.record(tx, of, after, by, closed_too=True)
    _note(tx, by, "attendance", id, {"marks": {person: known[person] for person in after}}, {"marks": after}, words)


@journal.undoes("attendance")
def _undo_mark(tx: Connection, by: str, entry: Row) -> None:
    of = minutes.taken(tx, entry["session"])
    known = {each.person: each.present for each in attendance.sheet(tx, of)}
    if any(known.get(person) is not there for person, there in entry["after"]["marks"].items()):
        raise Refused("change", "Somebody has marked them again since.", "Correct it by hand instead.")
    was = entry["before"]["marks"]
    unknown = [person for person, there in was.items() if there is None]
    here = (marks_table.c.session == of["id"], marks_table.c.person.in_(unknown))
    tx.execute(sa.delete(marks_table).where(*here))
    attendance.record(tx, of, {p: there for p, there in was.items() if there is not None}, by, closed_too=True)


def close(tx: Connection, by: str, id: str, reason: str) -> None:
    """Close a session as it is. The reason is recorded for whatever it lacks that has none so far.

    :raises Refused: the reason is missing, or the session is not over, closed already or cancelled.
    """
    words = journal.reasoned(reason)
    of = minutes.taken(tx, id)
    missing = states.gaps(minutes.left(tx, of))
    gaps = {**{gap.value: words for gap in missing}, **(of["gaps"] or {})}
    after = states.close(SessionState(of["state"]), minutes.left(tx, of), gaps)
    tx.execute(sa.update(session).where(session.c.id == id).values(state=after.value, gaps=gaps))
    was = {"state": of["state"], "gaps": of["gaps"] or {}}
    _note(tx, by, "close", id, was, {"state": after.value, "gaps": gaps}, words)


@journal.undoes("close")
def _undo_close(tx: Connection, by: str, entry: Row) -> None:
    of, was = minutes.taken(tx, entry["session"]), entry["before"]
    if of["state"] != SessionState.CLOSED:
        raise Refused("change", "This session is open again already.", "Nothing is to be done.")
    step = "unlock" if was["state"] == SessionState.MINUTED else "unclose"
    after = SESSION.after(SessionState(of["state"]), step)
    tx.execute(sa.update(session).where(session.c.id == of["id"]).values(state=after.value, gaps=was["gaps"]))


def reopen(tx: Connection, by: str, id: str, reason: str) -> None:
    """Let published minutes be corrected for another 48 hours, by who coordinated and by organizers.

    :raises Refused: the reason is missing, they are not published, or can be corrected still.
    """
    words = journal.reasoned(reason)
    of = minutes.taken(tx, id)
    now = minutes.texts(tx, of)
    if now.correct_until is None:
        raise Refused("session", "These minutes are not published yet.", "They can be written as they are.")
    if clock.now() < now.correct_until:
        raise Refused("session", "These minutes can be corrected at present.", "Open the coordinator's page.")
    until = clock.now() + minutes.CORRECTION
    tx.execute(sa.update(minutes_table).where(minutes_table.c.session == id).values(reopened_until=until))
    if of["state"] == SessionState.CLOSED:
        after = SESSION.after(SessionState(of["state"]), "unlock")
        tx.execute(sa.update(session).where(session.c.id == id).values(state=after.value))
    was = {"state": of["state"], "until": now.reopened_until.isoformat() if now.reopened_until else None}
    _note(tx, by, "reopen", id, was, {"until": until.isoformat()}, words)


@journal.undoes("reopen")
def _undo_reopen(tx: Connection, by: str, entry: Row) -> None:
    """The window is shut again; what was corrected meanwhile stays, in its history, too."""
    of, was = minutes.taken(tx, entry["session"]), entry["before"]
    until = minutes.texts(tx, of).reopened_until
    if until is None or until.isoformat() != entry["after"]["until"] or until <= clock.now():
        raise Refused("change", "These minutes can be corrected no more.", "Nothing is to be done.")
    former = datetime.fromisoformat(was["until"]) if was["until"] else None
    tx.execute(sa.update(minutes_table).where(minutes_table.c.session == of["id"]).values(reopened_until=former))
    if was["state"] == SessionState.CLOSED and of["state"] == SessionState.MINUTED:
        after = SESSION.after(SessionState(of["state"]), "close")
        tx.execute(sa.update(session).where(session.c.id == of["id"]).values(state=after.value))


def resend(tx: Connection, by: str, id: str, people: Iterable[str], reason: str) -> list[str]:
    """Send the invite once more to these people, or (none named) to all who are invited; returns to whom.

    :raises Refused: the reason is missing, or as invites.telling.again.
    """
    words = journal.reasoned(reason)
    told = telling.again(tx, id, people)
    _note(tx, by, "resend", id, {}, {"people": told}, words)
    return told


def _note(
    tx: Connection, by: str, verb: str, id: str, before: dict[str, Any], after: dict[str, Any], words: str
) -> None:
    circle = tx.execute(sa.select(session.c.circle).where(session.c.id == id)).scalar()
    journal.note(tx, by, verb, circle, before, after, words, id)
