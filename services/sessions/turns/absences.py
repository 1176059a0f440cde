"""Days on which somebody cannot: written by them, for one role or for all.

Turns that they have then become free; and where they cannot at all, that is their answer to the sessions of these days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..invites import answering as invited
from ..meetings import reading as meetings
from ..models import absence, session, turn
from ..rules.refusals import Missing, Refused
from ..rules.rotation import Role
from ..rules.states import TURN
from . import asking, seats
from .seats import Row

MOST = 50  # of one person that lie ahead
LONGEST = timedelta(days=366)
UNANSWERED = "checkin/"  # `by` of what is noted for somebody who did not say if they are still with us
TakenBack = Callable[[Connection, str], None]
_taken_back: list[TakenBack] = []


def taken_back(hook: TakenBack) -> TakenBack:
    """Register what happens when somebody takes back what UNANSWERED noted for them: `hook(tx, by)`."""
    _taken_back.append(hook)
    return hook


def add(tx: Connection, person: str, by: str, typed: Mapping[str, Any]) -> list[str]:
    """Write an absence; returns the sessions whose turns it freed.

    :param typed: first and last day, ISO 8601, and the role, empty for any.
    :raises Refused: with every wrong field in `all`.
    """
    first, last, role = _checked(typed)
    seats.lock(tx)
    today = clock.now().date().isoformat()
    mine = sa.select(sa.func.count()).where(
        absence.c.person == person, absence.c.withdrawn_at.is_(None), absence.c.last >= today
    )
    if tx.execute(mine).scalar_one() >= MOST:
        raise Refused("first", f"There are {MOST} absences to come already.", "Take some of them back first.")
    freed = _write(tx, person, by, first, last, role)
    if role is None:
        invited.cannot_between(tx, person, first.isoformat(), last.isoformat())
    return freed


def _write(tx: Connection, person: str, by: str, first: date, last: date, role: str | None) -> list[str]:
    row = {"id": db.new_id(), "person": person, "role": role, "by": by, "created_at": clock.now()}
    tx.execute(sa.insert(absence).values(**row, first=first.isoformat(), last=last.isoformat()))
    return _free(tx, person, first, last, role, by)


def pause(tx: Connection, person: str, by: str) -> None:
    """Let nobody ask them for a turn of either role, for a year or until `resume`; they are invited as before."""
    today = clock.now().date()
    for role in Role:
        _write(tx, person, by, today, today + LONGEST, role.value)


def resume(tx: Connection, by: str) -> None:
    """End what `pause` began by the same `by`."""
    theirs = (absence.c.by == by, absence.c.withdrawn_at.is_(None))
    tx.execute(sa.update(absence).where(*theirs).values(withdrawn_at=clock.now()))


def cannot_until(tx: Connection, session_id: str, person: str, until: str, source: str) -> int:
    """They cannot come to this session, nor to any until that day; returns how many of the planned ones that is.

    :param source: of the answer to this session: link or page.
    :raises Refused: of the field until; or as `invites.answering.answer`.
    """
    invited.open_invite(tx, session_id, person)
    row = meetings.one(tx, session_id)
    last = invited.day_until(until, row["day"]).isoformat()
    first = min(clock.now().astimezone(clock.zone(row["zone"])).date().isoformat(), row["day"])
    try:
        add(tx, person, f"person/{person}", {"first": first, "last": last})
    except Refused as refused:
        raise Refused("until", refused.message, refused.remedy) from None
    invited.answer(tx, session_id, person, invited.CANNOT, source)
    return len(invited.planned(tx, person, first, last).keys() | {session_id})


def withdraw(tx: Connection, id: str, person: str) -> None:
    """Take an absence back, and what it answered. Turns that it freed stay free: others may have been asked.

    :raises Refused: there is none, or it is somebody else's.
    """
    seats.lock(tx)
    row = tx.execute(sa.select(absence).where(absence.c.id == id, absence.c.person == person)).mappings().first()
    if row is None:
        raise Missing("absence", "There is no such absence of yours.", "Look at the list.")
    tx.execute(sa.update(absence).where(absence.c.id == id).values(withdrawn_at=clock.now()))
    if row["by"].startswith(UNANSWERED):  # it was noted for both roles at once
        resume(tx, row["by"])
        for hook in _taken_back:
            hook(tx, row["by"])
    if row["role"] is None and row["withdrawn_at"] is None:
        invited.no_answer_between(tx, person, row["first"], row["last"])


def listed(tx: Connection, person: str) -> list[Row]:
    """Absences of that person that are not over, the next one first."""
    yesterday = (clock.now() - timedelta(days=1)).date().isoformat()
    query = sa.select(absence).where(
        absence.c.person == person, absence.c.withdrawn_at.is_(None), absence.c.last >= yesterday
    )
    return list(tx.execute(query.order_by(absence.c.first, absence.c.id)).mappings())


def _free(tx: Connection, person: str, first: date, last: date, role: str | None, by: str) -> list[str]:
    where = [
        turn.c.person == person, turn.c.state.in_(["offered", "accepted"]), session.c.starts_at > clock.now(),
        session.c.day >= first.isoformat(), session.c.day <= last.isoformat(),
    ]  # fmt: skip
    if role:
        where.append(turn.c.role == role)
    rows = tx.execute(sa.select(turn).join(session).where(*where).order_by(turn.c.id)).mappings().all()
    held = seats.sessions(tx, {row["session"] for row in rows})
    for row in rows:
        state = TURN.after(row["state"], "release")
        seats.put(tx, held[row["session"]], row["role"], person, state, by, cause="away")
        held[row["session"]] = seats.settle(tx, held[row["session"]])
    asking.released(tx, held)
    return sorted(held)


def _checked(typed: Mapping[str, Any]) -> tuple[date, date, str | None]:
    refused = []
    days: dict[str, date] = {}
    for field, what in (("first", "The first day"), ("last", "The last day")):
        value = str(typed.get(field) or "").strip()
        try:
            if len(value) != 10 or not value.isascii():
                raise ValueError
            days[field] = date.fromisoformat(value)
        except ValueError:
            words = f"{what} is no date." if value else f"{what} is missing."
            refused.append(Refused(field, words, "Write year, month and day, as in 2027-01-31."))
    role = str(typed.get("role") or "").strip()
    if role and role not in set(Role):
        refused.append(Refused("role", "There is no such role.", "Choose one, or leave it empty for all."))
    if len(days) == 2:
        refused += _bounds(days["first"], days["last"])
    Refused.raise_any(refused)
    return days["first"], days["last"], role or None


def _bounds(first: date, last: date) -> list[Refused]:
    today = clock.now().date()
    if last < first:
        return [Refused("last", "The last day lies before the first.", "Write the later day here.")]
    if last < today - timedelta(days=1):
        return [Refused("last", "These days are over.", "Choose days to come.")]
    if last - first > LONGEST:
        return [Refused("last", "This is longer than a year.", "Pause instead: My page, Pause.")]
    if first - today > 2 * LONGEST:
        return [Refused("first", "This is more than two years ahead.", "Choose days nearer to now.")]
    return []
