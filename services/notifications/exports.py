"""What notifications owns, for taking along: every mail, without the tokens that would open somebody's page."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import export, tokens
from shared.export import Row, part

from .mail import letter
from .models import SERVICE, chat_channel, chat_message, content, mail, preference, wording

_COLUMNS = "id cause person kind name address subject text state attempts created_at sent_at error".split()


@part(SERVICE, "mails", "Every mail that went out, or would have, as text.", _COLUMNS)
def mails(tx: Connection) -> Iterator[Row]:
    own = [mail.c[name] for name in _COLUMNS if name != "text"]
    query = sa.select(*own, content.c.raw, content.c.text).outerjoin_from(mail, content)
    for row in export.table(tx, query.order_by(mail.c.created_at, mail.c.id)):
        text = letter.words(row["raw"])[0] if row["raw"] else row["text"] or ""
        told = {name: row[name] for name in _COLUMNS}
        yield {**told, "subject": tokens.hidden(row["subject"]), "text": tokens.hidden(text)}


@part(SERVICE, "preferences", "What people chose of mail that is no duty.", [c.name for c in preference.c])
def preferences(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(preference).order_by(preference.c.person, preference.c.list))


@part(
    SERVICE, "chat", "What was posted in chat, or would have been.", "channel what text state created_at error".split()
)
def chat(tx: Connection) -> Iterator[Row]:
    there = chat_message.join(chat_channel, chat_channel.c.id == chat_message.c.channel)
    told = [chat_message.c[name] for name in ("what", "text", "state", "created_at", "error")]
    query = sa.select(chat_channel.c.name.label("channel"), *told).select_from(there)
    yield from export.table(tx, query.order_by(chat_message.c.created_at, chat_message.c.id))


@part(SERVICE, "wordings", "What organizers made of the words of mails, in versions.", [c.name for c in wording.c])
def wordings(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(wording).order_by(wording.c.kind, wording.c.version))
