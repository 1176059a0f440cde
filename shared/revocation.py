"""Which cookies are void: each service keeps for itself, by events, since when it trusts those of a person.

Apart from `access`, which reads cookies, because workers keep this and know no requests.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import config, db
from .events import Event, on
from .events.catalog import BY_TYPE


def revoke(tx: Connection, person: str, before: float) -> None:
    """Void the person's cookies made before that moment (machine time), in this service's database."""
    revoked = db.metadata(db.service_of(tx)).tables["revoked"]
    tx.execute(
        db.insert(tx, revoked)
        .values(person=person, before=before)
        .on_conflict_do_update(index_elements=["person"], set_={"before": before})
    )


def voids(tx: Connection, person: str, signed: float) -> bool:
    """True when the person's cookie signed at that moment is void."""
    revoked = db.metadata(db.service_of(tx)).tables["revoked"]
    before = tx.execute(sa.select(revoked.c.before).where(revoked.c.person == person)).scalar()
    return before is not None and signed <= before


def _on_revoked(tx: Connection, event: Event) -> None:
    revoke(tx, event.data["person"], event.data["before"])


for _service in config.SERVICES:
    if _service in BY_TYPE["access.revoked"].subscribers:
        on(_service, "access.revoked")(_on_revoked)
