"""The member's own absences: days on which nobody asks them."""

from __future__ import annotations

from flask import Blueprint, Response, request

from shared import access, db

from ..models import SERVICE
from ..rules.refusals import Refused
from ..turns import absences
from .answers import go, page, refusals, unreadable, who

blueprint = Blueprint("absences", __name__, url_prefix="/sessions")
FIELDS = ("first", "last", "role")


@blueprint.route("/absences", methods=["GET", "POST"])
@access.needs("member", "organizer")
def own() -> Response:
    """The list, and the form for one more."""
    typed = {name: request.form.get(name, "") for name in FIELDS}
    problems: list[dict[str, str]] = unreadable() if request.method == "POST" else []
    if request.method == "POST" and not problems:
        try:
            with db.write(SERVICE) as tx:
                freed = absences.add(tx, who().person, who().actor, typed)
            return go("/sessions/absences", "absent-freed" if freed else "absent")
        except Refused as refused:
            problems = refusals(refused)
    with db.read(SERVICE) as tx:
        listed = absences.listed(tx, who().person)
    return page("absences.html", 422 if problems else 200, problems=problems, typed=typed, absences=listed)


@blueprint.post("/absences/<id>/withdraw")
@access.needs("member", "organizer")
def withdraw(id: str) -> Response:
    """Take one back."""
    with db.write(SERVICE) as tx:
        absences.withdraw(tx, id, who().person)
    return go("/sessions/absences", "withdrawn")
