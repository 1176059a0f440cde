"""What the pages of blog have in common: a form shown again, what was said before a redirect, who reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

import sqlalchemy as sa
from flask import Response, g, make_response, render_template, request
from sqlalchemy.exc import SQLAlchemyError

from shared import access, db, face
from shared.problems import problem
from shared.web import Problem, answer
from shared.web import go as go

from ..models import SERVICE, person, program
from ..rules.refusals import Missing, Refused

SAID = {
    "setup": "It is being proposed. Load this page again in a moment.",
    "dismissed": "Noted: it is not offered any more.",
    "offered_again": "Here it is again.",
    "aimed": "Noted. Posts that are proposed from now on are made for that.",
    "later": "Noted: there is more time.",
    "accept": "It is being merged. Load the page again in a moment.",
    "decline": "It is being declined. It stays so until its author asks again.",
    "again": "It is on its way again. Load this page again in a moment.",
    "release": "Noted. It is proposed as it is.",
    "registered": "Your blog is being looked at. Load this page again in a moment.",
    "looking": "It is being looked at. Load this page again in a moment.",
    "consented": "Noted. You can change it at any time.",
    "withdrawn": "Noted. Nothing of this blog is offered any more; what was offered is taken back.",
    "offered": "Noted: these posts are offered.",
    "declined": "Noted: these posts are not offered.",
    "offered_one": "Noted: it is offered. Load this page again in a moment.",
    "declined_one": "Noted: it is not offered. What was proposed is taken back.",
    "shown": "Saved. It is proposed for the mentees page. Load this page again in a moment.",
    "unshown": "Saved. It is shown to nobody.",
    "described": "Saved. It is being looked at again.",
    "secret": "There is a new secret. Put it into the webhook: the old one is worth nothing any more.",
    "own": "Noted: you open it yourself. The patch is being made; load this page again in a moment.",
    "given": "Noted: Baton opens it. Load this page again in a moment.",
    "noted": "Noted. Only you, its reviewer and the organizers see it.",
    "changed": "Saved.",
    "as_idea": "Noted: it is an idea.",
    "as_draft": "Noted: it is a draft.",
    "as_feedback": "Noted. Whoever reviews it is asked to look; while nobody does, the organizers are.",
    "as_dropped": "It is dropped, and deleted in 30 days.",
    "joined": "Noted: it became that post.",
    "parted": "Noted: it did not become that post.",
    "said": "Said. The others get it by mail.",
    "corrected": "Saved. The others see that you changed it; nobody gets a mail.",
    "deleted": "It is deleted. You can put it back below.",
    "restored": "It is back.",
    "freed": "Noted: nobody reviews it.",
    "as_before": "Undone. Nobody gets another mail.",
    "assigned": "Noted. Whoever is to review it is asked by mail.",
    "left": "Your blog is taken out. Paste its address again to have it back.",
}


def context() -> dict[str, Any]:
    """What every template of blog may use, error pages included (so a broken database must not break it)."""
    name, who = None, access.reader()
    try:
        with db.read(SERVICE) as tx:
            name = tx.execute(sa.select(program.c.name)).scalar()
            if who is not None:
                g.zone = tx.execute(sa.select(person.c.timezone).where(person.c.id == who.person)).scalar()
    except SQLAlchemyError:
        pass
    return {"program_name": name, "said": SAID.get(request.args.get("said", "")), "problems": []}


def local(instant: datetime, zone: str | None = None, short: bool = False) -> str:
    """An instant in words, in the zone of whoever reads the page."""
    return face.local(instant, zone or g.get("zone"), short)


def page(template: str, problems: list[dict[str, str]] | None = None, **given: Any) -> Response:
    """The page of that template; with problems it is a form shown again."""
    found = render_template(f"blog/{template}", problems=problems or [], **given)
    return make_response(found, 422 if problems else 200)


def do(command: Callable[..., Any], *given: Any) -> Any:
    """One command in one transaction, by the organizer who reads."""
    who = access.reader()
    with db.write(SERVICE) as tx:
        return command(tx, who.actor if who else "", *given)


def tried(command: Callable[..., Any], *given: Any) -> list[dict[str, str]]:
    """One command in one transaction, for a form that can be shown again: what is wrong; empty when it is done.

    :raises Missing: there is nothing of which a page could be shown.
    """
    problems = unreadable()
    if problems:
        return problems
    try:
        with db.write(SERVICE) as tx:
            command(tx, *given)
    except Missing:
        raise
    except Refused as refused:
        return [refused.as_dict()]
    return []


def unreadable() -> list[dict[str, str]]:
    """A refusal for every field of the posted form that is no UTF-8, or has a NUL in it."""
    broken = [name for name, values in request.form.lists() if any("\ufffd" in v or "\0" in v for v in values)]
    words = {"message": "Some letters could not be read.", "remedy": "Please type them again."}
    return [{"field": name, **words} for name in broken]


def not_found(what: str) -> NoReturn:
    """404 in words."""
    problem(404, f"There is no such {what}", "It may have been taken out, or the address is mistyped.")


def refused_page(refused: Refused) -> Any:
    """A refusal that no form can show, because only a button was pressed; or there is no such thing."""
    return answer(Problem(404 if isinstance(refused, Missing) else 409, refused.message, refused.remedy, [], {}))


def reader_id() -> str:
    """The person behind a view that `needs` somebody."""
    who = access.reader()
    if who is None:  # @needs went before
        raise LookupError("a view without @needs asks who is reading")
    return who.person


def number(name: str = "page", said: str | None = None) -> int:
    """A page's number from the query, or from what was said elsewhere; 1 when it is none."""
    said = request.args.get(name, "1") if said is None else said
    return max(1, int(said)) if said.isascii() and said.isdigit() and len(said) < 7 else 1
