"""Shortcuts for tests of circles: people who join, and what organizers and time do."""

from __future__ import annotations

from typing import Any

from services.sessions.circles import reading, settings
from services.signup import people
from shared import db
from shared.config import SERVICES

ORGANIZER = "organizer/olga"
FOUR = [("Ada", "America/Toronto"), ("Bo", "America/Toronto"), ("Kim", "Asia/Kolkata"), ("Lal", "Asia/Kolkata")]


def join(baton: Any, name: str, zone: str = "Europe/London", stream: str = "stream1", drain: bool = True) -> str:
    """Somebody signs up and confirms; their id."""
    typed = {"name": name, "email": f"{name.lower().replace(' ', '.')}@example.org", "stream": stream}
    with db.write("signup") as tx:
        person = people.apply(tx, {**typed, "timezone": zone, "charter": "1", "answers": {}}).person
        assert people.confirm(tx, str(person)) == "confirmed"
    if drain:
        baton.drain()
    return str(person)


def do(command: Any, *given: Any, by: str | None = None, **more: Any) -> Any:
    """One command of sessions in its own transaction, by an organizer."""
    with db.write("sessions") as tx:
        return command(tx, by or ORGANIZER, *given, **more)


def signup(command: Any, person: str, *given: Any) -> None:
    """One command of signup about a person, by themselves."""
    with db.write("signup") as tx:
        command(tx, f"person/{person}", person, *given)


def circles(stream: str | None = "stream1") -> dict[str, list[str]]:
    """{name of each open circle: names of its members}."""
    with db.read("sessions") as tx:
        return {row["name"]: [m["name"] for m in reading.members(tx, row["id"])] for row in reading.listed(tx, stream)}


def circle(name: str) -> str:
    """The id of an open circle."""
    with db.read("sessions") as tx:
        return next(str(row["id"]) for row in reading.listed(tx) if row["name"] == name)


def line(stream: str = "stream1") -> list[str]:
    """Names of who waits, in order."""
    with db.read("sessions") as tx:
        return [row["name"] for row in reading.line(tx, stream)]


def cap(places: str, most: str = "12", stream: str = "stream1") -> None:
    """Set the policy."""
    do(settings.save, {"most": most, f"places.{stream}": places})


def state(baton: Any, person: str) -> str:
    """What signup says of them."""
    return str(baton.rows("signup", "person", id=person)[0]["state"])


def kinds(baton: Any, person: str) -> list[str]:
    """Mails to a person, in order of their writing."""
    rows = sorted(baton.rows("notifications", "mail", person=person), key=lambda row: row["due"])
    return [row["kind"] for row in rows]


def settled(baton: Any) -> None:
    """Nothing is owed, nobody died, and copies agree with signup."""
    baton.drain()
    for service in SERVICES:
        assert not [row for row in baton.rows(service, "delivery") if row["dead_at"] or row["failures"]]
    told = {row["id"]: row["state"] for row in baton.rows("signup", "person")}
    assert all(told[row["id"]] == row["state"] for row in baton.rows("sessions", "person"))
