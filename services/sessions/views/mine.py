"""The member's tab "Sessions": what is next for them in one look, or where they are in line; and their attendance."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response
from sqlalchemy.engine import Connection

from shared import access, clock, db

from .. import attendance, items, people
from ..circles import reading
from ..gatherings import reading as gatherings
from ..invites import feeds
from ..invites import reading as invites
from ..models import SERVICE, person
from ..rules.rotation import Role
from ..turns import absences, checkins, own, seats
from . import showing
from .pages import page, reader_id, reader_zone

blueprint = Blueprint("mine", __name__, url_prefix="/sessions")
MOST = 6


@blueprint.get("/")
@access.needs("member")
def home() -> Response:
    """What is next for the reader."""
    with db.read(SERVICE) as tx:
        me = reader_id()
        given = shown(tx, me)
        also = [(row, invites.answer_of(tx, row["id"], me)) for row in gatherings.invited(tx, me)]
        given |= more(tx, me, given["sessions"]) | {"zone": reader_zone(tx), "also": also}
    return page("mine.html", **given)


@blueprint.get("/attendance")
@access.needs("member")
def visits() -> Response:
    """At which sessions the reader was."""
    with db.read(SERVICE) as tx:
        given = {**count(attendance.of_person(tx, reader_id())), "zone": reader_zone(tx)}
    return page("own_attendance.html", **given)


def shown(tx: Connection, me: str) -> dict[str, Any]:
    """Where a person is: {circle, members}, or `line`; what signup last told of them; the sessions they are part of."""
    row = tx.execute(sa.select(person).where(person.c.id == me)).mappings().first()
    place, line = reading.place_of(tx, me), reading.waits(tx, me)
    stream = (place or line or row or {}).get("stream")
    return {
        "me": row,
        "stream": people.streams(tx).get(stream or "", stream),
        "circle": reading.one(tx, place["circle"]) if place else None,
        "members": reading.members(tx, place["circle"]) if place else [],
        "sessions": _sessions(tx, me, place["circle"] if place else None),
        "line": line,
    }


def _sessions(tx: Connection, me: str, circle: str | None) -> list[dict[str, Any]]:
    """The next ones of their circle, and those that they mentor elsewhere; with `called`, where it is not their own."""
    own_ones = showing.sessions(tx, circle, MOST, skipped=False) if circle else []
    known = {row["id"] for row in own_ones}
    now = clock.now()
    others = [
        {**showing.session(row), "called": row["name"]}
        for row in invites.of_person(tx, me, now.date())
        if row["circle"] != circle and row["id"] not in known and row["state"] in seats.AHEAD and row["ends_at"] > now
    ]
    rows = [{"called": "", **row} for row in own_ones] + others
    return sorted(rows, key=lambda row: (row["starts_at"], row["id"]))[:MOST]


def more(tx: Connection, me: str, sessions: list[dict[str, Any]]) -> dict[str, Any]:
    """The rest of the page: whose these sessions are, answers, turns, items, attendance, absences, the calendar."""
    ids = [row["id"] for row in sessions]
    duties = invites.duties(tx, ids)
    for row in sessions:
        row |= duties[row["id"]]
        free = not row["coordinator"] and not row["called"]
        row["open"] = free and seats.is_open(tx, row["id"], Role.COORDINATOR)
    answers = invites.answers(tx, ids)
    return {
        "names": people.names(tx, [who for each in duties.values() for who in each.values()]),
        "answers": {id: said[me] for id, said in answers.items() if me in said},
        "can_answer": invites.open_invites(tx, me),
        "turns": own.of_person(tx, me),
        "next_one": own.forecast(tx, me),
        "open_items": [each for each in items.of_owner(tx, me) if each["state"] == "open"],
        "away": absences.listed(tx, me),
        "checkin": checkins.waiting(tx, me),
        "feed": feeds.address(tx, me),
        **count(attendance.of_person(tx, me)),
    }


def count(found: list[attendance.Visit]) -> dict[str, Any]:
    """These visits, and how many are `known`, and at how many they were `there`."""
    known = [visit for visit in found if visit.present is not None]
    return {"visits": found, "known": len(known), "there": sum(bool(visit.present) for visit in known)}
