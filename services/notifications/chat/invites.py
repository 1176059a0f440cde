"""The link by which people get into the chat, as signup tells of it: organizers are told before Slack's run out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from ..digest import writing
from ..mail import compose
from ..models import mail, program
from ..rules import chat as rules

TELLS = ("welcome",)  # kinds of mail that carry the link


@dataclass(frozen=True)
class Invite:
    """The link, since when it is that one, how many were mailed it, and whether it will run out, or soon."""

    link: str
    since: datetime | None
    uses: int
    runs_out: bool
    ending: bool

    @property
    def days(self) -> int:
        return (clock.now() - self.since).days if self.since else 0


def now(tx: Connection) -> Invite | None:
    """The link there is."""
    row = tx.execute(sa.select(program.c.chat_invite, program.c.chat_invite_at)).first()
    if row is None or not row.chat_invite:
        return None
    mailed = sa.select(sa.func.count()).select_from(mail).where(mail.c.kind.in_(TELLS))
    uses = (
        int(tx.execute(mailed.where(mail.c.created_at >= row.chat_invite_at)).scalar() or 0)
        if row.chat_invite_at
        else 0
    )
    link, since = row.chat_invite, row.chat_invite_at
    return Invite(link, since, uses, rules.runs_out(link), rules.ending(link, since, uses, clock.now()))


def next_look(tx: Connection, since: datetime) -> datetime | None:
    """When somebody is to look at the link next: at each occasion, where there is one that runs out."""
    found = now(tx)
    return since if found and found.runs_out else None


def watch(tx: Connection) -> None:
    """Tell organizers once of a link that is about to run out."""
    tx.execute(program.update().where(program.c.chat_invite_at.is_(None)).values(chat_invite_at=clock.now()))
    found = now(tx)
    if found is None or not found.ending or found.since is None:
        return
    named = hashlib.sha256(f"{found.link} {found.since.isoformat()}".encode()).hexdigest()[:32]
    context: dict[str, Any] = {"days": found.days, "uses": found.uses, "lives": rules.LIVES.days, "most": rules.USES}
    context["ends"] = found.since + rules.LIVES
    for to in writing.organizers(tx):
        compose.write(tx, "chat-invite", f"chat-invite/{named}", to, context)
