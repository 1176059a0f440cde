"""How sessions' views answer with pages: the template, what was said after a redirect, refusals beside their fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Response, make_response, render_template, request
from flask import redirect as _redirect
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared import access, db, face
from shared.web import Problem, answer

from ..circles import reading
from ..models import SERVICE, person, program
from ..rules.refusals import Refused, Stale

SAID = {
    "saved": "Saved.",
    "nothing": "Nothing was different, so nothing has changed.",
    "undone": "Undone.",
    "dates": "The dates are saved. What has changed is told to the circle.",
    "skipped": "That date is skipped. You can undo it below.",
    "moved-date": "The session is moved. You can undo it below.",
    "moved": "They have their place in this circle now, and get a mail that says so.",
    "split": "The circle is split. Who has another circle now gets a mail that says so.",
    "merged": "The circles are merged. Who has another circle now gets a mail that says so.",
    "place": "The place is yours. Welcome!",
    "coming": "Noted: you are coming.",
    "cannot": "Noted: you cannot come. Should that change, answer again.",
    "new-address": "Your calendar has a new address. The old one is dead: subscribe to the new one.",
    "no-address": "Cut off. Calendars that had the address get nothing any more.",
    "not-now": "You said not now. You stay in line, at its end, and are not asked for the next two weeks.",
}


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
    return make_response(render_template(f"sessions/{template}", problems=problems or [], **given), status)


def go(path: str, said: str | None = None) -> Response:
    """See Other: after a POST, so that loading the page again posts nothing. `said` is a key of SAID."""
    return _redirect(f"{path}?said={said}" if said else path, 303)  # type: ignore[return-value]


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


def refusals(refused: Refused) -> list[dict[str, str]]:
    """Every refusal of a form, as the templates show them."""
    return [each.as_dict() | ({"stale": "yes"} if isinstance(each, Stale) else {}) for each in refused.all]


def refused_page(refused: Refused) -> Any:
    """A refusal that no form can show, because only a button was pressed; or there is no such thing."""
    missing = refused.message.startswith("There is no such")
    return answer(Problem(404 if missing else 409, refused.message, refused.remedy, [], {}))


def unreadable() -> list[dict[str, str]]:
    """A refusal for every field of the posted form that is no UTF-8, or has a NUL in it."""
    broken = [name for name, values in request.form.lists() if any("\ufffd" in v or "\0" in v for v in values)]
    return [
        {"field": name, "message": "Some letters could not be read.", "remedy": "Please type them again."}
        for name in broken
    ]


def actor() -> str:
    """The organizer who acts, as the journal names them."""
    return f"organizer/{reader_id()}"


def reader_id() -> str:
    """The person behind a view that `needs` somebody."""
    who = access.reader()
    if who is None:  # @needs went before
        raise LookupError("a view without @needs asks who is reading")
    return who.person


def reader_zone(tx: Connection) -> str:
    """The zone in which times are shown to whoever reads: their own, or the program's."""
    who = access.reader()
    own = tx.execute(sa.select(person.c.timezone).where(person.c.id == who.person)).scalar() if who else None
    return own or reading.program_zone(tx)


def by_name(tx: Connection, actor: str) -> str:
    """Who did something, in words."""
    kind, _, id = actor.partition("/")
    return reading.names(tx, [id]).get(id, "an organizer") if id else "Baton"
