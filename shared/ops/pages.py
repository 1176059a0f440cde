"""The page `/<service>/ops`, for organizers: what is owed, what is dead and what to do about it, jobs, versions.

Each service mounts it for its own database, since nobody else ever opens that; tabs lead from one to the next, so that
it is one face. `/notifications/ops` is the front door.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, render_template, request
from sqlalchemy.engine import Connection

from .. import access, clock, config, db, face, worker
from ..web import go
from . import names, span, state
from .deciding import Decisions, wrong

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
    words, decide = {**SAID, **(said or {})}, Decisions(service)

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
        return go(home, "undone" if decide.retry(position, subscriber) else "retried")

    @pages.get("/deliveries/<int:position>/<subscriber>/skip")
    @access.needs("organizer")
    def ask(position: int, subscriber: str) -> Any:
        return _sure(decide.dead(position, subscriber))

    @pages.post("/deliveries/<int:position>/<subscriber>/skip")
    @access.needs("organizer")
    def skip(position: int, subscriber: str) -> Any:
        one, why = decide.dead(position, subscriber), request.form.get("why", "").strip()
        found = wrong(why)
        if found:
            return _sure(one, why, [{"field": "why", **found}]), 422
        decide.skip(one, why)
        return go(home, "skipped")

    @pages.post("/replay/<subscriber>")
    @access.needs("organizer")
    def tell_again(subscriber: str) -> Any:
        return go(home, "replay" if decide.replay(subscriber) else "replaying")

    def _sure(one: dict[str, Any], why: str = "", problems: list[dict[str, str]] | None = None) -> str:
        with db.read(service) as tx:
            there = zone(tx)
        return render_template("ops/skip.html", one=one, why=why, problems=problems or [], home=home, zone=there)

    return pages
