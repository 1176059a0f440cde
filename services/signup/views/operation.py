"""`/signup/ops`: how signup's own events stand. What an organizer does there is in the audit log (audit.py)."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from shared.ops import pages

from .. import program


def _zone(tx: Connection) -> str:
    return program.load(tx).timezone


blueprint = pages.blueprint("signup", _zone)
