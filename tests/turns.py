"""Shortcuts for tests of turns: circles, sessions and people as rows, and what happens to their turns."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from services.sessions import models
from services.sessions.circles import membership, reading
from services.sessions.turns import asking, seats
from services.signup import people
from shared import clock, db

ZONE = "Europe/London"
FIRST = timedelta(days=14)  # from the start of the test's clock to a circle's first session


def join(baton: Any, name: str, stream: str = "stream1") -> str:
    """Somebody signs up and confirms; their id."""
    typed = {"name": name, "email": f"{name.lower().replace(' ', '.')}@example.org", "stream": stream}
    with db.write("signup") as tx:
        person = people.apply(tx, {**typed, "timezone": ZONE, "charter": "1", "answers": {}}).person
        assert people.confirm(tx, str(person)) == "confirmed"
    baton.drain()
    return str(person)


def circle(
    baton: Any, *names: str, stream: str = "stream1", sessions: int = 6, apart: int = 14, first: timedelta = FIRST
) -> str:
    """A circle of new people, in the order in which they joined, with sessions; its id."""
    ids = [join(baton, name, stream) for name in names]
    made = db.new_id()
    with db.write("sessions") as tx:
        row = {"id": made, "stream": stream, "name": f"Circle of {stream}", "feed": db.new_id()}
        tx.execute(sa.insert(models.circle).values(**row, created_at=clock.now()))
        for id in ids:
            enter(tx, id, made)
        for number in range(sessions):
            session(tx, made, clock.now() + first + number * timedelta(days=apart))
    return made


def enter(tx: Any, person: str, where: str) -> None:
    """Their place is in this circle, wherever the program had put them."""
    place = reading.place_of(tx, person)
    if place:
        membership.leave(tx, person, place["circle"])
    membership.enter(tx, person, where, "moved", "system")


def session(tx: Any, where: str, starts_at: datetime, minutes: int = 60) -> str:
    """A planned session."""
    local = starts_at.astimezone(clock.zone(ZONE))
    row: dict[str, Any] = {
        "id": db.new_id(),
        "kind": "circle",
        "circle": where,
        "day": local.date().isoformat(),
        "zone": ZONE,
    }
    row |= {"time": f"{local:%H:%M}", "minutes": minutes, "starts_at": starts_at, "state": "planned", "sequence": 0}
    row |= {"ends_at": starts_at + timedelta(minutes=minutes), "changed_at": clock.now(), "invited": False, "gaps": {}}
    tx.execute(sa.insert(models.session).values(**row))
    return str(row["id"])


def do(command: Any, *given: Any, **more: Any) -> Any:
    """One command of sessions in its own transaction."""
    with db.write("sessions") as tx:
        return command(tx, *given, **more)


def sessions(baton: Any, where: str) -> list[dict[str, Any]]:
    """Sessions of a circle in order of time."""
    return sorted(baton.rows("sessions", "session", circle=where), key=lambda row: row["starts_at"])


def person(baton: Any, name: str) -> str:
    """The id of the person of that name."""
    return str(baton.rows("sessions", "person", name=name)[0]["id"])


def names(baton: Any) -> dict[str, str]:
    return {row["id"]: row["name"] for row in baton.rows("sessions", "person")}


def turns(baton: Any, session: str, role: str = "coordinator") -> dict[str, str]:
    """{name: state} of everybody at that seat."""
    called = names(baton)
    rows = baton.rows("sessions", "turn", session=session, role=role)
    return {called[row["person"]]: row["state"] for row in rows}


def turn(baton: Any, session: str, name: str, role: str = "coordinator") -> dict[str, Any]:
    """The turn of that person at that session."""
    [row] = baton.rows("sessions", "turn", session=session, role=role, person=person(baton, name))
    return row


def kinds(baton: Any, name: str) -> list[str]:
    """Mails about turns to a person, in the order in which they were written."""
    rows = sorted(baton.rows("notifications", "mail", person=person(baton, name)), key=lambda row: row["due"])
    return [row["kind"] for row in rows if row["kind"].startswith("turn") or row["kind"] == "mentor"]


def promise_four(baton: Any) -> None:
    """Never two who said yes, and a session's state says what its turns say; nothing is dead."""
    sure: dict[tuple[str, str], int] = {}
    for row in baton.rows("sessions", "turn"):
        if row["state"] in ("accepted", "served"):
            sure[row["session"], row["role"]] = sure.get((row["session"], row["role"]), 0) + 1
    assert not [seat for seat, count in sure.items() if count > 1]
    for row in baton.rows("sessions", "session"):
        if row["state"] in seats.AHEAD:
            assert (row["state"] == "confirmed") == ((row["id"], "coordinator") in sure), row
    for service in ("sessions", "notifications"):
        assert not [row for row in baton.rows(service, "delivery") if row["dead_at"] or row["failures"]]


def tick(baton: Any, **step: float) -> None:
    """Let time pass, then do what is due."""
    baton.pass_time(**step)
    do(asking.work)
    baton.drain()


def written(baton: Any, session: str, text: str, by: str) -> None:
    """Minutes of a session that was, published."""
    with db.write("sessions") as tx:
        table = db.metadata("sessions").tables["minutes"]
        row = {"session": session, "agenda": f"Agenda of {session}", "agenda_version": 1, "text": text, "version": 1}
        tx.execute(table.insert().values(**row, saved_at=clock.now(), saved_by=by, published_at=clock.now(),
                                         published_by=by))  # fmt: skip
