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

from .. import rules
from ..models import asked


def ask(tx: Connection, who: str) -> bool:
    """Write down that a link was asked for `who` (an address, a person's id); False when it was too often already."""
    named = hmac.new(config.current().secret.encode(), who.encode(), hashlib.sha256).hexdigest()
    now = clock.machine()
    recent = sa.select(sa.func.count()).select_from(asked)
    before = tx.execute(recent.where(asked.c.who == named, asked.c.at > now - rules.MAIL_EVERY)).scalar_one()
    tx.execute(sa.insert(asked).values(id=db.new_id(), who=named, at=now))
    return bool(before < rules.LINKS_AN_HOUR)
