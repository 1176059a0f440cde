"""Being forgotten: asked for, undone within 30 days, or done.

Erasing keeps the row and its id as a blank, so that counts and history hold, and blanks the person's fields in
signup's own events; member.erased tells the other services to do the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit, erase
from shared.events.erasure import erase_mentions

from .. import audit, rules
from ..models import api_token, goal
from ..models import person as people
from ..program import SUBJECT
from ..rules import Refused
from . import row as rows
from .downloading import drop_download
from .membership import restore_role, step_down, void_access
from .row import Row

_BLANK: dict[str, Any] = {
    "state": "erased",
    "name": None,
    "email": None,
    "email_key": None,
    "search": "",
    "timezone": "UTC",
    "answers": {},
    "github": None,
    "blog": None,
    "checklist": {},
    "is_organizer": False,
    "was_organizer": None,
    "reapplied": None,
    "new_email": None,
    "new_email_request": None,
    "new_email_at": None,
    "leave_reason": None,
    "erase_after": None,
    "pool": None,
    "pool_streams": None,
    "pool_at": None,
    "pool_was": None,
}


def erase_later(tx: Connection, by: str, person: str) -> None:
    """Leave, and be erased in 30 days; `keep` undoes both until then."""
    row = rows.taken(tx, person)
    state = rules.after("erase_later", row["state"])
    if row["erase_after"]:
        return
    was_organizer = row["is_organizer"] or row["was_organizer"]  # who had left before keeps what `come_back` restores
    row = step_down(tx, by, row)
    now = clock.now()
    after = now + timedelta(days=rules.ERASE_AFTER_DAYS)
    row = rows.change(tx, row, {"erase_after": after, "was_organizer": was_organizer})
    if row["state"] != "left":
        row = rows.change(tx, row, {"state": state, "left_at": now, "left_from": row["state"]}, "member.left")
        audit.note(tx, by, "person.left", rows.subject(person), {"from": row["left_from"]})
    emit(tx, "member.erasing", rows.subject(person), rows.told(row))
    audit.note(tx, by, "person.erasing", rows.subject(person), {"after": after.isoformat()})


def keep(tx: Connection, by: str, person: str) -> None:
    """Undo `erase_later`: they are what they were before, an organizer too."""
    row = rows.taken(tx, person)
    if not row["erase_after"]:
        raise Refused("state", "This person was not to be erased.", "Nothing is to be done.")
    # Who had left long before asked for the erasure alone, and stays away; left_at tells the two apart.
    together = row["left_at"] + timedelta(days=rules.ERASE_AFTER_DAYS) == row["erase_after"]
    values: dict[str, Any] = {"erase_after": None}
    if together:
        values |= {"state": row["left_from"], "left_at": None, "left_from": None, "was_organizer": None}
    kept = rows.change(tx, row, values, "member.kept")
    audit.note(tx, by, "person.kept", rows.subject(person))
    if together and row["was_organizer"]:
        restore_role(tx, by, kept)


def erase_now(tx: Connection, by: str, person: str) -> None:
    """Erase a person who left: for good."""
    row = rows.taken(tx, person)
    rules.after("erase", row["state"])
    tx.execute(sa.update(people).where(people.c.id == person).values(**_BLANK))
    drop_download(tx, person)
    forget_words(tx, person)
    void_access(tx, by, person)
    tx.execute(sa.delete(api_token).where(api_token.c.person == person))
    tx.execute(sa.update(goal).where(goal.c.person == person).values(words="", shared=False))
    emit(tx, "member.erased", rows.subject(person), {"person": person})
    audit.note(tx, by, "person.erased", rows.subject(person))


def expire(tx: Connection, row: Row) -> None:
    """Purge an application that nobody confirmed: the row goes, the events stay without the person's words."""
    tx.execute(sa.delete(people).where(people.c.id == row["id"]))
    forget_words(tx, row["id"])
    emit(tx, "application.expired", rows.subject(row["id"]), {"person": row["id"]})


def withdraw(tx: Connection, ids: Sequence[str]) -> None:
    """Take back people whom an import made and who have not confirmed: as if the file had not named them.

    Their rows go, the events stay without their words, and the last one says what happened (see `withdrawn`). They
    never signed up themselves, so no summary of applications names them.
    """
    subjects = [rows.subject(id) for id in ids]
    tx.execute(sa.delete(people).where(people.c.id.in_(ids)))
    for subject in subjects:
        db.lock(tx, f"subject:{subject}")
    erase(tx, *subjects)
    for id, subject in zip(ids, subjects, strict=True):
        emit(tx, "application.withdrawn", subject, {"person": id})


def withdrawn(tx: Connection, person: str) -> bool:
    """Whether somebody is not here any more because the import that made them was undone."""
    event = db.metadata("signup").tables["event"]
    last = sa.select(event.c.type).where(event.c.subject == rows.subject(person)).order_by(event.c.seq.desc()).limit(1)
    return bool(tx.execute(last).scalar() == "application.withdrawn")


def forget_words(tx: Connection, person: str) -> None:
    """Blank the person's fields in all events of signup."""
    db.lock(tx, f"subject:{rows.subject(person)}")
    erase(tx, rows.subject(person))
    erase_mentions(tx, "applications.summarized", person, SUBJECT)
