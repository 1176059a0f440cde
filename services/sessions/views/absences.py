"""The member's own absences: days on which nobody asks them. Who mentors finds them by a link, too."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db

from ..models import SERVICE
from ..rules.refusals import Refused
from ..turns import absences
from .answering import claims
from .answers import go, page, refusals, unreadable, who

blueprint = Blueprint("absences", __name__, url_prefix="/sessions")
FIELDS = ("first", "last", "role")


@blueprint.route("/absences", methods=["GET", "POST"])
@access.needs("member", "organizer")
def own() -> Response:
    """The list, and the form for one more."""
    return _own(who().person, "/sessions/absences", who().actor)


@blueprint.route("/away/<token>", methods=["GET", "POST"])
def linked(token: str) -> Response:
    """The same, by a link of who mentors."""
    person = _by_link(token)
    return _own(person, f"/sessions/away/{token}", f"person/{person}", linked=True)


def _by_link(token: str) -> str:
    return claims("away", token)["person"]


def _own(person: str, base: str, by: str, linked: bool = False) -> Response:
    typed = {name: request.form.get(name, "") for name in FIELDS}
    problems: list[dict[str, str]] = unreadable() if request.method == "POST" else []
    if request.method == "POST" and not problems:
        try:
            with db.write(SERVICE) as tx:
                freed = absences.add(tx, person, by, typed)
            return go(base, "absent-freed" if freed else "absent")
        except Refused as refused:
            problems = refusals(refused)
    with db.read(SERVICE) as tx:
        listed = absences.listed(tx, person)
    shown = {"problems": problems, "typed": typed, "absences": listed, "base": base, "linked": linked}
    return page("absences.html", 422 if problems else 200, **shown)


@blueprint.post("/absences/<id>/withdraw")
@access.needs("member", "organizer")
def withdraw(id: str) -> Response:
    """Take one back."""
    with db.write(SERVICE) as tx:
        absences.withdraw(tx, id, who().person)
    return go("/sessions/absences", "withdrawn")


@blueprint.post("/away/<token>/<id>/withdraw")
def linked_withdraw(token: str, id: str) -> Response:
    """The same, by the link."""
    with db.write(SERVICE) as tx:
        absences.withdraw(tx, id, _by_link(token))
    return go(f"/sessions/away/{token}", "withdrawn")
