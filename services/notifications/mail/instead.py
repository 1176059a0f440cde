"""Mails to whoever has the same in the chat: they rest until it is there, and go all the same when it is not.

So nobody is told nothing: not when a channel dies of the very message, nor when its server is away for hours.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..models import chat_message, mail
from . import ledger

PATIENCE = timedelta(hours=1)  # of program time, for which such a mail rests at most
TOLD = "Not sent: its reader has it in the chat, where it is told."
_RESTS = sa.text("state = 'queued' AND chat IS NOT NULL")


def rests(message: str, until: datetime | None, deadline: datetime | None) -> dict[str, Any] | None:
    """What a mail's row says that rests for that message; None: there is no time for it.

    :param until: the end of its reader's quiet hours, if it rests for these, too.
    """
    end = max(until or clock.now(), clock.now() + PATIENCE)
    if deadline is not None and deadline <= end:
        return None
    return {"chat": message, "rests_until": end, "due": clock.machine() + (end - clock.now()).total_seconds()}


def told(tx: Connection, message: str) -> None:
    """It is in the chat: what rests for it is not sent."""
    ledger.drop(tx, tx.execute(sa.select(mail.c.id).where(_RESTS, mail.c.chat == message)).scalars().all(), TOLD)


def untold(tx: Connection) -> None:
    """What rests for a message that will not be there, or may not be, is due."""
    there = sa.exists().where(chat_message.c.id == mail.c.chat, chat_message.c.state.in_(["queued", "sending", "sent"]))
    due = {"due": clock.machine(), "rests_until": None, "chat": None}
    tx.execute(mail.update().where(_RESTS, ~there).values(due))
