"""What there is to tell since the last digest, in some statements, however many circles there are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import outbox, people
from ..chat import channels
from ..models import agreed, arrival, attended, checkin, meeting, news, offered, person
from ..rules import digest as rules

SETTLED = timedelta(days=1)  # after somebody got a place, whose circle an organizer gives its dates
LATE_MOST = timedelta(days=60)  # minutes that are later than that will never come
MEETS = timedelta(days=60)  # a circle that has not met for longer, and will not, meets no more
HERE = sa.and_(~meeting.c.cancelled)


def take(tx: Connection, period: str) -> None:
    """Let the digest of that period tell what none has told so far: whatever arrives from now on is the next one's."""
    tx.execute(news.update().where(news.c.told.is_(None)).values(told=period))
    fresh = (meeting.c.told.is_(None), meeting.c.minuted_at.is_not(None))
    tx.execute(meeting.update().where(*fresh).values(told=period))
    tx.execute(offered.update().where(_published(None)).values(told=period))
    tx.execute(offered.update().where(_refused(None)).values(refusal_told=period))


def known(tx: Connection, since: datetime, until: datetime, zone: str, period: str | None) -> rules.Known:
    """All that a digest of that time is made of.

    :param period: of the digest, once it took what it tells (`take`); None: what the next one would take.
    """
    rows = _meetings(tx, since, until, period)
    circles = _circles(tx, until)
    ids = [] if circles > rules.MANY else list({row["circle"] for row in rows})
    return rules.Known(
        since=since,
        until=until,
        today=until.astimezone(clock.zone(zone)).date(),
        streams=people.streams(tx),
        meetings=rows,
        charts=_charts(tx, ids, until),
        ahead=_ahead(tx, {row["circle"] for row in rows}, until),
        agreed={row.circle: row.items for row in tx.execute(sa.select(agreed).where(agreed.c.circle.in_(ids)))},
        open=_rows(tx, meeting.c.opened_at.is_not(None), meeting.c.coordinator.is_(None), meeting.c.starts_at > until),
        late=_rows(
            tx, meeting.c.late_at.is_not(None), meeting.c.minuted_at.is_(None), meeting.c.starts_at > until - LATE_MOST
        ),
        undated=_undated(tx, until),
        silent=_silent(tx, until, period),
        news=_news(tx, period),
        published=_offered(tx, _published(period), offered.c.published_at),
        refused=_offered(tx, _refused(period), offered.c.since),
        review=_offered(tx, offered.c.state.in_(rules.WAITS), offered.c.since),
        held=outbox.counts(tx).get("held", 0),
        silent_chats=channels.off(tx),
        circles=circles,
        members=_members(tx),
    )


def _undated(tx: Connection, until: datetime) -> list[dict[str, Any]]:
    """How many have a place in a stream where no circle meets."""
    meets = sa.exists().where(HERE, meeting.c.stream == person.c.stream, meeting.c.starts_at > until - MEETS)
    placed = sa.exists().where(arrival.c.person == person.c.id, arrival.c.placed_at <= until - SETTLED)
    query = sa.select(person.c.stream, sa.func.count().label("number")).where(person.c.state == "active", placed)
    grouped = query.where(~meets).group_by(person.c.stream).order_by(person.c.stream)
    return [dict(row) for row in tx.execute(grouped).mappings()]


def _rows(tx: Connection, *where: Any) -> list[dict[str, Any]]:
    query = sa.select(meeting).where(HERE, *where).order_by(meeting.c.starts_at, meeting.c.id)
    return [dict(row) for row in tx.execute(query).mappings()]


def _minuted(period: str | None) -> Any:
    """Minutes that this digest is the first to tell of. Not by their time: what happened may arrive late."""
    return sa.and_(meeting.c.told == period, meeting.c.minuted_at.is_not(None))


def _meetings(tx: Connection, since: datetime, until: datetime, period: str | None) -> list[dict[str, Any]]:
    ended = sa.and_(meeting.c.ends_at > since, meeting.c.ends_at <= until)
    minuted = _minuted(period)
    rows = _rows(tx, sa.or_(ended, minuted))
    there: dict[str, list[Any]] = {row["id"]: [] for row in rows}
    if rows:
        inside = sa.select(meeting.c.id).where(HERE, sa.or_(ended, minuted))
        for mark in tx.execute(sa.select(attended).where(attended.c.session.in_(inside))):
            there[mark.session].append(mark)
    return [
        {
            **row,
            "ended": since < row["ends_at"] <= until,
            "minuted": row["minuted_at"] is not None,
            "of": row["marked"],
            "members": [id for id in (*(m.person for m in there[row["id"]]), row["coordinator"], row["mentor"]) if id],
            "excerpt": row["words"]["excerpt"],
            "help": row["words"]["help"],
        }
        for row in rows
    ]


def _charts(tx: Connection, circles: list[str], until: datetime) -> dict[str, list[dict[str, Any]]]:
    """The last sessions of each circle of which attendance is known."""
    rank = sa.func.row_number().over(partition_by=meeting.c.circle, order_by=meeting.c.starts_at.desc()).label("rank")
    columns = (meeting.c.circle, meeting.c.starts_at, meeting.c.present, meeting.c.marked, rank)
    where = (meeting.c.circle.in_(circles), HERE, meeting.c.marked > 0, meeting.c.starts_at <= until)
    inner = sa.select(*columns).where(*where).subquery()
    found: dict[str, list[dict[str, Any]]] = {}
    for row in tx.execute(sa.select(inner).where(inner.c.rank <= rules.LAST).order_by(inner.c.starts_at)):
        told = {"starts_at": row.starts_at, "present": row.present, "of": row.marked}
        found.setdefault(row.circle, []).append(told)
    return found


def _ahead(tx: Connection, circles: set[str], until: datetime) -> dict[str, dict[str, Any]]:
    rows = _rows(tx, meeting.c.starts_at > until)
    return {row["circle"]: row for row in reversed(rows) if row["circle"] in circles}


def _silent(tx: Connection, until: datetime, period: str | None) -> list[dict[str, Any]]:
    """Active members who, in minutes that are new, were not there for the third time running, or the sixth."""
    again = (
        sa.select(attended.c.person)
        .join(meeting, meeting.c.id == attended.c.session)
        .where(_minuted(period), ~attended.c.present)
    )
    query = (
        sa.select(attended.c.person, attended.c.present, meeting.c.name, _minuted(period).label("fresh"))
        .join(meeting, meeting.c.id == attended.c.session)
        .join(person, person.c.id == attended.c.person)
        .where(attended.c.person.in_(again), HERE, meeting.c.starts_at <= until, person.c.state == "active")
        .where(meeting.c.starts_at > until - timedelta(days=365))
        .order_by(attended.c.person, meeting.c.starts_at.desc())
    )
    marks: dict[str, list[Any]] = {}
    for row in tx.execute(query):
        marks.setdefault(row.person, []).append(row)
    asked = checkins(tx, marks)
    found = [
        {"person": id, "number": number, "name": rows[0].name, "asked": asked.get(id)}
        for id, rows in marks.items()
        if (number := rules.silent((row.present, bool(row.fresh)) for row in rows))
    ]
    return sorted(found, key=lambda each: (each["number"], each["person"]))


def checkins(tx: Connection, ids: Iterable[str]) -> dict[str, list[str | None]]:
    """[when they were last asked if they are still with us, what came of it, when], of each who was; ISO 8601."""
    query = sa.select(checkin).where(checkin.c.person.in_(list(ids)))
    return {
        row.person: [row.asked_at.isoformat(), row.answer, row.at.isoformat() if row.at else None]
        for row in tx.execute(query)
    }


def _news(tx: Connection, period: str | None) -> list[dict[str, Any]]:
    # Whoever has published meanwhile is on the way no more.
    there = sa.exists().where(
        offered.c.person == news.c.person, offered.c.what == "post", offered.c.published_at.is_not(None)
    )
    query = sa.select(news.c.kind, news.c.person).where(news.c.told == period, ~((news.c.kind == "writing") & there))
    return [dict(row) for row in tx.execute(query.order_by(news.c.at, news.c.id)).mappings()]


def _published(period: str | None) -> Any:
    """Posts that this digest is the first to tell of."""
    return sa.and_(offered.c.told == period, offered.c.published_at.is_not(None), offered.c.what == "post")


def _refused(period: str | None) -> Any:
    return sa.and_(offered.c.refusal_told == period, offered.c.state == rules.REFUSED)


def _offered(tx: Connection, where: Any, order: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.execute(sa.select(offered).where(where).order_by(order, offered.c.id)).mappings()]


def _members(tx: Connection) -> dict[str, int]:
    query = sa.select(person.c.state, sa.func.count().label("number")).group_by(person.c.state)
    counts = {row.state: row.number for row in tx.execute(query)}
    return {state: counts.get(state, 0) for state in ("active", "waiting", "paused")}


def _circles(tx: Connection, until: datetime) -> int:
    lately = sa.select(sa.func.count(sa.distinct(meeting.c.circle))).where(HERE, meeting.c.starts_at > until - MEETS)
    return int(tx.execute(lately).scalar_one())
