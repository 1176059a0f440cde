"""Mails to whoever has the same in the chat: they rest until it is there, and go all the same when it is not.

So nobody is told nothing: not when a channel dies of the very message, nor when its server is away for hours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..models import chat_message, mail, person
from ..rules import lists
from . import ledger, preferences, quiet
from .kinds import KINDS, list_called

PATIENCE = timedelta(hours=1)  # of program time, for which such a mail rests at most
TOLD = "Not sent: its reader has it in the chat, where it is told."
_RESTS = sa.text("mail.state = 'queued' AND mail.chat IS NOT NULL")
_sought = chat_message.alias("sought")
_IN_VAIN = ~sa.exists().where(_sought.c.id == mail.c.chat, _sought.c.state.in_(["queued", "sending"]))


def rests(message: str, until: datetime | None, deadline: datetime | None) -> dict[str, Any] | None:
    """What a mail's row says that rests for that message; None: there is no time for it.

    :param until: the end of its reader's quiet hours, if it rests for these, too.
    """
    end = max(until or clock.now(), clock.now() + PATIENCE)
    if deadline is not None and deadline <= end:
        return None
    return {"chat": message, **quiet.resting(end)}


def told(tx: Connection, message: str) -> None:
    """It is in the chat: what rests for it is not sent."""
    _drop(tx, tx.execute(sa.select(mail.c.id).where(_RESTS, mail.c.chat == message)).scalars().all())


def waits(tx: Connection) -> bool:
    """Whether there is something for `untold` to do."""
    return tx.execute(sa.select(mail.c.id).where(_RESTS, _IN_VAIN).limit(1)).first() is not None


def untold(tx: Connection) -> None:
    """What rests for a message that will not be there, or may not be, goes: now, or after its reader's quiet hours.

    It does not, when that message, or another of the same cause, has told its reader by now: it may have been posted
    while the mail was written. One that is still on its way is waited for instead, no longer than the first was.
    """
    columns = (mail.c.id, mail.c.kind, mail.c.list, mail.c.deadline, chat_message.c.cause, person.c.stream)
    query = sa.select(*columns, person.c.timezone).where(_RESTS, _IN_VAIN)
    query = query.select_from(
        mail.outerjoin(chat_message, chat_message.c.id == mail.c.chat).outerjoin(person, person.c.id == mail.c.person)
    )
    known: list[str] = []
    owed = defaultdict[tuple[str | None, datetime | None], list[str]](list)
    for row in tx.execute(query).all():
        is_owed, other = _elsewhere(tx, row)
        if is_owed:
            owed[other, None if other else _morning(tx, row)].append(row.id)
        else:
            known.append(row.id)
    _drop(tx, known)
    for (other, morning), ids in owed.items():
        now = {"rests_until": None, "due": clock.machine()}
        fate = {"chat": other} if other else {"chat": None, **(quiet.resting(morning) if morning else now)}
        tx.execute(mail.update().where(mail.c.id.in_(ids)).values(fate))


def _elsewhere(tx: Connection, row: Any) -> tuple[bool, str | None]:
    """Whether that mail is owed all the same, and for which other message of its cause it may rest."""
    by = list_called(row.list) if row.list else lists.owed(row.kind)
    if by is None or row.cause is None:  # the message is gone, with its channel
        return True, None
    own = preferences.channels_of(by, row.stream)
    return preferences.told_by(tx, own, chat_message.c.cause == row.cause)


def _morning(tx: Connection, row: Any) -> datetime | None:
    return quiet.rests(tx, row.timezone or "UTC", row.deadline) if KINDS[row.kind].rests else None


def _drop(tx: Connection, ids: Sequence[str]) -> None:
    ledger.drop(tx, ids, TOLD)
    tx.execute(mail.update().where(mail.c.id.in_(ids)).values(chat=None))  # what each tick looks through stays short
