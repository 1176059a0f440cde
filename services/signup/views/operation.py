"""`/signup/ops`: how signup's own events stand. What an organizer does there is in the audit log."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from shared.ops import pages

from .. import audit, program


def _zone(tx: Connection) -> str:
    return program.load(tx).timezone


def _note(tx: Connection, by: str, what: str, detail: dict[str, Any]) -> None:
    audit.note(tx, by, what, "operation", detail)


blueprint = pages.blueprint("signup", _zone, note=_note)
