"""What everybody may see: the program, its streams, the sign-up form here, in an iframe, and posted from elsewhere.

Public forms need no cookie and no token: a plain HTML form on another site may post here. What guards them is the trap
for machines, the rate limit, and that nobody is signed up before they confirm by mail.
"""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

from flask import Blueprint, Response, request

from shared import config, db, tokens
from shared.web import allow_embedding, problem, public_form

from .. import people, program, rate, rules
from ..program import Program, Stream
from .pages import go, not_found, page, refusals, unreadable

blueprint = Blueprint("public", __name__)
TYPED, TYPED_AGE = "baton-typed", 10 * tokens.MINUTE


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
    """What to do after signing up. Which address was typed is known to the browser that sent it, and to no other."""
    if _embedded():
        allow_embedding()
    try:
        email = tokens.read(TYPED, request.cookies.get(TYPED, ""), TYPED_AGE)["email"]
    except tokens.BadToken:
        email = None
    contact = parseaddr(config.current().mail_from)[1]
    return page(
        "check_mail.html",
        embedded=_embedded(),
        email=email,
        contact="" if contact.endswith("@localhost") else contact,
    )


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
    if request.form.get(rules.TRAP):
        return _done()
    broken = unreadable()
    if broken:
        return _form(now, stream, _typed(), broken)
    try:
        typed = _typed()
        with db.write("signup") as tx:
            people.apply(tx, {**typed, "timezone": typed["timezone"] or now.timezone, "stream": stream.slug})
    except rules.Refused as refused:
        return _form(_program(), stream, _typed(), refusals(refused))
    return _done()


def _done() -> Response:
    """Where to look now. The address goes there in a cookie of that page: in a link it would stand in logs."""
    path = "/signup/embed/check-mail" if _embedded() else "/signup/check-mail"
    answer, email = go(path), request.form.get("email", "").strip()
    if len(email) <= rules.EMAIL_MOST:
        secure = config.current().base_url.startswith("https:")
        framed = secure and _embedded()  # inside another site's page, and only there
        answer.set_cookie(
            TYPED,
            tokens.sign(TYPED, {"email": email}),
            max_age=TYPED_AGE,
            path=path,
            httponly=True,
            secure=secure,
            samesite="None" if framed else "Lax",
            partitioned=framed,
        )
    return answer


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
