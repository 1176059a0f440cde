"""Questions to the ledger that a person asks: which mails, and one of them. Nothing here changes anything.

A link in a mail opens its reader's own page. Once mails go out, it is for that reader alone: organizers see the mail
with its tokens blotted out. Without a mail server the outbox is everybody's mailbox, and its links work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import config, tokens

from .mail import letter
from .models import content, mail
from .rules import State

SIZE = 50
STUCK = sa.text("state IN ('held', 'failed')")  # in the very words of the partial index
_LISTED = [mail.c[name] for name in ("id", "address", "name", "kind", "subject", "state", "attempts", "created_at")]


@dataclass(frozen=True)
class Wanted:
    """What a list shows. :param before: the place after which it begins, as `Found.next` gave it."""

    recipient: str = ""
    state: str = ""
    kind: str = ""
    before: str = ""

    @property
    def filtered(self) -> bool:
        return bool(self.recipient or self.state or self.kind)


@dataclass(frozen=True)
class Found:
    """A page of mails, newest first. :param next: where the next page begins; None at the end."""

    rows: list[Any]
    next: str | None


def find(tx: Connection, wanted: Wanted) -> Found:
    """One page. By place, not by number: years of history cost a page nothing."""
    query = sa.select(*_LISTED).order_by(mail.c.created_at.desc(), mail.c.id.desc()).limit(SIZE + 1)
    if wanted.recipient:
        words = wanted.recipient.strip()[:200]
        query = query.where(
            sa.or_(mail.c.address.icontains(words, autoescape=True), mail.c.name.icontains(words, autoescape=True))
        )
    if wanted.state:
        query = query.where(mail.c.state == wanted.state)
    if wanted.kind:
        query = query.where(mail.c.kind == wanted.kind)
    start = place(wanted.before)
    if start:
        at, id = start
        query = query.where(sa.or_(mail.c.created_at < at, sa.and_(mail.c.created_at == at, mail.c.id < id)))
    rows = list(tx.execute(query).all())
    more = len(rows) > SIZE
    rows = rows[:SIZE]
    return Found(rows, f"{rows[-1].created_at.isoformat()}_{rows[-1].id}" if more else None)


@dataclass(frozen=True)
class Shown:
    """One mail as organizers may see it. :param row: its line in the ledger. :param hidden: its links do not work."""

    row: Any
    subject: str
    text: str
    html: str
    headers: list[list[str]]
    raw: bytes
    hidden: bool


def one(tx: Connection, id: str, hidden: bool = False) -> Shown | None:
    """One mail with everything, or None; its tokens only as long as it is kept here and none goes out.

    :param hidden: never its tokens: a program that may read is not to become whom it reads about.
    """
    row = tx.execute(sa.select(mail).where(mail.c.id == id)).first()
    if row is None:
        return None
    said = tx.execute(sa.select(content).where(content.c.mail == id)).first()
    if said is None:
        return Shown(row, tokens.hidden(row.subject), "", "", [], b"", hidden=False)
    plain, page = letter.words(said.raw) if said.raw else (said.text, said.html)
    if not hidden and row.state == State.KEPT.value and not config.current().smtp_url:
        return Shown(row, row.subject, plain, page, said.headers, bytes(said.raw), hidden=False)
    subject, text, html = (tokens.hidden(each) for each in (row.subject, plain, page))
    headers = [[name, tokens.hidden(value)] for name, value in said.headers]
    raw = letter.rewritten(bytes(said.raw), tokens.hidden) if said.raw else b""
    return Shown(row, subject, text, html, headers, raw, hidden=text != plain)


def counts(tx: Connection) -> dict[str, int]:
    """How many mails need a person's eye: held and failed ones."""
    query = sa.select(mail.c.state, sa.func.count().label("n")).where(STUCK)
    return {row.state: row.n for row in tx.execute(query.group_by(mail.c.state))}


def place(before: str) -> tuple[datetime, str] | None:
    """Where a page begins, as the page before gave it; None where that cannot be."""
    at, _, id = before.partition("_")
    try:
        instant = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (instant, id) if instant.tzinfo else None
