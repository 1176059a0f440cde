"""A visit to an offer: whoever works on it holds it, and writes down how far it is.

It is held by `leased`, a moment until which nobody else works on it; each step moves that on. A step of somebody whose
lease is over changes nothing (Overtaken).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import SERVICE, blog, offer, person, post, profile
from . import telling

LEASE = 240.0  # seconds; no single request or git command takes that long


class Overtaken(Exception):
    """Somebody else works on this offer."""


class Visit:
    """One look at one offer by whoever holds it.

    `row` is the offer as this visit knows it; `post` what is offered, a post or a profile; `consent` what its author
    agreed to; `author` who that is: {name, github, state}.
    """

    def __init__(self, id: str) -> None:
        self.id = id
        with db.write(SERVICE) as tx:
            now = clock.machine()
            self.lease = now + LEASE
            mine = (offer.c.id == id, offer.c.due <= now, offer.c.leased < now)
            if not tx.execute(sa.update(offer).where(*mine).values(leased=self.lease)).rowcount:
                raise Overtaken
            self.row = self._read(tx)
            self.post, self.consent, self.author = self._found(tx)
        self.asked: int = self.row["asked"]

    def _found(self, tx: Connection) -> tuple[dict[str, Any], str | None, dict[str, str]]:
        row = self.row
        if row["setup"]:  # of nobody; proposed once for each time that somebody asked for it, and never unasked
            return {"rev": row["looked"], "state": "wanted"}, "full", {"name": "", "github": "", "state": ""}
        return _profile(tx, row["profile"]) if row["profile"] else _post(tx, row["post"])

    def _read(self, tx: Connection) -> dict[str, Any]:
        return dict(tx.execute(sa.select(offer).where(offer.c.id == self.id)).mappings().one())

    def note(self, tx: Connection | None = None, **values: Any) -> None:
        """Write down how far it is; nothing when somebody else has taken over."""
        if tx is None:
            with db.write(SERVICE) as tx:
                return self.note(tx, **values)
        lease = clock.machine() + LEASE
        if "state" in values and values["state"] != self.row["state"]:
            values["changed_at"] = clock.now()
        mine = (offer.c.id == self.id, offer.c.leased == self.lease)
        if not tx.execute(sa.update(offer).where(*mine).values(**values, leased=lease)).rowcount:
            raise Overtaken
        self.lease = lease
        before = [self.row[name] for name in telling.SAYS]
        self.row |= values
        if before != [self.row[name] for name in telling.SAYS]:
            telling.moved(tx, self.row)
        return None

    def done(self) -> str:
        """Nothing is left to do, unless something was asked meanwhile."""
        with db.write(SERVICE) as tx:
            mine = (offer.c.id == self.id, offer.c.leased == self.lease)
            tx.execute(sa.update(offer).where(*mine, offer.c.asked == self.asked).values(due=None))
            tx.execute(sa.update(offer).where(*mine).values(leased=0.0))
        return str(self.row["state"])

    def later(self, seconds: float, said: str) -> str:
        """To be tried again."""
        self.note(due=clock.machine() + seconds, reason=said)
        with db.write(SERVICE) as tx:
            tx.execute(sa.update(offer).where(offer.c.id == self.id, offer.c.leased == self.lease).values(leased=0.0))
        return str(self.row["state"])


def _post(tx: Connection, id: str) -> tuple[dict[str, Any], str | None, dict[str, str]]:
    """The post's row, what its author agreed to, and who they are."""
    query = (
        sa.select(post, blog.c.consent, person.c.name, person.c.github, person.c.state.label("theirs"))
        .join(blog, blog.c.id == post.c.blog)
        .outerjoin(person, person.c.id == blog.c.person)
    )
    row = dict(tx.execute(query.where(post.c.id == id)).mappings().one())
    author = {"name": row["name"] or "", "github": row["github"] or "", "state": row["theirs"] or ""}
    return row, row["consent"], author


def _profile(tx: Connection, id: str) -> tuple[dict[str, Any], str | None, dict[str, str]]:
    """A profile's row, likewise: its owner agreed to all of it, or to nothing."""
    query = sa.select(profile, person.c.state.label("theirs")).outerjoin(person, person.c.id == profile.c.person)
    row = dict(tx.execute(query.where(profile.c.id == id)).mappings().one())
    author = {"name": row["name"], "github": "", "state": row["theirs"] or ""}
    return row, "full" if row["agreed_at"] else None, author
