"""The pool of mentors, as those in it see it: yes, no, and no more, by the link of their mail or on their own page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from shared import access, db, tokens

from .. import access_links, people, program, rules
from ..rules import pool
from .links import nowhere
from .me import own
from .pages import go, page, reader_id, refusals, unreadable

blueprint = Blueprint("mentors", __name__, url_prefix="/signup")
MINE = "/signup/me/mentor"


@blueprint.route("/pool/<token>", methods=["GET", "POST"])
def linked(token: str) -> Response:
    """Whether they may be asked: the page with the buttons, and the buttons."""
    try:
        claims = tokens.read("pool", token)
        person = str(claims["person"])
    except tokens.BadToken as broken:
        return nowhere(broken.reason)
    except KeyError:
        return nowhere("forged")
    with db.read("signup") as tx:
        row = people.one(tx, person)
    if row is None or row["state"] == "erased" or access_links.outdated(row, claims):
        return nowhere("gone")
    here, problems = tokens.path("pool", token), unreadable() if request.method == "POST" else []
    if request.method == "POST" and not problems:
        try:
            with db.write("signup") as tx:
                said = _press(tx, person)
            return go(here, said)
        except rules.Refused as refused:
            problems = refusals(refused)
    with db.read("signup") as tx:
        row, now = people.one(tx, person) or row, program.load(tx)
    return page(
        "pool.html",
        422 if problems else 200,
        person=row,
        here=here,
        streams=_names(now, row),
        kind=pool.kind(row["state"], row["is_organizer"]),
        away=tokens.path("away", tokens.sign("away", {"person": person})),
        timezone=request.form.get("timezone", row["timezone"]),
        problems=problems,
    )


def _press(tx: Any, person: str) -> str:
    do, by = request.form.get("do", ""), people.subject(person)
    if do == "yes":
        people.agree(tx, by, person, request.form.get("timezone", ""))
        return "pooled"
    if do == "no":
        people.decline(tx, by, person)
        return "unasked"
    if do == "leave":
        people.leave_pool(tx, by, person)
        return "unpooled"
    raise rules.Refused("do", "No answer was chosen.", "Press one of the buttons.")


def _names(now: program.Program, row: Mapping[str, Any]) -> list[str]:
    return [each.name for each in now.streams if each.slug in (row["pool_streams"] or [])]


@blueprint.route("/me/mentor", methods=["GET", "POST"])
@access.needs("member", "organizer")
def mine() -> Response:
    """The same on one's own page: alumni and organizers say in which streams they may be asked."""
    problems: list[dict[str, str]] = []
    wanted: list[str] | None = None
    if request.method == "POST":
        problems, wanted = unreadable(), request.form.getlist("streams")
        by = people.subject(reader_id())
        try:
            with db.write("signup") as tx:
                own(tx)
                if request.form.get("do") == "leave":
                    people.leave_pool(tx, by, reader_id())
                elif not problems:
                    people.offer(tx, by, reader_id(), wanted)
            if not problems:
                return go(MINE, "unpooled" if request.form.get("do") == "leave" else "pooled")
        except rules.Refused as refused:
            problems = refusals(refused)
    with db.read("signup") as tx:
        person, now = own(tx), program.load(tx)
    if wanted is None:
        wanted = person["pool_streams"] or [each.slug for each in now.streams[-1:]]
    return page(
        "me_mentor.html",
        422 if problems else 200,
        person=person,
        kind=pool.kind(person["state"], person["is_organizer"]),
        options=[(each.slug, each.name) for each in now.streams],
        wanted=wanted,
        problems=problems,
    )
