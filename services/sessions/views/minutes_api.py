"""Sessions' JSON API: what a session leaves behind, for those who may see it, and by who leads it or organizes."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from shared import access, db
from shared.api import Blueprint
from shared.web import problem

from .. import attendance, items, minutes, people, resources, rights
from ..models import SERVICE
from ..rules.refusals import Refused
from ..rules.rotation import Role
from ..rules.states import gaps
from ..schemas import minutes as minutes_schemas
from ..turns import answering as turns
from .answers import forbidden, not_found, who
from .api import refuse

blueprint = Blueprint(SERVICE, "minutes", "Agendas, minutes, attendance, items")
READS = access.scopes("read", role=("member", "organizer"))
ACTS = access.scopes(role=("member", "organizer"))


def _seen(tx: Connection, id: str, leading: bool = True) -> minutes.Row:
    """The session, if the reader may see it; with `leading`, if they may work on it."""
    of, reader = minutes.one(tx, id), who()
    if of is None:
        not_found("session")
    may = rights.may_lead if leading else rights.may_read
    if not may(tx, of, reader.person, reader.roles):
        forbidden(
            "Not yours", "Only who coordinates this session, and organizers, can." if leading else "Its circle can."
        )
    return of


@blueprint.get("/sessions/<id>")
@READS
@blueprint.response(200, minutes_schemas.MinutedSession)
def one(id: str) -> dict[str, Any]:
    """A session with its agenda, minutes, attendance and open action items."""
    with db.read(SERVICE) as tx:
        of = _seen(tx, id, leading=False)
        texts, duties, reader = minutes.texts(tx, of), people.duties(tx, id), who()
        seen = texts.published_at or rights.may_lead(tx, of, reader.person, reader.roles)
        return {
            **of,
            "title": minutes.title(of),
            "coordinator": duties.get("coordinator"),
            "mentor": duties.get("mentor"),
            "agenda": texts.agenda,
            "agenda_version": texts.agenda_version,
            "text": texts.text if seen else None,
            "version": texts.version if seen else None,
            "published_at": texts.published_at,
            "missing": [gap.value for gap in gaps(minutes.left(tx, of))],
            "gaps": of["gaps"] or {},
            "attendance": attendance.sheet(tx, of),
            "items": items.open_ones(tx, of),
        }


@blueprint.put("/sessions/<id>/agenda")
@ACTS
@blueprint.arguments(minutes_schemas.VersionedText)
@blueprint.response(200, minutes_schemas.SavedText)
def save_agenda(asked: dict[str, Any], id: str) -> minutes.Saved:
    """Save the agenda: merged with what was saved since that version, or 409."""
    return _save(asked, id, "agenda")


@blueprint.put("/sessions/<id>/minutes")
@ACTS
@blueprint.arguments(minutes_schemas.VersionedText)
@blueprint.response(200, minutes_schemas.SavedText)
def save_minutes(asked: dict[str, Any], id: str) -> minutes.Saved:
    """Save the draft of the minutes: merged with what was saved since that version, or 409."""
    return _save(asked, id, "text")


def _save(asked: dict[str, Any], id: str, name: str) -> minutes.Saved:
    with db.write(SERVICE) as tx:
        _seen(tx, id)
        try:
            saved = minutes.save(tx, id, name, asked["version"], asked["text"], who().actor)
        except Refused as refused:
            refuse(refused)
    return _taken(saved)


def _taken(saved: minutes.Saved) -> minutes.Saved:
    if saved.state == "conflict":
        remedy = f"Get version {saved.version}, put both together, and send it again. Yours is kept in the history."
        problem(409, "Somebody else changed the same lines", remedy)
    if saved.state == "published":
        problem(409, "The minutes are published", "Correct them at /sessions/api/sessions/<id>/corrections.")
    return saved


@blueprint.post("/sessions/<id>/corrections")
@ACTS
@blueprint.arguments(minutes_schemas.Correction)
@blueprint.response(200, minutes_schemas.SavedText)
def correct(asked: dict[str, Any], id: str) -> minutes.Saved:
    """Correct published minutes, within 48 hours."""
    with db.write(SERVICE) as tx:
        _seen(tx, id)
        try:
            saved = minutes.correct(tx, id, asked["version"], asked["text"], who().actor, asked["tell"])
        except Refused as refused:
            refuse(refused)
    return _taken(saved)


@blueprint.put("/sessions/<id>/attendance")
@ACTS
@blueprint.arguments(minutes_schemas.Marks)
@blueprint.response(204)
def mark(asked: dict[str, Any], id: str) -> None:
    """Say who was there and who was not."""
    with db.write(SERVICE) as tx:
        _seen(tx, id)
        try:
            attendance.record(tx, minutes.taken(tx, id), asked["marks"], who().actor)
        except Refused as refused:
            refuse(refused)


@blueprint.put("/sessions/<id>/gaps/<gap>")
@ACTS
@blueprint.arguments(minutes_schemas.Gap)
@blueprint.response(204)
def explain(asked: dict[str, Any], id: str, gap: str) -> None:
    """Record why minutes, attendance or the next coordinator (`next`) stay missing."""
    with db.write(SERVICE) as tx:
        _seen(tx, id)
        try:
            minutes.record_gap(tx, id, gap, asked["reason"], who().actor)
        except Refused as refused:
            refuse(refused)


@blueprint.post("/sessions/<id>/publish")
@ACTS
@blueprint.arguments(minutes_schemas.Publish, required=False)
@blueprint.response(200, minutes_schemas.Published)
def publish(asked: dict[str, str], id: str) -> dict[str, bool]:
    """Publish the minutes, once: the circle gets them by mail."""
    with db.write(SERVICE) as tx:
        _seen(tx, id)
        try:
            return {"published": minutes.publish(tx, id, who().actor, asked["served"])}
        except Refused as refused:
            refuse(refused)


@blueprint.post("/sessions/<id>/ask")
@ACTS
@blueprint.arguments(minutes_schemas.Ask)
@blueprint.response(204)
def ask(asked: dict[str, str], id: str) -> None:
    """Who leads a session asks somebody to mentor it, or to coordinate the next one: theirs with their own yes."""
    with db.write(SERVICE) as tx:
        of, role = _seen(tx, id), Role(asked["role"])
        then = of if role == Role.MENTOR else minutes.following(tx, of)
        if then is None:
            not_found("next session")
        try:
            turns.ask(tx, then["id"], asked["person"], who().actor, role)
        except Refused as refused:
            refuse(refused)


@blueprint.post("/sessions/<id>/items")
@ACTS
@blueprint.arguments(minutes_schemas.NewItem)
@blueprint.response(201, minutes_schemas.ActionItem)
def add_item(asked: dict[str, str], id: str) -> dict[str, Any]:
    """Add an action item."""
    with db.write(SERVICE) as tx:
        _seen(tx, id)
        try:
            made = items.add(tx, minutes.taken(tx, id), asked, who().actor)
        except Refused as refused:
            refuse(refused)
        return next(each for each in items.of_session(tx, id) if each["id"] == made)


@blueprint.post("/items/<id>/<verb>")
@ACTS
@blueprint.response(204)
def settle(id: str, verb: str) -> None:
    """Say that an item is `done`, `dropped`, or `moved` to the session after; or `undo` that.

    Its owner may, and who leads.
    """
    if verb not in {"done", "dropped", "moved", "undo"}:
        not_found("verb")
    with db.write(SERVICE) as tx:
        _may_settle(tx, id, owner_too=True)
        try:
            if verb == "undo":
                items.undo(tx, id, who().actor)
            else:
                items.settle(tx, id, verb, who().actor)
        except Refused as refused:
            refuse(refused)


@blueprint.put("/items/<id>/owner")
@ACTS
@blueprint.arguments(minutes_schemas.Owner)
@blueprint.response(204)
def give(asked: dict[str, str], id: str) -> None:
    """Give an open item to somebody else of the circle."""
    with db.write(SERVICE) as tx:
        _may_settle(tx, id, owner_too=False)
        try:
            items.give(tx, id, asked["owner"], who().actor)
        except Refused as refused:
            refuse(refused)


def _may_settle(tx: Connection, id: str, owner_too: bool) -> None:
    row = items.one(tx, id)
    if row is None:
        not_found("action item")
    if not (owner_too and row["owner"] == who().person):
        _seen(tx, row["session"])


@blueprint.get("/resources/<stream>")
@READS
@blueprint.arguments(minutes_schemas.ResourcesPage, location="query")
@blueprint.response(200, minutes_schemas.Resources)
def links(asked: dict[str, int], stream: str) -> dict[str, Any]:
    """Links shared in a stream's minutes, newest first, 50 a page."""
    with db.read(SERVICE) as tx:
        if stream not in people.streams(tx):
            not_found("stream")
        if who().token is None and not rights.may_browse(tx, who().person, who().roles):
            forbidden("These links are the members'", "A guest sees what belongs to the session they mentor.")
        found, total = resources.shown(tx, stream, page=asked["page"])
    return {"resources": found, "total": total}


@blueprint.put("/resources/<id>/hidden")
@ACTS
@blueprint.arguments(minutes_schemas.Hidden)
@blueprint.response(204)
def hide(asked: dict[str, bool], id: str) -> None:
    """Hide a link, or show it again."""
    with db.write(SERVICE) as tx:
        row = resources.one(tx, id)
        if row is None:
            not_found("link")
        if not rights.may_hide(tx, row, who().person, who().roles):
            forbidden("Another circle shared this link", "That circle and the organizers can hide it.")
        resources.hide(tx, id, asked["hidden"])
