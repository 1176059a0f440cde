"""How blog's views answer with pages: the template, what was said after a redirect, a refusal of a button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Response, make_response, render_template, request
from flask import redirect as _redirect
from sqlalchemy.exc import SQLAlchemyError

from shared import access, db
from shared.web import Problem, answer

from ..models import SERVICE, program
from ..rules.refusals import Refused

SAID = {
    "accept": "It is being merged. Load the page again in a moment.",
    "decline": "It is being declined. It stays so until its author asks again.",
    "again": "It is on its way again.",
    "release": "Noted. It is proposed as it is.",
}


def context() -> dict[str, Any]:
    """What every template of blog may use, error pages included (so a broken database must not break it)."""
    try:
        with db.read(SERVICE) as tx:
            name = tx.execute(sa.select(program.c.name)).scalar()
    except SQLAlchemyError:
        name = None
    return {"program_name": name, "said": SAID.get(request.args.get("said", "")), "problems": []}


def page(template: str, status: int = 200, **given: Any) -> Response:
    """The page of that template."""
    return make_response(render_template(f"blog/{template}", **given), status)


def go(path: str, said: str | None = None) -> Response:
    """See Other: after a POST, so that loading the page again posts nothing. `said` is a key of SAID."""
    return _redirect(f"{path}?said={said}" if said else path, 303)  # type: ignore[return-value]


def do(command: Callable[..., Any], *given: Any) -> Any:
    """One command in one transaction, by the organizer who reads."""
    who = access.reader()
    with db.write(SERVICE) as tx:
        return command(tx, who.actor if who else "", *given)


def refused_page(refused: Refused) -> Any:
    """A refusal that no form can show, because only a button was pressed; or there is no such thing."""
    missing = refused.message.startswith("There is no such")
    return answer(Problem(404 if missing else 409, refused.message, refused.remedy, [], {}))
