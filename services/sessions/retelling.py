"""What somebody who replays is told: sessions, open items, places, and questions to who fell silent, as they are.

Events are kept for 90 days only.

Not what became of it on the way: who declined, what was moved, which mails went out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, copies
from shared.events.replay import State

from . import attendance, items, people
from .circles import membership
from .circles import reading as circles
from .minutes import publishing, reading
from .models import checkin, circle, place, session, told, turn
from .rules import agenda as agendas
from .rules import markup
from .rules.rotation import Role
from .rules.states import SessionState
from .turns import checkins, seats


def present(tx: Connection) -> Iterator[tuple[str, str, State]]:
    """(subject, type, state) of all sessions that others were told of, of the items of circles, and of places."""
    for id in tx.execute(sa.select(session.c.id).where(*_known())).scalars():
        yield reading.subject(id), "session.snapshot", partial(_session, id)
    for id in tx.execute(sa.select(circle.c.id).where(circle.c.closed_at.is_(None))).scalars():
        yield f"circle/{id}", "items.changed", partial(_items, id)
    for id in tx.execute(sa.select(place.c.person).distinct()).scalars():
        yield membership.subject(id), "place.snapshot", partial(_place, id)
    for id in tx.execute(sa.select(checkin.c.person).distinct()).scalars():
        yield membership.subject(id), "checkin.snapshot", partial(checkins.latest, id)


def _known() -> tuple[Any, ...]:
    """Sessions of circles, as long as mails are kept, but for those far ahead that nobody was told of."""
    since = clock.now() - timedelta(days=config.current().keep_mails)
    taken = sa.exists().where(turn.c.session == session.c.id, turn.c.state == "accepted")
    said = sa.exists().where(told.c.session == session.c.id)
    near = sa.or_(session.c.state != SessionState.PLANNED.value, session.c.invited, taken, said)
    return (session.c.kind == "circle", session.c.starts_at > since, near)


def _session(id: str, tx: Connection) -> dict[str, Any] | None:
    of = reading.one(tx, id)
    if of is None:
        return None
    now, duties = reading.texts(tx, of), people.duties(tx, id)
    known = now.published_at and "attendance" not in (of["gaps"] or {})
    sheet = attendance.sheet(tx, of) if now.published_at else []
    gone = any(people.state(tx, each) == copies.ERASED for each in {*(m.person for m in sheet), *duties.values()})
    silent = gone or not now.published_at or agendas.says_nothing(now.text)
    at = {row.what: row.at for row in tx.execute(sa.select(told).where(told.c.session == id))}
    lead = duties.get(Role.COORDINATOR.value)
    return {
        **reading.meeting(tx, of),
        "ends_at": of["ends_at"].isoformat(),
        "cancelled": of["state"] == SessionState.CANCELLED,
        "mentor": duties.get(Role.MENTOR.value),
        "opened_at": None if lead else _iso(at.get(seats.opened(Role.COORDINATOR))),
        "late_at": _iso(at.get("late-organizers")),
        "minuted_at": _iso(now.published_at),
        "text": "" if silent else markup.cut(now.text, publishing.TOLD_MOST)[0],
        "present": [each.person for each in sheet if each.present] if known else [],
        "members": [each.person for each in sheet] if known else [],
    }


def _items(id: str, tx: Connection) -> dict[str, Any]:
    return items.told(tx, id)


def _place(id: str, tx: Connection) -> dict[str, Any] | None:
    since = tx.execute(sa.select(sa.func.min(place.c.since)).where(place.c.person == id)).scalar()
    now = circles.place_of(tx, id)
    return {"person": id, "since": since.isoformat(), "circle": now["circle"] if now else None} if since else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
