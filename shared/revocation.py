"""What is void: each service keeps for itself, by events, since when it trusts a person, and which tokens it does not.

Apart from `access`, which reads cookies and tokens, because workers keep this and know no requests.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import clock, config, db, tokens
from .events import Event, on
from .events.catalog import BY_TYPE

EVERYBODY = "*"  # in the place of a person: what was signed for anyone


def revoke(tx: Connection, person: str, before: float) -> None:
    """Void the person's cookies and tokens made before that moment (machine time), in this service's database."""
    revoked = db.metadata(db.service_of(tx)).tables["revoked"]
    insert = db.insert(tx, revoked).values(person=person, before=before)
    later = revoked.c.before < before
    tx.execute(insert.on_conflict_do_update(index_elements=["person"], set_={"before": before}, where=later))


def voids(tx: Connection, person: str, signed: float) -> bool:
    """True when what was signed for that person at that moment is void, for them or for everybody."""
    revoked = db.metadata(db.service_of(tx)).tables["revoked"]
    named = revoked.c.person.in_((person, EVERYBODY))
    before = tx.execute(sa.select(sa.func.max(revoked.c.before)).where(named)).scalar()
    return before is not None and signed <= before


def revoke_token(tx: Connection, token: str, until: float) -> None:
    """Void one API token, in this service's database. :param until: when it ends anyway (machine time)."""
    table = db.metadata(db.service_of(tx)).tables["revoked_token"]
    tx.execute(db.insert(tx, table).values(token=token, until=until).on_conflict_do_nothing())


def voids_token(tx: Connection, token: str) -> bool:
    """True when that API token was revoked."""
    table = db.metadata(db.service_of(tx)).tables["revoked_token"]
    return tx.execute(sa.select(table.c.token).where(table.c.token == token)).first() is not None


def prune(tx: Connection) -> None:
    """Forget what is known of tokens that ended so long ago that no service's log speaks of them any more."""
    old = clock.machine() - config.current().keep_audit * tokens.DAY
    for name in ("revoked_token", "token_use"):
        table = db.metadata(db.service_of(tx)).tables[name]
        tx.execute(table.delete().where(table.c.until < old))


def _on_revoked(tx: Connection, event: Event) -> None:
    revoke(tx, event.data["person"], event.data["before"])


def _on_token_revoked(tx: Connection, event: Event) -> None:
    revoke_token(tx, event.data["token"], event.data["until"])


for _type, _handler in (("access.revoked", _on_revoked), ("token.revoked", _on_token_revoked)):
    for _service in config.SERVICES:
        if _service in BY_TYPE[_type].subscribers:
            on(_service, _type)(_handler)
