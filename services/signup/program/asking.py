"""The questions of each stream, as organizers edit them. Answers refer to questions, so none is ever deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import rules
from ..models import question as questions
from ..rules import Refused, text
from .editing import changed, hold, moved
from .reading import load


def add_question(tx: Connection, by: str, stream: str, fields: Mapping[str, Any]) -> str:
    """Add a question at the end of a stream's form and return its id.

    `fields`: label, help, kind, options (list of str), required (bool).
    """
    hold(tx)
    if load(tx).stream(stream) is None:
        raise Refused("stream", "There is no such stream.", "Load the page again.")
    values = _checked(fields)
    taken = set(tx.execute(sa.select(questions.c.id)).scalars())
    values["id"] = rules.slug(f"{stream} {values['label']}", taken)
    last = tx.execute(sa.select(sa.func.max(questions.c.position)).where(questions.c.stream == stream)).scalar()
    tx.execute(sa.insert(questions).values(stream=stream, position=(last or 0) + 1, **values))
    changed(tx, by, "question.added", {"question": values["id"]})
    return str(values["id"])


def save_question(tx: Connection, by: str, question: str, fields: Mapping[str, Any]) -> None:
    """Change a question; fields as in `add_question`, all of them. Its id stays."""
    _stream_of(tx, question)
    tx.execute(sa.update(questions).where(questions.c.id == question).values(**_checked(fields)))
    changed(tx, by, "question.saved", {"question": question})


def retire_question(tx: Connection, by: str, question: str) -> None:
    """Ask it no more; answers given stay. `restore_question` asks it again."""
    _stream_of(tx, question)
    tx.execute(sa.update(questions).where(questions.c.id == question).values(retired_at=clock.now()))
    changed(tx, by, "question.retired", {"question": question})


def restore_question(tx: Connection, by: str, question: str) -> None:
    """Ask a retired question again."""
    _stream_of(tx, question)
    tx.execute(sa.update(questions).where(questions.c.id == question).values(retired_at=None))
    changed(tx, by, "question.restored", {"question": question})


def move_question(tx: Connection, by: str, question: str, step: int) -> None:
    """Move a question up (-1) or down (1) on its stream's form."""
    stream = load(tx).stream(_stream_of(tx, question))
    ordered = moved([each.id for each in stream.questions], question, step) if stream else []
    for position, each in enumerate(ordered, start=1):
        tx.execute(sa.update(questions).where(questions.c.id == each).values(position=position))
    changed(tx, by, "question.moved", {"question": question, "step": step})


def _stream_of(tx: Connection, question: str) -> str:
    hold(tx)
    stream = tx.execute(sa.select(questions.c.stream).where(questions.c.id == question)).scalar()
    if stream is None:
        raise Refused("question", "There is no such question.", "Load the page again.")
    return str(stream)


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    refused: list[Refused] = []
    values: dict[str, Any] = {"required": bool(fields.get("required")), "kind": fields.get("kind"), "options": []}
    for field, most in (("label", 300), ("help", 1000)):
        try:
            values[field] = text.line(field, str(fields.get(field) or ""), most)
        except Refused as refusal:
            refused.append(refusal)
    if not values.get("label", True):
        refused.append(Refused("label", "The question has no words.", "Write what you want to know."))
    if values["kind"] not in rules.KINDS:
        refused.append(Refused("kind", "There is no such kind of question.", f"Choose from {', '.join(rules.KINDS)}."))
    elif values["kind"] in rules.WITH_OPTIONS:
        try:
            values["options"] = _options(fields.get("options") or [])
        except Refused as refusal:
            refused.append(refusal)
    Refused.raise_any(refused)
    return values


def _options(given: list[str]) -> list[str]:
    options = [each for each in (text.line("options", str(option)) for option in given) if each]
    if not 2 <= len(options) <= rules.OPTIONS_MOST:
        raise Refused("options", f"There are {len(options)} options.", f"Write 2 to {rules.OPTIONS_MOST}, one a line.")
    if len(set(options)) != len(options):
        raise Refused("options", "An option stands there twice.", "Make each one different.")
    return options
