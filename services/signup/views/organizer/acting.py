"""What the organizer's views share: acting in their own name, and the shape of their pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response

from shared import db

from ... import rules
from .. import pages

HOME = "/signup/organizer"


def actor() -> str:
    """Who acts, as the audit log names them."""
    return f"organizer/{pages.reader_id()}"


def do(command: Callable[..., Any], *given: Any) -> Any:
    """One command in one transaction, by this organizer."""
    with db.write("signup") as tx:
        return command(tx, actor(), *given)


def try_to(command: Callable[..., Any], *given: Any) -> list[dict[str, str]]:
    """The same from a form: what was refused, to be shown beside the fields; empty when it is done."""
    problems = pages.unreadable()
    if not problems:
        try:
            do(command, *given)
        except rules.Refused as refused:
            problems = pages.refusals(refused)
    return problems


def page(tab: str, template: str, problems: list[dict[str, str]] | None = None, **given: Any) -> Response:
    """A page under one of the tabs; with problems it is a form shown again."""
    status = 422 if problems else 200
    return pages.page(f"organizer/{template}", status, tab=tab, problems=problems or [], **given)


def sure(tab: str, problems: list[dict[str, str]] | None = None, **given: Any) -> Response:
    """The page that asks before something is taken away (see sure.html)."""
    status = 422 if problems else 200
    return pages.page("sure.html", status, tab=tab, organizing=True, problems=problems or [], **given)


def step(to: str | None) -> int:
    """The word on a button as a step of `move_*`."""
    return -1 if to == "up" else 1
