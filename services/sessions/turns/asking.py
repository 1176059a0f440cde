"""What is due about open seats by time: offers, lapses, and the word that anyone may take it.

Each step is decided by what the tables say now, under the lock of turns, so that a lost, late or doubled tick changes
nothing twice. Only the session that a circle meets at next is asked for: once the one before has ended, or, for its
first, once it is planned.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, schedule
from shared.events import emit
from shared.events.outbox import emit_all
from shared.quick import Quick, params

from .. import people
from ..circles import standing as standings
from ..models import attendance, circle, person, session, standing, told, turn
from ..rules import dates, rotation
from ..rules.rotation import Duty, Role, asking
from ..rules.states import TURN, SessionState, TurnState
from . import ledger, mentoring, seats
from .seats import SYSTEM, Row

BATCH = 500
LONGEST = timedelta(minutes=dates.MINUTES_MOST)  # what ends later began no longer ago: the index has its begin
_later = session.alias("earlier")
_HELD = sa.text("turn.state IN ('offered', 'accepted')")  # as in the index


def work(tx: Connection) -> None:
    """Everything that is due now."""
    seats.lock(tx)
    serve(tx)
    stray(tx)
    lapsed = lapse(tx)
    for role in Role:
        step(tx, role)
    _tell(tx, lapsed)


def step(tx: Connection, role: Role, only: Iterable[str] | None = None) -> None:
    """Ask for open seats, or say that anyone may take them. The lock is held.

    :param only: look at these sessions alone.
    """
    now = clock.now()
    ask_for: list[Row] = []
    for of in _open_seats(tx, role, only):
        decided = asking.step(seats.local(of), now, None, taken=False, opened=of["opened"])
        if decided == asking.Step.ASK:
            ask_for.append(of)
        elif decided == asking.Step.OPEN:
            open_to_all(tx, of, role)
    with _uncounted():
        for start in range(0, len(ask_for), BATCH):
            _ask_until_nobody(tx, role, ask_for[start : start + BATCH])


@contextmanager
def _uncounted() -> Iterator[None]:
    """No search for cycles among ledgers: they have none, and looking took a third of the time of a large program."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _ask_until_nobody(tx: Connection, role: Role, ask_for: list[Row]) -> None:
    """Offer these open seats; where nobody in the ledger can, mentors are looked for farther, or it is told."""
    if role == Role.MENTOR:
        mentoring.fill(tx, {of["circle"]: of["stream"] for of in ask_for})
    while ask_for:
        nobody = ask(tx, role, ask_for)
        if role == Role.MENTOR and nobody:
            fresh = [of for of in nobody if mentoring.fill(tx, {of["circle"]: of["stream"]}, more=True)]
        else:
            fresh = []
        for of in nobody:
            if of not in fresh and not of["opened"]:
                open_to_all(tx, of, role)
        ask_for = fresh


def ask(tx: Connection, role: Role, sessions: list[Row]) -> list[Row]:
    """Offer each of these open seats to the first in line; returns the sessions for which nobody can be asked."""
    books = ledger.books(tx, {of["circle"] for of in sessions}, role)
    undone = _undone(tx, role, [of["id"] for of in sessions])
    now, nobody = clock.now(), []
    rows: list[dict[str, Any]] = []
    events: list[tuple[str, dict[str, Any]]] = []
    ids = iter(db.new_ids(len(sessions)))
    for of in sessions:
        choice = rotation.choose(books.of(of["circle"]), rotation.Session(of["id"], seats.day(of)))
        who = choice.first
        if who is None:
            nobody.append(of)
            continue
        books.add(Duty(of["id"], of["circle"], role.value, who, choice.session.date, TurnState.OFFERED.value))
        why = choice.why(who)
        if (of["id"], who) in undone:
            seats.put(tx, of, role, who, TurnState.OFFERED, SYSTEM, why)
            continue
        row = {
            "id": next(ids), "session": of["id"], "circle": of["circle"], "role": role.value, "person": who,
            "state": TurnState.OFFERED.value, "why": seats.reason(why), "created_at": now, "offered_at": now,
            "answer_by": asking.answer_by(seats.local(of), now), "by": SYSTEM,
        }  # fmt: skip
        rows.append(row)
        events.append((f"turn/{row['id']}", seats.offered(of, row, why.words(), len(choice.line) == 1)))
    if rows:
        _INSERT(tx, *rows)
        emit_all(tx, "turn.offered", events)
    return nobody


_ASKED = "id session circle role person state why created_at offered_at answer_by by".split()
_INSERT = Quick(lambda _: sa.insert(turn).values(params(turn, _ASKED)))


def open_to_all(tx: Connection, of: Row, role: Role) -> None:
    """Nobody is found: once, circle and organizers are told that anyone may take it. A mentor need not be found."""
    row = {"session": of["id"], "what": seats.opened(role), "at": clock.now()}
    if not tx.execute(db.insert(tx, told).values(row).on_conflict_do_nothing()).rowcount:
        return
    if role == Role.MENTOR or not people.members(tx, of["circle"]):
        return
    facts = {name: value for name, value in seats.facts(of, _NO_TURN).items() if name not in ("turn", "person")}
    to = seats.who_can_come(tx, of)
    emit(tx, "turn.opened", f"session/{of['id']}", {**facts, "to": to, "organizers": people.organizers(tx)})


_NO_TURN = {"id": None, "role": Role.COORDINATOR.value, "person": None}


def lapse(tx: Connection) -> list[tuple[Row, Row]]:
    """Offers whose time is over: silence is no yes. Nobody lapses by not answering somebody who handed a turn over.

    :returns: (session, turn) of those who lapsed: to be told once it is known if somebody else is asked.
    """
    lapsed: list[tuple[Row, Row]] = []
    now = clock.now()
    where = (turn.c.state == TurnState.OFFERED.value, sa.or_(turn.c.answer_by <= now, session.c.starts_at <= now))
    rows = tx.execute(sa.select(turn).join(session).where(*where).order_by(turn.c.id)).mappings().all()
    held = seats.sessions(tx, {row["session"] for row in rows})
    for row in rows:
        of = held[row["session"]]
        if (row["why"] or {}).get("kind") == seats.HANDED:
            state = TURN.after(row["state"], "release")
            tx.execute(sa.update(turn).where(turn.c.id == row["id"]).values(state=state.value, by=SYSTEM))
            continue
        state = TURN.after(row["state"], "lapse")
        tx.execute(sa.update(turn).where(turn.c.id == row["id"]).values(state=state.value, by=SYSTEM))
        lapsed.append((of, row))
    return lapsed


def _tell(tx: Connection, lapsed: list[tuple[Row, Row]]) -> None:
    for of, row in lapsed:
        asked = seats.holder(seats.turns(tx, of["id"], row["role"])) is not None
        # Only coordinators' seats are told to everybody who may take them: a mentor need not be found.
        is_told = row["role"] == Role.COORDINATOR.value and seats.is_open(tx, of["id"], row["role"])
        said = {"pause": _pause(tx, row["person"]), "asked": asked, "open": is_told}
        emit(tx, "turn.lapsed", f"turn/{row['id']}", {**seats.facts(of, row), **said})


def _pause(tx: Connection, who: str) -> bool:
    """Whether to offer them a pause."""
    query = sa.select(turn.c.state).join(session).where(turn.c.person == who, turn.c.role == Role.COORDINATOR.value)
    rows = tx.execute(query.order_by(session.c.starts_at, turn.c.created_at)).scalars().all()
    return asking.pause_offered([TurnState(state) for state in rows])


def next_due(tx: Connection, since: datetime) -> datetime | None:
    """When something of `work` is next due, after an instant: an end, a deadline, the day on which anyone may take it.

    At once where a seat is open that nobody was asked to take, nor told of: its session was planned just now.
    """
    for role in Role:
        if any(not of["opened"] for of in _open_seats(tx, role, None, hold=False)):
            return since
    after = {"since": since}
    moments = [tx.execute(first, after).scalar() for first in _FIRSTS]
    opens = [asking.open_at(seats.local(of)) for of in tx.execute(_NEAR, after).mappings()]
    return schedule.soonest(*moments, *(at for at in opens if at > since))


NEAR = 50  # of the sessions to come that are looked at; whatever is due of later ones is due after some of these
_AHEAD = sa.and_(session.c.kind == "circle", session.c.state.in_(list(seats.AHEAD)))
# Built once: whoever steps program time asks this at each moment.
_SINCE = sa.bindparam("since", type_=session.c.starts_at.type)
_FIRSTS = [
    sa.select(sa.func.min(at)).where(where, at > _SINCE)
    for at, where in (
        (session.c.ends_at, _AHEAD),
        (session.c.starts_at, _AHEAD),
        (turn.c.answer_by, turn.c.state == TurnState.OFFERED.value),
    )
]
_NEAR = sa.select(session.c.zone, session.c.starts_at)
_NEAR = _NEAR.where(_AHEAD, session.c.starts_at > _SINCE).order_by(session.c.starts_at).limit(NEAR)


def serve(tx: Connection) -> None:
    """Turns that were accepted are served once their session has ended; but for those who are noted as not there."""
    missed = sa.exists().where(
        attendance.c.session == turn.c.session, attendance.c.person == turn.c.person, ~attendance.c.present
    )
    over = sa.select(turn.c.id, turn.c.circle, turn.c.role, turn.c.person).join(session)
    over = over.where(_HELD, turn.c.state == TurnState.ACCEPTED.value, ~missed)
    over = over.where(session.c.ends_at <= clock.now(), session.c.state != SessionState.CANCELLED)
    rows = tx.execute(over).all()
    if not rows:
        return
    state = TURN.after(TurnState.ACCEPTED, "serve")
    for start in range(0, len(rows), BATCH):
        ids = [row.id for row in rows[start : start + BATCH]]
        tx.execute(sa.update(turn).where(turn.c.id.in_(ids)).values(state=state.value, by=SYSTEM))
    standings.recount(tx, [(row.circle, row.role, row.person) for row in rows if row.circle])


def stray(tx: Connection, who: str | None = None) -> list[str]:
    """Free whoever has a turn that they cannot keep: they paused, left or were moved, or the session is cancelled.

    :param who: look at this person alone.
    :returns: the sessions whose seats were freed. The lock is held.
    """
    gone = sa.or_(
        standing.c.person.is_(None), standing.c.left_at.is_not(None), person.c.state.in_(["paused", "left", "erased"])
    )
    query = (
        sa.select(turn, person.c.state.label("is"))
        .join(session, session.c.id == turn.c.session)
        .join(circle, circle.c.id == turn.c.circle)
        .outerjoin(person, person.c.id == turn.c.person)
        .outerjoin(
            standing,
            sa.and_(
                standing.c.circle == turn.c.circle, standing.c.role == turn.c.role, standing.c.person == turn.c.person
            ),
        )
        .where(_HELD, sa.or_(session.c.state == "cancelled", sa.and_(gone, session.c.starts_at > clock.now())))
        .order_by(turn.c.id)
    )
    if who is not None:
        query = query.where(turn.c.person == who)
    rows = tx.execute(query).mappings().all()
    held = seats.sessions(tx, {row["session"] for row in rows})
    for row in rows:
        of = held[row["session"]]
        cause = "cancelled" if of["state"] == "cancelled" else "gone"
        state = TURN.after(row["state"], "release")
        seats.put(tx, of, row["role"], row["person"], state, SYSTEM, cause=cause)
        held[row["session"]] = seats.settle(tx, of)
    return [id for id, of in held.items() if of["state"] != "cancelled"]


def forgo(tx: Connection, who: str) -> None:
    """Free what this person can no longer have, and ask the next. Whoever has no turn costs one look."""
    where = (turn.c.person == who, _HELD)
    if tx.execute(sa.select(turn.c.id).where(*where).limit(1)).first():
        seats.lock(tx)
        released(tx, stray(tx, who))


def sweep(tx: Connection) -> None:
    """Free whatever turns cannot be kept, and ask the next: after sessions were cancelled, or many changed places."""
    seats.lock(tx)
    released(tx, stray(tx))


def released(tx: Connection, sessions: Iterable[str]) -> None:
    """Seats of these sessions were freed: whoever is next is asked at once. The lock is held."""
    ids = list(sessions)
    for role in Role if ids else ():
        step(tx, role, ids)


def _open_seats(tx: Connection, role: Role, only: Iterable[str] | None, hold: bool = True) -> list[Row]:
    """Sessions that their circles meet at next, and that nobody has or is asked for; with `opened`."""
    now = clock.now()
    asked: dict[str, Any] = {"now": now, "begun": now - LONGEST}
    if role == Role.MENTOR:
        asked["streams"] = mentoring.asking(tx)
    if only is not None:
        asked["only"] = list(only)
    found = tx.execute(_open(role, only is not None, hold), asked).mappings().all()
    return sorted((dict(row) for row in found), key=lambda of: (of["starts_at"], of["id"]))


@cache
def _open(role: Role, some: bool, hold: bool) -> Any:
    """The question for these; `some`: for some sessions alone. Built once."""
    ahead = list(seats.AHEAD)
    now, begun = (sa.bindparam(name, type_=session.c.starts_at.type) for name in ("now", "begun"))
    before = sa.exists().where(
        _later.c.circle == session.c.circle, _later.c.state.in_(ahead), _later.c.ends_at > now,
        _later.c.starts_at < session.c.starts_at, _later.c.starts_at > begun,
    )  # fmt: skip
    having = turn.c.state.in_(["offered", "accepted", "served"])
    taken = sa.exists().where(turn.c.session == session.c.id, turn.c.role == role.value, having)
    was_told = sa.exists().where(told.c.session == session.c.id, told.c.what == seats.opened(role))
    query = (
        sa.select(*(session.c[name] for name in "id circle day zone starts_at minutes".split()))
        .add_columns(circle.c.name.label("circle_name"), circle.c.stream.label("stream"), was_told.label("opened"))
        .join(circle, circle.c.id == session.c.circle)
        .where(session.c.kind == "circle", session.c.state.in_(ahead), session.c.starts_at > now, ~before, ~taken)
        .order_by(session.c.id)
    )
    if hold:
        query = query.with_for_update(of=session)
    if role == Role.MENTOR:
        query = query.where(circle.c.stream.in_(sa.bindparam("streams", expanding=True)))
    if some:
        query = query.where(session.c.id.in_(sa.bindparam("only", expanding=True)))
    return query


def _undone(tx: Connection, role: Role, ids: list[str]) -> set[tuple[str, str]]:
    """(session, person) of those whose turn was taken back once: they have a row already."""
    query = sa.select(turn.c.session, turn.c.person).where(
        turn.c.role == role.value, turn.c.state == TurnState.PROPOSED.value
    )
    return {(row.session, row.person) for row in tx.execute(query.where(turn.c.session.in_(ids)))}
