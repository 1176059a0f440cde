"""What notifications owns, for taking along: every mail, without the tokens that would open somebody's page."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import export, tokens
from shared.export import Row, part

from .models import SERVICE, mail, preference, wording

_COLUMNS = "id cause person kind name address subject text state attempts created_at sent_at error".split()


@part(SERVICE, "mails", "Every mail that went out, or would have, as text.", _COLUMNS)
def mails(tx: Connection) -> Iterator[Row]:
    query = sa.select(*(mail.c[name] for name in _COLUMNS)).order_by(mail.c.created_at, mail.c.id)
    for row in export.table(tx, query):
        yield {**row, "subject": tokens.hidden(row["subject"]), "text": tokens.hidden(row["text"])}


@part(SERVICE, "preferences", "What people chose of mail that is no duty.", [c.name for c in preference.c])
def preferences(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(preference).order_by(preference.c.person, preference.c.list))


@part(SERVICE, "wordings", "What organizers made of the words of mails, in versions.", [c.name for c in wording.c])
def wordings(tx: Connection) -> Iterator[Row]:
    yield from export.table(tx, sa.select(wording).order_by(wording.c.kind, wording.c.version))
