"""What signup owns, for taking along: members with answers, program, streams, questions, charters, the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import export
from shared.export import Row, part

from . import program
from .models import audit, charter, goal, person, question, stream
from .models import program as programs

SERVICE = "signup"
_MEMBER = """id state name email timezone stream github blog is_organizer created_at applied_at imported_at confirmed_at
    charter_version charter_at left_at leave_reason erase_after checklist pool pool_streams""".split()

_GOALS = "id person name stream words shared at withdrawn_at".split()


def _member_columns(tx: Connection) -> list[str]:
    """The fields, then a column per question, named by its words (and its id, where two ask the same)."""
    return [*_MEMBER, *_questions(tx).values()]


def _questions(tx: Connection) -> dict[str, str]:
    asked = program.questions(tx)
    labels = [each.label for each in asked.values()]
    taken = {*_MEMBER, *(label for label in labels if labels.count(label) > 1)}
    return {id: f"{each.label} ({id})" if each.label in taken else each.label for id, each in asked.items()}


@part(SERVICE, "members", "Everybody who is not erased, with their answers.", _member_columns)
def members(tx: Connection) -> Iterator[Row]:
    asked, titles = program.questions(tx), _questions(tx)
    query = sa.select(person).where(person.c.state != "erased").order_by(person.c.created_at, person.c.id)
    for row in export.table(tx, query):
        said = row["answers"] or {}
        told: dict[Any, Any] = {titles[id]: program.answer(asked[id], said[id]) for id in titles if id in said}
        yield {**row, **told}


@part(SERVICE, "program", "The program's page and settings.", [c.name for c in programs.c if c.name != "version"])
def the_program(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(programs))


@part(SERVICE, "streams", "All streams, removed ones too.", [c.name for c in stream.c])
def streams(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(stream).order_by(stream.c.position, stream.c.slug))


@part(SERVICE, "questions", "All questions of the streams, retired ones too.", [c.name for c in question.c])
def questions(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(question).order_by(question.c.stream, question.c.position, question.c.id))


@part(SERVICE, "charters", "Every version of the charter.", [c.name for c in charter.c])
def charters(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(charter).order_by(charter.c.version))


@part(SERVICE, "goals", "Goals that members reached; words where they share them.", _GOALS)
def goals(tx: Connection) -> Iterator[Row]:
    words = sa.case((goal.c.shared, goal.c.words), else_="").label("words")
    query = sa.select(*(goal.c[name] for name in _GOALS if name not in ("name", "words")), words, person.c.name)
    query = query.join(person, person.c.id == goal.c.person).order_by(goal.c.at, goal.c.id)
    yield from export.table(tx, query)


@part(SERVICE, "audit", "Who did what, and when.", [c.name for c in audit.c])
def log(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(audit).order_by(audit.c.id))
