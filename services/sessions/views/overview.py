"""The organizer's overview: circles by how they are, sessions by state, and all that happened in one circle."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request
from sqlalchemy.engine import Connection

from shared import access, db

from .. import attendance, minutes, people
from ..circles import health, reading, timeline
from ..meetings import listing
from ..models import SERVICE
from ..turns import reading as turns
from . import showing
from .pages import page, reader_zone

blueprint = Blueprint("overview", __name__, url_prefix="/sessions")
PAGES_MOST = 100_000
READ = 10  # minutes on a page


@blueprint.get("/minutes")
@access.needs("organizer")
def all_minutes() -> Response:
    """The minutes of all circles, whole, one below the other, newest first."""
    stream, first = (request.args.get(name, "")[:64] for name in ("stream", "from"))
    with db.read(SERVICE) as tx:
        streams = list(people.streams(tx).items())
        rows, older = minutes.published(tx, stream, first, READ)
        found = [(row, *_of(tx, row)) for row in rows]
        zone = reader_zone(tx)
    return page(
        "minutes.html",
        found=found,
        older=older and _query("/sessions/minutes", stream=stream, **{"from": older}),
        newest=first and _query("/sessions/minutes", stream=stream),
        stream=stream,
        streams=streams,
        zone=zone,
    )


def _of(tx: Connection, row: Any) -> tuple[str, Any]:
    """Who led that session, by name, and how many were there, where that is known."""
    lead = people.duties(tx, row["id"]).get("coordinator")
    there = next((each for each in attendance.turnouts(tx, row, 1) if each.session == row["id"]), None)
    return people.names(tx, [lead])[lead] if lead else "", there


@blueprint.get("/circles")
@access.needs("organizer")
def circles() -> Response:
    """All circles, narrowed down by stream and by how they are."""
    stream, only, number = _asked(health.ONLY, "")
    with db.read(SERVICE) as tx:
        streams = list(people.streams(tx).items())
        found, total = health.listed(tx, stream, only, number)
        lines = reading.line_counts(tx)
        zone = reader_zone(tx)
    return page(
        "circles.html",
        found=found,
        total=total,
        number=number,
        size=health.PAGE,
        stream=stream,
        only=only,
        streams=streams,
        names=dict(streams),
        kinds=list(health.ONLY.items()),
        waiting=[(slug, name, lines[slug]) for slug, name in streams if lines.get(slug)],
        zone=zone,
        url=_pages("/sessions/circles", stream=stream, show=only),
    )


@blueprint.get("/all")
@access.needs("organizer")
def sessions() -> Response:
    """All sessions in one state, late ones first."""
    stream, state, number = _asked(listing.STATES, listing.STATES[0])
    with db.read(SERVICE) as tx:
        counts = listing.counts(tx, stream)
        found = listing.listed(tx, state, stream, number)
        streams, zone = list(people.streams(tx).items()), reader_zone(tx)
    return page(
        "sessions.html",
        found=found,
        total=counts[state],
        counts=counts,
        number=number,
        size=listing.PAGE,
        stream=stream,
        state=state,
        streams=streams,
        states=[(name, _query("/sessions/all", stream=stream, show=name)) for name in listing.STATES],
        zone=zone,
        url=_pages("/sessions/all", stream=stream, show=state),
    )


@blueprint.get("/circles/<id>/timeline")
@access.needs("organizer")
def history(id: str) -> Response:
    """All that happened in a circle and will happen, in order."""
    number = _number()
    with db.read(SERVICE) as tx:
        row, zone = reading.one(tx, id), reader_zone(tx)
        moments, more = timeline.past(tx, row, number)
        upcoming = turns.upcoming(tx, id, 99) if number == 1 and not row["closed_at"] else []
        dots = turns.ring(tx, id, upcoming, zone) if upcoming else []
        shown = showing.history(tx, moments, zone)
    return page(
        "timeline.html",
        circle=row,
        moments=shown,
        upcoming=list(reversed(upcoming)),
        dots=dots,
        more=more,
        number=number,
        zone=zone,
    )


def _asked(known: Any, otherwise: str) -> tuple[str, str, int]:
    """Stream, what it is narrowed to, and page, as the address has them; what is not known counts as nothing."""
    only = request.args.get("show", "")
    return request.args.get("stream", "")[:64], only if only in known else otherwise, _number()


def _number() -> int:
    return min(max(request.args.get("page", 1, type=int), 1), PAGES_MOST)


def _query(path: str, **given: str) -> str:
    told = urlencode({name: value for name, value in given.items() if value})
    return f"{path}?{told}" if told else path


def _pages(path: str, **given: str) -> Any:
    return lambda number: _query(path, **given, page=str(number))
