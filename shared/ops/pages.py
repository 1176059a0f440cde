"""The page `/<service>/ops`, for organizers: what is owed, what is dead and what to do about it, jobs, versions.

Each service mounts it for its own database, since nobody else ever opens that; tabs lead from one to the next, so that
it is one face. `/notifications/ops` is the front door.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from sqlalchemy.engine import Connection

from .. import access, clock, config, db, face, worker
from ..events import keeping, relay
from ..problems import problem
from . import NOBODY, deeds, names, span, state

LONGEST_REASON = 500

SAID = {
    "retried": "It is owed again, from the start. If it fails again, it comes back to this list after eight tries.",
    "skipped": "Skipped. What waited behind it goes on. You can undo it below.",
    "undone": "It is owed again.",
    "replay": "The replay begins with the next tick, in a few seconds.",
    "replaying": "That replay is asked for or under way already.",
}


def _nothing(_tx: Connection) -> dict[str, Any]:
    return {}


def blueprint(
    service: str,
    zone: Callable[[Connection], str] = lambda _tx: "UTC",
    template: str = "ops/ops.html",
    more: Callable[[Connection], dict[str, Any]] = _nothing,
    said: dict[str, str] | None = None,
) -> Blueprint:
    """The pages of one service.

    :param zone: in which time zone its reader reads.
    :param more: what its own template shows beside.
    """
    pages = Blueprint("ops", __name__, url_prefix=f"/{service}/ops")
    home = f"/{service}/ops"
    words = {**SAID, **(said or {})}

    @pages.record_once
    def dress(setup: Any) -> None:
        face.dress(setup.app)
        setup.app.jinja_env.filters.update(span=span, ago=lambda at: span(clock.machine() - at) if at else "")

    @pages.get("")
    @access.needs("organizer")
    def index() -> str:
        worker.carry(service)  # so that its jobs are known
        with db.read(service) as tx:
            found = state(tx)
            actors = [row["skipped_by"] for row in found.skipped] + [row["asked_by"] for row in found.replays.values()]
            given = {"found": found, "names": names(tx, actors), "zone": zone(tx), **more(tx)}
        return render_template(
            template, said=words.get(request.args.get("said", "")), services=config.SERVICES, home=home, **given
        )

    @pages.post("/deliveries/<int:position>/<subscriber>/retry")
    @access.needs("organizer")
    def retry(position: int, subscriber: str) -> Any:
        worker.carry(service)  # so that its snapshots are
        with db.write(service) as tx:
            one = deeds.retry(tx, position, _known(service, subscriber), _actor())
        if one is None:
            problem(409, "This delivery is neither dead nor skipped", f"It may be done since. The list is at {home}.")
        return _go("undone" if one["skipped_at"] else "retried")

    @pages.get("/deliveries/<int:position>/<subscriber>/skip")
    @access.needs("organizer")
    def ask(position: int, subscriber: str) -> Any:
        return _sure(_dead(position, subscriber))

    @pages.post("/deliveries/<int:position>/<subscriber>/skip")
    @access.needs("organizer")
    def skip(position: int, subscriber: str) -> Any:
        one, why = _dead(position, subscriber), request.form.get("why", "").strip()
        wrong = _wrong(why)
        if wrong:
            return _sure(one, why, [{"field": "why", **wrong}]), 422
        with db.write(service) as tx:
            done = deeds.skip(tx, position, subscriber, _actor(), why)
        if not done:
            _not_dead()
        return _go("skipped")

    @pages.post("/replay/<subscriber>")
    @access.needs("organizer")
    def tell_again(subscriber: str) -> Any:
        with db.write(service) as tx:
            asked = deeds.ask_replay(tx, _known(service, subscriber), _actor())
        return _go("replay" if asked else "replaying")

    def _dead(position: int, subscriber: str) -> dict[str, Any]:
        with db.read(service) as tx:
            one = keeping.one(tx, position, _known(service, subscriber))
        if one is None:
            problem(404, "There is no such delivery", f"Its event may have been deleted. The list is at {home}.")
        if not one["dead_at"]:
            _not_dead()
        return one

    def _not_dead() -> None:
        problem(409, "This delivery is not dead", f"Only dead ones can be skipped. The list is at {home}.")

    def _sure(one: dict[str, Any], why: str = "", problems: list[dict[str, str]] | None = None) -> str:
        with db.read(service) as tx:
            there = zone(tx)
        return render_template("ops/skip.html", one=one, why=why, problems=problems or [], home=home, zone=there)

    def _go(what: str) -> Response:
        return redirect(f"{home}?said={what}", 303)  # type: ignore[return-value]

    return pages


def _known(service: str, subscriber: str) -> str:
    if subscriber not in relay.subscribers(service):
        problem(404, f"No such service hears of {service}", f"Those that do are listed at /{service}/ops.")
    return subscriber


def _actor() -> str:
    who = access.reader()
    return who.actor if who else NOBODY


def _wrong(why: str) -> dict[str, str] | None:
    """What is the matter with a reason, if anything."""
    if not why:
        return {"message": "Say why.", "remedy": "Whoever looks into it later has nothing else to go by."}
    if len(why) > LONGEST_REASON:
        return {"message": f"This is longer than {LONGEST_REASON} characters.", "remedy": "Shorten it."}
    if any(ord(c) < 32 and c not in "\r\n\t" or c == "\ufffd" for c in why):
        return {"message": "Some letters could not be read.", "remedy": "Please type them again."}
    return None
