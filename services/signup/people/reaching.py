"""The goal of it all: a member says that they reached theirs (a job), and whether they stay, move up or become alumni.

The goal is counted. Its words are the member's alone unless they say yes to sharing them, and they can take that yes,
or all of it, back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from .. import audit, rules
from ..models import goal as goals
from ..models import person as people
from ..program import Stream, load
from ..rules import Refused, text
from . import pooling
from . import row as rows
from .row import Row

WORDS_MOST = 1000
_STANDS = goals.c.withdrawn_at.is_(None)


def reach(tx: Connection, by: str, person: str, words: str = "", shared: bool = False) -> str:
    """Write down that they reached the goal of their stream, or what they say of it now; returns its id.

    The first time in a stream they are congratulated.

    :raises Refused: they are in no stream, or the words cannot be taken.
    """
    row = rows.taken(tx, person)
    if row["state"] not in {*rules.MEMBERS, "alumni"} or not row["stream"]:
        raise Refused("state", "Only members reach the goal of a stream.", "Come back, or choose a stream, first.")
    kept = text.paragraphs("words", words or "", WORDS_MOST)
    mine = (goals.c.person == person, goals.c.stream == row["stream"], _STANDS)
    before = tx.execute(sa.select(goals).where(*mine)).mappings().first()
    if before:
        tx.execute(sa.update(goals).where(goals.c.id == before["id"]).values(words=kept, shared=shared))
        return str(before["id"])
    id = db.new_id()
    fresh = {"id": id, "person": person, "stream": row["stream"], "words": kept, "shared": shared, "at": clock.now()}
    tx.execute(sa.insert(goals).values(**fresh))
    after = next_stream(tx, row)
    data = {"person": person, "stream": row["stream"], "next_stream": after.slug if after else None}
    emit(tx, "goal.reached", rows.subject(person), data)
    audit.note(tx, by, "goal.reached", rows.subject(person), {"stream": row["stream"]})
    return id


def take_back(tx: Connection, by: str, person: str, goal: str) -> None:
    """It was a mistake: the goal is counted no more.

    :raises Refused: there is no such goal of theirs.
    """
    row = rows.taken(tx, person)
    found = tx.execute(sa.select(goals).where(goals.c.id == goal, goals.c.person == row["id"])).mappings().first()
    if found is None:
        raise Refused("goal", "There is no such goal of yours.", "Load the page again.")
    if found["withdrawn_at"] is None:
        tx.execute(sa.update(goals).where(goals.c.id == goal).values(withdrawn_at=clock.now()))
        audit.note(tx, by, "goal.withdrawn", rows.subject(person), {"stream": found["stream"]})


def graduate(tx: Connection, by: str, person: str, mentors: Iterable[str] = ()) -> None:
    """Become alumni: out of circles and turns, with all history kept; `come_back` undoes it.

    :param mentors: streams in which they may be asked to mentor, as they themselves say.
    :raises Refused: they take part no more, or there is no such stream.
    """
    row = rows.taken(tx, person)
    wanted = list(mentors)
    kept: dict[str, Any] = {}
    if not row["is_organizer"]:
        kept = pooling.afresh(row)  # what was said in another life says nothing of this one
    rows.change(tx, row, {"state": rules.after("graduate", row["state"]), **kept}, "member.graduated")
    audit.note(tx, by, "person.graduated", rows.subject(person), {"from": row["state"]})
    if wanted:
        pooling.offer(tx, by, person, wanted)


def next_stream(tx: Connection, row: Row) -> Stream | None:
    """The stream above theirs that takes people; None at the top."""
    streams = load(tx).streams
    here = next((each.position for each in streams if each.slug == row["stream"]), None)
    if here is None:
        return None
    return next((each for each in streams if each.position > here and each.open), None)


def goals_of(tx: Connection, person: str) -> list[Row]:
    """What they reached, the latest first."""
    query = sa.select(goals).where(goals.c.person == person, _STANDS).order_by(goals.c.at.desc(), goals.c.id)
    return list(tx.execute(query).mappings())


def reached(tx: Connection) -> list[Row]:
    """Every goal that was reached, the latest first: id, person, name, stream, at; `words` where they are shared."""
    query = (
        sa.select(goals, people.c.name, people.c.state)
        .join(people, people.c.id == goals.c.person)
        .where(_STANDS)
        .order_by(goals.c.at.desc(), goals.c.id)
    )
    found: list[Row] = []
    for row in tx.execute(query).mappings():
        name = "somebody who was erased" if row["state"] == "erased" else row["name"]
        found.append({**row, "name": name, "words": row["words"] if row["shared"] else ""})
    return found


def goals_counted(tx: Connection) -> dict[str, int]:
    """How many goals were reached in each stream that has any."""
    query = sa.select(goals.c.stream, sa.func.count().label("goals")).where(_STANDS).group_by(goals.c.stream)
    return {row.stream: row.goals for row in tx.execute(query)}
