"""The turns of a circle: the next six with their reasons, the four verbs with a preview, and what was changed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.engine import Connection

from shared import access, db

from .. import people
from ..circles import journal as circle_journal
from ..models import SERVICE
from ..rules.refusals import Refused
from ..turns import journal, reading, seats, verbs
from ..turns import own as mine
from ..turns.verbs import Asked
from .answers import forbidden, go, not_found, page, reader_zone, refusals, unreadable, who

blueprint = Blueprint("turns", __name__, url_prefix="/sessions")
FIELDS = ("verb", "session", "other", "person", "agreed", "reason")


def opened(tx: Connection, id: str) -> reading.Row:
    """The circle, if the reader is in it, or organizes."""
    found = reading.one(tx, id)
    if found is None:
        not_found("circle")
    if "organizer" not in who().roles and who().person not in people.members(tx, id):
        forbidden("This is another circle", "Its pages are for its own people and the organizers.")
    return found


def given(tx: Connection, circle: str) -> dict[str, Any]:
    """What the section `sessions/_turns.html` shows; whoever shows a circle's page includes it."""
    upcoming = reading.upcoming(tx, circle)
    me = who()
    entries = journal.entries(tx, circle)
    return {
        "turns": upcoming,
        "dots": reading.ring(tx, circle, upcoming, reader_zone(tx)),
        "turns_url": f"/sessions/circles/{circle}/turns",
        "zone": reader_zone(tx),
        "me": me.person,
        "organizes": "organizer" in me.roles,
        "changes": [
            {
                **entry,
                "words": circle_journal.WORDS[entry["verb"]],
                "by_name": people.actor_name(tx, entry["by"]),
                "can_undo": circle_journal.can_undo(entry, me.actor),
            }
            for entry in entries
        ],
    }


@blueprint.get("/turns")
@access.needs("member", "organizer")
def own() -> Response:
    """The reader's own turns, in whichever circles."""
    me = who().person
    with db.read(SERVICE) as tx:
        given: dict[str, Any] = {
            "turns": mine.of_person(tx, me),
            "next_one": mine.forecast(tx, me),
            "served": mine.served(tx, me),
            "circle": reading.one(tx, reading.circle_of(tx, me) or ""),
            "zone": reader_zone(tx),
        }
    return page("own_turns.html", **given)


@blueprint.get("/circles/<id>/turns")
@access.needs("member", "organizer")
def show(id: str) -> Response:
    """The page of a circle's turns."""
    with db.read(SERVICE) as tx:
        circle, shown = opened(tx, id), given(tx, id)
    return page("turns.html", circle=circle, **shown)


@blueprint.route("/circles/<id>/turns/change", methods=["GET", "POST"])
@access.needs("member", "organizer")
def change(id: str) -> Response:
    """The form of the four verbs; what would change; and the change itself."""
    me = who()
    organizer = "organizer" in me.roles
    source = request.form if request.method == "POST" else request.args
    typed = {name: source.get(name, "") for name in FIELDS}
    problems: list[dict[str, str]] = unreadable() if request.method == "POST" else []
    found = None
    if request.method == "POST" and not problems:
        asked = Asked.of(typed)
        try:
            if request.form.get("do") == "save":
                with db.write(SERVICE) as tx:
                    opened(tx, id)
                    made = verbs.save(tx, id, asked, me.person, organizer, me.actor, request.form.get("seen", ""))
                return go(f"/sessions/circles/{id}/turns", "changed" if made else "handed", "changes")
            with db.read(SERVICE) as tx:
                opened(tx, id)
                found = verbs.preview(tx, id, asked, me.person, organizer)
        except Refused as refused:
            problems = refusals(refused)
    with db.read(SERVICE) as tx:
        circle, dates = opened(tx, id), _sessions(tx, id)
        colleagues = [each for each in reading.choices(tx, id) if organizer or each[0] != me.person]
    if found and request.form.get("do") != "edit":
        return page("turns_preview.html", circle=circle, typed=typed, preview=found)
    shown = {"organizes": organizer, "verbs": _verbs(organizer), "sessions": dates, "colleagues": colleagues}
    return page("turns_change.html", 422 if problems else 200, problems=problems, circle=circle, typed=typed, **shown)


def _verbs(organizer: bool) -> list[tuple[str, str]]:
    if organizer:
        return [
            ("swap", "Swap: two people trade their dates"),
            ("substitute", "Substitute: somebody else covers this date and keeps their own turn"),
            ("skip-me", "Skip them: the next in line is asked, they still owe a turn"),
            ("skip-date", "Skip the date: there is no session, everybody moves one on"),
        ]
    return [
        ("swap", "Swap: I trade my date with somebody"),
        ("substitute", "Hand over: somebody covers for me, if they say yes"),
        ("skip-me", "Skip me: the next in line is asked, I still owe a turn"),
        ("skip-date", "Skip the date: there is no session, everybody moves one on"),
    ]


def _sessions(tx: Connection, circle: str) -> list[tuple[str, str]]:
    return [
        (each.session["id"], f"{seats.said_day(each.session)}: {each.name or 'nobody'}")
        for each in reading.upcoming(tx, circle)
    ]
