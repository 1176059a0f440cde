"""What a calendar answers to an invite, told to sessions.

Who answers is who was mailed that invite at that address, and it must be their own mail. The rest (an older SEQUENCE, a
session that is over) is for sessions to judge; so is a maybe, which is no answer, and another time that they propose.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import log
from shared.calendar import reply
from shared.calendar.event import Answer
from shared.calendar.session import session_of
from shared.events import emit

from ..mail import letter
from ..mail.invitation import topic
from ..models import mail

_ANSWERS = {Answer.YES: "coming", Answer.NO: "cannot", Answer.MAYBE: "maybe"}
_log = log.get("notifications.replies")


def take(tx: Connection, found: reply.Reply) -> tuple[str, str | None]:
    """Tell sessions of an answer; why it was left (empty: it was told), and whose it is."""
    answer, session = "counter" if found.proposes else _ANSWERS[found.answer], session_of(found.uid)
    if session is None:
        return "unknown-uid", None
    who = wire(found.attendee)
    if who is None or found.sender is None or wire(found.sender) != who:
        return "forged-attendee", None
    person = _invited(tx, session, who)
    if person is None:
        return "not-invited", None
    data = {"person": person, "session": session, "sequence": found.sequence, "answer": answer}
    data["proposed"] = found.start.isoformat() if found.start else None
    emit(tx, "reply.received", f"person/{person}", data)
    _log.info("reply.taken", session=session)
    return "", person


def wire(address: str) -> str | None:
    """An address as addresses are compared; None when it is none."""
    try:
        return letter.wire(address).casefold()
    except ValueError:
        return None


def _invited(tx: Connection, session: str, address: str) -> str | None:
    """Whom we mailed an invite to that session at that address."""
    query = sa.select(mail.c.person, mail.c.address).where(mail.c.topic == topic(session), mail.c.address != "")
    return next((row.person for row in tx.execute(query) if wire(row.address) == address), None)
