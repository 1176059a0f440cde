"""The pool of mentors, and goals that were reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared import access, db
from shared.api import CONFLICT, NOT_FOUND, TOO_SOON, WRONG, Blueprint, Empty

from ... import people, schemas
from ..me import own
from ..pages import not_found, reader_id
from .acting import do, organizer, person

blueprint = Blueprint("signup", "mentors", "Who may be asked to mentor where nobody is above; goals reached")
OWN = access.scopes(role="member")
EITHER = access.scopes(role=("member", "organizer"))


@blueprint.get("/mentors")
@access.scopes("read")
@blueprint.response(200, schemas.Mentors)
def listed() -> dict[str, Any]:
    """The pool: guests, alumni, organizers; also who was asked, and who is in it no more."""
    with db.read("signup") as tx:
        return {"mentors": people.pool(tx)}


@blueprint.post("/mentors")
@access.scopes()
@blueprint.arguments(schemas.GuestGiven)
@blueprint.response(201, schemas.Mentor)
@blueprint.doc(responses={409: CONFLICT, 422: WRONG, 429: TOO_SOON})
def ask(body: dict[str, Any]) -> Any:
    """Ask somebody by mail whether they may be asked to mentor; they are in the pool with their yes."""
    return _one(do(people.ask_guest, body, by=organizer))


@blueprint.post("/mentors/<person>/ask")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(202, schemas.Mentor)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT, 429: TOO_SOON})
def ask_again(_body: Any, person: str) -> Any:
    """Mail the question once more; at most once an hour."""
    _one(person)
    do(people.ask_again, person, by=organizer)
    return _one(person)


@blueprint.delete("/mentors/<person>")
@access.scopes()
@blueprint.response(204)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def remove(person: str) -> None:
    """Ask them no more; turns that they have become free. Restore undoes it."""
    _one(person)
    do(people.remove_mentor, person, by=organizer)


@blueprint.post("/mentors/<person>/restore")
@access.scopes()
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Mentor)
@blueprint.doc(responses={404: NOT_FOUND, 409: CONFLICT})
def restore(_body: Any, person: str) -> Any:
    """Put them back as they were before they were removed."""
    _one(person)
    do(people.restore_mentor, person, by=organizer)
    return _one(person)


@blueprint.get("/goals")
@access.scopes("read")
@blueprint.response(200, schemas.AllReached)
def goals() -> dict[str, Any]:
    """Every goal that was reached; words where they are shared."""
    with db.read("signup") as tx:
        return {"goals": people.reached(tx), "counts": people.goals_counted(tx)}


# ---- one's own ----


@blueprint.get("/me/mentor")
@EITHER
@blueprint.response(200, schemas.Mentoring)
def mine() -> Mapping[str, Any]:
    """Whether the reader may be asked to mentor from the pool."""
    with db.read("signup") as tx:
        return own(tx)


@blueprint.put("/me/mentor")
@EITHER
@blueprint.arguments(schemas.MentoringGiven)
@blueprint.response(200, schemas.Mentoring)
@blueprint.doc(responses={409: CONFLICT, 422: WRONG})
def offer(body: dict[str, Any]) -> Mapping[str, Any]:
    """Say that one may be asked, and in which streams: for guests, alumni and organizers."""
    return _done(people.offer, body["streams"])


@blueprint.delete("/me/mentor")
@EITHER
@blueprint.response(204)
@blueprint.doc(responses={409: CONFLICT})
def leave() -> None:
    """Be asked no more."""
    _done(people.leave_pool)


@blueprint.get("/me/goals")
@OWN
@blueprint.response(200, schemas.Goals)
def reached() -> dict[str, Any]:
    """One's own goals, in one's own words."""
    return _goals()


@blueprint.put("/me/goal")
@OWN
@blueprint.arguments(schemas.GoalGiven)
@blueprint.response(200, schemas.Goals)
@blueprint.doc(responses={409: CONFLICT, 422: WRONG})
def reach(body: dict[str, Any]) -> dict[str, Any]:
    """Say that one reached the goal of one's stream; once more, and it says what the words are now."""
    _done(people.reach, body["words"], body["shared"])
    return _goals()


@blueprint.delete("/me/goals/<goal>")
@OWN
@blueprint.response(204)
@blueprint.doc(responses={409: CONFLICT})
def take_back(goal: str) -> None:
    """It was a mistake: it is counted no more."""
    _done(people.take_back, goal)


@blueprint.post("/me/alumni")
@OWN
@blueprint.arguments(schemas.AlumniGiven, required=False)
@blueprint.response(200, schemas.Me)
@blueprint.doc(responses={409: CONFLICT, 422: WRONG})
def graduate(body: dict[str, Any]) -> Mapping[str, Any]:
    """Become alumni: out of circles and turns. Come back undoes it."""
    return _done(people.graduate, body["mentors"])


def _goals() -> dict[str, Any]:
    with db.read("signup") as tx:
        return {"goals": people.goals_of(tx, own(tx)["id"])}


def _done(command: Any, *given: Any) -> Mapping[str, Any]:
    with db.read("signup") as tx:
        own(tx)
    do(command, reader_id(), *given, by=person)
    with db.read("signup") as tx:
        return own(tx)


def _one(person: str) -> Any:
    with db.read("signup") as tx:
        return next((row for row in people.pool(tx) if row["id"] == person), None) or not_found("mentor")
