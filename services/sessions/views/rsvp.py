"""Answering an invite: from a mail's link, without signing in, or from one's own page. GET shows, POST answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, request

from shared import access, db, face, tokens
from shared.web import problem

from .. import people
from ..circles import reading as circles
from ..gatherings import notes, telling
from ..gatherings import reading as gatherings
from ..invites import answering, reading
from ..meetings import reading as meetings
from ..models import SERVICE
from ..rules.refusals import Refused
from ..turns import absences
from . import gatherings as gathered
from .pages import go, page, reader_id, refusals, unreadable

blueprint = Blueprint("rsvp", __name__, url_prefix="/sessions")


@blueprint.route("/rsvp/<token>", methods=["GET", "POST"])
def rsvp(token: str) -> Response:
    """Where the buttons of an invite lead."""
    try:
        claims = tokens.read("rsvp", token)
        person, session = str(claims["person"]), str(claims["session"])
    except (tokens.BadToken, KeyError):
        problem(
            410,
            "This link leads nowhere any more",
            "It is too old, or was broken in two. Sign in and answer on your sessions page.",
        )
    return _answer(session, person, "link", tokens.path("rsvp", token), str(claims.get("at", "")))


@blueprint.route("/answers/<id>", methods=["GET", "POST"])
@access.needs("member")
def mine(id: str) -> Response:
    """The same from one's own page."""
    return _answer(id, reader_id(), "page", f"/sessions/answers/{id}")


def _answer(session: str, person: str, source: str, back: str, mailed: str = "") -> Response:
    """
    :param mailed: when the session was to begin as the mail with that link said it, RFC 3339; '' if it is not known.
    """
    problems = unreadable() if request.method == "POST" else []
    if request.method == "POST" and not problems:
        try:
            return go(back, _take(session, person, source))
        except Refused as refused:
            problems = refusals(refused)
            if refused.field != "until":
                problem(410 if refused.field == "session" else 422, refused.message, refused.remedy)
    with db.read(SERVICE) as tx:
        given, shut = _readable(tx, session, person)
    if shut and not given:
        problem(410, shut.message, shut.remedy)
    if shut:
        return page("gathering_read.html", problems, **given)
    wanted = request.args.get("answer", "") if request.method == "GET" else answering.CANNOT
    given["mailed"] = datetime.fromisoformat(mailed) if mailed else given["session"]["starts_at"]
    return page("rsvp.html", problems, **given, wanted=wanted, until=request.form.get("until", ""))


def _readable(tx: Any, session: str, person: str) -> tuple[dict[str, Any], Refused | None]:
    """What the page shows, and why nothing can be answered any more: then only who is invited to a gathering reads."""
    try:
        answering.open_invite(tx, session, person)
    except Refused as refused:
        if telling.is_one(tx, session) and person in gatherings.people_told(tx, session):
            return gathered.read(tx, gatherings.one(tx, session), person), refused
        return {}, refused
    return _shown(tx, session, person), None


def _take(session: str, person: str, source: str) -> str:
    said = request.form.get("answer", "")
    with db.write(SERVICE) as tx:
        if said == "no-talks" and meetings.one(tx, session)["kind"] == gatherings.TALK:
            answering.answer(tx, session, person, answering.CANNOT, source)
            notes.want_talks(tx, person, False)
        elif said == "until":
            absences.cannot_until(tx, session, person, request.form.get("until", ""), source)
        else:
            answering.answer(tx, session, person, said, source)
    return answering.COMING if said == answering.COMING else answering.CANNOT


def _shown(tx: Any, session: str, person: str) -> dict[str, Any]:
    row = meetings.one(tx, session)
    duties = reading.duties(tx, [session])[session]
    names = people.names(tx, duties.values())
    zone = people.zone(tx, person)
    return {
        "session": row,
        "circle": circles.one(tx, row["circle"]) if row["circle"] else {"name": row["title"]},
        "gathering": gatherings.one(tx, session) if row["circle"] is None else None,
        "zone": zone,
        "when": face.local(row["starts_at"], zone),
        "coordinator": names.get(duties["coordinator"] or ""),
        "guest": _is_guest(tx, row, person),
        "leads": duties["coordinator"] == person,
        "gives_back": answering.gives_back(),
        "mentor": names.get(duties["mentor"] or ""),
        "answer": reading.answer_of(tx, session, person),
    }


def _is_guest(tx: Any, row: Any, person: str) -> bool:
    """Whether they speak at it: then there is nothing about talks to ask."""
    return row["circle"] is None and gatherings.one(tx, row["id"])["guest"] == person
