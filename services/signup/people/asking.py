"""Who asks for links by mail, and how often: counted in SQL, by address or person, for all web processes together.

The row is written whether or not there is anybody of that address: an answer must not come sooner to a stranger's
address because nothing had to be committed for it. (How often one client may ask is counted in memory: see `rate`.)
"""

from __future__ import annotations

import hashlib
import hmac

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db
from shared.quick import Quick, params

from .. import rules
from ..models import asked


def ask(tx: Connection, who: str) -> bool:
    """Write down that a link was asked for `who` (an address, a person's id); False when it was too often already."""
    named = hmac.new(config.current().secret.encode(), who.encode(), hashlib.sha256).hexdigest()
    now = clock.machine()
    before = _RECENT(tx, {"who": named, "since": now - rules.MAIL_EVERY}).fetchone()[0]
    _NOTE(tx, {"id": db.new_id(), "who": named, "at": now})
    return bool(before < rules.LINKS_AN_HOUR)


_RECENT = Quick(
    lambda _: (
        sa.select(sa.func.count())
        .select_from(asked)
        .where(asked.c.who == sa.bindparam("who", type_=asked.c.who.type), asked.c.at > sa.bindparam("since"))
    )
)
_NOTE = Quick(lambda _: sa.insert(asked).values(params(asked, ("id", "who", "at"))))
