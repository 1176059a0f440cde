"""Signup's JSON API: what is current, and signing up."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from flask import Response, current_app, request

from shared import access, db, log
from shared.api import KEY, Blueprint
from shared.problems import described
from shared.web import problem, public_form

from ... import people, program, rate, rules, schemas

blueprint = Blueprint("signup", "signups", "Signing up from any site")
BODY_LIMIT = 64 << 10  # bytes; the longest honest sign-up is a quarter of it
ACCEPTED = json.dumps(
    {
        "status": "accepted",
        "next": "Look in your mail: a message with a link is on its way. Open it and press the button to confirm.",
    }
)
logger = log.get()


@blueprint.get("/program")
@access.public
@blueprint.response(200, schemas.Program)
def current_program() -> program.Program:
    """The program as it is now: streams, their questions, the charter to accept."""
    with db.read("signup") as tx:
        return program.load(tx)


@blueprint.post("/signups")
@access.public
@blueprint.doc(
    parameters=[KEY],
    requestBody={"required": True, "content": {"application/json": {"schema": schemas.Signup}}},
    responses={
        202: {"description": "Accepted", "content": {"application/json": {"schema": schemas.Accepted}}},
        400: described("This is not JSON"),
        413: described("More than 64 KiB"),
        415: described("This is not application/json"),
        422: described("Fields that cannot be taken, each with a remedy"),
        429: described("Too many from this address; Retry-After says when to try again"),
    },
)
@public_form
def sign_up() -> Response:
    """Sign somebody up. The answer is the same whether or not the address is known already."""
    if wait := rate.signups(request.remote_addr):
        seconds = f"Try again in {wait} s."
        problem(429, "Too many sign-ups from this address", seconds, headers={"Retry-After": str(wait)})
    body = _json()
    try:
        application = schemas.signup(body)
        with db.write("signup") as tx:
            applied = people.apply(tx, application, request.headers.get("Idempotency-Key"))
    except rules.Refused as refusal:
        _refuse(refusal)
    logger.info("signup.accepted", person=applied.person, caused=applied.event)
    return current_app.response_class(ACCEPTED, status=202, mimetype="application/json")


def _refuse(refusal: rules.Refused) -> NoReturn:
    # A key or a name echoed from broken input must not break the answer in turn.
    errors = [
        {field: said.encode("utf-8", "backslashreplace").decode() for field, said in each.as_dict().items()}
        for each in refusal.all
    ]
    title = "Nothing was signed up: some fields cannot be taken"
    problem(422, title, " ".join(f"{e['field']}: {e['message']} {e['remedy']}" for e in errors), errors)


def _json() -> Any:
    """The request's JSON; anything else is a problem that says what."""
    if request.mimetype != "application/json":
        kind = request.mimetype or "nothing"
        problem(415, "This is not JSON", f"The content type is {kind[:80]}. Send application/json.")
    # The body lies there whole already: werkzeug's careful stream around it is for servers that still wait for it.
    sent = request.environ["wsgi.input"].read(BODY_LIMIT + 1)
    if len(sent) > BODY_LIMIT or (request.content_length or 0) > BODY_LIMIT:
        problem(413, "This is too big for a sign-up", f"Send at most {BODY_LIMIT >> 10} KiB.")
    try:
        return json.loads(sent.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        problem(400, "This is not UTF-8", f"The byte at {error.start} cannot be read. Send JSON in UTF-8.")
    except json.JSONDecodeError as error:
        problem(400, "This is not JSON", f"It breaks off at line {error.lineno}, column {error.colno}: {error.msg}.")
    except (ValueError, RecursionError):
        problem(400, "This JSON cannot be taken", "Send plain text, lists and objects; no NaN and no depths.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
