"""What there is of a session: its row, its texts, their history, what it leaves behind so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import attendance, people
from ..models import circle, minutes, policy, revision, session, stream_policy
from ..rules import agenda as agendas
from ..rules.refusals import Missing
from ..rules.states import Left, SessionState

Row = Mapping[Any, Any]
AHEAD = (SessionState.PLANNED.value, SessionState.CONFIRMED.value)
CORRECTION = timedelta(hours=48)
_WITH_CIRCLE = sa.select(
    session, circle.c.name.label("circle_name"), circle.c.stream.label("stream")
).outerjoin(circle, circle.c.id == session.c.circle).where(session.c.kind == "circle")  # fmt: skip


@dataclass(frozen=True)
class Texts:
    """The two texts of a session as they are now; version 0 is what nobody saved so far."""

    agenda: str
    agenda_version: int
    text: str
    version: int
    saved_at: datetime | None = None
    saved_by: str | None = None
    published_at: datetime | None = None
    published_by: str | None = None
    reopened_until: datetime | None = None

    @property
    def correct_until(self) -> datetime | None:
        """Until when published minutes can be corrected; None: they are not published."""
        if self.published_at is None:
            return None
        usual = self.published_at + CORRECTION
        return max(usual, self.reopened_until) if self.reopened_until else usual


def subject(id: str) -> str:
    """What events about that session are filed under."""
    return f"session/{id}"


def one(tx: Connection, id: str) -> Row | None:
    """The session with `circle_name` and `stream`, or None."""
    return tx.execute(_WITH_CIRCLE.where(session.c.id == id)).mappings().first()


def taken(tx: Connection, id: str) -> Row:
    """The same, held until `tx` ends: whoever changes what it leaves behind does it one after the other.

    :raises Refused: there is no such session.
    """
    held = sa.select(session.c.id).where(session.c.id == id).with_for_update()
    found = one(tx, id) if tx.execute(held).first() else None
    if found is None:
        raise Missing("session", "There is no such session.", "Look at the address, or ask for a new link.")
    return found


def title(of: Row) -> str:
    """What people call it."""
    return str(of["title"] or of["circle_name"] or "Session")


def meeting(tx: Connection, of: Row) -> dict[str, Any]:
    """What every event about what a session leaves behind says of it."""
    return {
        "session": of["id"],
        "circle": of["circle"],
        "stream": of["stream"],
        "title": title(of),
        "day": of["day"],
        "starts_at": of["starts_at"].isoformat(),
        "coordinator": people.duties(tx, of["id"]).get("coordinator"),
    }


def texts(tx: Connection, of: Row) -> Texts:
    """Its agenda and minutes. Before anybody saved, the agenda is its stream's, and the minutes have its headings."""
    row = tx.execute(sa.select(minutes).where(minutes.c.session == of["id"])).mappings().first()
    if row is None:
        agenda = template(tx, of["stream"])
        return Texts(agenda, 0, agendas.skeleton(agenda), 0)
    found = {name: row[name] for name in Texts.__dataclass_fields__}
    if not row["version"]:
        found["text"] = agendas.skeleton(row["agenda"])
    return Texts(**found)


def published(tx: Connection, stream: str, first: str, most: int) -> tuple[list[Row], str | None]:
    """Published minutes of all circles, newest first, as `one` with `text`, `published_at`; and where older ones begin.

    :param stream: of that stream alone; empty: of all. :param first: the session to begin with; empty: the newest.
    """
    query = _WITH_CIRCLE.join(minutes, minutes.c.session == session.c.id).where(minutes.c.published_at.is_not(None))
    order = sa.tuple_(minutes.c.published_at, session.c.id)
    if stream:
        query = query.where(circle.c.stream == stream)
    if first:
        at = sa.select(minutes.c.published_at).where(minutes.c.session == first).scalar_subquery()
        query = query.where(order <= sa.tuple_(at, sa.literal(first)))
    query = query.add_columns(minutes.c.text, minutes.c.published_at)
    rows = (
        tx.execute(query.order_by(minutes.c.published_at.desc(), session.c.id.desc()).limit(most + 1)).mappings().all()
    )
    return list(rows[:most]), rows[most]["id"] if len(rows) > most else None


def template(tx: Connection, stream: str | None) -> str:
    """The agenda that sessions of a stream begin with."""
    own = tx.execute(sa.select(stream_policy.c.agenda).where(stream_policy.c.stream == stream)).scalar()
    return own or agendas.USUAL


def at_once(tx: Connection) -> bool:
    """Whether organizers want every circle's minutes at once, beside the digest."""
    return bool(tx.execute(sa.select(policy.c.minutes_at_once)).scalar())


def following(tx: Connection, of: Row) -> Row | None:
    """The circle's next session after that one, unless it is cancelled."""
    if of["circle"] is None:
        return None
    later = _WITH_CIRCLE.where(session.c.circle == of["circle"], session.c.starts_at > of["starts_at"])
    later = later.where(session.c.state != SessionState.CANCELLED.value)
    return tx.execute(later.order_by(session.c.starts_at, session.c.id).limit(1)).mappings().first()


def left(tx: Connection, of: Row) -> Left:
    """What the session has left behind so far."""
    now, then = texts(tx, of), following(tx, of)
    return Left(
        minutes=not agendas.says_nothing(now.text),
        attendance=attendance.whole(tx, of),
        next_coordinator=then is not None and "coordinator" in people.duties(tx, then["id"]),
    )


def history(tx: Connection, id: str, aside: bool) -> list[Row]:
    """The texts that are kept for good, newest first; with `aside` also those that could not be merged."""
    kinds = ["published", "corrected", *(["aside"] if aside else [])]
    query = sa.select(revision).where(revision.c.session == id, revision.c.part == "text", revision.c.kind.in_(kinds))
    return list(tx.execute(query.order_by(revision.c.at.desc(), revision.c.version.desc())).mappings())
