"""What monthly letters are made of, for many readers at once: some statements for each stream and each step."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import people
from ..digest.facts import HERE
from ..mail import compose
from ..mail.compose import Reader
from ..models import addressed, agreed, attended, meeting, monthly, offered, person, place, preference
from ..rules import lists
from ..rules import monthly as rules

LIST = "stream"
LONGEST = timedelta(days=1)  # of a session
_WANTS = sa.and_(preference.c.person == person.c.id, preference.c.list == LIST, preference.c.choice == lists.MAIL)
_TAKES_PART = sa.and_(person.c.state.in_(rules.TAKES_PART), person.c.stream.is_not(None))
_KEPT = preference.alias("kept")
# Who took part when minutes were kept for the letter reads them in it, though nothing else of a stream.
_IS_OWED = sa.and_(
    person.c.state.in_(rules.MAY_BE_OWED),
    sa.exists().where(_KEPT.c.person == person.c.id, _KEPT.c.list == "minutes", _KEPT.c.choice == lists.LESS),
    sa.exists().where(addressed.c.person == person.c.id, addressed.c.told.is_(None)),
)
_HERE = (sa.or_(_TAKES_PART, _IS_OWED), person.c.email != "")


@dataclass(frozen=True)
class Due:
    """Somebody whose letter of that period is due, and since when it tells; minutes that it owes them are older, where
    they were heard of late, but not than the month in which they asked. Of no stream: they are owed minutes alone."""

    to: Reader
    stream: str | None
    period: str
    since: datetime
    asked: datetime


def zones(tx: Connection) -> list[str]:
    """The time zones of all who want letters; one that is not known is the program's."""
    query = sa.select(person.c.timezone).join(preference, _WANTS).where(*_HERE).distinct()
    return sorted(tx.execute(query).scalars())


def due(tx: Connection, now: datetime, most: int) -> list[Due]:
    """Up to `most` of those whose letter is due and not written, whatever their zone."""
    found: list[Due] = []
    for name in zones(tx):
        zone = clock.zone(name or compose.the_program(tx).timezone)
        period, at = rules.due(now, zone)
        written = sa.exists().where(monthly.c.person == person.c.id, monthly.c.period == period)
        last = sa.select(sa.func.max(monthly.c.until)).where(monthly.c.person == person.c.id).scalar_subquery()
        query = (
            sa.select(person, _TAKES_PART.label("here"), preference.c.at.label("asked"), last.label("last"))
            .join(preference, _WANTS)
            .where(*_HERE, person.c.timezone == name, preference.c.at <= at, ~written)
            .order_by(person.c.id)
            .limit(most - len(found))
        )
        for row in tx.execute(query):
            to = Reader(row.id, row.name, row.email, row.timezone)
            since, asked = (rules.reaches_back(row.asked, last, zone) for last in (row.last, None))
            found.append(Due(to, row.stream if row.here else None, period, since, asked))
        if len(found) == most:
            break
    return found


def stream(tx: Connection, slug: str | None, since: datetime, until: datetime) -> rules.Stream:
    """What became of that stream in that time; of none, nothing, and it is called as the program is."""
    if slug is None:
        return rules.Stream("", compose.the_program(tx).name, since, until)
    ended = sa.and_(meeting.c.ends_at > since, meeting.c.ends_at <= until, meeting.c.starts_at > since - LONGEST)
    minuted = sa.and_(meeting.c.minuted_at > since, meeting.c.minuted_at <= until)
    query = sa.select(meeting).where(HERE, meeting.c.stream == slug, sa.or_(ended, minuted))
    rows = tx.execute(query.order_by(meeting.c.starts_at, meeting.c.id)).mappings()
    live = (offered.c.what == "post", offered.c.published_at > since, offered.c.published_at <= until)
    posts = (
        sa.select(offered.c.person, offered.c.title, offered.c.original)
        .join(person, person.c.id == offered.c.person)
        .where(*live, offered.c.title != "", person.c.stream == slug)
        .order_by(offered.c.published_at, offered.c.id)
    )
    return rules.Stream(
        slug,
        people.streams(tx).get(slug, slug),
        since,
        until,
        [_meeting(row, since, until) for row in rows],
        [dict(row) for row in tx.execute(posts).mappings()],
    )


def _meeting(row: Any, since: datetime, until: datetime) -> dict[str, Any]:
    out = row["minuted_at"] is not None and row["minuted_at"] <= until
    fresh = bool(out and row["minuted_at"] > since)
    return {
        **{name: row[name] for name in ("id", "circle", "name", "starts_at", "present", "coordinator", "mentor")},
        "of": row["marked"],
        "held": since < row["ends_at"] <= until,
        "minuted": out,
        "fresh": fresh,
        "excerpt": row["words"]["excerpt"] if out else "",
        "links": row["words"].get("links", 0) if fresh else 0,
    }


def own(tx: Connection, readers: Collection[Due], now: datetime) -> Iterator[rules.Own]:
    """What is each reader's own: circle, minutes, next session and turn, open items."""
    ids = [each.to.person for each in readers]
    circles = {row.person: row.circle for row in tx.execute(sa.select(place).where(place.c.person.in_(ids)))}
    owed, read = _owed(tx, readers, now), _read(tx, ids)
    there = list({*circles.values(), *(row["circle"] for rows in owed.values() for row in rows)})
    members = _members(tx, there)
    items = {row.circle: row.items for row in tx.execute(sa.select(agreed).where(agreed.c.circle.in_(there)))}
    theirs = sa.or_(meeting.c.circle.in_(there), meeting.c.coordinator.in_(ids), meeting.c.mentor.in_(ids))
    query = sa.select(meeting).where(HERE, meeting.c.starts_at > now, theirs)
    ahead = [dict(row) for row in tx.execute(query.order_by(meeting.c.starts_at, meeting.c.id)).mappings()]
    nexts: dict[str, dict[str, Any]] = {}
    turns: dict[str | None, dict[str, Any]] = {}
    for row in ahead:
        nexts.setdefault(row["circle"], row)
        for role in ("coordinator", "mentor"):
            turns.setdefault(row[role], row)
    for id in ids:
        circle = circles.get(id)
        mine = [each for each in items.get(circle or "", ()) if each["person"] == id]
        known = {who for each in (circle or "", *(row["circle"] for row in owed[id])) for who in members.get(each, ())}
        then, turn = nexts.get(circle or ""), turns.get(id)
        yield rules.Own(id, circle, known, then, turn, mine, owed[id], read.get(id, ()))


def _owed(tx: Connection, readers: Collection[Due], now: datetime) -> dict[str, list[dict[str, Any]]]:
    """The sessions whose minutes are each reader's, and stood in no letter of theirs."""
    asked = {each.to.person: each.asked for each in readers}
    found: dict[str, list[dict[str, Any]]] = {id: [] for id in asked}
    query = (
        sa.select(meeting, addressed.c.person, addressed.c.at)
        .join(addressed, addressed.c.session == meeting.c.id)
        .where(HERE, meeting.c.minuted_at.is_not(None), addressed.c.person.in_(asked), addressed.c.told.is_(None))
    )
    for row in tx.execute(query.order_by(meeting.c.starts_at, meeting.c.id)).mappings():
        if row["at"] >= asked[row["person"]]:
            found[row["person"]].append(_meeting(row, now, now))
    return found


def _read(tx: Connection, readers: list[str]) -> dict[str, set[str]]:
    """The sessions whose minutes stood in a letter of each reader's."""
    found: dict[str, set[str]] = {}
    stood = (addressed.c.person.in_(readers), addressed.c.told.is_not(None))
    for row in tx.execute(sa.select(addressed.c.person, addressed.c.session).where(*stood)):
        found.setdefault(row.person, set()).add(row.session)
    return found


def keep(tx: Connection, letters: Mapping[str, dict[str, Any]], periods: Mapping[str, str], now: datetime) -> None:
    """Write down which minutes stand in these letters, of these periods; by reader."""
    rows = [
        {"session": session, "person": person, "at": now, "told": periods[person]}
        for person, told in letters.items()
        for session in rules.read(told)
    ]
    if rows:
        insert = db.insert(tx, addressed)
        fresh = insert.on_conflict_do_update(
            index_elements=["session", "person"],
            set_={"told": insert.excluded.told},
        )
        tx.execute(fresh, rows)


def _members(tx: Connection, circles: list[str]) -> dict[str, set[str]]:
    """Whom the words of each circle may name: who is in it, and who was."""
    now = sa.select(place.c.circle, place.c.person).where(place.c.circle.in_(circles))
    then = sa.select(meeting.c.circle, attended.c.person).join(attended, attended.c.session == meeting.c.id)
    found: dict[str, set[str]] = {}
    for circle, who in tx.execute(now.union(then.where(meeting.c.circle.in_(circles)))):
        found.setdefault(circle, set()).add(who)
    for row in tx.execute(sa.select(agreed.c.circle, agreed.c.members).where(agreed.c.circle.in_(circles))):
        found.setdefault(row.circle, set()).update(row.members)
    return found
