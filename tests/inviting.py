"""Shortcuts for tests of invites: a circle that meets, its mails, what calendars find in them."""

from __future__ import annotations

import email
import re
from datetime import datetime
from email.policy import default
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from icalendar import Calendar

from services.sessions.invites import due
from services.sessions.meetings import changing
from services.sessions.models import turn
from shared import access, clock, db, tokens
from tests.circles import circle, circles, do, join
from tests.integration.test_meetings import begin

GOLDEN = Path(__file__).resolve().parent / "contracts" / "golden" / "invited"
WEEKLY = {"weeks": "1"}


class Met:
    """A circle of Ada (Toronto) and Bo (Kolkata) that meets fortnightly, everybody told of its next sessions."""

    def __init__(self, baton: Any) -> None:
        self.baton = baton
        self.ada = join(baton, "Ada", "America/Toronto")
        self.bo = join(baton, "Bo", "Asia/Kolkata")
        [self.circle] = map(circle, circles())
        begin(self.circle)
        baton.tick()

    def sessions(self) -> list[dict[str, Any]]:
        """In order of their days."""
        return sorted(self.baton.rows("sessions", "session", circle=self.circle), key=lambda row: row["starts_at"])

    @property
    def first(self) -> str:
        """The id of the first one."""
        return str(self.sessions()[0]["id"])

    def lead(self, person: str | None, role: str = "coordinator", session: str | None = None) -> None:
        """Write who said yes, as turns would, and ask for a look."""
        of = session or self.first
        with db.write("sessions") as tx:
            tx.execute(sa.delete(turn).where(turn.c.session == of, turn.c.role == role))
            if person:
                row = {"id": db.new_id(), "session": of, "circle": self.circle, "role": role, "person": person}
                tx.execute(turn.insert().values(**row, state="accepted", why={}, created_at=clock.now()))
            due.touch(tx, [self.circle])


def mails(baton: Any, person: str, session: str | None = None) -> list[dict[str, Any]]:
    """Mails about sessions to a person, in order of their writing."""
    rows = [row for row in baton.rows("notifications", "mail", person=person) if row["topic"]]
    rows = [row for row in rows if session is None or row["topic"] == f"session/{session}"]
    return sorted(rows, key=lambda row: (row["created_at"], row["due"], row["rank"]))


def kinds(baton: Any, person: str, session: str | None = None) -> list[str]:
    return [row["kind"] for row in mails(baton, person, session)]


def calendar_in(mail: dict[str, Any]) -> Any:
    """The VEVENT of a mail, and the method of its part."""
    parsed = email.message_from_bytes(mail["raw"], policy=default)
    part = next(part for part in parsed.walk() if part.get_content_type() == "text/calendar")
    data: Any = part.get_payload(decode=True)
    whole = Calendar.from_ical(data)
    assert whole["METHOD"] == part["Content-Type"].params["method"]
    return whole.walk("VEVENT")[0], str(whole["METHOD"])


def told(baton: Any, person: str, session: str) -> list[tuple[str, int]]:
    """(method, sequence) of what a calendar gets."""
    found = [calendar_in(mail) for mail in mails(baton, person, session) if mail["kind"] != "reminder"]
    return [(method, int(event["SEQUENCE"])) for event, method in found]


def move(session: str, day: str = "2027-01-14", time: str = "19:00", reason: str = "") -> None:
    do(changing.move, session, day, time, reason)


def link(mail: dict[str, Any]) -> str:
    found = re.search(r"/sessions/rsvp/[\w.-]+", mail["text"])
    assert found
    return found[0]


def answers(baton: Any) -> dict[tuple[str, str], tuple[str, str]]:
    return {(row["session"], row["person"]): (row["answer"], row["source"]) for row in baton.rows("sessions", "rsvp")}


def signed_in(baton: Any, person: str, role: str = "member") -> Any:
    client = baton.client("sessions")
    client.set_cookie(
        access.COOKIE,
        tokens.sign("cookie", {"person": person, "roles": [role], "at": clock.machine()}),
        domain="localhost",
    )
    return client


def pass_to(moment: datetime) -> None:
    clock.advance(moment - clock.now())
