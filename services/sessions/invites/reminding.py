"""Reminders: three days before a session, and two hours; once each, to whoever did not say that they cannot."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from .. import items, locks
from ..circles import reading as circles
from ..gatherings import reading as gatherings
from ..meetings import reading as meetings
from ..meetings import telling as sessions
from ..models import invite, session, told
from . import reading, telling

HOURS = {72: 48, 2: 0}  # hours before, and how few may be left: after an outage "in three days" would be wrong
FRESH = timedelta(hours=24)  # for which an invite needs no reminder, days before: a newcomer's has just come
STEP = 100


def remind(tx: Connection, hours: int) -> bool:
    """Remind of sessions that begin within so many hours; True while there may be more."""
    locks.sessions(tx)
    now, what = clock.now(), f"reminder-{hours}"
    done = sa.exists().where(told.c.session == session.c.id, told.c.what == what)
    query = sa.select(session).where(
        session.c.state.in_(meetings.AHEAD), session.c.invited, ~done,
        session.c.starts_at > now + timedelta(hours=HOURS[hours]), session.c.starts_at <= now + timedelta(hours=hours),
    )  # fmt: skip
    query = query.order_by(session.c.starts_at, session.c.id).limit(STEP)
    rows = list(tx.execute(query.with_for_update(skip_locked=True)).mappings())
    for row in rows:
        insert = db.insert(tx, told).values(session=row["id"], what=what, at=now)
        if tx.execute(insert.on_conflict_do_nothing()).rowcount:
            _remind_of(tx, {**row}, hours)
    return len(rows) == STEP


def next_due(tx: Connection, since: datetime, hours: int) -> datetime | None:
    """When the next reminder of that kind is due, after an instant."""
    before = timedelta(hours=hours)
    first: datetime | None = tx.execute(_NEXT, {"since": since + before}).scalar()
    return None if first is None else first - before


_begins = session.c.starts_at
_NEXT = sa.select(sa.func.min(_begins)).where(
    session.c.state.in_(meetings.AHEAD), _begins > sa.bindparam("since", type_=_begins.type)
)


def _remind_of(tx: Connection, row: telling.Row, hours: int) -> None:
    query = sa.select(invite.c.person, invite.c.sequence, invite.c.since)
    query = query.where(invite.c.session == row["id"], ~invite.c.cancelled)
    told_now = tx.execute(query.order_by(invite.c.person)).all()
    said = reading.answers(tx, [row["id"]])[row["id"]]
    # A talk is for everybody: who has not answered is left alone.
    wanted = ("coming",) if row["kind"] == gatherings.TALK else ("coming", None)
    fresh = clock.now() - FRESH if hours == max(HOURS) else clock.now()
    people = [
        each.person
        for each in told_now
        if said.get(each.person) in wanted and (each.since is None or each.since <= fresh)
    ]
    about: telling.Row
    if row["circle"] is None:
        about = gatherings.about(gatherings.one(tx, row["id"]))
    else:
        about = circles.one(tx, row["circle"])
    data = {**sessions.data(row, about), **about.get("also", {}), **reading.duties(tx, [row["id"]])[row["id"]]}
    if row["circle"] is not None:
        open_ones = items.open_of(tx, row["circle"], people)
        data["members"] = [each["id"] for each in circles.members(tx, row["circle"])]
        data["items"] = items.as_told(open_ones)
    # Not older than what anybody was told, or the reminder would count as overtaken.
    data |= {"hours": hours, "sequence": max([row["sequence"], *(each.sequence for each in told_now)])}
    for start in range(0, len(people), telling.EACH):
        data["attendees"] = telling.attendees(people[start : start + telling.EACH], said)
        emit(tx, "session.reminded", sessions.subject(row["id"]), data)
