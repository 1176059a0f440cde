"""The seat of a coordinator or mentor at one session: who has it, and the one way to write a turn and tell of it.

Whoever changes turns holds one lock for all of them, and then the rows of their sessions (see locks).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from .. import locks, people
from ..circles import standing as standings
from ..invites import due
from ..invites import reading as invited
from ..meetings import telling
from ..models import circle, person, session, standing, told, turn
from ..rules.refusals import Missing, Refused
from ..rules.rotation import Kind, Role, Why, asking
from ..rules.states import HOLDING, TAKEN, SessionState, TurnState, settled

Row = Mapping[Any, Any]
AHEAD = (SessionState.PLANNED.value, SessionState.CONFIRMED.value)
SYSTEM = "system"
HANDED, ASKED = "handed", "asked"  # kinds of offers that people made: by handing over, by changing the plan
_SESSION = sa.select(session, circle.c.name.label("circle_name"), circle.c.stream.label("stream")).outerjoin(
    circle, circle.c.id == session.c.circle
)


def lock(tx: Connection) -> None:
    """Nobody else changes a turn until `tx` ends."""
    locks.sessions(tx)


def sessions(tx: Connection, ids: Iterable[str]) -> dict[str, Row]:
    """These sessions by id with `circle_name` and `stream`, held until `tx` ends. The lock is taken before."""
    wanted = sorted(set(ids))
    query = _SESSION.where(session.c.id.in_(wanted)).order_by(session.c.id).with_for_update(of=session)
    return {row["id"]: row for row in tx.execute(query).mappings()}


def about(tx: Connection, id: str) -> Row | None:
    """The same session, for reading."""
    return tx.execute(_SESSION.where(session.c.id == id)).mappings().first()


def hold(tx: Connection, id: str) -> Row:
    """The lock, and one session.

    :raises Refused: there is no such session, or it is of no circle.
    """
    lock(tx)
    found = sessions(tx, [id]).get(id)
    if found is None or found["circle"] is None:
        raise Missing("session", "There is no such session.", "Choose one from the circle's page.")
    return found


def ahead(of: Row) -> Row:
    """The session, if its turns can still change hands.

    :raises Refused: it has begun, is over or cancelled.
    """
    if of["state"] == SessionState.CANCELLED:
        raise Refused("session", "This session will not take place.", "Nothing is to be done.")
    if of["state"] not in AHEAD or of["starts_at"] <= clock.now():
        raise Refused("session", "This session has begun or is over.", "Choose one that lies ahead.")
    return of


def turn_of(tx: Connection, id: str) -> Row | None:
    """One turn by its id."""
    return tx.execute(sa.select(turn).where(turn.c.id == id)).mappings().first()


def turns(tx: Connection, session_id: str, role: str) -> list[Row]:
    """All turns at that seat, plans left out."""
    where = (turn.c.session == session_id, turn.c.role == role, turn.c.state != TurnState.PROPOSED.value)
    return list(tx.execute(sa.select(turn).where(*where).order_by(turn.c.created_at, turn.c.id)).mappings())


def states(rows: Iterable[Row]) -> dict[str, TurnState]:
    """The seat as rules.states has it: {person: state}."""
    return {row["person"]: TurnState(row["state"]) for row in rows}


def holder(rows: Iterable[Row]) -> Row | None:
    """Who has the seat: who said yes before who is being asked."""
    having = [row for row in rows if row["state"] in HOLDING | TAKEN]
    return min(having, key=lambda row: (row["state"] not in TAKEN, row["person"]), default=None)


def takes_part(tx: Connection, of: Row, role: str, id: str) -> bool:
    """Whether that person is in the ledger of this circle and role, and neither paused nor gone."""
    here = (standing.c.circle == of["circle"], standing.c.role == role, standing.c.person == id)
    query = sa.select(person.c.state).join(standing, standing.c.person == person.c.id)
    state = tx.execute(query.where(*here, standing.c.left_at.is_(None))).scalar()
    return state not in (None, "paused", "left", "erased")


# ---- writing ----


def put(
    tx: Connection,
    of: Row,
    role: str,
    who: str,
    state: TurnState,
    by: str,
    why: Why | Mapping[str, Any] | None = None,
    cause: str = "",
) -> str:
    """Write that this person's turn is in that state now, and tell of it; returns the id of the turn.

    The transition was checked by rules.states or rules.rotation. The state of the session follows in `settle`.

    :param why: with an offer, why they are asked.
    :param cause: of a release: covered, changed, own, cancelled, away, gone, undone or organizer.
    """
    now = clock.now()
    key = (turn.c.session == of["id"], turn.c.role == role, turn.c.person == who)
    before = tx.execute(sa.select(turn).where(*key)).mappings().first()
    values: dict[str, Any] = {"state": state.value, "by": by}
    if why is not None or before is None:
        values["why"] = reason(why)
    if state == TurnState.OFFERED:
        values |= {"offered_at": now, "answer_by": asking.answer_by(local(of), now), "answered_at": None}
    elif state in (TurnState.ACCEPTED, TurnState.DECLINED):
        values["answered_at"] = now
    if before is None:
        id = db.new_id()
        fresh = {"id": id, "session": of["id"], "circle": of["circle"], "role": role, "person": who, "created_at": now}
        tx.execute(sa.insert(turn).values(**fresh, **values))
    else:
        id = before["id"]
        tx.execute(sa.update(turn).where(turn.c.id == id).values(**values))
    row = {**(before or {"id": id, "role": role, "person": who, "why": {}}), **values}
    if state == TurnState.OFFERED:
        emit(tx, "turn.offered", f"turn/{id}", offered(of, row))
    elif state == TurnState.ACCEPTED:
        emit(tx, "turn.accepted", f"turn/{id}", {**facts(of, row), "by": by, "told": _told(tx, of, role, who)})
        tx.execute(sa.delete(told).where(told.c.session == of["id"], told.c.what == opened(role)))
    elif state == TurnState.DECLINED:
        emit(tx, "turn.declined", f"turn/{id}", facts(of, row))
    elif state in (TurnState.RELEASED, TurnState.PROPOSED) and before and before["state"] in HOLDING:
        emit(tx, "turn.released", f"turn/{id}", {**facts(of, row), "why": cause or "undone"})
    if TurnState.SERVED in (state, before["state"] if before else None):
        standings.recount(tx, [(of["circle"], str(role), who)])
    if TAKEN & {state, before["state"] if before else None}:
        due.soon(tx, [of["circle"]], of["starts_at"], freed=state not in TAKEN)  # invites name who leads and mentors
    return id


def settle(tx: Connection, of: Row) -> Row:
    """Let the session's state follow its coordinators' turns: confirmed by one yes, and by nothing else."""
    rows = turns(tx, of["id"], Role.COORDINATOR)
    state = settled(SessionState(of["state"]), [row["state"] for row in rows])
    return of if state == of["state"] else change_state(tx, of, state)


def change_state(tx: Connection, of: Row, state: SessionState, note: str | None = None) -> Row:
    """Write the session's state, with a note why if it is to be told, and tell of it."""
    row = tx.execute(sa.select(session).where(session.c.id == of["id"])).mappings().one()
    values: dict[str, Any] = {"state": state.value}
    if note or row["state"] == SessionState.CANCELLED:  # why it was off is not why it is on again
        values["note"] = note
    return {**of, **telling.change(tx, row, values)}


def opened(role: str) -> str:
    """Under which name it stands in `told` that anyone may take this seat."""
    return f"open-{role}"


def is_open(tx: Connection, session_id: str, role: str) -> bool:
    """Whether circle and organizers were told that anyone may take it, and nobody has since."""
    where = (told.c.session == session_id, told.c.what == opened(role))
    return tx.execute(sa.select(told.c.at).where(*where)).first() is not None


def _told(tx: Connection, of: Row, role: str, who: str) -> list[str]:
    """Whom to tell that the seat is taken, if it was open: the organizers. The circle's own invites say who has it."""
    if role != Role.COORDINATOR or not is_open(tx, of["id"], role):
        return []
    return [id for id in people.organizers(tx) if id != who]


def who_can_come(tx: Connection, of: Row) -> list[str]:
    """The circle's members but those who said that they cannot come to this session, or lead none on that day."""
    members = people.members(tx, of["circle"])
    said = invited.answers(tx, [of["id"]])[of["id"]]
    away = invited.away(tx, members, of["day"], Role.COORDINATOR)
    return [id for id in members if id not in away and said.get(id) != "cannot"]


# ---- in other words ----


def local(of: Row) -> datetime:
    """The start on the wall clock of the session's zone: days are counted back on it."""
    start: datetime = of["starts_at"]
    return start.astimezone(clock.zone(of["zone"]))


def day(of: Row) -> date:
    """The session's local date."""
    return date.fromisoformat(of["day"])


def said_day(of: Row) -> str:
    """The session's local date, as people write it."""
    there = day(of)
    return f"{there:%a} {there.day} {there:%B %Y}"


def reason(why: Why | Mapping[str, Any] | None) -> dict[str, Any]:
    """A reason as it is stored."""
    if isinstance(why, Why):
        plain = {name: getattr(why, name) for name in _REASON}
        return {**plain, "kind": why.kind.value, "day": why.day.isoformat() if why.day else None}
    return dict(why or {})


_REASON = [field.name for field in fields(Why)]


def said(why: Mapping[str, Any], name: str | None = None) -> str:
    """A stored reason in words, to the person or about the one called `name`; '' where there is none to say."""
    if not why or why.get("kind") not in set(Kind):
        return ""
    plain = dict(why)
    plain |= {"kind": Kind(plain["kind"]), "day": date.fromisoformat(plain["day"]) if plain["day"] else None}
    return Why(**plain).words(name)


def facts(of: Row, row: Row) -> dict[str, Any]:
    """What every event about a turn says."""
    return {
        "turn": row["id"],
        "role": str(row["role"]),
        "person": row["person"],
        "session": of["id"],
        "circle": of["circle"],
        "name": of["circle_name"],
        "stream": of["stream"],
        "day": of["day"],
        "starts_at": of["starts_at"].isoformat(),
        "minutes": of["minutes"],
    }


def asker(row: Row) -> str | None:
    """Who offered it by changing the plan; None where the program asked, or it was handed over."""
    why = row["why"] or {}
    return str(why["by"]).partition("/")[2] or None if why.get("kind") == ASKED else None


def offered(of: Row, row: Row, words: str | None = None, last: bool = False) -> dict[str, Any]:
    """What turn.offered says; `words`: the reason, where it need not be read again; `last`: nobody is next in line."""
    why = row["why"] or {}
    return {
        **facts(of, row),
        "answer_by": row["answer_by"].isoformat(),
        "why": said(why) if words is None else words,
        "handed_by": why.get("by") if why.get("kind") == HANDED else None,
        "changed_by": asker(row),
        "last": row["role"] == Role.COORDINATOR and (last or is_last(of, row)),
    }


def is_last(of: Row, row: Row) -> bool:
    """Whether nobody is asked any more once the time for this answer is over: then anyone may take it."""
    ends: datetime = row["answer_by"]
    return ends >= asking.open_at(local(of))
