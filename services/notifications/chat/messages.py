"""Messages: those of late, those that wait for a person, and what becomes of them with people and age."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config

from .. import rules as states
from ..models import chat_channel, chat_message
from ..rules import State, Step

LATELY = 20
STEP = 500
_HELD = sa.text("chat_message.state IN ('queued', 'sending', 'held') AND chat_message.state = 'held'")
_COLUMNS = [chat_message.c[name] for name in ("id", "channel", "what", "text", "state", "error", "created_at")]


class Refused(ValueError):
    """This cannot be done to that message; the message says why."""


def lately(tx: Connection) -> list[Any]:
    """The newest, the latest first, with what their channels are called."""
    return list(tx.execute(_named().order_by(chat_message.c.created_at.desc(), chat_message.c.id).limit(LATELY)).all())


def held(tx: Connection) -> list[Any]:
    """Those of which nobody can know whether they are there, the oldest first."""
    return list(tx.execute(_named().where(_HELD).order_by(chat_message.c.created_at).limit(50)).all())


def _named() -> Any:
    there = chat_message.join(chat_channel, chat_channel.c.id == chat_message.c.channel)
    return sa.select(*_COLUMNS, chat_channel.c.name).select_from(there)


def arrived(tx: Connection, id: str) -> None:
    """It is in the channel, says a person.

    :raises Refused: it is not held.
    """
    _decide(tx, id, Step.ARRIVED, error=None)


def again(tx: Connection, id: str) -> None:
    """It is not there, says a person, so it is posted once more.

    :raises Refused: it is not held, is emptied, or is no news any more.
    """
    row = tx.execute(sa.select(chat_message.c.text, chat_message.c.deadline).where(chat_message.c.id == id)).first()
    if row and (not row.text or row.deadline <= clock.now()):
        raise Refused("It is no news any more. Say that it is there, and it is out of the way.")
    _decide(tx, id, Step.AGAIN, claim=None, claimed_at=None, error=None)


def _decide(tx: Connection, id: str, step: Step, **values: Any) -> None:
    held = chat_message.update().where(chat_message.c.id == id, _HELD)
    if not tx.execute(held.values(state=states.TRANSITIONS[State.HELD, step].value, **values)).rowcount:
        raise Refused("This message is not held: somebody was quicker. Look at the list again.")


def forget(tx: Connection, person: str) -> None:
    """Empty what has that person's words; what waits to be posted never is."""
    hers = chat_message.update().where(chat_message.c.person == person)
    tx.execute(hers.where(chat_message.c.state == State.QUEUED.value).values(state=State.DROPPED.value))
    # Held and in flight, it cannot be called back.
    tx.execute(hers.values(text="", person=None, error="Emptied: its person's data were deleted."))


def hold(tx: Connection, words: str) -> None:
    """After a restore: what was not posted then may have been since."""
    unsent = chat_message.update().where(chat_message.c.state.in_([State.QUEUED.value, State.SENDING.value]))
    tx.execute(unsent.values(state=State.HELD.value, error=words, claim=None, claimed_at=None))


def prune(tx: Connection) -> bool:
    """Delete a step of those that are older than the lines of mails; True while there may be more."""
    before = clock.now() - timedelta(days=config.current().keep_mails)
    old = sa.select(chat_message.c.id).where(chat_message.c.created_at < before)
    ids = list(tx.execute(old.order_by(chat_message.c.created_at).limit(STEP)).scalars())
    if ids:
        tx.execute(chat_message.delete().where(chat_message.c.id.in_(ids)))
    return len(ids) == STEP
