"""Still with us? Who fell silent is asked once by mail; without an answer nobody asks them for turns until they say so.

They stay in their circle and are invited as before: nobody is put out of the program for being busy. Whatever they do
meanwhile (an answer to an invite, a turn taken, being there) is an answer, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from .. import locks, people
from ..circles import reading as circles
from ..models import absence, attendance, checkin, circle, minutes, remark, rsvp, session, turn
from ..rules import placing, silence
from ..rules.refusals import Missing, Refused
from . import absences
from .seats import Row

ACTIVE = "active"
HEARD = timedelta(hours=1)
SAID = ("accepted", "served", "declined")  # states of turns that come of an answer


def ask(tx: Connection, of: Row) -> None:
    """Ask whoever of that session's circle has fallen silent, now that its minutes say who came.

    :param of: the session; `locks.sessions` is held.
    """
    now, last = clock.now(), _last(tx, of["circle"])
    if len(last) < silence.RUNNING:
        return
    seen = _visits(tx, last)
    asked = sa.select(checkin.c.person, sa.func.max(checkin.c.asked_at)).group_by(checkin.c.person)
    before = {row[0]: row[1] for row in tx.execute(asked.where(checkin.c.person.in_(seen)))}
    for who in people.members(tx, of["circle"]):
        visits = [seen.get(who, {}).get(row.id) or silence.Visit(row.starts_at, None, False) for row in last]
        missed = silence.silent(visits, before.get(who), now)
        if missed and people.state(tx, who) == ACTIVE and not _paused(tx, who):
            _ask(tx, of, who, missed)


def _ask(tx: Connection, of: Row, who: str, missed: list[datetime]) -> None:
    now = clock.now()
    row = {"id": db.new_id(), "person": who, "circle": of["circle"], "session": of["id"], "since": missed[0]}
    row |= {"asked_at": now, "answer_by": now + silence.ANSWER}
    # An open question, or one about this session, is one already: the constraints say so.
    if not tx.execute(db.insert(tx, checkin).values(row).on_conflict_do_nothing()).rowcount:
        return
    named = tx.execute(sa.select(circle.c.name, circle.c.stream).where(circle.c.id == of["circle"])).one()
    told = {"person": who, "checkin": row["id"], "circle": of["circle"], "name": named.name, "stream": named.stream}
    told |= {"missed": [each.isoformat() for each in missed], "asked_at": now.isoformat()}
    emit(tx, "checkin.asked", f"person/{who}", {**told, "answer_by": row["answer_by"].isoformat()})


def _last(tx: Connection, where: str) -> Sequence[Any]:
    """The last sessions of the circle of which it is known who came, the latest first: (id, starts_at)."""
    known = sa.exists().where(attendance.c.session == session.c.id)
    query = sa.select(session.c.id, session.c.starts_at).join(minutes, minutes.c.session == session.c.id)
    query = query.where(session.c.circle == where, minutes.c.published_at.is_not(None), known)
    return tx.execute(query.order_by(session.c.starts_at.desc(), session.c.id).limit(silence.RUNNING)).all()


def _visits(tx: Connection, last: Sequence[Any]) -> dict[str, dict[str, silence.Visit]]:
    """{person: {session: visit}} of everybody who was noted at one of them."""
    ids, starts = [row.id for row in last], {row.id: row.starts_at for row in last}
    said = {(row.session, row.person) for row in tx.execute(sa.union(*(
        sa.select(table.c.session, table.c.person).where(table.c.session.in_(ids), *more)
        for table, more in ((rsvp, ()), (remark, ()), (turn, (turn.c.state.in_(SAID),)))
    )))}  # fmt: skip
    found: dict[str, dict[str, silence.Visit]] = {}
    for row in tx.execute(sa.select(attendance).where(attendance.c.session.in_(ids))):
        visit = silence.Visit(starts[row.session], row.present, (row.session, row.person) in said)
        found.setdefault(row.person, {})[row.session] = visit
    return found


# ---- the answer ----


def one(tx: Connection, id: str, who: str) -> Row:
    """The question; `paused`: they are asked for no turns because they did not answer; `just`: what they said just now,
    of which signup may still have to hear.

    :raises Refused: there is none, or it was somebody else's.
    """
    mine = sa.select(checkin).where(checkin.c.id == id, checkin.c.person == who)
    row = tx.execute(mine).mappings().first()
    if row is None:
        raise Missing("checkin", "There is no such question.", "Look at your sessions page.")
    just = row["answer"] if row["answered_at"] and clock.now() - row["answered_at"] < HEARD else None
    return {**row, "paused": _is_paused(tx, id), "state": people.state(tx, who), "just": just}


def waiting(tx: Connection, who: str) -> Row | None:
    """What somebody can answer now: a question that is open, or one whose silence keeps them from turns."""
    row = _latest(tx, who)
    if row is None:
        return None
    found = {**row, "paused": _is_paused(tx, row["id"])}
    return found if row["answer"] is None or found["paused"] else None


def answer(tx: Connection, id: str, who: str, said: str) -> None:
    """Take an answer: yes, pause or leave. Yes ends the break from turns, too, whenever it comes.

    :raises Refused: it is none; there is no such question; it was answered; they take part no more, or run the program
        and would leave.
    """
    if said not in silence.ANSWERS:
        raise Refused("answer", "This is no answer.", "Press one of the buttons.")
    locks.sessions(tx)
    row = one(tx, id, who)
    if row["state"] not in placing.TAKES_PART:
        raise Refused("checkin", "You take part no more, or are pausing.", "Your own page has a button to come back.")
    if row["answer"] is not None and not row["paused"]:
        if said == "yes":
            return
        raise Refused("checkin", "This was answered.", "Your own page has buttons to pause and to leave.")
    if said == "leave" and who in people.organizers(tx):
        raise Refused("answer", "You run this program.", "Leave on your own page: it says what becomes of that.")
    if row["paused"]:
        absences.resume(tx, _by(id))
    _end(tx, row, silence.BACK if row["paused"] and said == "yes" else said)


def _end(tx: Connection, row: Row, said: str) -> None:
    now = clock.now()
    tx.execute(checkin.update().where(checkin.c.id == row["id"]).values(answer=said, answered_at=now))
    told = _told({**row, "answer": said, "answered_at": now})
    emit(tx, "checkin.ended", f"person/{row['person']}", told)


def latest(who: str, tx: Connection) -> dict[str, Any] | None:
    """What became of the last question to somebody, as events say it."""
    row = _latest(tx, who)
    return _told(row) if row else None


def _latest(tx: Connection, who: str) -> Row | None:
    query = sa.select(checkin).where(checkin.c.person == who).order_by(checkin.c.asked_at.desc(), checkin.c.id)
    return tx.execute(query.limit(1)).mappings().first()


def _told(row: Row) -> dict[str, Any]:
    at = row["answered_at"]
    asked = {"person": row["person"], "asked_at": row["asked_at"].isoformat(), "answer": row["answer"]}
    return {**asked, "at": at.isoformat() if at else None}


@absences.taken_back
def returned(tx: Connection, by: str) -> None:
    """They took the break from turns back where their other absences are: that is a yes."""
    row = tx.execute(sa.select(checkin).where(checkin.c.id == by.removeprefix(absences.UNANSWERED))).mappings().first()
    if row is not None and row["answer"] == silence.LAPSED:
        _end(tx, row, silence.BACK)


def follow(tx: Connection, who: str) -> None:
    """Who paused or left need not answer any more, and begins anew when they come back. `locks.sessions` is held."""
    if people.state(tx, who) in placing.TAKES_PART:
        return
    mine = sa.select(checkin).where(checkin.c.person == who, sa.or_(checkin.c.answer.is_(None), _lapsed))
    for row in tx.execute(mine).mappings().all():
        absences.resume(tx, _by(row["id"]))
        _end(tx, row, silence.GONE)


# ---- no answer ----

_lapsed = checkin.c.answer == silence.LAPSED


def lapse(tx: Connection, most: int) -> int:
    """Let questions end that had no answer in time; returns how many, at most `most`."""
    locks.sessions(tx)
    late = (checkin.c.answer.is_(None), checkin.c.answer_by <= clock.now())
    rows = tx.execute(sa.select(checkin).where(*late).order_by(checkin.c.answer_by).limit(most)).mappings().all()
    for row in rows:
        here = circles.place_of(tx, row["person"]) and people.state(tx, row["person"]) == ACTIVE
        ends = silence.GONE if not here else silence.SEEN if _seen(tx, row) else silence.LAPSED
        _end(tx, row, ends)
        if ends == silence.LAPSED:
            absences.pause(tx, row["person"], _by(row["id"]))
    return len(rows)


def next_lapse(tx: Connection, since: datetime) -> datetime | None:
    """When the next one ends."""
    return tx.execute(_NEXT_END, {"since": since}).scalar()


_ends = checkin.c.answer_by
_NEXT_END = sa.select(sa.func.min(_ends)).where(
    checkin.c.answer.is_(None), _ends > sa.bindparam("since", type_=_ends.type)
)


def _seen(tx: Connection, row: Row) -> bool:
    """Whether they did anything since they were asked, or were there after all."""
    who, at = row["person"], row["asked_at"]
    there = sa.select(attendance.c.session).join(session, session.c.id == attendance.c.session)
    signs = (
        there.where(attendance.c.person == who, attendance.c.present, session.c.starts_at >= row["since"]),
        sa.select(rsvp.c.session).where(rsvp.c.person == who, rsvp.c.at > at),
        sa.select(remark.c.session).where(remark.c.person == who, remark.c.at > at),
        sa.select(absence.c.id).where(
            absence.c.person == who, absence.c.by == f"person/{who}", absence.c.created_at > at
        ),
        sa.select(turn.c.id).where(turn.c.person == who, turn.c.state.in_(SAID), turn.c.answered_at > at),
    )
    return any(tx.execute(sign.limit(1)).first() for sign in signs)


def _by(id: str) -> str:
    """Who notes the absences of somebody who did not answer."""
    return f"{absences.UNANSWERED}{id}"


def _is_paused(tx: Connection, id: str) -> bool:
    return bool(tx.execute(_breaks().where(absence.c.by == _by(id)).limit(1)).first())


def _paused(tx: Connection, who: str) -> bool:
    query = _breaks().where(absence.c.person == who, absence.c.by.startswith(absences.UNANSWERED))
    return bool(tx.execute(query.limit(1)).first())


def _breaks() -> Any:
    today = clock.now().date().isoformat()
    return sa.select(absence.c.id).where(absence.c.withdrawn_at.is_(None), absence.c.last >= today)
