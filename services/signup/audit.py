"""The audit log: who did what to whom, written in the same transaction as the deed. Kept for BATON_KEEP_AUDIT days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.ops import deeds

from .models import api_token, audit, person

SYSTEM = "system"
PAGE = 50


def note(
    tx: Connection,
    by: str,
    what: str,
    subject: str,
    detail: dict[str, Any] | None = None,
    through: str | None = None,
) -> None:
    """Write down that `by` did `what` (noun.participle) to `subject`; `detail` holds no words of a person's own.

    :param through: the token by which a program did it elsewhere; of what is done here the log knows it.
    """
    row = db.insert(tx, audit).values(
        at=clock.now(), by=by, through=through or log.through(), what=what, subject=subject, detail=detail or {}
    )
    tx.execute(row)


def has(tx: Connection, what: str, subject: str) -> bool:
    """Whether that was ever done to `subject`."""
    found = sa.select(audit.c.id).where(audit.c.subject == subject, audit.c.what == what).limit(1)
    return tx.execute(found).first() is not None


@deeds.notes("signup")
def operation(tx: Connection, by: str, what: str, detail: dict[str, Any]) -> None:
    """Write down what somebody did about deliveries, by page or command."""
    note(tx, by, what, "operation", detail)


def last_by(tx: Connection, what: str, subject: str) -> str | None:
    """Who did that to `subject` the last time; None when nobody is known to have."""
    found = sa.select(audit.c.by).where(audit.c.subject == subject, audit.c.what == what)
    return tx.execute(found.order_by(audit.c.id.desc()).limit(1)).scalar()


def prune(tx: Connection, before: datetime, step: int) -> bool:
    """Delete what is older than `before` among the oldest `step` entries; True while there may be more.

    Who stepped down as an organizer is asked for at every start (`has`), so that stays.
    """
    oldest = sa.select(audit.c.id).where(audit.c.what != "organizer.removed").order_by(audit.c.id).limit(step)
    return tx.execute(audit.delete().where(audit.c.id.in_(oldest), audit.c.at < before)).rowcount == step


@dataclass(frozen=True)
class Entries:
    """One page of the log, latest first: rows {at, by, by_name, what, subject, subject_name, detail}.

    :param next: where the next page begins; None at the end.
    """

    rows: list[dict[str, Any]]
    next: int | None


def entries(tx: Connection, before: int | None = None) -> Entries:
    """The latest page, or the one of what is older than the entry `before`: by place, so that years cost it nothing."""
    where = [audit.c.id < before] if before else []
    query = sa.select(audit).where(*where).order_by(audit.c.id.desc()).limit(PAGE + 1)
    rows = [dict(row) for row in tx.execute(query).mappings()]
    return Entries(named(tx, rows[:PAGE]), rows[PAGE - 1]["id"] if len(rows) > PAGE else None)


def named(tx: Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with `by_name` and `subject_name`: a person's name, "somebody erased", or the words as they are.

    And `through_name`: of the token by which a program did it for them; None when no program did.
    """
    ids = {actor.partition("/")[2] for row in rows for actor in (row["by"], row["subject"]) if "/" in actor}
    found = tx.execute(sa.select(person.c.id, person.c.name).where(person.c.id.in_(ids)))
    names = {row.id: row.name for row in found}
    called = {row.id: row.name for row in tx.execute(sa.select(api_token.c.id, api_token.c.name))}

    def name(actor: str) -> str:
        kind, slash, which = actor.partition("/")
        return (names.get(which) or "somebody erased") if slash else kind

    for row in rows:
        row["by_name"], row["subject_name"] = name(row["by"]), name(row["subject"])
        if row["subject"].startswith("circle/"):
            row["subject_name"] = row["detail"].get("name") or "a circle"
        token = (row["through"] or "").removeprefix("token/")
        row["through_name"] = (called.get(token) or "a token of the past") if token else None
    return rows
