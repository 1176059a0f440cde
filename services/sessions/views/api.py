"""Sessions' JSON API: circles, who is in them, when they meet. A route calls what the page of that action calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from sqlalchemy.engine import Connection

from shared import access, db
from shared.api import Blueprint, Empty
from shared.web import problem

from .. import people
from ..circles import health, journal, moving, policy, reading, settings, splitting
from ..invites import reading as invites
from ..meetings import asking, changing
from ..meetings import reading as meetings
from ..models import SERVICE
from ..rules.refusals import Missing, Refused, Stale
from ..schemas import circles as schemas
from . import mine as own
from . import showing
from .answers import who
from .pages import actor, reader_id, reader_zone

blueprint = Blueprint(SERVICE, "circles", "Circles, places and dates")


def _do(command: Callable[..., Any], *given: Any, **more: Any) -> Any:
    """One command by the organizer who asks; a refusal is 404, 409 or 422, with every field."""
    try:
        with db.write(SERVICE) as tx:
            return command(tx, actor(), *given, **more)
    except Refused as refused:
        refuse(refused)


def refuse(refused: Refused) -> NoReturn:
    """404, 409 or 422, with every field that cannot be taken."""
    errors = [each.as_dict() for each in refused.all]
    detail = " ".join(f"{each['field']}: {each['message']} {each['remedy']}" for each in errors)
    status = 409 if isinstance(refused, Stale) else 404 if isinstance(refused, Missing) else 422
    problem(status, "This cannot be done", detail, errors)


@blueprint.get("/circles")
@access.scopes("read")
@blueprint.response(200, schemas.Circles)
def circles() -> dict[str, Any]:
    """All open circles, in the order of their making."""
    with db.read(SERVICE) as tx:
        rows = reading.listed(tx)
        at = meetings.next_of(tx, [row["id"] for row in rows])
    return {"circles": [_circle(row, at.get(row["id"])) for row in rows]}


def _circle(row: Mapping[str, Any], at: Any) -> dict[str, Any]:
    return {**row, "next": at, "state": health.state(row["closed_at"] is not None, row["count"], at is not None)}


@blueprint.get("/circles/<id>")
@access.scopes("read")
@blueprint.response(200, schemas.CircleWhole)
def circle(id: str) -> dict[str, Any]:
    """One circle: members, dates, journal."""
    with db.read(SERVICE) as tx:
        row, now = reading.one(tx, id), meetings.current(tx, id)
        members, dates = reading.members(tx, id), showing.sessions(tx, id)
        at = meetings.next_of(tx, [id]).get(id)
        return {
            **_circle({**row, "count": len(members)}, at),
            "members": members,
            "series": now,
            "series_id": changing.token(now),
            "sessions": dates,
            "journal": showing.moments(tx, journal.entries(tx, id), reader_zone(tx)),
        }


@blueprint.put("/circles/<id>/settings")
@access.scopes()
@blueprint.arguments(schemas.Settings)
@blueprint.response(200, schemas.Said)
def save_settings(given: dict[str, Any], id: str) -> dict[str, str]:
    """Its name, and how many it takes."""
    _do(settings.save_circle, id, given["name"], "" if given["most"] is None else str(given["most"]))
    return {"done": "saved"}


@blueprint.post("/circles/<id>/series")
@access.scopes()
@blueprint.arguments(schemas.Wanted)
@blueprint.response(200, schemas.Plan)
def set_series(given: dict[str, Any], id: str) -> dict[str, Any]:
    """Begin a series, or change it from its first date on; `preview` says what that does, and does nothing.

    `clashes` is no refusal: without `preview` it is done all the same, and can be undone by the circle's journal.
    """
    try:
        wanted = asking.read({name: "" if given[name] is None else str(given[name]) for name in asking.FIELDS})
        with db.read(SERVICE) as tx:
            reading.open_one(tx, id)
            plan = changing.preview(tx, id, wanted)
    except Refused as refused:
        refuse(refused)
    new = None if given["preview"] else _do(changing.save, id, wanted, given["reason"], seen=given["seen"])
    changes = [
        {"id": row["id"], "was": row["starts_at"], "starts_at": values["starts_at"]} for row, values in plan.changes
    ]
    ids = {name: [row["id"] for row in getattr(plan, name)] for name in ("cancels", "stays")}
    adds = [each.begins for each in plan.adds]
    told = {"warnings": plan.warnings, "clashes": plan.clashes}
    return {"series": new, "changes": changes, **ids, "adds": adds, **told}


@blueprint.post("/sessions/<id>/skip")
@access.scopes()
@blueprint.arguments(schemas.Skip)
@blueprint.response(200, schemas.Said)
def skip(given: dict[str, Any], id: str) -> dict[str, str]:
    """Leave out one date."""
    _do(changing.skip, id, given["reason"], seen=_seen(given))
    return {"done": "skipped"}


@blueprint.post("/sessions/<id>/move")
@access.scopes()
@blueprint.arguments(schemas.MoveDate)
@blueprint.response(200, schemas.Moved)
def move_date(given: dict[str, Any], id: str) -> dict[str, Any]:
    """Put one session on another date or hour; `done` carries a warning when clocks change over it.

    `clashes` says who has something else then; it is no refusal. Ask with `preview` first, which moves nothing; without
    it the session is moved all the same, and can be undone by the circle's journal.
    """
    to = (given["day"], given["time"])
    with db.read(SERVICE) as tx:
        clashes = changing.clashes_of_move(tx, id, *to)
    if given["preview"]:
        return {"done": "nothing: this is a preview", "clashes": clashes}
    warning = _do(changing.move, id, *to, given["reason"], seen=_seen(given))
    return {"done": f"moved. {warning}".strip(), "clashes": clashes}


def _seen(given: Mapping[str, Any]) -> str | None:
    return None if given["seen"] is None else str(given["seen"])


@blueprint.post("/circles/<id>/split")
@access.scopes()
@blueprint.arguments(schemas.Split)
@blueprint.response(200, schemas.Groups)
def split(given: dict[str, Any], id: str) -> dict[str, Any]:
    """Split it: as proposed by the hours people share, or into these groups."""

    def work(tx: Connection, by: str) -> dict[str, Any]:
        groups = given["groups"] or splitting.proposal(tx, id, given["count"])
        made = [] if given["preview"] else splitting.split(tx, by, id, groups, given["reason"])
        return {"groups": groups, "circles": made}

    return dict(_do(work))


@blueprint.post("/circles/<id>/merge")
@access.scopes()
@blueprint.arguments(schemas.Merge)
@blueprint.response(200, schemas.Said)
def merge(given: dict[str, Any], id: str) -> dict[str, str]:
    """Everybody into another circle of the stream; this one is closed."""
    _do(moving.merge, id, given["into"], given["reason"])
    return {"done": "merged"}


@blueprint.post("/circles/<id>/members")
@access.scopes()
@blueprint.arguments(schemas.Place)
@blueprint.response(200, schemas.Said)
def place(given: dict[str, Any], id: str) -> dict[str, str]:
    """Put a person into this circle: from another one, or out of the line."""
    _do(moving.move, given["person"], id, given["reason"])
    return {"done": "moved"}


@blueprint.post("/changes/<id>/undo")
@access.scopes(role=("member", "organizer"))
@blueprint.arguments(Empty, required=False)
@blueprint.response(200, schemas.Said)
def undo(_body: Any, id: str) -> dict[str, str]:
    """Take back one entry of a journal: members what they did themselves."""
    try:
        with db.write(SERVICE) as tx:
            journal.undo(tx, who().actor, id)
    except Refused as refused:
        refuse(refused)
    return {"done": "undone"}


@blueprint.get("/policy")
@access.scopes("read")
@blueprint.response(200, schemas.Policy)
def read_policy() -> policy.Policy:
    """Sizes and places."""
    with db.read(SERVICE) as tx:
        return policy.read(tx)


@blueprint.put("/policy")
@access.scopes()
@blueprint.arguments(schemas.Policy)
@blueprint.response(200, schemas.Policy)
def save_policy(given: dict[str, Any]) -> policy.Policy:
    """Set them; streams that are not named stay as they are."""
    places = {f"places.{slug}": "" if cap is None else str(cap) for slug, cap in given["places"].items()}
    _do(settings.save, {"most": str(given["most"]), **places})
    with db.read(SERVICE) as tx:
        return policy.read(tx)


@blueprint.get("/waiting")
@access.scopes("read")
@blueprint.response(200, schemas.Line)
def waiting() -> dict[str, Any]:
    """Who waits for a place, stream by stream, in order."""
    with db.read(SERVICE) as tx:
        return {"line": [row for slug in people.streams(tx) for row in reading.line(tx, slug)]}


@blueprint.get("/mine")
@access.scopes(role="member")
@blueprint.response(200, schemas.Mine)
def mine() -> dict[str, Any]:
    """The reader's circle and sessions with their answers, or their position in line."""
    with db.read(SERVICE) as tx:
        me = reader_id()
        shown = own.shown(tx, me)
        ids = [row["id"] for row in shown["sessions"]]
        duties, said, can = invites.duties(tx, ids), invites.answers(tx, ids), invites.open_invites(tx, me)
    for row in shown["sessions"]:
        row |= {**duties[row["id"]], "answer": said[row["id"]].get(me), "can_answer": row["id"] in can}
    return {**shown, "position": shown["line"]["position"] if shown["line"] else None}
