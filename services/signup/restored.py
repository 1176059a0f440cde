"""After a restore: whose token was revoked since the backup is not known any more, so none is believed."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from . import api_tokens, audit
from .models import api_token


def void(tx: Connection) -> list[tuple[str, str]]:
    """Revoke every token that is known; returns (name, day of its last use) of those that held until now.

    Those made after the backup are in no list; `revocation.EVERYBODY` voids them too.
    """
    held = [row for row in api_tokens.listed(tx) if row["state"] == "active"]
    alive = api_token.c.revoked_at.is_(None)
    tx.execute(sa.update(api_token).where(alive).values(revoked_at=clock.now(), revoked_by=audit.SYSTEM))
    audit.note(tx, audit.SYSTEM, "access.voided", api_tokens.SUBJECT, {"tokens": [row["name"] for row in held]})
    return [(row["name"], _day(row["used"])) for row in held]


def _day(used: float | None) -> str:
    return f"{datetime.fromtimestamp(used, UTC):%Y-%m-%d}" if used else "never"
