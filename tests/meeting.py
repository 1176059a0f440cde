"""A circle that meets, put into sessions' tables directly: members, sessions a fortnight apart, who coordinates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from services.sessions import models
from shared import clock, db, tokens
from tests.conftest import Baton

NAMES = ("Ada Lovelace", "Bo Diddley", "Cy Twombly", "Dee Dee")
START = datetime.fromisoformat("2027-01-05T18:30:00+00:00")  # a day after the tests' clock begins
FORTNIGHT = timedelta(days=14)


class Circle:
    """One circle of stream1 with four members, three sessions in London, and Ada coordinating the first."""

    def __init__(self, baton: Baton, name: str = "Circle A", tag: str = "") -> None:
        self.baton, self.id = baton, f"circle{tag}"
        self.members = [f"{name.split()[0].lower()}{tag}" for name in NAMES]
        self.ada, self.bo, self.cy, self.dee = self.members
        self.sessions = [f"s{number}{tag}" for number in (1, 2, 3)]
        self.first, self.second, self.third = self.sessions
        with db.write("sessions") as tx:
            tx.execute(models.circle.insert().values(id=self.id, stream="stream1", name=name, feed=db.new_id(),
                                                     created_at=clock.now()))  # fmt: skip
            for id, person in zip(self.members, NAMES, strict=True):
                add_person(tx, id, person)
                self.place(tx, id)
            for number, id in enumerate(self.sessions):
                starts = START + number * FORTNIGHT
                tx.execute(models.session.insert().values(
                    id=id, kind="circle", circle=self.id, day=starts.date().isoformat(), time="18:30",
                    zone="Europe/London", minutes=60, starts_at=starts, ends_at=starts + timedelta(hours=1),
                    link="https://meet.example.org/a", state="confirmed" if number == 0 else "planned", sequence=0,
                    changed_at=clock.now(), invited=True, gaps={},
                ))  # fmt: skip
            self.turn(tx, self.first, self.ada)

    def place(self, tx: Any, person: str) -> None:
        row = {"id": db.new_id(), "person": person, "circle": self.id, "how": "placed", "by": "system"}
        tx.execute(models.place.insert().values(**row, since=clock.now() - timedelta(days=1)))

    def leave(self, person: str) -> None:
        """Let somebody leave the circle."""
        with db.write("sessions") as tx:
            where = (models.place.c.person == person, models.place.c.until.is_(None))
            tx.execute(models.place.update().where(*where).values(until=clock.now()))

    def turn(self, tx: Any, session: str, person: str, role: str = "coordinator", state: str = "accepted") -> None:
        row = {"id": db.new_id(), "session": session, "circle": self.id, "role": role, "person": person}
        tx.execute(models.turn.insert().values(**row, state=state, why={}, created_at=clock.now()))

    def accept(self, session: str, person: str, role: str = "coordinator") -> None:
        """Let somebody say yes."""
        with db.write("sessions") as tx:
            self.turn(tx, session, person, role)

    def answer(self, person: str, answer: str, session: str | None = None) -> None:
        """Let somebody answer the invite."""
        row = {"session": session or self.first, "person": person, "answer": answer, "sequence": 0}
        with db.write("sessions") as tx:
            tx.execute(models.rsvp.insert().values(**row, source="link", at=clock.now()))

    def begin(self, hours: float = 0) -> None:
        """Let it be so many hours after the first session began."""
        clock.advance(START + timedelta(hours=hours) - clock.now())

    def link(self, person: str | None = None, session: str | None = None) -> str:
        """The coordinator's link, as the mail has it."""
        return tokens.path(
            "lead", tokens.sign("lead", {"person": person or self.ada, "session": session or self.first})
        )


def add_person(tx: Any, id: str, name: str, **fields: Any) -> None:
    """A person as signup would have told of them."""
    row = {"id": id, "name": name, "timezone": "Europe/London", "stream": "stream1", "state": "active",
           "roles": ["member"], "joined_at": clock.now(), **fields}  # fmt: skip
    tx.execute(models.person.insert().values(row))


def tell_notifications(circle: Circle, *organizers: str) -> None:
    """Let notifications know the same persons, with an address each."""
    from tests.told import member, tell

    for id, name in zip(circle.members, NAMES, strict=True):
        tell("member.confirmed", member(id, name=name, state="active", timezone="Europe/London"))
    for id in organizers:
        tell("organizer.added", member(id, name="Olga Organizer", stream=None, roles=["organizer"]))
