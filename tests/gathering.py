"""Shortcuts for tests of monthly meetings and talks: a program of two circles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.sessions.gatherings import proposing, reading, recipients
from services.sessions.models import minutes, turn
from services.sessions.rules.refusals import Refused
from services.signup import access_links
from shared import access, clock, db, tokens
from tests.circles import circle, circles, do, join
from tests.integration.test_meetings import begin

HELP = "## Where help is needed\n\nWe need a speaker on **sorting**.\n\n## Questions\n\nHow long is a CV?\n"
WHEN = {"day": "2027-02-02", "time": "18:00", "zone": "America/Toronto", "minutes": "60",
        "link": "https://meet.example.org/all", "location": ""}  # fmt: skip
TALK = {**WHEN, "title": "How I review code", "text": "About *small* steps.", "guest_name": "Grace Hopper",
        "guest_email": "grace@example.com"}  # fmt: skip


class House:
    """Olga organizes; Ada and Bo are in a circle of stream1, Cy in one of stream2; both meet fortnightly."""

    def __init__(self, baton: Any) -> None:
        self.baton = baton
        with db.write("signup") as tx:
            self.olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
        self.ada = join(baton, "Ada", "America/Toronto")
        self.bo = join(baton, "Bo", "Asia/Kolkata")
        self.cy = join(baton, "Cy", stream="stream2")
        [self.one] = map(circle, circles("stream1"))
        [self.two] = map(circle, circles("stream2"))
        for each in (self.one, self.two):
            begin(each)
        self.lead(self.one, self.ada)
        self.lead(self.two, self.cy)
        baton.tick()

    def sessions(self, of: str) -> list[dict[str, Any]]:
        return sorted(self.baton.rows("sessions", "session", circle=of), key=lambda row: row["starts_at"])

    def lead(self, of: str, person: str | None, number: int = 0) -> None:
        """Let that person, and nobody else, have said yes to a circle's session."""
        session = self.sessions(of)[number]["id"]
        with db.write("sessions") as tx:
            tx.execute(turn.delete().where(turn.c.session == session))
            if person:
                row = {"id": db.new_id(), "session": session, "circle": of, "role": "coordinator", "person": person}
                tx.execute(turn.insert().values(**row, state="accepted", why={}, created_at=clock.now()))

    def minuted(self, of: str, text: str = HELP) -> None:
        """Let the first session be over and its minutes published."""
        with db.write("sessions") as tx:
            tx.execute(minutes.insert().values(
                session=self.sessions(of)[0]["id"], agenda="", agenda_version=0, text=text, version=1, saved_by="x",
                saved_at=clock.now(), published_at=clock.now(), published_by="x",
            ))  # fmt: skip

    def meeting(self, **fields: Any) -> str:
        """A monthly meeting on 2 February, not sent."""
        id = str(do(proposing.propose, "organizers"))
        do(proposing.save, id, {**WHEN, "title": "Monthly", "text": "Talk.", **fields}, [], None)
        return id

    def talk(self, **fields: Any) -> str:
        id = str(do(proposing.propose, "talk"))
        do(proposing.save, id, {**TALK, **fields}, [], None)
        return id

    def sent(self, id: str) -> str:
        do(proposing.send, id, None)
        self.baton.tick()
        return id

    def invited(self, id: str) -> set[str]:
        return {row["person"] for row in self.baton.rows("sessions", "invite", session=id) if not row["cancelled"]}

    def as_(self, person: str, *roles: str) -> Any:
        client = self.baton.client("sessions")
        claims = {"person": person, "roles": list(roles or ("member",)), "at": clock.machine()}
        client.set_cookie(access.COOKIE, tokens.sign("cookie", claims))
        return client

    @property
    def organizer(self) -> Any:
        return self.as_(self.olga, "organizer")


def row(id: str) -> dict[str, Any]:
    with db.read("sessions") as tx:
        return reading.one(tx, id)


def who(id: str) -> recipients.Recipients:
    with db.read("sessions") as tx:
        return recipients.of(tx, reading.one(tx, id))


def guest_of(id: str) -> str:
    return str(row(id)["guest"])


def refusal(command: Any, *given: Any) -> dict[str, str]:
    with pytest.raises(Refused) as caught:
        do(command, *given)
    return {each.field: each.message for each in caught.value.all}


def over(id: str) -> None:
    clock.advance(row(id)["ends_at"] + timedelta(minutes=1) - clock.now())
