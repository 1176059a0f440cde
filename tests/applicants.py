"""Shortcuts for tests of people: somebody who applied, somebody who confirmed, what was told of them."""

from __future__ import annotations

import pytest

from services.signup import people
from services.signup.rules import Refused
from shared import db
from tests.conftest import Baton


def apply(baton: Baton, email: str = "ada@example.org", name: str = "Ada King", stream: str = "stream1") -> str:
    with db.write("signup") as tx:
        application = {"name": name, "email": email, "stream": stream, "timezone": "Europe/London", "charter": "1"}
        found = people.apply(tx, {**application, "answers": {}})
    assert found.person
    return found.person


def member(baton: Baton, email: str = "ada@example.org", name: str = "Ada King", stream: str = "stream1") -> str:
    person = apply(baton, email, name, stream)
    with db.write("signup") as tx:
        assert people.confirm(tx, person) == "confirmed"
    return person


def do(command, *args, **kwargs):
    with db.write("signup") as tx:
        return command(tx, *args, **kwargs)


def ask(question, *args, **kwargs):
    with db.read("signup") as tx:
        return question(tx, *args, **kwargs)


def row(person: str):
    return ask(people.one, person)


def told(baton: Baton, person: str) -> list[str]:
    events = baton.rows("signup", "event", subject=people.subject(person))
    return [event["type"] for event in sorted(events, key=lambda event: event["seq"])]


def last(baton: Baton, person: str) -> dict:
    events = baton.rows("signup", "event", subject=people.subject(person))
    return max(events, key=lambda event: event["seq"])["data"]


def refused(command, *args) -> Refused:
    with pytest.raises(Refused) as caught, db.write("signup") as tx:
        command(tx, *args)
    return caught.value
