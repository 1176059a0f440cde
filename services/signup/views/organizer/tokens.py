"""API tokens: who has which, and when each was last used; made here, shown once, revoked for good."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, request

from shared import access, bearer, db

from ... import api_tokens, program, rules
from ..pages import go, not_found, reader_id, refusals, unreadable
from .acting import HOME, do, page, sure

blueprint = Blueprint("organizer_tokens", __name__, url_prefix=f"{HOME}/tokens")
URL = f"{HOME}/tokens"


@blueprint.get("")
@access.needs("organizer")
def listed() -> Response:
    """All tokens, and a form to make one."""
    return _page({"name": "", "scope": "read", "days": str(bearer.DAYS)})


@blueprint.post("")
@access.needs("organizer")
def make() -> Response:
    """Make one, and show it: here, in the answer to the press, and never again."""
    typed = {field: request.form.get(field, "") for field in ("name", "scope", "days")}
    problems = unreadable()
    if not problems:
        try:
            days = int(typed["days"]) if typed["days"].isdecimal() and len(typed["days"]) < 9 else 0
            made = do(api_tokens.create, reader_id(), typed["name"], typed["scope"], days)
            return page("tokens", "token.html", token=made, name=typed["name"].strip())
        except rules.Refused as refused:
            problems = refusals(refused)
    return _page(typed, problems)


def _page(typed: dict[str, str], problems: list[dict[str, str]] | None = None) -> Response:
    with db.read("signup") as tx:
        found, zone = api_tokens.listed(tx), program.load(tx).timezone
    scopes = [(name, f"{name.capitalize()}: {meaning[0].lower()}{meaning[1:]}") for name, meaning in _scopes()]
    given = {"tokens": [_told(row) for row in found], "scopes": scopes, "most": bearer.DAYS_MOST}
    return page("tokens", "tokens.html", problems, typed=typed, zone=zone, **given)


def _scopes() -> list[tuple[str, str]]:
    return list(bearer.SCOPES.items())


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """A token with machine time as instants, which pages show in a zone."""
    return {**row, **{name: row[name] and datetime.fromtimestamp(row[name], UTC) for name in ("until", "used")}}


@blueprint.route("/<id>/revoke", methods=["GET", "POST"])
@access.needs("organizer")
def revoke(id: str) -> Response:
    """Void it, after asking."""
    with db.read("signup") as tx:
        row = next((each for each in api_tokens.listed(tx) if each["id"] == id), None) or not_found("token")
    if request.method == "POST":
        do(api_tokens.revoke, id)
        return go(URL, "revoked")
    return sure(
        "tokens",
        heading=f"Revoke “{row['name']}”?",
        happens=[
            "Whatever uses it is refused from now on; the other services hear of it within seconds.",
            "Tokens that were made with it are revoked too.",
            "This cannot be undone. To go on, make another token, and give it to the program that used this one.",
        ],
        label="Revoke",
        back={"href": URL, "label": "API tokens"},
    )
