"""One person's row: reading it to change it, and what others are told of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.events import emit

from .. import rules
from ..models import person as people
from ..rules import Refused, pool

Row = Mapping[Any, Any]
_ONE = sa.select(people).where(people.c.id == sa.bindparam("id"))
_ONE_LOCKED = _ONE.with_for_update()


def subject(person: str) -> str:
    """The subject of all events about that person."""
    return f"person/{person}"


def one(tx: Connection, person: str) -> Row | None:
    """The person's row, or None."""
    return tx.execute(_ONE, {"id": person}).mappings().first()


def taken(tx: Connection, person: str) -> Row:
    """The person's row, held until the transaction ends, so that two commands do not cross.

    :raises Refused: there is nobody of that id.
    """
    row = tx.execute(_ONE_LOCKED, {"id": person}).mappings().first()
    if row is None or row["state"] == "erased":
        raise Refused("person", "This person is not known here (any more).", "Look in the list of members.")
    return row


def roles(row: Row) -> list[str]:
    """What the person may open: "member" once they confirmed, even after leaving (their data is theirs)."""
    found = ["member"] if row["state"] in rules.KNOWN else []
    return [*found, "organizer"] if row["is_organizer"] else found


def told(row: Row) -> dict[str, Any]:
    """The data of the member events: the whole of what other services know about a person."""
    return {
        "person": row["id"],
        "name": row["name"],
        "email": row["email"],
        "timezone": row["timezone"],
        "stream": row["stream"],
        "state": row["state"],
        "roles": roles(row),
        "github": row["github"],
        "blog": row["blog"],
        "joined_at": row["confirmed_at"].isoformat() if row["confirmed_at"] else None,
        "erase_after": row["erase_after"].isoformat() if row["erase_after"] else None,
        "mentors": pool.mentors(row["pool"], row["pool_streams"], row["state"], row["is_organizer"]),
    }


def change(tx: Connection, row: Row, values: dict[str, Any], event: str | None = None, **more: Any) -> Row:
    """Write `values` into the person's row, say so by `event` (which carries `more`), and return the row as it is."""
    tx.execute(sa.update(people).where(people.c.id == row["id"]).values(**values))
    changed = {**row, **values}
    if event:
        emit(tx, event, subject(row["id"]), {**told(changed), **more})
    return changed


def search_words(name: str, email: str) -> str:
    """What the organizer's search compares with, and the list is sorted by."""
    return bare(f"{name} {email}")[:800]


def bare(words: str) -> str:
    """Without capitals and accents: "muller" finds Müller, and Ánna stands beside Anna."""
    if words.isascii():
        return words.lower()
    apart = unicodedata.normalize("NFD", words.casefold())
    if any(map(unicodedata.combining, apart)):
        apart = "".join([each for each in apart if not unicodedata.combining(each)])
    return unicodedata.normalize("NFC", apart)
