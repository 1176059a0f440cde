"""Shortcuts for tests of signup's pages: a form that would be taken, people, and who is signed in."""

from __future__ import annotations

from typing import Any

from services.signup import access_links, people, program
from shared import access, clock, db, tokens

SCRIPT = "<script>alert('x')</script>"


def charter() -> str:
    with db.read("signup") as tx:
        return program.load(tx).charter.version


def typed(**changed: Any) -> dict[str, Any]:
    """A form that would be taken, with some fields changed."""
    good = {"name": "Ada Lovelace", "email": "ada@example.org", "timezone": "Europe/London", "charter": charter()}
    return {**good, **changed}


def member(email: str = "ada@example.org", confirmed: bool = True) -> str:
    with db.write("signup") as tx:
        person = str(people.apply(tx, {**typed(email=email), "stream": "stream1", "answers": {}}).person)
        if confirmed:
            people.confirm(tx, person)
    return person


def organizer(email: str = "olga@example.org") -> str:
    with db.write("signup") as tx:
        return access_links.add_organizer(tx, "system", email, "Olga")


def signed_in(client: Any, person: str, *roles: str) -> Any:
    cookie = tokens.sign("cookie", {"person": person, "roles": list(roles), "at": clock.machine()})
    client.set_cookie(access.COOKIE, cookie)
    return client


def unescaped(page: str) -> str:
    """What of a page is script that somebody typed."""
    return SCRIPT if SCRIPT in page or "<script>alert" in page else ""


def links(person: str) -> list[str]:
    asked = {"person": person, "request": db.new_id(), "next": None}
    return [
        f"/signup/confirm/{tokens.sign('confirm', {'person': person})}",
        f"/signup/enter/{tokens.sign('enter', {'person': person})}",
        f"/signup/sign-in/{tokens.sign('sign-in', asked)}",
    ]
