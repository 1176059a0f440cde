"""What becomes of a session by time: held when its end has passed, and asked about when its minutes are late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, schedule
from shared.events import emit

from .. import locks, people
from ..models import minutes, session, told
from ..rules.states import SESSION, SessionState
from . import reading

# Who is asked for minutes, and how long after the session's end.
LATE = {"coordinator": timedelta(hours=24), "organizers": timedelta(hours=72)}


def hold(tx: Connection, most: int) -> int:
    """Let sessions whose end has passed be held; returns how many, at most `most`.

    Meetings and talks, which are of no circle, are closed with that: nobody owes minutes of them.
    """
    over = (session.c.state.in_(reading.AHEAD), session.c.ends_at <= clock.now())
    query = (
        sa.select(session.c.id, session.c.state, session.c.circle).where(*over).order_by(session.c.ends_at).limit(most)
    )
    rows = tx.execute(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        after = SESSION.after(SessionState(row.state), "hold")
        if row.circle is None:
            after = SESSION.after(after, "close")
        tx.execute(session.update().where(session.c.id == row.id).values(state=after.value))
    return len(rows)


def ask(tx: Connection, most: int) -> bool:
    """Ask for all minutes that are late, in steps; True while there may be more.

    What is over is held first: after a long sleep a session's end and its late minutes are due at once, and would
    otherwise be told ten minutes apart.
    """
    locks.sessions(tx)
    if hold(tx, most) == most:
        return True
    return max(late(tx, who, most) for who in LATE) == most


def late(tx: Connection, who: str, most: int) -> int:
    """Ask for minutes that are late, once; returns how many sessions were looked at, at most `most`."""
    locks.sessions(tx)
    what = f"late-{who}"
    asked = sa.exists().where(told.c.session == session.c.id, told.c.what == what)
    since = clock.now() - LATE[who]
    query = sa.select(session.c.id).where(
        session.c.state == SessionState.HELD.value, session.c.ends_at <= since, session.c.circle.is_not(None), ~asked
    )
    ids = tx.execute(query.order_by(session.c.ends_at).limit(most)).scalars().all()
    for id in ids:
        row = {"session": id, "what": what, "at": clock.now()}
        if not tx.execute(db.insert(tx, told).values(row).on_conflict_do_nothing()).rowcount:
            continue
        of = reading.taken(tx, id)
        said = reading.meeting(tx, of)
        leads = said["coordinator"]
        to = ([leads] if leads and people.is_here(tx, leads) else []) if who == "coordinator" else people.organizers(tx)
        if to and of["state"] == SessionState.HELD:
            emit(tx, "minutes.missed", reading.subject(id), {**said, "who": who, "to": to})
    return len(ids)


def overdue(tx: Connection, most: int, after: str = "") -> list[str]:
    """Sessions whose minutes can no longer be corrected and that are not closed, by id, from `after` on."""
    done = (session.c.state == SessionState.MINUTED.value, minutes.c.published_at <= clock.now() - reading.CORRECTION)
    shut = sa.or_(minutes.c.reopened_until.is_(None), minutes.c.reopened_until <= clock.now())
    rows = (
        sa.select(session.c.id)
        .join(minutes, minutes.c.session == session.c.id)
        .where(*done, shut, session.c.id > after)
    )
    return list(tx.execute(rows.order_by(session.c.id).limit(most)).scalars())


# ---- when the next of these is due, after an instant ----


def next_end(tx: Connection, since: datetime) -> datetime | None:
    """When the next session ends."""
    return tx.execute(_NEXT_END, {"since": since}).scalar()


def next_late(tx: Connection, since: datetime) -> datetime | None:
    """When minutes are next late, to anybody."""
    firsts = [(tx.execute(_NEXT_HELD, {"since": since - after}).scalar(), after) for after in LATE.values()]
    return schedule.soonest(*(first + after for first, after in firsts if first is not None))


def next_overdue(tx: Connection, since: datetime) -> datetime | None:
    """When minutes can next no longer be corrected."""
    usual = tx.execute(_NEXT_PUBLISHED, {"since": since - reading.CORRECTION}).scalar()
    return schedule.soonest(usual and usual + reading.CORRECTION, tx.execute(_NEXT_REOPENED, {"since": since}).scalar())


def _first(column: sa.Column[Any], *where: Any) -> Any:
    """The first after `since`. Built once: whoever steps program time asks this at each moment."""
    since = sa.bindparam("since", type_=column.type)
    return sa.select(sa.func.min(column)).where(*where, column > since)


_minuted = minutes.c.session.in_(sa.select(session.c.id).where(session.c.state == SessionState.MINUTED.value))
_NEXT_END = _first(session.c.ends_at, session.c.state.in_(reading.AHEAD))
_NEXT_HELD = _first(session.c.ends_at, session.c.state == SessionState.HELD.value)
_NEXT_PUBLISHED, _NEXT_REOPENED = (_first(minutes.c[name], _minuted) for name in ("published_at", "reopened_until"))
