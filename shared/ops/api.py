"""How a service is doing, and mending it, by API, as on the page `/<service>/ops`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_smorest import abort
from marshmallow import Schema, fields
from sqlalchemy.engine import Connection

from .. import access, db, worker
from ..api import CONFLICT, NOT_FOUND, WRONG, Blueprint, Empty, Given, instant, machine
from ..events import keeping
from . import state
from .deciding import Decisions, wrong


class Subscriber(Schema):
    """How deliveries to one subscriber stand."""

    name = fields.String()
    waiting = fields.Integer(metadata={"description": "events it is owed"})
    dead = fields.Integer(metadata={"description": "of these, what it failed to handle too often"})
    oldest = fields.Float(allow_none=True, metadata={"description": "age of the oldest that is not dead, in seconds"})
    answered = machine(description="its last receipt")


class Job(Schema):
    """What happens by time."""

    job = fields.String()
    last = instant(description="when it last began; program time")
    finished = instant()
    next = instant(description="when its next period begins")
    failed = machine(description="when it failed, if it has not ended since")
    late = fields.TimeDelta(
        allow_none=True,
        metadata={"description": "for how many seconds it has not begun, if much longer than it should"},
    )


class Replay(Schema):
    """Telling a subscriber the present state of everything."""

    subscriber = fields.String()
    asked_by = fields.String()
    asked_at = machine()
    told = fields.Integer(metadata={"description": "events so far"})
    finished = machine()


class State(Schema):
    """How the service is doing."""

    service = fields.String()
    silent = fields.Boolean(metadata={"description": "true when its worker should tick and does not"})
    ticked = machine(description="when its worker last ticked")
    subscribers = fields.List(fields.Nested(Subscriber))
    replays = fields.List(fields.Nested(Replay))
    versions = fields.Dict()
    more = fields.Dict(metadata={"description": "what this service alone has to say"})


class Jobs(Schema):
    """All jobs of the service, by name; not paged."""

    jobs = fields.List(fields.Nested(Job))


class Delivery(Schema):
    """An event owed to a subscriber, about which a person has to decide, or has."""

    position = fields.Integer(metadata={"description": "its number: of the event, in the service that published it"})
    subscriber = fields.String()
    type = fields.String()
    subject = fields.String()
    error = fields.String(allow_none=True)
    failures = fields.Integer()
    dead_at = machine()
    behind = fields.Integer(metadata={"description": "how many events about the same subject wait behind it"})
    skipped_at = machine()
    skipped_by = fields.String(allow_none=True)
    skipped_why = fields.String(allow_none=True)


class Deliveries(Schema):
    """Not paged: of dead ones the first 100, of skipped ones the last 20."""

    deliveries = fields.List(fields.Nested(Delivery))


class Why(Given):
    """The reason, kept beside the delivery."""

    why = fields.String(required=True)


class Done(Schema):
    """What became of it."""

    done = fields.String()


def blueprint(service: str, more: Callable[[Connection], dict[str, Any]] = lambda _tx: {}) -> Blueprint:
    """The routes of one service.

    :param more: what only this service has to say of how it is; plain enough for JSON.
    """
    made, decide = Blueprint(service, "operation", "How it is doing, and mending it"), Decisions(service)

    @made.get("/operation")
    @access.scopes("read", "operate")
    @made.response(200, State)
    def operation() -> dict[str, Any]:
        """How the service is doing: what is owed to whom, signs of life, replays, versions."""
        with db.read(service) as tx:
            found, told = state(tx), more(tx)
        replays = [{"subscriber": name, **row} for name, row in found.replays.items()]
        said = {name: getattr(found, name) for name in ("service", "silent", "ticked", "subscribers")}
        return {**said, "replays": replays, "versions": vars(found.versions), "more": told}

    @made.get("/schedules")
    @access.scopes("read", "operate")
    @made.response(200, Jobs)
    def schedules() -> dict[str, Any]:
        """What happens by time: when each job last ran, and when it will."""
        worker.carry(service)  # so that its jobs are known
        with db.read(service) as tx:
            return {"jobs": state(tx).jobs}

    @made.get("/deliveries/dead")
    @access.scopes("read", "operate")
    @made.response(200, Deliveries)
    def dead() -> dict[str, Any]:
        """Deliveries that failed too often, the oldest first; each blocks its own subject only."""
        with db.read(service) as tx:
            return {"deliveries": keeping.dead(tx)}

    @made.get("/deliveries/skipped")
    @access.scopes("read", "operate")
    @made.response(200, Deliveries)
    def skipped() -> dict[str, Any]:
        """Deliveries that a person gave up, and why; the latest first."""
        with db.read(service) as tx:
            return {"deliveries": keeping.skipped(tx)}

    @made.post("/deliveries/<int:position>/<subscriber>/retry")
    @access.scopes("operate")
    @made.arguments(Empty, required=False)
    @made.response(200, Done)
    @made.doc(responses={404: NOT_FOUND, 409: CONFLICT})
    def retry(_body: Any, position: int, subscriber: str) -> dict[str, str]:
        """Owe a dead delivery again from the start; or a skipped one, which undoes the skip."""
        return {"done": "undone" if decide.retry(position, subscriber) else "retried"}

    @made.post("/deliveries/<int:position>/<subscriber>/skip")
    @access.scopes("operate")
    @made.arguments(Why)
    @made.response(200, Done)
    @made.doc(responses={404: NOT_FOUND, 409: CONFLICT, 422: WRONG})
    def skip(body: dict[str, str], position: int, subscriber: str) -> dict[str, str]:
        """Give a dead delivery up, so that its subject goes on. Retry undoes it."""
        one, found = decide.dead(position, subscriber), wrong(body["why"].strip())
        if found:
            abort(422, messages={"json": {"why": [found]}})
        decide.skip(one, body["why"].strip())
        return {"done": "skipped"}

    @made.post("/replays/<subscriber>")
    @access.scopes("operate")
    @made.arguments(Empty, required=False)
    @made.response(202, Done)
    @made.doc(responses={404: NOT_FOUND})
    def replay(_body: Any, subscriber: str) -> dict[str, str]:
        """Tell a subscriber the present state of everything, with the next tick. Twice is no harm."""
        return {"done": "asked" if decide.replay(subscriber) else "under way"}

    return made
