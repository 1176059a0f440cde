"""Mails that come in: what a calendar answers to an invite. Everything else is for whoever reads that mailbox.

Who answers is who was mailed that invite at that address, and it must be their own mail. The rest (an older SEQUENCE, a
session that is over) is for sessions to judge; so is a maybe, which is no answer, and another time that they propose.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import log
from shared.calendar import reply
from shared.calendar.event import Answer
from shared.calendar.session import session_of
from shared.events import emit

from .mail import letter
from .mail.invitation import topic
from .models import mail

MOST = reply.MOST
_ANSWERS = {Answer.YES: "coming", Answer.NO: "cannot", Answer.MAYBE: "maybe"}
_log = log.get("notifications.replies")


@dataclass(frozen=True)
class Taken:
    """Whether a mail was passed on, or why not, in a word."""

    taken: bool
    why: str = ""


def take(tx: Connection, raw: bytes) -> Taken:
    """Read one mail, and tell sessions of the answer in it. Nothing is raised: what is no answer is logged and left."""
    try:
        found = reply.read(raw)
    except reply.Unread as unread:
        return _left(unread.why.value)
    answer, session = "counter" if found.proposes else _ANSWERS[found.answer], session_of(found.uid)
    if session is None:
        return _left("unknown-uid")
    who = _wire(found.attendee)
    if who is None or found.sender is None or _wire(found.sender) != who:
        return _left("forged-attendee")
    person = _invited(tx, session, who)
    if person is None:
        return _left("not-invited")
    data = {"person": person, "session": session, "sequence": found.sequence, "answer": answer}
    data["proposed"] = found.start.isoformat() if found.start else None
    emit(tx, "reply.received", f"person/{person}", data)
    _log.info("reply.taken", session=session)
    return Taken(True)


def _left(why: str) -> Taken:
    _log.info("reply.ignored", why=why)
    return Taken(False, why)


def _wire(address: str) -> str | None:
    try:
        return letter.wire(address).casefold()
    except ValueError:
        return None


def _invited(tx: Connection, session: str, address: str) -> str | None:
    """Whom we mailed an invite to that session at that address."""
    query = sa.select(mail.c.person, mail.c.address).where(mail.c.topic == topic(session), mail.c.address != "")
    return next((row.person for row in tx.execute(query) if _wire(row.address) == address), None)
