"""When a token was last used: noted by each service for itself, and told to signup, which shows it to organizers.

Once a minute for each token and process at most, and told once an hour for each token and service: a program that asks
ten times a second costs one small write a minute. It is the one thing that a GET leaves behind, as it leaves a line in
a log; no view reads it but the list of tokens.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import clock, db, engines, log
from .bearer import Token
from .events import emit

NOTED, TOLD = 60.0, 3_600.0  # seconds between two notes, and between two events
OWNER = "signup"  # of the tokens, who is told

_noted: dict[tuple[str, str], float] = {}
logger = log.get()


def note(service: str, token: Token) -> None:
    """Note that `service` took that token now. Not worth failing a request for: what goes wrong is logged."""
    key, now = (engines.engine(service).url.render_as_string(), token.id), clock.machine()
    if now - _noted.get(key, 0.0) < NOTED:
        return
    _noted[key] = now
    try:
        with db.write(service) as tx:
            _write(tx, service, token, now)
    except Exception as error:
        logger.warning("token.use_not_noted", service=service, error=type(error).__name__)


def _write(tx: Connection, service: str, token: Token, now: float) -> None:
    table = _table(tx)
    mine = (table.c.token == token.id, table.c.service == service)
    known = tx.execute(sa.select(table.c.at, table.c.told).where(*mine)).first()
    if known and now - known.at < NOTED:
        return  # another process was quicker
    due = service != OWNER and (known is None or known.told is None or now - known.told >= TOLD)
    keep(tx, token.id, service, now, token.until, **({"told": now} if due else {}))
    if due:
        emit(tx, f"token.used_in_{service}", f"token/{token.id}", {"token": token.id, "at": now, "until": token.until})


def keep(tx: Connection, token: str, service: str, at: float, until: float, **more: Any) -> None:
    """Write down a use of that token in `service`, unless a later one is known."""
    table = _table(tx)
    row = {"token": token, "service": service, "at": at, "until": until, **more}
    insert = db.insert(tx, table).values(told=more.get("told"), **{k: v for k, v in row.items() if k != "told"})
    later = table.c.at < at
    tx.execute(insert.on_conflict_do_update(index_elements=["token", "service"], set_={"at": at, **more}, where=later))


def of(tx: Connection) -> dict[str, dict[str, float]]:
    """{token: {service: machine time of the last use that is known here}}."""
    found: dict[str, dict[str, float]] = {}
    for row in tx.execute(sa.select(_table(tx))):
        found.setdefault(row.token, {})[row.service] = row.at
    return found


def _table(tx: Connection) -> sa.Table:
    return db.metadata(db.service_of(tx)).tables["token_use"]
