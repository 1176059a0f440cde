"""What the organizer's pages about circles have in common: a form shown again, a command by whoever reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Response, request
from sqlalchemy.exc import SQLAlchemyError

from shared import access, db, face
from shared.web import Problem, answer

from ..models import SERVICE, program
from ..rules.refusals import Missing, Refused
from . import answers
from .answers import SAID, go, reader_zone, refusals, unreadable

__all__ = [
    "actor",
    "context",
    "do",
    "go",
    "page",
    "reader_id",
    "reader_zone",
    "refusals",
    "refused_page",
    "try_to",
    "unreadable",
]


def context() -> dict[str, Any]:
    """What every template of sessions may use, error pages included (so a broken database must not break it)."""
    try:
        with db.read(SERVICE) as tx:
            name = tx.execute(sa.select(program.c.name)).scalar()
    except SQLAlchemyError:
        name = None
    said = SAID.get(request.args.get("said", ""))
    return {"program_name": name, "said": said, "zones": face.zone_groups, "problems": []}


def page(template: str, problems: list[dict[str, str]] | None = None, **given: Any) -> Response:
    """The page of that template; with problems it is a form shown again: 409 when it was stale, else 422."""
    stale = any(each.get("stale") for each in problems or [])
    status = (409 if stale else 422) if problems else 200
    return answers.page(template, status, problems=problems or [], **given)


def do(command: Callable[..., Any], *given: Any, **more: Any) -> Any:
    """One command in one transaction, by the organizer who reads."""
    with db.write(SERVICE) as tx:
        return command(tx, actor(), *given, **more)


def try_to(command: Callable[..., Any], *given: Any, **more: Any) -> list[dict[str, str]]:
    """The same from a form: what was refused, to be shown beside the fields; empty when it is done."""
    problems = unreadable()
    if not problems:
        try:
            do(command, *given, **more)
        except Refused as refused:
            problems = refusals(refused)
    return problems


def refused_page(refused: Refused) -> Any:
    """A refusal that no form can show, because only a button was pressed; or there is no such thing."""
    return answer(Problem(404 if isinstance(refused, Missing) else 409, refused.message, refused.remedy, [], {}))


def actor() -> str:
    """The organizer who acts, as the journal names them."""
    return f"organizer/{reader_id()}"


def reader_id() -> str:
    """The person behind a view that `needs` somebody."""
    who = access.reader()
    if who is None:  # @needs went before
        raise LookupError("a view without @needs asks who is reading")
    return who.person
