"""The turns of a circle: the next six with their reasons, the four verbs with a preview, and what was changed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.engine import Connection

from shared import access, clock, db

from .. import people
from ..circles import journal as circle_journal
from ..models import SERVICE
from ..rules.refusals import Refused
from ..rules.rotation import Role
from ..turns import answering, journal, reading, seats, verbs
from ..turns import own as mine
from ..turns.verbs import Asked
from . import showing
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
        "dots": reading.ring(tx, circle, upcoming),
        "turns_url": f"/sessions/circles/{circle}/turns",
        "zone": reader_zone(tx),
        "me": me.person,
        "organizes": "organizer" in me.roles,
        "changes": [
            {
                **entry,
                "words": showing.VERBS.get(entry["verb"], entry["verb"]),
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


@blueprint.route("/s/<id>/assign", methods=["GET", "POST"])
@access.needs("organizer")
def assign(id: str) -> Response:
    """An organizer gives a turn to somebody, frees whoever has it, or corrects who served. With a reason."""
    typed = {name: request.form.get(name, "") for name in ("role", "person", "agreed", "reason", "do")}
    problems: list[dict[str, str]] = unreadable() if request.method == "POST" else []
    if request.method == "POST" and not problems:
        try:
            with db.write(SERVICE) as tx:
                circle = _override(tx, id, typed)
            return go(f"/sessions/circles/{circle}/turns", "assigned")
        except Refused as refused:
            problems = refusals(refused)
    with db.read(SERVICE) as tx:
        of = seats.about(tx, id)
        if of is None or of["circle"] is None:
            not_found("session")
        holders = {role.value: seats.holder(seats.turns(tx, id, role)) for role in Role}
        names = people.names(tx, [row["person"] for row in holders.values() if row])
        choices = [
            (f"As {role.value}", [(f"{role.value}/{id}", name) for id, name in reading.choices(tx, of["circle"], role)])
            for role in Role
        ]
        zone = reader_zone(tx)
    return page(
        "turn_assign.html",
        422 if problems else 200,
        problems=problems,
        typed=typed,
        session=of,
        over=of["starts_at"] <= clock.now(),
        zone=zone,
        people=choices,
        holders={role: names[row["person"]] for role, row in holders.items() if row},
    )


def _override(tx: Connection, id: str, typed: dict[str, str]) -> str:
    of = seats.hold(tx, id)
    role, _, person = typed["person"].partition("/")
    if typed["do"] == "free":
        if typed["role"] not in set(Role):
            raise Refused("role", "It is not said whose turn.", "Choose coordinator or mentor.")
        answering.free(tx, id, typed["reason"], who().actor, Role(typed["role"]))
    else:
        if not person or role not in set(Role):
            raise Refused("person", "It is not said who.", "Choose one of the list.")
        answering.assign(tx, id, person, typed["agreed"] == "yes", typed["reason"], who().actor, Role(role))
    return str(of["circle"])
