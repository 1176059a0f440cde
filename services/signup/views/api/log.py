"""The audit log."""

from __future__ import annotations

from typing import Any

from shared import access, db
from shared.api import Blueprint

from ... import audit, schemas
from ..organizer import wording

blueprint = Blueprint("signup", "log", "Who did what")


@blueprint.get("/audit")
@access.scopes("read")
@blueprint.arguments(schemas.AuditQuery, location="query")
@blueprint.response(200, schemas.Audit)
def listed(asked: dict[str, Any]) -> dict[str, Any]:
    """The log, the latest first, 50 a page."""
    with db.read("signup") as tx:
        page = audit.entries(tx, asked["before"])
    told = [
        {**row, "words": wording.words(row["what"], row["detail"]), "through": row["through_name"]} for row in page.rows
    ]
    return {"entries": told, "next": page.next}
