"""What is known of the mail server: since when it has been out of reach, and what it said.

Written when that changes, so that a page, a metric and the log can say it in words; mails wait meanwhile. And how fast
it may be given mails (BATON_SMTP_RATE), which all senders in all processes share.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, log

from .. import rules
from ..models import SERVICE, mail_server

_log = log.get("notifications.mail_server")
_looked: int | None = None  # the process that looked whether it was away when it began
_told: tuple[int, float] | None = None  # the process that told of the outage that began then


@dataclass(frozen=True)
class Server:
    """:param down_since: machine time; None while it answers, or was never asked."""

    down_since: float | None = None
    asked: float | None = None
    said: str | None = None


def state(tx: Connection) -> Server:
    """How it was found when it was last asked."""
    columns = [mail_server.c[name] for name in Server.__dataclass_fields__]
    row = tx.execute(sa.select(*columns).where(mail_server.c.id == 1)).first()
    return Server(**row._mapping) if row else Server()


def away(said: str) -> None:
    """It cannot be reached or lets us not in; told to people once, until it is back."""
    now = clock.machine()
    with db.write(SERVICE) as tx:
        before = state(tx).down_since
        _note(tx, Server(before or now, now, said[:1000]))
    _tell(before or now, said)


def remind() -> None:
    """Say, once in a process, that the mail server was away when that began: a restart does not bring it back."""
    global _looked
    if _looked == os.getpid():
        return
    _looked = os.getpid()
    with db.read(SERVICE) as tx:
        found = state(tx)
    if found.down_since is not None:
        _tell(found.down_since, found.said or "")


def _tell(since: float, said: str) -> None:
    """Into the log, once for an outage in each process."""
    global _told
    if _told != (os.getpid(), since):
        _told = (os.getpid(), since)
        _log.warning("mail.server_away", said=said[:300])


def back() -> None:
    """It took a mail, or refused one for its own sake: it is there. Costs a question when that was known."""
    with db.read(SERVICE) as tx:
        if state(tx).down_since is None:
            return
    with db.write(SERVICE) as tx:
        since = state(tx).down_since
        _note(tx, Server(None, clock.machine(), None))
    if since is not None:
        _log.info("mail.server_back", away_seconds=round(clock.machine() - since))


# ---- how fast it is given mails ----

AHEAD = 3.0  # seconds of its pace at once, a little more than between two ticks; or one mail
SKEW = 60.0  # seconds that two hosts' clocks may differ by; what lies further ahead is of a clock that was set back


def room(tx: Connection, most: int) -> int:
    """How many of `most` mails it may be given now, by whichever sender asks. None is asked at the same time."""
    each = rules.apart(config.current().smtp_rate)
    if not each:
        return most
    now = clock.machine()
    row = db.insert(tx, mail_server).values(id=1)
    ahead = mail_server.c.given_to > now + SKEW
    tx.execute(row.on_conflict_do_update(index_elements=["id"], set_={"given_to": now}, where=ahead))
    return max(0, min(most, int((now - _given_to(tx, each)) / each + 1e-6)))


def given(tx: Connection, mails: int) -> None:
    """That so many of that room were taken; what was not used in time is not made up for."""
    each = rules.apart(config.current().smtp_rate)
    if each and mails:
        tx.execute(
            mail_server.update().where(mail_server.c.id == 1).values(given_to=_given_to(tx, each) + mails * each)
        )


def _given_to(tx: Connection, each: float) -> float:
    row = tx.execute(sa.select(mail_server.c.given_to).where(mail_server.c.id == 1).with_for_update()).scalar()
    return max(row or 0.0, clock.machine() - max(each, AHEAD))


def _note(tx: Connection, found: Server) -> None:
    fresh = {"down_since": found.down_since, "asked": found.asked, "said": found.said}
    insert = db.insert(tx, mail_server).values(id=1, **fresh)
    tx.execute(insert.on_conflict_do_update(index_elements=["id"], set_=fresh))
