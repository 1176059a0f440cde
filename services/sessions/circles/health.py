"""How circles are: when they meet next and who leads it, whose minutes are late, what is not closed. For the list.

A page of the list costs a handful of statements, however many circles there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import people
from ..invites import reading as invites
from ..meetings.reading import AHEAD
from ..models import circle as circles
from ..models import minutes, session, told
from ..models import place as places
from ..rules.states import SessionState
from ..turns import seats
from . import policy, reading

PAGE = 50
LATE = timedelta(hours=24)  # after its end, minutes are late
SHUT = timedelta(hours=48)  # after publishing, a session that is not closed lacks something
# What the list can be narrowed to: by its key in the address, in words.
ONLY = {
    "": "All that are open",
    "help": "Something is to be done",
    "late": "Minutes are late",
    "seat": "Anyone may lead the next session",
    "unclosed": "A session is not closed",
    "dates": "Needs dates",
    "nobody": "Nobody in it",
    "closed": "Closed",
}


@dataclass(frozen=True)
class Health:
    """One circle in the list.

    :param next: its next session; None: it has none.
    :param late: since when the oldest minutes are late, and of how many sessions.
    :param unclosed: how many sessions are not closed, though nothing can be corrected in them any more.
    :param open: anyone may lead the next session.
    """

    circle: dict[str, Any]
    limit: int
    state: str
    next: dict[str, Any] | None
    coordinator: str | None
    mentor: str | None
    late: int
    late_since: datetime | None
    unclosed: int
    open: bool


def state(closed: bool, count: int, meets: bool) -> str:
    """A circle's state in one or two words; macros.html has its icon."""
    if closed:
        return "closed"
    if not count:
        return "nobody in it"
    return "meets" if meets else "needs dates"


def listed(tx: Connection, stream: str = "", only: str = "", page: int = 1) -> tuple[list[Health], int]:
    """A page of the circles of a stream ('' for all) of which that is so, by name; and how many there are."""
    where = _where(stream, only)
    total = tx.execute(sa.select(sa.func.count()).select_from(circles).where(*where)).scalar_one()
    query = sa.select(circles, _count().label("count")).where(*where).order_by(circles.c.stream, circles.c.created_at)
    rows = tx.execute(query.order_by(circles.c.id).limit(PAGE).offset((page - 1) * PAGE)).mappings()
    return _look(tx, [dict(row) for row in rows]), int(total)


def _look(tx: Connection, rows: list[dict[str, Any]]) -> list[Health]:
    ids, most = [row["id"] for row in rows], policy.read(tx).most
    ahead = _next(tx, ids)
    duties = invites.duties(tx, [row["id"] for row in ahead.values()])
    names = people.names(tx, [person for each in duties.values() for person in each.values()])
    late = {row.circle: row for row in tx.execute(_grouped(_late(), ids))}
    unclosed = {row.circle: row for row in tx.execute(_grouped(is_unclosed(), ids))}
    seats = set(tx.execute(sa.select(session.c.circle).where(_open_seat(), session.c.circle.in_(ids))).scalars())
    found = []
    for row in rows:
        id, then = row["id"], ahead.get(row["id"])
        leads = duties[then["id"]] if then else {}
        found.append(
            Health(
                circle=row,
                limit=row["most"] or most,
                state=state(row["closed_at"] is not None, row["count"], then is not None),
                next=then,
                coordinator=names.get(leads.get("coordinator")),
                mentor=names.get(leads.get("mentor")),
                late=late[id].number if id in late else 0,
                late_since=late[id].since if id in late else None,
                unclosed=unclosed[id].number if id in unclosed else 0,
                open=id in seats,
            )
        )
    return found


def _next(tx: Connection, ids: list[str]) -> dict[str, dict[str, Any]]:
    """The next session of each circle."""
    rank = sa.func.row_number().over(partition_by=session.c.circle, order_by=(session.c.starts_at, session.c.id))
    ahead = sa.select(session, rank.label("rank")).where(session.c.circle.in_(ids), _is_ahead()).subquery()
    return {row["circle"]: dict(row) for row in tx.execute(sa.select(ahead).where(ahead.c.rank == 1)).mappings()}


def _grouped(where: Any, ids: list[str]) -> Any:
    query = sa.select(session.c.circle, sa.func.count().label("number"), sa.func.min(session.c.ends_at).label("since"))
    return query.where(where, session.c.circle.in_(ids)).group_by(session.c.circle)


# ---- what is so: of a session, and of a circle ----


def _is_ahead() -> Any:
    return sa.and_(session.c.state.in_(AHEAD), session.c.ends_at > clock.now())


def _late() -> Any:
    return sa.and_(session.c.state == SessionState.HELD, session.c.ends_at <= clock.now() - LATE)


def is_unclosed() -> Any:
    """A session whose minutes nobody can correct any more, and that is not closed."""
    over = sa.and_(
        minutes.c.session == session.c.id,
        minutes.c.published_at <= clock.now() - SHUT,
        sa.or_(minutes.c.reopened_until.is_(None), minutes.c.reopened_until <= clock.now()),
    )
    return sa.and_(session.c.state == SessionState.MINUTED, sa.exists().where(over).correlate(session))


def _open_seat() -> Any:
    opened = sa.exists().where(told.c.session == session.c.id, told.c.what == seats.opened("coordinator"))
    return sa.and_(session.c.state == SessionState.PLANNED, session.c.starts_at > clock.now(), opened)


def _count() -> Any:
    present = sa.select(sa.func.count()).where(places.c.circle == circles.c.id, reading.present)
    return present.correlate(circles).scalar_subquery()


def _where(stream: str, only: str) -> list[Any]:
    def has(what: Any) -> Any:
        return sa.exists().where(session.c.circle == circles.c.id, what)

    anybody = sa.exists().where(places.c.circle == circles.c.id, reading.present)
    dates = sa.and_(~has(_is_ahead()), anybody)
    wanted = {
        "late": has(_late()),
        "seat": has(_open_seat()),
        "unclosed": has(is_unclosed()),
        "dates": dates,
        "nobody": ~anybody,
        "help": sa.or_(has(_late()), has(_open_seat()), has(is_unclosed()), dates),
    }
    found: list[Any] = [circles.c.closed_at.is_not(None) if only == "closed" else circles.c.closed_at.is_(None)]
    if only in wanted:
        found.append(wanted[only])
    if stream:
        found.append(circles.c.stream == stream)
    return found
