"""Reading about people: the organizer's list, one person with their history, and all that signup holds about them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import db

from .. import audit
from ..models import audit as audits
from ..models import goal as goals
from ..models import person as people
from ..models import stream as streams
from ..program import answer, questions
from . import row as rows
from .row import Row, one

PAGE = 50
LISTED = sa.text("state <> 'erased'")  # in the very words of the partial index

# What the list can be sorted by; a leading "-" turns it round.
SORTS: dict[str, Any] = {
    "name": people.c.search,
    "stream": sa.func.coalesce(streams.c.position, 0),
    "state": people.c.state,
    "applied": people.c.created_at,
}


@dataclass(frozen=True)
class Page:
    """One page of people, of PAGE rows at most; `page` counts from 1."""

    rows: list[Row]
    total: int
    page: int
    pages: int


def find(tx: Connection, filters: Mapping[str, str] | None = None, sort: str = "name", page: int = 1) -> Page:
    """People that fit all of `filters`: text (in name and address), stream (slug), state; the erased only by state."""
    wanted = {name: value.strip() for name, value in (filters or {}).items() if value and value.strip()}
    where = [people.c.state == wanted["state"] if "state" in wanted else LISTED]
    if "stream" in wanted:
        where.append(people.c.stream == wanted["stream"])
    for word in rows.bare(wanted.get("text", "")).split()[:10]:
        where.append(people.c.search.contains(word, autoescape=True))
    total = tx.execute(sa.select(sa.func.count()).select_from(people).where(*where)).scalar_one()
    pages = max(1, -(-total // PAGE))
    page = min(max(1, page), pages)
    order, by_name = SORTS.get(sort.removeprefix("-"), people.c.search), (people.c.search, people.c.id)
    down = sort.startswith("-")
    query = sa.select(people).where(*where)
    if order is people.c.search:  # by the index alone
        query = query.order_by(*(each.desc() for each in by_name) if down else by_name)
    else:
        query = query.outerjoin(streams, streams.c.slug == people.c.stream)
        query = query.order_by(order.desc() if down else order.asc(), *by_name)
    found = tx.execute(query.limit(PAGE).offset((page - 1) * PAGE)).mappings()
    return Page(list(found), total, page, pages)


def counts(tx: Connection) -> dict[str, int]:
    """How many people there are in each state that has any."""
    query = sa.select(people.c.state, sa.func.count().label("people")).group_by(people.c.state)
    return {row.state: row.people for row in tx.execute(query)}


def organizers(tx: Connection) -> list[Row]:
    """All organizers by name."""
    query = sa.select(people).where(people.c.is_organizer).order_by(people.c.search, people.c.id)
    return list(tx.execute(query).mappings())


@dataclass(frozen=True)
class Moment:
    """Something in a person's history: a deed (by somebody) or an event (a fact that other services were told)."""

    at: datetime
    what: str
    by: str | None
    by_name: str | None
    detail: dict[str, Any]
    through: str | None = None


def history(tx: Connection, person: str, facts: Collection[str], most: int | None = None) -> list[Moment]:
    """What was done to the person, and which of `facts` (types of events) others were told, the latest first.

    :param most: no more than so many.
    """
    about, event = rows.subject(person), db.metadata("signup").tables["event"]
    query = sa.select(audits).where(audits.c.subject == about).order_by(audits.c.id.desc()).limit(most)
    deeds = list(tx.execute(query).mappings())
    query = sa.select(event).where(event.c.subject == about, event.c.type.in_(facts))
    told = list(tx.execute(query.order_by(event.c.seq.desc()).limit(most)).mappings())
    moments = [
        Moment(each["at"], each["what"], each["by"], each["by_name"], each["detail"], each["through_name"])
        for each in audit.named(tx, [dict(deed) for deed in deeds])
    ]
    moments += [Moment(each["time"], each["type"], None, None, each["data"]) for each in told]
    return sorted(moments, key=lambda moment: moment.at, reverse=True)[:most]


def _events(tx: Connection, about: str) -> list[Row]:
    event = db.metadata("signup").tables["event"]
    return list(tx.execute(sa.select(event).where(event.c.subject == about).order_by(event.c.seq)).mappings())


def kept_about(tx: Connection, person: str) -> dict[str, Any]:
    """Everything signup itself holds about a person, ready for JSON; {} when there is nobody of that id."""
    row = one(tx, person)
    if row is None:
        return {}
    asked = questions(tx)
    words = [
        {"question": asked[each].label if each in asked else each, "answer": answer(asked[each], value)}
        for each, value in row["answers"].items()
        if each in asked
    ]
    deeds = tx.execute(sa.select(audits).where(audits.c.subject == rows.subject(person)).order_by(audits.c.id))
    return {
        "person": _plain({k: v for k, v in row.items() if k not in {"search", "email_key", "answers"}}),
        "answers": words,
        "goals": [
            _plain({k: v for k, v in each.items() if k != "person"})
            for each in tx.execute(sa.select(goals).where(goals.c.person == person).order_by(goals.c.at)).mappings()
        ],
        "audit": [_plain({k: d[k] for k in ("at", "what", "detail")}) for d in deeds.mappings()],
        "events": [
            _plain({k: e[k] for k in ("id", "type", "version", "seq", "time", "data")})
            for e in _events(tx, rows.subject(person))
        ],
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}
