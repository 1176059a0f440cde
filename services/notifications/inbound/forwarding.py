"""A person's mail, passed on as a mail to whom it was meant for: once, with their address to answer to.

Meant for whom is decided by the mail of ours that it answers: one about a session goes to who coordinates that, the
rest to the organizers. Machines' mails, lists and loops end here.
"""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, log
from shared.events import NotYet

from .. import people
from ..digest import writing
from ..mail import compose, letter, proof, session
from ..mail.compose import Reader
from ..mail.kinds import KINDS
from ..models import content, inbound, mail, meeting, mention, person
from . import calendars, words
from .reading import Opened

DAY_MOST = 20  # mails of one writer that are passed on within a day: more are a loop, or worse
_AWAY = re.compile(r"\s*(auto(matic|mated)?[ -]?(reply|response)|out of (the )?office|abwesenheit|réponse automatique)",
                   re.IGNORECASE)  # fmt: skip
_log = log.get("notifications.replies")


def unwanted(came: Opened) -> str:
    """Why nobody is told of it, in a word; empty for a person's mail."""
    whole = came.whole
    writer = calendars.wire(came.sender)
    if writer == letter.address_of(config.current().mail_from).casefold():
        return "own-mail"
    silent = str(whole.get("Return-Path", "")).strip() == "<>"
    marked = came.automatic == "replied" or (came.automatic and ("Auto-Submitted" in whole or "Precedence" in whole))
    if marked or silent or _AWAY.match(came.subject):
        return "auto-reply"
    if came.listed:
        return "list"
    if str(whole.get("X-Spam-Flag", "")).strip().lower() == "yes":
        return "spam"
    return "" if writer else "no-sender"


def take(tx: Connection, came: Opened, id: str, cut: bool = False) -> tuple[str, str | None, str | None]:
    """Pass it on.

    :param id: of its row. :param cut: this is only how it begins.
    :returns: why it was left (empty: it was not), whose it is, and the mail that it answers.
    """
    why = unwanted(came)
    if why:
        return why, None, None
    writer = calendars.wire(came.sender) or ""
    answered = _answered(tx, came)
    theirs = answered is not None and calendars.wire(answered.address) == writer
    who = answered.person if answered is not None and theirs else _known(tx, writer)
    if answered is None and who is None:
        return "not-ours", None, None
    about = answered.id if answered is not None else None
    said = words.said(came.whole, cut)
    if not said.text and not said.left_out:
        return "empty", who, about
    since = clock.now() - timedelta(days=1)
    lately = sa.select(sa.func.count()).where(
        inbound.c.what == "reply", sa.func.lower(inbound.c.address) == came.sender.lower(), inbound.c.came_at > since
    )
    if (tx.execute(lately).scalar() or 0) >= DAY_MOST:
        return "too-many", who, about
    told, role = _meant_for(tx, answered if theirs else None, who)
    if not told:
        return "nobody-to-tell", who, about
    _pass_on(tx, came, said, id, answered, who, told, role)
    return "", who, about


def _pass_on(
    tx: Connection,
    came: Opened,
    said: words.Said,
    id: str,
    answered: sa.Row | None,
    who: str | None,
    told: list[Reader],
    role: str,
) -> None:
    name = people.name_of(tx, who)
    context = {
        "writer": letter.line(name or came.name or came.sender),
        "address": letter.line(came.sender, 320),
        "known": bool(name) and (answered is None or calendars.wire(answered.address) == calendars.wire(came.sender)),
        "about": answered.subject if answered is not None else "",
        "asked": KINDS[answered.kind].title if answered is not None and answered.kind in KINDS else "",
        "subject": _subject(tx, came, answered),
        "text": said.text,
        "left_out": said.left_out,
        "cut": said.cut,
        "role": role,
    }
    mentions = [each for each in (who, answered.person if answered is not None else None) if each]
    for to in told:
        compose.write(tx, "reply", f"inbound/{id}", to, context, mentions=mentions, answer_to=came.sender)
    _log.info("reply.passed_on", inbound=id, readers=len(told), role=role)


def _subject(tx: Connection, came: Opened, answered: sa.Row | None) -> str:
    """Of an answer to what was passed on: what that was called before, unless its writer called it otherwise."""
    if answered is None or answered.kind != "reply" or answered.subject not in came.subject:
        return came.subject
    made_of = tx.execute(sa.select(content.c.made_of).where(content.c.mail == answered.id)).scalar()
    return str(made_of["subject"]) if made_of else came.subject


def _answered(tx: Connection, came: Opened) -> sa.Row | None:
    """The mail of ours that it answers: by its headers, or by the address it was sent to."""
    head = "\n".join(str(came.whole.get(name, ""))[:2000] for name in ("To", "Delivered-To", "X-Original-To"))
    for id in [*came.answers, *proof.find(head.encode("utf-8", "replace"))]:
        row = tx.execute(sa.select(mail).where(mail.c.id == id, mail.c.address != "")).first()
        if row is not None:
            return row
    return None


def _known(tx: Connection, address: str) -> str | None:
    """Whose address that is; nobody's who has left or only applied."""
    rows = tx.execute(sa.select(person).where(sa.func.lower(person.c.email) == address.lower()).order_by(person.c.id))
    return next((row.id for row in rows if row.state not in (people.ERASED, people.APPLIED, "left")), None)


def _meant_for(tx: Connection, answered: sa.Row | None, writer: str | None) -> tuple[list[Reader], str]:
    """To whom it goes, never the writer, and as what they are told.

    :param answered: the mail that it answers, when its own reader answers it; a stranger's is for organizers.
    """
    found: list[str] = []
    role = "organizer"
    if answered is not None and answered.kind == "reply":
        named = sa.select(mention.c.person).where(mention.c.mail == answered.id)
        found, role = list(tx.execute(named).scalars()), "writer"
    elif answered is not None and (answered.topic or "").startswith(("session/", session.TOPIC)):
        id = answered.topic.partition("/")[2]
        led = tx.execute(sa.select(meeting.c.coordinator).where(meeting.c.id == id)).scalar()
        found, role = [led] if led else [], "coordinator"
    try:
        told = [each for each in people.readers(tx, found) if each.person != writer]
    except NotYet:
        told = []
    if told:
        return told, role
    return [each for each in writing.organizers(tx) if each.person != writer], "organizer"
