"""Another address for a person's mail: asked for by themselves and proved by a link, or written in by an organizer.

The answer to a person is the same whether or not somebody else is known by the new address: then no link is mailed, and
nothing comes of it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from shared import clock, db, tokens
from shared.events import emit

from .. import address, audit, rules
from ..models import person as people
from ..rules import Refused
from . import row as rows
from .asking import ask
from .membership import void_access
from .row import Row

_NOTHING_ASKED: dict[str, Any] = {"new_email": None, "new_email_request": None, "new_email_at": None}


def ask_new_address(tx: Connection, by: str, person: str, email: str) -> None:
    """Have a link mailed to the new address; `confirm_new_address` follows when it is pressed within a day.

    :raises Refused: it is no address, theirs already, or they asked too often.
    """
    row, kept = _checked(tx, person, email)
    if not ask(tx, person):
        raise Refused("email", "You asked for several links already.", "Look in that mailbox, or try in an hour.")
    request = db.new_id()
    wanted = {"new_email": kept, "new_email_request": request, "new_email_at": clock.machine()}
    rows.change(tx, row, wanted)
    audit.note(tx, by, "address.asked", rows.subject(person))
    if not _taken(tx, person, kept):
        data = {"person": person, "name": row["name"], "email": kept, "request": request}
        emit(tx, "address.requested", rows.subject(person), data)


def wanted_address(row: Row | None, request: str) -> str | None:
    """The address that the link of that request is about; None when it counts no more."""
    if row is None or row["new_email_request"] != request or row["state"] == "erased":
        return None
    return str(row["new_email"])


def confirm_new_address(tx: Connection, person: str, request: str) -> bool:
    """Take the new address, whose link was pressed; False when that link counts no more, or somebody was quicker."""
    row = tx.execute(sa.select(people).where(people.c.id == person).with_for_update()).mappings().first()
    kept = wanted_address(row, request)
    if row is None or kept is None or _taken(tx, person, kept):
        return False
    return _move(tx, rows.subject(person), row, kept)


def readdress(tx: Connection, by: str, person: str, email: str) -> None:
    """Change a person's address for them: whoever reads the old mailbox is signed out.

    :raises Refused: it is no address, theirs already, or somebody else's.
    """
    row, kept = _checked(tx, person, email)
    if _taken(tx, person, kept) or not _move(tx, by, row, kept):
        remedy = "Look for that address in the list of members: perhaps they signed up twice."
        raise Refused("email", "Somebody else is known by this address.", remedy)
    if by != f"organizer/{person}":
        void_access(tx, by, person)


def forget_unconfirmed(tx: Connection) -> None:
    """Forget new addresses whose link nobody pressed in time: they may be somebody else's."""
    old = people.c.new_email_at < clock.machine() - tokens.LINKS["address"]
    tx.execute(sa.update(people).where(old).values(**_NOTHING_ASKED))


def _checked(tx: Connection, person: str, email: str) -> tuple[Row, str]:
    row = rows.taken(tx, person)
    rules.after("readdress", row["state"])
    kept = address.checked("email", email)
    if kept == row["email"]:
        raise Refused("email", "This is the address already.", "Write the one to use instead.")
    return row, kept


def _taken(tx: Connection, person: str, email: str) -> bool:
    others = sa.select(people.c.id).where(people.c.email_key == rules.email_key(email), people.c.id != person)
    return tx.execute(others).first() is not None


def _move(tx: Connection, by: str, row: Row, email: str) -> bool:
    """The change itself; False when somebody took the address in this very moment."""
    values = {
        **_NOTHING_ASKED,
        "email": email,
        "email_key": rules.email_key(email),
        "search": rows.search_words(row["name"], email),
        "readdressed_at": clock.machine(),
        "reapplied": None,  # typed for the old address
    }
    try:
        with tx.begin_nested():
            rows.change(tx, row, values, "member.readdressed", former=row["email"])
    except IntegrityError:
        return False
    audit.note(tx, by, "person.readdressed", rows.subject(row["id"]))
    return True
