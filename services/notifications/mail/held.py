"""Held mails: what a person can say of them, and why some cannot go out again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, log

from .. import rules
from ..models import content, mail
from . import ledger

_log = log.get("notifications.held")
_HELD = sa.text("state IN ('held', 'failed') AND state = 'held'")  # in the words of the partial index
_COLUMNS = [mail.c[name] for name in ("id", "address", "name", "kind", "subject", "error", "created_at", "data_at",
                                      "attempts", "duty")]  # fmt: skip


class Refused(ValueError):
    """This cannot be done to that mail; the message says why and what to do."""


def listed(tx: Connection, most: int = 50) -> list[Any]:
    """Held mails, the oldest first."""
    return list(tx.execute(sa.select(*_COLUMNS).where(_HELD).order_by(mail.c.created_at).limit(most)).all())


def arrived(tx: Connection, id: str, by: str) -> None:
    """It reached its reader.

    :raises Refused: it is not held.
    """
    if not ledger.arrived(tx, id, by):
        raise _not_held(tx, id)
    _log.info("mail.said_arrived", mail=id, by=by)


def again(tx: Connection, id: str, by: str) -> None:
    """It goes out once more, with the next tick.

    :raises Refused: it is not held, is empty or too late, or no mail can leave at all.
    """
    whole = sa.select(mail.c.address, content.c.raw, mail.c.deadline, mail.c.expires).outerjoin(content)
    row = tx.execute(whole.where(mail.c.id == id)).first()
    if row is None:
        raise _not_held(tx, id)
    if not config.current().smtp_url:
        raise Refused("No mail server is set, so nothing can be sent. Set BATON_SMTP_URL and start again.")
    if not row.address or not row.raw:
        raise Refused("Nothing of this mail is left: the data of its person were deleted. Say that it arrived.")
    late = rules.too_late(row.deadline, row.expires, clock.now(), clock.machine())
    if late:
        raise Refused(f"{late} Say that it arrived; if it was a sign-in link, its reader can ask for another.")
    if not ledger.again(tx, id, by):
        raise _not_held(tx, id)
    _log.info("mail.sent_again", mail=id, by=by)


def undo(tx: Connection, id: str, by: str) -> None:
    """It is held again, since `arrived` was a mistake.

    :raises Refused: nobody said that it arrived.
    """
    if not ledger.hold(tx, id):
        raise Refused("Nobody said of this mail that it arrived, so there is nothing to take back.")
    _log.info("mail.held_again", mail=id, by=by)


def _not_held(tx: Connection, id: str) -> Refused:
    state = tx.execute(sa.select(mail.c.state).where(mail.c.id == id)).scalar()
    if state is None:
        return Refused("There is no such mail. `./baton mail held` and the page Operation list those that are held.")
    return Refused(f"This mail is not held, it is {state}: somebody was quicker, or its sender came back.")
