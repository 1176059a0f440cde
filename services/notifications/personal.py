"""What notifications holds about one person, for their download: their mails, and why some do not reach them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import personal, tokens

from .mail import letter
from .models import (
    SERVICE,
    addressed,
    arrival,
    attended,
    chat_message,
    checkin,
    content,
    inbound,
    mail,
    mention,
    monthly,
    news,
    offered,
    person,
    place,
    preference,
    soft_bounce,
    suppression,
)

NAMES_OTHERS = "Its text names other people, so it is not repeated here. It was mailed to you."
_COLUMNS = "id kind address subject state created_at sent_at error".split()

personal.table(SERVICE, "person", person.c.id)
personal.table(SERVICE, "news", news.c.person, latest=news.c.at)
personal.table(SERVICE, "attended", attended.c.person)
personal.table(SERVICE, "arrival", arrival.c.person)
personal.table(SERVICE, "chat_message", chat_message.c.person, without=("claim",), latest=chat_message.c.created_at)
personal.table(SERVICE, "check-ins", checkin.c.person, latest=checkin.c.asked_at)
personal.table(SERVICE, "monthly", monthly.c.person, latest=monthly.c.until)
personal.table(SERVICE, "addressed", addressed.c.person, latest=addressed.c.at)
personal.table(SERVICE, "place", place.c.person)
personal.table(SERVICE, "offered", offered.c.person, latest=offered.c.since)
personal.table(SERVICE, "preference", preference.c.person, latest=preference.c.at)


@personal.part(SERVICE, "suppression")
def refused_addresses(tx: Connection, id: str) -> Iterator[Mapping[Any, Any]]:
    """Addresses of theirs that a mail server refused for good."""
    address = sa.select(sa.func.lower(person.c.email)).where(person.c.id == id)
    yield from tx.execute(sa.select(suppression).where(suppression.c.address.in_(address))).mappings()


@personal.part(SERVICE, "inbound")
def came_in(tx: Connection, id: str) -> Iterator[Mapping[Any, Any]]:
    """What came in from them, or came back from them; what they wrote themselves is in the mails that passed it on."""
    address = sa.select(sa.func.lower(person.c.email)).where(person.c.id == id)
    theirs = sa.or_(inbound.c.person == id, sa.func.lower(inbound.c.address).in_(address))
    yield from tx.execute(sa.select(inbound).where(theirs).order_by(inbound.c.came_at.desc())).mappings()


@personal.part(SERVICE, "wrote")
def passed_on(tx: Connection, id: str) -> Iterator[Mapping[Any, Any]]:
    """What they wrote to the program, as it was passed on; to whom is not theirs to have."""
    theirs = sa.select(mention.c.mail).where(mention.c.person == id)
    query = sa.select(mail.c.cause, content.c.made_of, mail.c.created_at).join_from(mail, content)
    query = query.where(mail.c.id.in_(theirs))
    told = set()
    for row in tx.execute(query.where(mail.c.kind == "reply").order_by(mail.c.created_at.desc())):
        if row.made_of and row.cause not in told:
            told.add(row.cause)
            yield {"at": row.created_at, **{name: row.made_of[name] for name in ("address", "subject", "text")}}


@personal.part(SERVICE, "soft_bounce")
def refusing_days(tx: Connection, id: str) -> Iterator[Mapping[Any, Any]]:
    """Days on which mail to them came back for a while."""
    address = sa.select(sa.func.lower(person.c.email)).where(person.c.id == id)
    yield from tx.execute(sa.select(soft_bounce).where(soft_bounce.c.address.in_(address))).mappings()


@personal.part(SERVICE, "mails")
def mails(tx: Connection, id: str) -> Iterator[Mapping[Any, Any]]:
    """Every mail to them, the latest first. Links that sign in are blotted out: this file may lie about."""
    others = sa.exists().where(mention.c.mail == mail.c.id)
    columns = [mail.c[name] for name in _COLUMNS]
    query = sa.select(*columns, content.c.raw, content.c.text, others.label("others")).outerjoin_from(mail, content)
    query = query.where(mail.c.person == id).order_by(mail.c.created_at.desc(), mail.c.id)
    for row in tx.execute(query.execution_options(yield_per=100)).mappings():
        said = letter.words(row["raw"])[0] if row["raw"] else row["text"] or ""
        text = NAMES_OTHERS if row["others"] and said else tokens.hidden(said)
        told = {name: row[name] for name in _COLUMNS}
        yield {**told, "subject": tokens.hidden(row["subject"]), "text": text}
