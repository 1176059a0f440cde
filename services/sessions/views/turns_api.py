"""The JSON API of turns: the next ones with their reasons, answers, the four verbs, absences."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import Blueprint

from .. import minutes
from ..models import SERVICE
from ..rules.refusals import Refused
from ..schemas import turns as schemas
from ..turns import absences, answering, reading, seats, verbs
from ..turns import mentoring as mentors
from ..turns.verbs import Asked
from .answering import about_circle, in_circle
from .answers import forbidden, not_found, who
from .api import refuse
from .turns import opened

blueprint = Blueprint(SERVICE, "turns", "Turns and absences")
READS = access.scopes("read", role=("member", "organizer"))
ACTS = access.scopes(role=("member", "organizer"))


@blueprint.get("/circles/<id>/turns")
@READS
@blueprint.response(200, schemas.Turns)
def upcoming(id: str) -> dict[str, Any]:
    """The next six turns of a circle, each with why."""
    with db.read(SERVICE) as tx:
        opened(tx, id)
        found = reading.upcoming(tx, id)
    return {
        "turns": [
            {
                "session": each.session["id"],
                "day": each.session["day"],
                "starts_at": each.session["starts_at"],
                "person": each.person,
                "name": each.name or None,
                "state": each.state,
                "why": each.why,
                "answer_by": each.answer_by,
                "open": each.open,
                "turn": each.turn,
            }
            for each in found
        ]
    }


@blueprint.post("/turns/<id>/answer")
@ACTS
@blueprint.arguments(schemas.Answer)
@blueprint.response(200, schemas.Answered)
def answer(asked: dict[str, Any], id: str) -> dict[str, Any]:
    """Say yes or no to a turn of one's own; no may say until when one is away."""
    try:
        with db.write(SERVICE) as tx:
            row = seats.turn_of(tx, id)
            if row is None:
                not_found("turn")
            if row["person"] != who().person:
                forbidden("This turn is somebody else's", "Only they themselves can answer.")
            by = f"person/{who().person}"
            if asked["answer"] == "accept":
                return {"state": answering.accept(tx, id, by)}
            state = answering.decline(tx, id, by, asked["reason"])
            if asked["away"]:
                absences.add(tx, row["person"], by, asked["away"])
            return {"state": state}
    except Refused as refused:
        refuse(refused)


@blueprint.get("/mentoring")
@READS
@blueprint.response(200, schemas.Mentoring)
def mentoring() -> dict[str, Any]:
    """Sessions that one is asked to mentor, or will; with the circle's agenda and past minutes, until they are over."""
    found = []
    with db.read(SERVICE) as tx:
        for row in mentors.held(tx, who().person):
            about = about_circle(tx, who().person, row["session"])
            past = [(each, minutes.one(tx, each["id"])) for each in about["past"]] if about else []
            if about:
                found.append(
                    {
                        "turn": row["id"],
                        "state": row["state"],
                        "session": row["session"],
                        "agenda": about["agenda"],
                        "items": [item["text"] for item in about["open"]],
                        "past": [{**each, "text": minutes.texts(tx, of).text} for each, of in past if of],
                    }
                )
    return {"mentoring": found}


@blueprint.post("/sessions/<id>/coordinator")
@ACTS
@blueprint.response(200, schemas.Answered)
def take(id: str) -> dict[str, Any]:
    """Take a turn that nobody has."""
    try:
        with db.write(SERVICE) as tx:
            in_circle(tx, id, who().person)
            return {"state": answering.volunteer(tx, id, who().person, f"person/{who().person}")}
    except Refused as refused:
        refuse(refused)


@blueprint.post("/circles/<id>/turns/changes")
@ACTS
@blueprint.arguments(schemas.Verb)
@blueprint.response(200, schemas.Changed)
def change(asked: dict[str, Any], id: str) -> dict[str, Any]:
    """Swap, substitute, skip-me, skip-date: without `save` only what would change; with it, what was seen is done."""
    me, organizer = who(), "organizer" in who().roles
    wanted = Asked.of(asked)
    try:
        if not asked["save"]:
            with db.read(SERVICE) as tx:
                opened(tx, id)
                found = verbs.preview(tx, id, wanted, me.person, organizer)
            return {"effects": found.effects, "seen": found.token, "change": None}
        with db.write(SERVICE) as tx:
            opened(tx, id)
            found = verbs.preview(tx, id, wanted, me.person, organizer)
            made = verbs.save(tx, id, wanted, me.person, organizer, me.actor, asked["seen"])
            return {"effects": found.effects, "seen": found.token, "change": made or None}
    except Refused as refused:
        refuse(refused)


@blueprint.get("/absences")
@READS
@blueprint.response(200, schemas.Absences)
def listed() -> dict[str, Any]:
    """One's own absences that are not over."""
    with db.read(SERVICE) as tx:
        return {"absences": absences.listed(tx, who().person)}


@blueprint.post("/absences")
@ACTS
@blueprint.arguments(schemas.NewAbsence)
@blueprint.response(201, schemas.Freed)
def add(asked: dict[str, Any]) -> dict[str, Any]:
    """Note days on which one cannot; turns on them become free."""
    try:
        with db.write(SERVICE) as tx:
            return {"freed": absences.add(tx, who().person, f"person/{who().person}", asked)}
    except Refused as refused:
        refuse(refused)


@blueprint.delete("/absences/<id>")
@ACTS
@blueprint.response(204)
def withdraw(id: str) -> None:
    """Take an absence back."""
    try:
        with db.write(SERVICE) as tx:
            absences.withdraw(tx, id, who().person)
    except Refused as refused:
        refuse(refused)
