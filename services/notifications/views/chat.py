"""Chat: its channels, what they hear, a test; messages that nobody knows the end of. Pages, and an API alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy.engine import Connection

from shared import access, db, ops
from shared.api import CONFLICT, NOT_FOUND, WRONG, Empty
from shared.api import Blueprint as Api
from shared.problems import Problem
from shared.web import go, problem

from .. import schemas
from ..chat import channels, invites, messages, services, telling
from ..models import SERVICE
from ..rules import chat as rules
from .pages import reader_zone

blueprint = Blueprint("chat", __name__, url_prefix="/notifications/chat")
api = Api(SERVICE, "chat", "Chat: channels that hear what happens, for organizers")
HOME = "/notifications/chat"
SAID = {
    "added": "It hears what happens from now on. Send a test to see that it works.",
    "changed": "It is saved, and holds from now on.",
    "off": "Nothing is posted there any more. If that was a mistake, turn it on again.",
    "on": "It hears what happens again, from the next thing on.",
    "removed": "It is removed, and so is its address.",
    "test": "A test is on its way. Look in the channel; below is what became of it.",
    "arrived": "It counts as posted.",
    "again": "It is posted once more.",
}


@blueprint.get("")
@access.needs("organizer")
def index() -> str:
    """The channels, what waits for a decision, what was said of late."""
    with db.read(SERVICE) as tx:
        found = everything(tx)
        zone, invite = reader_zone(tx), invites.now(tx)
    return render_template(
        "notifications/chat.html",
        **found,
        invite=invite,
        zone=zone,
        kinds=rules.KINDS,
        said=SAID.get(request.args.get("said", "")),
        setting=channels.SETTING,
        press=db.new_id(),
        home=HOME,
    )


@blueprint.route("/new", methods=["GET", "POST"])
@access.needs("organizer")
def new() -> Response:
    """A new channel."""
    return _form(None, {"name": "", "address": "", "stream": "", "wants": list(rules.KINDS)})


@blueprint.route("/<uuid:id>", methods=["GET", "POST"])
@access.needs("organizer")
def change(id: UUID) -> Response:
    """What it hears, or where it is."""
    found = known(id)
    return _form(str(id), {**found, "address": "", "stream": found["stream"] or ""})


def _form(id: str | None, typed: dict[str, Any]) -> Response:
    problems: list[dict[str, str]] = []
    if request.method == "POST":
        typed = {field: request.form.get(field, "") for field in ("name", "address", "stream")}
        typed["wants"] = request.form.getlist("wants")
        try:
            save(id, typed)
        except channels.Wrong as wrong:
            problems = wrong.problems
        else:
            return _back("changed" if id else "added")
    with db.read(SERVICE) as tx:
        streams = list(channels.streams(tx).items())
    page = render_template(
        "notifications/chat_channel.html",
        new=id is None,
        fixed=id == channels.SETTING,
        action=f"{HOME}/{id or 'new'}",
        typed=typed,
        problems=problems,
        streams=streams,
        kinds=list(rules.KINDS.items()),
        services=list(services.KNOWN.values()) if services.installed() else [],
        home=HOME,
    )
    return make_response(page, 422 if problems else 200)


@blueprint.post("/<uuid:id>/test")
@access.needs("organizer")
def test(id: UUID) -> Response:
    """A message that only shows that it works."""
    send_test(id, request.form.get("press", ""))
    return _back("test")


@blueprint.post("/<uuid:id>/<any(off, on, remove):verb>")
@access.needs("organizer")
def turn(id: UUID, verb: str) -> Response:
    """Off, on, or away for good."""
    decide(VERBS[verb], id)
    return _back("removed" if verb == "remove" else verb)


@blueprint.post("/messages/<uuid:id>/<any(arrived, again):verb>")
@access.needs("organizer")
def settle(id: UUID, verb: str) -> Response:
    """A held message is there, or is to be posted once more."""
    settle_message(id, verb)
    return _back(verb)


# ---- the same for programs ----


@api.get("/chat")
@access.scopes("read", "operate")
@api.response(200, schemas.Chat)
def chat() -> dict[str, Any]:
    """Channels without their addresses, messages of late, and those that wait for a person."""
    with db.read(SERVICE) as tx:
        return everything(tx)


@api.post("/chat/channels")
@access.scopes()
@api.arguments(schemas.ChannelGiven)
@api.response(201, schemas.Channel)
@api.doc(responses={409: CONFLICT, 422: WRONG})
def add_channel(body: dict[str, Any]) -> dict[str, Any]:
    """Add a channel. Its address is never answered."""
    return _saved(None, body)


@api.put("/chat/channels/<uuid:id>")
@access.scopes()
@api.arguments(schemas.ChannelGiven)
@api.response(200, schemas.Channel)
@api.doc(responses={404: NOT_FOUND, 409: CONFLICT, 422: WRONG})
def change_channel(body: dict[str, Any], id: UUID) -> dict[str, Any]:
    """Change what a channel hears; without an address it keeps the one it has."""
    known(id)
    return _saved(str(id), body)


@api.post("/chat/channels/<uuid:id>/test")
@access.scopes()
@api.arguments(Empty, required=False)
@api.response(202, schemas.Decided)
@api.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def test_channel(_body: Any, id: UUID) -> dict[str, str]:
    """Post a test in it."""
    known(id)
    send_test(id, db.new_id())
    return {"done": "test"}


@api.post("/chat/channels/<uuid:id>/off")
@access.scopes()
@api.arguments(Empty, required=False)
@api.response(200, schemas.Decided)
@api.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def off_channel(_body: Any, id: UUID) -> dict[str, str]:
    """Post nothing there any more. On takes it back."""
    known(id)
    decide(channels.turn_off, id)
    return {"done": "off"}


@api.post("/chat/channels/<uuid:id>/on")
@access.scopes()
@api.arguments(Empty, required=False)
@api.response(200, schemas.Decided)
@api.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def on_channel(_body: Any, id: UUID) -> dict[str, str]:
    """Post there again, from the next message on."""
    known(id)
    decide(channels.turn_on, id)
    return {"done": "on"}


@api.post("/chat/channels/<uuid:id>/remove")
@access.scopes()
@api.arguments(Empty, required=False)
@api.response(200, schemas.Decided)
@api.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def remove_channel(_body: Any, id: UUID) -> dict[str, str]:
    """Forget a channel that is off, its address and what was posted there."""
    known(id)
    decide(channels.remove, id)
    return {"done": "remove"}


@api.post("/chat/messages/<uuid:id>/arrived")
@access.scopes("operate")
@api.arguments(Empty, required=False)
@api.response(200, schemas.Decided)
@api.doc(responses={409: CONFLICT})
def message_arrived(_body: Any, id: UUID) -> dict[str, str]:
    """Say of a held message that it is in its channel."""
    settle_message(id, "arrived")
    return {"done": "arrived"}


@api.post("/chat/messages/<uuid:id>/again")
@access.scopes("operate")
@api.arguments(Empty, required=False)
@api.response(200, schemas.Decided)
@api.doc(responses={409: CONFLICT})
def message_again(_body: Any, id: UUID) -> dict[str, str]:
    """Post a held message once more."""
    settle_message(id, "again")
    return {"done": "again"}


def _saved(id: str | None, body: dict[str, Any]) -> dict[str, Any]:
    try:
        return save(id, body)
    except channels.Wrong as wrong:
        raise Problem(422, "This channel cannot be taken", "Nothing has changed.", wrong.problems, {}) from None


# ---- shared ----

VERBS = {"off": channels.turn_off, "on": channels.turn_on, "remove": channels.remove}


def everything(tx: Connection) -> dict[str, Any]:
    """Channels, streams, messages of late and held ones."""
    return {
        "channels": channels.listed(tx),
        "streams": channels.streams(tx),
        "lately": messages.lately(tx),
        "held": messages.held(tx),
    }


def known(id: UUID) -> dict[str, Any]:
    """That channel, or 404."""
    with db.read(SERVICE) as tx:
        found = channels.one(tx, str(id))
    return found or problem(404, "There is no such channel", f"Choose one of those at {HOME}.")


def save(id: str | None, typed: dict[str, Any]) -> dict[str, Any]:
    """Add a channel, or change one; it as it is then.

    :raises channels.Wrong: with everything that is wrong with what was typed.
    """
    with db.read(SERVICE) as tx:
        streams = channels.streams(tx)
    clean = channels.checked(typed, streams, new=id is None)
    try:
        with db.write(SERVICE) as tx:
            if id is None:
                id = channels.add(tx, clean, _by())
            else:
                channels.change(tx, id, clean, _by())
            return channels.one(tx, id) or {}
    except channels.Refused as refused:
        problem(409, "This cannot be done to this channel", str(refused))


def send_test(id: UUID, press: str) -> None:
    """A test, once for a press of the button.

    :raises Problem: it is off, or the press is none.
    """
    try:
        press = str(UUID(press))
    except ValueError:
        problem(422, "This press of the button is not known", "Load the page again, and press it once more.")
    if known(id)["off_at"]:
        problem(409, "This channel is off", "Turn it on first.")
    with db.write(SERVICE) as tx:
        telling.test(tx, str(id), press)


def decide(command: Callable[[Connection, str, str], None], id: UUID) -> None:
    """One decision about a channel.

    :raises Problem: it cannot be done to that one.
    """
    try:
        with db.write(SERVICE) as tx:
            command(tx, str(id), _by())
    except channels.Refused as refused:
        problem(409, "This cannot be done to this channel", str(refused))


def settle_message(id: UUID, verb: str) -> None:
    """One decision about a held message.

    :raises Problem: it cannot be done to that one.
    """
    try:
        with db.write(SERVICE) as tx:
            (messages.arrived if verb == "arrived" else messages.again)(tx, str(id))
    except messages.Refused as refused:
        problem(409, "This cannot be done to this message", str(refused))


def _by() -> str:
    who = access.reader()
    return who.actor if who else ops.NOBODY


def _back(said: str) -> Response:
    return go(HOME, said)
