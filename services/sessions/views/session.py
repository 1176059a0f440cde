"""A session's page, for those whom it concerns: what is planned, what was agreed, and how the minutes came about."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response
from sqlalchemy.engine import Connection

from shared import access, clock, db

from .. import attendance, items, minutes, people, rights
from ..gatherings import telling as gatherings
from ..invites import reading as invites
from ..models import SERVICE
from ..rules import merging
from ..rules.states import SessionState
from .answers import forbidden, go, not_found, page, who
from .items import act

blueprint = Blueprint("session", __name__, url_prefix="/sessions/s")


def opened(tx: Connection, id: str) -> minutes.Row:
    """The session, if the reader may see it."""
    of = minutes.one(tx, id)
    if of is None:
        not_found("session")
    reader = who()
    if not rights.may_read(tx, of, reader.person, reader.roles):
        forbidden("This session is another circle's", "Its pages are for its circle, its mentors and the organizers.")
    return of


def facts(tx: Connection, of: minutes.Row, person: str) -> dict[str, Any]:
    """What every page about a session shows of it to that person, in their zone."""
    duties, texts = people.duties(tx, of["id"]), minutes.texts(tx, of)
    return {
        "session": of,
        "heading": minutes.title(of),
        "zone": people.zone(tx, person),
        "now": clock.now(),
        "duties": duties,
        "names": people.names(tx, duties.values()),
        "texts": texts,
        "until": texts.correct_until,
    }


@blueprint.get("/<id>")
@access.needs("member", "organizer")
def show(id: str) -> Response:
    """The page itself."""
    with db.read(SERVICE) as tx:
        if gatherings.is_one(tx, id):  # calendars lead here, whatever it is
            return go(f"/sessions/gatherings/{id}")
        of = opened(tx, id)
        reader = who()
        given = {
            **facts(tx, of, reader.person),
            "leads": rights.may_lead(tx, of, reader.person, reader.roles),
            "reader_id": reader.person,
            "open_items": items.open_ones(tx, of),
            "sheet": attendance.sheet(tx, of),
            "turnouts": attendance.turnouts(tx, of),
            "can_answer": of["id"] in invites.open_invites(tx, reader.person),
            "cancelled": of["state"] == SessionState.CANCELLED,
        }
    return page("session.html", **given)


@blueprint.get("/<id>/history")
@access.needs("member", "organizer")
def history(id: str) -> Response:
    """How the published minutes were corrected; who leads it also sees what could not be merged."""
    with db.read(SERVICE) as tx:
        of = opened(tx, id)
        reader = who()
        leads = rights.may_lead(tx, of, reader.person, reader.roles)
        given = history_of(tx, of, reader.person, leads)
    return page("history.html", **given, back=f"/sessions/s/{id}/lead" if leads else f"/sessions/s/{id}")


def history_of(tx: Connection, of: minutes.Row, person: str, aside: bool) -> dict[str, Any]:
    """What history.html shows but `back`: the kept texts, newest first, each with what it changed."""
    kept = minutes.history(tx, of["id"], aside)
    entries = []
    for number, each in enumerate(kept):
        before = next((old["text"] for old in kept[number + 1 :] if old["kind"] != "aside"), None)
        changed = each["kind"] == "corrected" and before is not None
        entries.append(
            {
                **each,
                "by_words": people.actor_name(tx, each["by"]),
                "lines": merging.changes(before or "", each["text"]) if changed else None,
            }
        )
    return {**facts(tx, of, person), "entries": entries}


@blueprint.get("/<id>/minutes.md")
@access.needs("member", "organizer")
def markdown(id: str) -> Response:
    """The minutes as a Markdown file."""
    with db.read(SERVICE) as tx:
        of = opened(tx, id)
        texts = minutes.texts(tx, of)
    if not texts.published_at:
        not_found("file: these minutes are not published yet")
    answer = make_response(f"# {minutes.title(of)}, {of['day']}\n\n{texts.text}\n")
    answer.headers["Content-Type"] = "text/markdown; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="minutes-{of["day"]}.md"'
    return answer


@blueprint.post("/<id>/items/<item>")
@access.needs("member", "organizer")
def settle(id: str, item: str) -> Response:
    """Tick one's own action item on the session's page."""
    with db.write(SERVICE) as tx:
        opened(tx, id)
        said = act(tx, item, who().person, who().actor)
    return go(f"/sessions/s/{id}", said, "items")
