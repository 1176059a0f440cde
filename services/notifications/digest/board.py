"""What the dashboard shows beside the digest: how streams, circles and people are, and what its pictures count.

It reads what events told of (digest/projection) in a dozen statements, however many circles there are. All of it is
plain enough for JSON; digest/board_words makes sentences of it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..models import arrival, attended, meeting, offered, person
from ..rules import digest as rules
from ..rules import health
from .facts import HERE, MEETS, checkins

LOOK = timedelta(days=180)  # how far back a circle's last sessions may lie
WEEKS = 8
YEAR = timedelta(days=365)
ON_TIME, LATE = timedelta(days=1), timedelta(days=3)  # after a session: the coordinator, then organizers are asked
PEOPLE = 20  # of whom are named; the rest is a number
FIRST = timedelta(days=60)  # after they confirmed, the first post is hoped for
SOON, SOME = timedelta(days=3), timedelta(days=7)  # within which posts are accepted or declined
TAKES_PART = ("confirmed", "waiting", "active")  # of whom a post is hoped for
MOST_TURNS = 4  # from which on turns are counted together


def board(tx: Connection, of: rules.Known, zone: str) -> dict[str, Any]:
    """Health and counts as of `of.until`.

    :param of: what the digest of now is made of (facts.known): what waits for somebody is the same in both.
    :param zone: in which weeks begin.
    """
    every = circles(tx, of)
    lately = _lately(tx, of.until)
    quiet, number = _quiet(tx, of.until)
    return {
        "circles": every,
        "streams": _streams(tx, of, every, lately),
        "people": quiet,
        "more_people": max(0, number - len(quiet)),
        "weeks": _weeks(lately, of.until, zone),
        "minutes": _minutes(lately, of.until),
        "funnel": _funnel(tx, of.until),
        "turns": _turns(tx, of),
        "firsts": _firsts(tx, of.until),
        "answers": _answers(tx, of),
    }


def circles(tx: Connection, of: rules.Known) -> list[dict[str, Any]]:
    """Every circle that meets, with its last sessions, oldest first; those in trouble first, then by name."""
    last, then = _last(tx, of.until), _next(tx, of.until)
    open, late = _by_circle(of.open), _by_circle(of.late)
    found = []
    for row in _known(tx, of.until):
        id = row.circle
        rows = last.get(id, [])
        told = health.circle(id, rows, then.get(id), open.get(id, ()), late.get(id, ()))
        ahead = then.get(id)
        found.append(
            {
                "id": id,
                "name": row.name,
                "stream": row.stream,
                "last": [[each["starts_at"].isoformat(), each["present"], each["of"]] for each in reversed(rows)],
                "next": ahead and ahead["starts_at"].isoformat(),
                **told,
            }
        )
    order = {state: number for number, state in enumerate(health.STATES)}
    return sorted(found, key=lambda each: (order[each["state"]], _by_name(each["name"]), each["id"]))


def _by_name(name: str) -> list[tuple[int, str]]:
    """So that circle 2 comes before circle 10."""
    parts = re.split(r"([0-9]{1,9})", name.casefold())
    return [(int(part), "") if part.isascii() and part.isdigit() else (-1, part) for part in parts]


def _by_circle(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["circle"], []).append(row)
    return found


def _ranked(order: Any, columns: Sequence[Any], *where: Any) -> Any:
    """Sessions that take place, numbered within their circle."""
    rank = sa.func.row_number().over(partition_by=meeting.c.circle, order_by=order).label("rank")
    return sa.select(*columns, rank).where(HERE, *where).subquery()


def _known(tx: Connection, until: datetime) -> Sequence[Any]:
    """Circles that meet, as they are called now."""
    columns = (meeting.c.circle, meeting.c.name, meeting.c.stream)
    inner = _ranked((meeting.c.starts_at.desc(), meeting.c.id), columns, meeting.c.starts_at > until - MEETS)
    return tx.execute(sa.select(inner).where(inner.c.rank == 1)).all()


def _last(tx: Connection, until: datetime) -> dict[str, list[dict[str, Any]]]:
    """The last sessions of each circle of which it is known who came, the latest first."""
    order = (meeting.c.starts_at.desc(), meeting.c.id)
    columns = (meeting.c.circle, meeting.c.id, meeting.c.starts_at, meeting.c.present, meeting.c.marked,
               sa.cast(meeting.c.words, sa.Text).label("words"))  # fmt: skip
    within = (meeting.c.marked > 0, meeting.c.starts_at <= until, meeting.c.starts_at > until - LOOK)
    inner = _ranked(order, columns, *within)
    words = sa.case((inner.c.rank == 1, inner.c.words), else_="{}").label("words")
    query = sa.select(*(inner.c[name] for name in ("circle", "id", "starts_at", "present", "marked")), words)
    found: dict[str, list[dict[str, Any]]] = {}
    for row in tx.execute(query.where(inner.c.rank <= rules.LAST).order_by(inner.c.circle, inner.c.rank)):
        help = row.words != "{}" and bool(json.loads(row.words).get("help"))
        told = {"id": row.id, "starts_at": row.starts_at, "present": row.present, "of": row.marked, "help": help}
        found.setdefault(row.circle, []).append(told)
    return found


def _next(tx: Connection, until: datetime) -> dict[str, dict[str, Any]]:
    """The next session of each circle."""
    columns = (meeting.c.circle, meeting.c.id, meeting.c.starts_at)
    inner = _ranked((meeting.c.starts_at, meeting.c.id), columns, meeting.c.starts_at > until)
    return {row["circle"]: dict(row) for row in tx.execute(sa.select(inner).where(inner.c.rank == 1)).mappings()}


def _streams(
    tx: Connection, of: rules.Known, circles: list[dict[str, Any]], lately: Sequence[Any]
) -> list[dict[str, Any]]:
    query = sa.select(person.c.stream, person.c.state, sa.func.count().label("number"))
    counts = {
        (row.stream, row.state): row.number for row in tx.execute(query.group_by(person.c.stream, person.c.state))
    }
    found = []
    for slug in dict.fromkeys([*of.streams, *(each["stream"] for each in circles)]):
        states = Counter(each["state"] for each in circles if each["stream"] == slug)
        present = sum(row.present for row in lately if row.stream == slug)
        marked = sum(row.marked for row in lately if row.stream == slug)
        active, waiting = counts.get((slug, "active"), 0), counts.get((slug, "waiting"), 0)
        told = health.stream(slug, states, waiting, present, marked)
        name = of.streams.get(slug, slug)
        found.append({"slug": slug, "name": name, "active": active, "circles": sum(states.values()), **told})
    return found


def _quiet(tx: Connection, until: datetime) -> tuple[list[dict[str, Any]], int]:
    """Active members who were not there time after time, the longest first; and how many there are.

    Only whoever missed most of their circle's last sessions is looked at: everybody took four times as long.
    """
    order = (meeting.c.starts_at.desc(), meeting.c.id)
    last = _ranked(
        order, [meeting.c.id], meeting.c.marked > 0, meeting.c.starts_at <= until, meeting.c.starts_at > until - LOOK
    )
    often = (
        sa.select(attended.c.person)
        .join(last, last.c.id == attended.c.session)
        .where(last.c.rank <= health.SILENT + 1, ~attended.c.present)
        .group_by(attended.c.person)
        .having(sa.func.count() >= health.SILENT)
    )
    by: dict[str, Any] = {"partition_by": attended.c.person, "order_by": order}
    seen = sa.func.sum(sa.case((attended.c.present, 1), else_=0)).over(**by).label("seen")
    circle = sa.func.first_value(meeting.c.name).over(**by).label("circle")
    marks = sa.select(attended.c.person, seen, circle).join(meeting, meeting.c.id == attended.c.session)
    within = (HERE, meeting.c.starts_at <= until, meeting.c.starts_at > until - YEAR)
    inner = marks.where(attended.c.person.in_(often), *within).subquery()
    absent = sa.func.count().label("absent")
    query = (
        sa.select(inner.c.person, sa.func.max(inner.c.circle).label("circle"), absent)
        .join(person, person.c.id == inner.c.person)
        .where(inner.c.seen == 0, person.c.state == "active")
        .group_by(inner.c.person)
        .having(absent >= health.SILENT)
        .order_by(absent.desc(), inner.c.person)
    )
    rows = tx.execute(query).all()
    shown = rows[:PEOPLE]
    asked = checkins(tx, [row.person for row in shown])
    return [
        {"person": row.person, **health.person(row.person, row.absent, row.circle, asked.get(row.person))}
        for row in shown
    ], len(rows)


def _lately(tx: Connection, until: datetime) -> Sequence[Any]:
    """The sessions of the last weeks that are over."""
    columns = (meeting.c.stream, meeting.c.starts_at, meeting.c.ends_at, meeting.c.minuted_at, meeting.c.present,
               meeting.c.marked)  # fmt: skip
    ended = (HERE, meeting.c.ends_at <= until, meeting.c.starts_at > until - timedelta(weeks=WEEKS))
    return tx.execute(sa.select(*columns).where(*ended)).all()


def _weeks(lately: Sequence[Any], until: datetime, zone: str) -> list[list[Any]]:
    """[Monday, present, of] of each of the last weeks, oldest first."""
    here = clock.zone(zone)
    sums: dict[str, list[int]] = {}
    today = until.astimezone(here).date()
    monday = today - timedelta(days=today.weekday())
    for number in reversed(range(WEEKS)):
        sums[(monday - timedelta(weeks=number)).isoformat()] = [0, 0]
    for row in lately:
        day = row.starts_at.astimezone(here).date()
        week = sums.get((day - timedelta(days=day.weekday())).isoformat())
        if week:
            week[0] += row.present
            week[1] += row.marked
    return [[day, *counts] for day, counts in sums.items()]


def _minutes(lately: Sequence[Any], until: datetime) -> list[int]:
    """How many came out within a day, within three, later, and not so far; of sessions that ended a day ago or more."""
    counts = [0, 0, 0, 0]
    for row in lately:
        if row.minuted_at is None:
            counts[3] += row.ends_at <= until - ON_TIME
        else:
            took = row.minuted_at - row.ends_at
            counts[0 if took <= ON_TIME else 1 if took <= LATE else 2] += 1
    return counts


def _funnel(tx: Connection, until: datetime) -> list[int]:
    """Of those who signed up within a year: all, who confirmed, got a place, came to a session, and are active now."""
    came = sa.exists().where(attended.c.person == arrival.c.person, attended.c.present)
    here = person.c.state == "active"

    def count(*so: Any) -> Any:
        return sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*so), 1), else_=0)), 0)

    confirmed, placed = arrival.c.confirmed_at.is_not(None), arrival.c.placed_at.is_not(None)
    steps = (count(confirmed), count(confirmed, placed), count(confirmed, placed, came),
             count(confirmed, placed, came, here))  # fmt: skip
    query = sa.select(sa.func.count(), *steps).select_from(
        arrival.outerjoin(person, person.c.id == arrival.c.person)
    ).where(arrival.c.applied_at > until - YEAR, arrival.c.applied_at <= until)  # fmt: skip
    return [int(number) for number in tx.execute(query).one()]


def _turns(tx: Connection, of: rules.Known) -> list[int]:
    """How many active members led no session within a year, one, two, and so on; the last counts all beyond."""
    led = (meeting.c.minuted_at.is_not(None), meeting.c.starts_at > of.until - YEAR, meeting.c.starts_at <= of.until)
    times = sa.func.count().label("times")
    inner = (
        sa.select(meeting.c.coordinator, times)
        .join(person, person.c.id == meeting.c.coordinator)
        .where(HERE, *led, person.c.state == "active")
        .group_by(meeting.c.coordinator)
        .subquery()
    )
    counts = [0] * (MOST_TURNS + 1)
    for row in tx.execute(sa.select(inner.c.times, sa.func.count().label("people")).group_by(inner.c.times)):
        counts[min(row.times, MOST_TURNS)] += row.people
    counts[0] = max(0, of.members.get("active", 0) - sum(counts))
    return counts


def _firsts(tx: Connection, until: datetime) -> list[int]:
    """First posts of members who confirmed within a year: in time, later, in review, not so far, and still time."""
    here = (arrival.c.confirmed_at > until - YEAR, arrival.c.confirmed_at <= until)
    since = arrival.c.confirmed_at
    first, open = sa.func.min(offered.c.published_at), sa.func.max(sa.case((offered.c.state == "open", 1), else_=0))
    mine = (offered.c.person == arrival.c.person, offered.c.what == "post")
    query = sa.select(since, first.label("first"), open.label("open")).select_from(
        arrival.join(offered, sa.and_(*mine))
    ).where(*here).group_by(arrival.c.person, since)  # fmt: skip
    counts = [0, 0, 0, 0, 0]
    for row in tx.execute(query):
        if row.first is not None:
            counts[0 if row.first - row.confirmed_at <= FIRST else 1] += 1
        elif row.open:
            counts[2] += 1
    # Of the rest, those who are here and have none on its way.
    none = ~sa.exists().where(*mine, sa.or_(offered.c.published_at.is_not(None), offered.c.state == "open"))
    young = sa.func.sum(sa.case((since > until - FIRST, 1), else_=0))
    rest = sa.select(sa.func.count(), sa.func.coalesce(young, 0)).select_from(
        arrival.join(person, person.c.id == arrival.c.person)
    ).where(*here, none, person.c.state.in_(TAKES_PART), person.c.stream.is_not(None))  # fmt: skip
    number, time = tx.execute(rest).one()
    return [*counts[:3], int(number) - int(time), int(time)]


def _answers(tx: Connection, of: rules.Known) -> list[int]:
    """How soon posts were accepted or declined of late: within three days, a week, later; and how many wait."""
    counts = [0, 0, 0, sum(row["state"] == "open" for row in of.review)]
    columns = (offered.c.opened_at, offered.c.since)
    lately = (offered.c.state.in_(("merged", "closed")), offered.c.since > of.until - timedelta(weeks=WEEKS))
    for row in tx.execute(sa.select(*columns).where(*lately, offered.c.opened_at.is_not(None))):
        took = row.since - row.opened_at
        counts[0 if took <= SOON else 1 if took <= SOME else 2] += 1
    return counts
