"""Shortcuts for tests of mentors from outside the streams: a guest who is asked and says yes."""

from __future__ import annotations

import re
from typing import Any

from services.signup import people
from shared import db
from tests.conftest import Baton

TOP = "stream3"


def signup(command: Any, *given: Any, by: str = "organizer/olga") -> Any:
    with db.write("signup") as tx:
        return command(tx, by, *given)


def ask(baton: Baton, name: str = "Gus Guest", streams: tuple[str, ...] = (TOP,), by: str = "organizer/olga") -> str:
    email = f"{name.lower().replace(' ', '.')}@example.org"
    id = signup(people.ask_guest, {"name": name, "email": email, "streams": list(streams)}, by=by)
    baton.drain()
    return str(id)


def guest(baton: Baton, name: str = "Gus Guest", streams: tuple[str, ...] = (TOP,)) -> str:
    """Somebody who was asked and said yes."""
    id = ask(baton, name, streams)
    signup(people.agree, id, by=f"person/{id}")
    baton.drain()
    return id


def link(baton: Baton, kind: str, who: str) -> str:
    """The path of the link in the last mail of that kind to somebody."""
    rows = baton.rows("notifications", "mail", kind=kind, person=who)
    last = max(rows, key=lambda row: row["due"])
    return "/" + re.search(r"https?://[^/]+/((?:signup|sessions)/\w+/\S+)", last["text"]).group(1)  # type: ignore[union-attr]


def pool(baton: Baton) -> dict[str, str]:
    return {row["id"]: row["pool"] for row in baton.rows("signup", "person") if row["pool"]}


def known(baton: Baton, service: str, id: str) -> list[dict[str, Any]]:
    return baton.rows(service, "person", id=id)
