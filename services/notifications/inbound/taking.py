"""Take what comes in, by whatever way, each mail once: one that came back, an answer, a person's words.

One transaction per mail, with the row that says what became of it; the same mail again gets the same answer.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, log
from shared.calendar import reply
from shared.columns import Instant

from .. import outbox
from ..mail import proof
from ..models import inbound, mail, soft_bounce
from ..rules.bounces import SOFT_WITHIN
from . import bounces, calendars, forwarding, reading

MOST = reply.MOST  # octets of a mail that is read whole
PART = 65_536  # octets of one that is larger
NAMESPACE = uuid.UUID("0b5f6a3e-4f0c-5d1b-9a57-3f1c9f6a2d11")  # of what comes in; never to change, or it counts twice
STEP = 500
_log = log.get("notifications.replies")


@dataclass(frozen=True)
class Taken:
    """Whether a mail led to anything, or why not, in a word."""

    taken: bool
    why: str = ""


@dataclass(frozen=True)
class _Became:
    what: str
    why: str = ""
    person: str | None = None
    mail: str | None = None


def take(tx: Connection, raw: bytes, via: str, cut: bool = False) -> Taken:
    """Take one mail. Nothing is raised for what is in it: what is of no use is logged and left.

    :param via: how it came, `webhook` or `mailbox`.
    :param cut: it is too large, and this is how it begins.
    """
    id = str(uuid.uuid5(NAMESPACE, reading.key(raw, cut)))
    row = {"id": id, "came_at": clock.now(), "via": via, "what": "left", "why": "", "address": "", "subject": ""}
    if not tx.execute(db.insert(tx, inbound).values(row).on_conflict_do_nothing()).rowcount:
        why = tx.execute(sa.select(inbound.c.why).where(inbound.c.id == id)).scalar() or ""
        return Taken(not why, why)
    came, became = None, _Became("left", "unreadable")
    try:
        came = reading.opened(raw)
        became = _judge(tx, came, id, cut)
    except reply.Unread as unread:
        became = _Became("left", unread.why.value)
    told: dict[str, Any] = {"what": became.what, "why": became.why, "person": became.person, "mail": became.mail}
    if came is not None:
        told |= {"address": came.sender, "subject": came.subject}
    tx.execute(inbound.update().where(inbound.c.id == id).values(told))
    if became.why:
        _log.info("reply.ignored", why=became.why)
    return Taken(not became.why, became.why)


def _judge(tx: Connection, came: reading.Opened, id: str, cut: bool) -> _Became:
    if proof.HEADER in came.whole:
        return _Became("left", "own-mail")
    report = bounces.read(came)
    if report is not None:
        why, about = bounces.take(tx, came, report)
        person = tx.execute(sa.select(mail.c.person).where(mail.c.id == about)).scalar() if about else None
        return _Became("left" if why else "bounce", why, person, about if person else None)
    try:
        answer = None if cut else reply.read(came.raw)  # no calendar writes that much
    except reply.Unread as unread:
        if unread.why not in (reply.Why.NO_CALENDAR, reply.Why.AUTO_REPLY):
            raise
        answer = None
    if answer is None:
        why, person, about = forwarding.take(tx, came, id, cut)
        return _Became("left" if why else "reply", why, person, about)
    why, person = calendars.take(tx, answer)
    return _Became("left" if why else "answer", why, person)


def listed(tx: Connection, before: str = "", most: int = 50) -> tuple[list[Any], str | None]:
    """A page of what came in, newest first, and where the next page begins; None at the end."""
    query = sa.select(inbound).order_by(inbound.c.came_at.desc(), inbound.c.id.desc()).limit(most + 1)
    place = outbox.place(before)
    if place:
        at, id = place
        query = query.where(sa.tuple_(inbound.c.came_at, inbound.c.id) < sa.tuple_(sa.literal(at, Instant), id))
    rows = list(tx.execute(query).all())
    last = rows[most - 1] if len(rows) > most else None
    return rows[:most], f"{last.came_at.isoformat()}_{last.id}" if last else None


def prune(tx: Connection) -> bool:
    """Delete a step of what is too old; True while there may be more."""
    now = clock.now()
    old = sa.select(inbound.c.id).where(inbound.c.came_at < now - timedelta(days=config.current().keep_replies))
    ids = list(tx.execute(old.order_by(inbound.c.came_at).limit(STEP)).scalars())
    if ids:
        tx.execute(inbound.delete().where(inbound.c.id.in_(ids)))
    tx.execute(soft_bounce.delete().where(soft_bounce.c.day <= (now.date() - SOFT_WITHIN).isoformat()))
    return len(ids) == STEP
