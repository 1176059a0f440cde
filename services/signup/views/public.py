"""What everybody may see: the program, its streams, the sign-up form here, in an iframe, and posted from elsewhere.

Public forms need no cookie and no token: a plain HTML form on another site may post here. What guards them is the trap
for machines, the rate limit, and that nobody is signed up before they confirm by mail.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from shared import db
from shared.web import allow_embedding, problem, public_form

from .. import people, program, rate, rules
from ..program import Program, Stream
from .pages import go, not_found, page, refusals, unreadable

blueprint = Blueprint("public", __name__)


@blueprint.get("/")
def start() -> Response:
    """The program: what it is, its streams, its charter."""
    now = _program()
    first, *rest = now.sections or (None,)
    return page(
        "program.html", program=now, lead_section=first, sections=rest, open_streams=any(s.open for s in now.streams)
    )


@blueprint.get("/signup/")
def streams() -> Response:
    """Choose a stream."""
    return page("streams.html", program=_program())


@blueprint.get("/signup/check-mail")
@blueprint.get("/signup/embed/check-mail", endpoint="check_mail_embedded")
def check_mail() -> Response:
    """What to do after signing up; says nothing about who did."""
    if _embedded():
        allow_embedding()
    return page("check_mail.html", embedded=_embedded())


@blueprint.route("/signup/<slug>", methods=["GET", "POST"])
@blueprint.route("/signup/embed/<slug>", methods=["GET", "POST"], endpoint="form_embedded")
@public_form
def form(slug: str) -> Response:
    """The form of one stream, and what was posted to it from here or anywhere."""
    if _embedded():
        allow_embedding()
    now = _program()
    stream = now.stream(slug)
    if stream is None:
        return not_found("stream")
    if not stream.open:
        return page("closed.html", 200 if request.method != "POST" else 409, stream=stream, embedded=_embedded())
    if request.method != "POST":
        return _form(now, stream, _typed(), [])
    return _signup(now, stream)


def _signup(now: Program, stream: Stream) -> Response:
    if wait := rate.signups(request.remote_addr):
        problem(
            429,
            "Too many sign-ups from your address",
            f"Please try again in {wait} seconds. Press Back: what you typed is still there.",
            headers={"Retry-After": str(wait)},
        )
    done = go("/signup/embed/check-mail" if _embedded() else "/signup/check-mail")
    if request.form.get(rules.TRAP):
        return done
    broken = unreadable()
    if broken:
        return _form(now, stream, _typed(), broken)
    try:
        typed = _typed()
        with db.write("signup") as tx:
            people.apply(tx, {**typed, "timezone": typed["timezone"] or now.timezone, "stream": stream.slug})
    except rules.Refused as refused:
        return _form(_program(), stream, _typed(), refusals(refused))
    return done


def _typed() -> dict[str, Any]:
    stream = _program().stream((request.view_args or {}).get("slug"))
    asked = stream.questions if stream else ()
    given = request.form
    return {
        "name": given.get("name", ""),
        "email": given.get("email", ""),
        "timezone": given.get("timezone", ""),
        "charter": given.get("charter", ""),
        "answers": rules.from_form(asked, given.getlist),
    }


def _form(now: Program, stream: Stream, typed: dict[str, Any], problems: list[dict[str, str]]) -> Response:
    template = "embed.html" if _embedded() else "form.html"
    return page(template, 422 if problems else 200, program=now, stream=stream, typed=typed, problems=problems)


def _embedded() -> bool:
    return request.path.startswith("/signup/embed/")


def _program() -> Program:
    with db.read("signup") as tx:
        return program.load(tx)
