"""The organizer's pages on which they decide something about a session in somebody else's place, with a reason."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy.engine import Connection

from shared import access, db

from .. import attendance, deciding, minutes, people
from ..deciding import Asked
from ..invites import reading as invites
from ..models import SERVICE
from ..rules.refusals import Missing, Refused
from ..rules.rotation import Role
from ..rules.states import gaps
from ..turns import reading as turns
from ..turns import seats
from .pages import actor, go, page, reader_zone, refusals, unreadable

blueprint = Blueprint("deciding", __name__, url_prefix="/sessions/s")
FIELDS = ("person", "agreed", "answer", "reason", "people")
# By deed: the title of its page, and the label of the button that does it.
WORDS = {
    "lead": ("Decide who leads", "Give it to them"),
    "mentor": ("Decide who mentors", "Give it to them"),
    "free-lead": ("Take the turn away from who leads", "Take it away"),
    "free-mentor": ("Take the turn away from who mentors", "Take it away"),
    "answer": ("Answer for somebody", "Answer for them"),
    "attendance": ("Correct who was there", "Save who was there"),
    "close": ("Close it as it is", "Close the session"),
    "reopen": ("Open the minutes for correction", "Open them for 48 hours"),
    "resend": ("Send the invite once more", "Send it"),
}
OVER = {"lead": ("Correct who led", "Correct it"), "mentor": ("Correct who mentored", "Correct it")}


@blueprint.get("/<id>/decide")
@access.needs("organizer")
def choose(id: str) -> Response:
    """All that can be decided about this session now."""
    with db.read(SERVICE) as tx:
        of = _session(tx, id)
        found, shown = deciding.possible(tx, of), _shown(tx, of)
    words = OVER if shown["over"] else {}
    return page("decide.html", deeds=[(deed, (words.get(deed) or WORDS[deed])[0]) for deed in found], **shown)


@blueprint.route("/<id>/decide/<deed>", methods=["GET", "POST"])
@access.needs("organizer")
def one(id: str, deed: str) -> Response:
    """The form of one deed; what would happen, where somebody is mailed; and the deed."""
    if deed not in WORDS:
        raise Missing("deed", "There is no such thing to decide.", "Choose one from the session's list.")
    given = request.form
    typed: dict[str, Any] = {name: given.get(name, request.args.get(name, "")) for name in FIELDS}
    marks = {name.removeprefix("there-"): value for name, value in given.items() if name.startswith("there-")}
    problems = unreadable() if request.method == "POST" else []
    found = None
    if request.method == "POST" and not problems and given.get("step") != "edit":
        there = {person: value == "yes" for person, value in marks.items() if value in ("yes", "no")}
        asked = Asked(
            deed, typed["reason"], typed["person"], typed["agreed"] == "yes", typed["answer"], there,
            (typed["people"],) if typed["people"] else (),
        )  # fmt: skip
        try:
            if deed in deciding.MAILS and given.get("step") != "save":
                found = deciding.preview(actor(), id, asked)
            else:
                with db.write(SERVICE) as tx:
                    deciding.decide(tx, actor(), id, asked, given.get("seen") or None)
                return go(f"/sessions/s/{id}/decide", "decided")
        except Refused as refused:
            problems = refusals(refused)
            if any(each.get("stale") for each in problems):
                found = deciding.preview(actor(), id, asked)
    with db.read(SERVICE) as tx:
        of = _session(tx, id)
        shown, choices = _shown(tx, of), _choices(tx, of, deed)
    title, label = (OVER.get(deed) if shown["over"] else None) or WORDS[deed]
    template = "decide_preview.html" if found else "decide_one.html"
    told: dict[str, Any] = {
        "deed": deed,
        "title": title,
        "label": label,
        "typed": typed,
        "marks": marks,
        "found": found,
    }
    told["mails"] = deed in deciding.MAILS
    return page(template, problems, **told, **shown, **choices)


def _session(tx: Connection, id: str) -> Any:
    of = seats.about(tx, id)
    if of is None:
        raise Missing("session", "There is no such session.", "Choose one from a circle's page.")
    return of


def _shown(tx: Connection, of: Any) -> dict[str, Any]:
    holders = {role.value: seats.holder(seats.turns(tx, of["id"], role)) for role in Role}
    names = people.names(tx, [row["person"] for row in holders.values() if row])
    left = minutes.left(tx, of)
    return {
        "session": of,
        "heading": minutes.title(of),
        "over": of["state"] not in seats.AHEAD or not _ahead(of),
        "zone": reader_zone(tx),
        "holders": {role: (names[row["person"]], row["state"]) for role, row in holders.items() if row},
        "missing": [gap for gap in gaps(left) if gap not in (of["gaps"] or {})],
        "reasons": of["gaps"] or {},
        "published": minutes.texts(tx, of).published_at,
    }


def _ahead(of: Any) -> bool:
    try:
        seats.ahead(of)
    except Refused:
        return False
    return True


def _choices(tx: Connection, of: Any, deed: str) -> dict[str, Any]:
    """Whom the form names."""
    if deed in ("lead", "mentor"):
        role = Role.COORDINATOR if deed == "lead" else Role.MENTOR
        return {"people": turns.choices(tx, of["circle"], role)}
    if deed == "attendance":
        return {"sheet": attendance.sheet(tx, of)}
    if deed in ("answer", "resend"):
        told = invites.invited_to(tx, of["id"])
        names, said = people.names(tx, told), invites.answers(tx, [of["id"]])[of["id"]]
        words = {"coming": "comes", "cannot": "cannot come"}
        listed = [(id, f"{names[id]} ({words.get(said.get(id, ''), 'has not answered')})") for id in told]
        return {"people": sorted(listed, key=lambda each: each[1].casefold())}
    return {}
