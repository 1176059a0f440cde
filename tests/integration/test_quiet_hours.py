"""Quiet hours: what nobody waits for rests until its reader's morning; what is owed, or would be late, goes at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notifications import people
from services.notifications.mail import compose, sending
from shared import clock, db, worker
from shared.config import Config
from tests.conftest import Baton
from tests.signup import signed_in
from tests.smtp import Server
from tests.told import PROGRAM, applicant, mails, member, tell

NIGHT = "2027-01-05T04:00:00+00:00"  # 23:00 in Toronto, 05:00 in Berlin, 13:00 in Tokyo
ZONES = {"ann": "America/Toronto", "bea": "Europe/Berlin", "cho": "Asia/Tokyo", "dee": ""}


@pytest.fixture
def server(change_settings: Callable[..., Config], monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(worker, "send", lambda *_: None)
    with Server() as server:
        change_settings(smtp_url=server.url, base_url="https://mentors.example.org")
        yield server


def until(text: str) -> None:
    clock.advance(datetime.fromisoformat(text) - clock.now())


def news(cause: str, deadline: datetime | None = None) -> None:
    """A mail to each that none of them waits for."""
    with db.write("notifications") as tx:
        about = {"due_at": clock.now(), "late": False, "blog": False, "posts": 0}
        for to in people.readers(tx, ZONES):
            compose.write(tx, "first-post", cause, to, about, {"pushed": 0}, deadline=deadline)


def sent(baton: Baton, **where: Any) -> list[str]:
    """Who got one, once all that is due was done."""
    baton.tick()
    sending.send_due()
    return sorted(row.person for row in mails(state="sent", **where))


def test_it_rests_until_each_readers_morning(baton: Baton, server: Server) -> None:
    tell("program.changed", PROGRAM)
    for id, zone in ZONES.items():
        tell("member.changed", member(id, name=id.title(), state="active", timezone=zone))
    tell("organizer.added", {**member("olga", name="Olga", roles=["organizer"]), "invited": False})
    until(NIGHT)
    news("one")
    assert sent(baton) == ["cho"]
    rests = {row.person: row.rests_until for row in mails(state="queued")}
    assert {id: at.isoformat() for id, at in rests.items()} == {
        "ann": "2027-01-05T12:00:00+00:00", "bea": "2027-01-05T06:00:00+00:00", "dee": "2027-01-05T12:00:00+00:00",
    }, "whose zone is not known has the program's"  # fmt: skip
    page = signed_in(baton.client("notifications"), "olga", "organizer")
    ann = mails(person="ann")[0].id
    assert "quiet hours</a> of its reader are over" in page.get(f"/notifications/outbox/{ann}").text

    tell("application.received", applicant("flo", timezone="America/Toronto"))
    tell("application.reminded", applicant("gus", timezone="America/Toronto"))
    assert sent(baton) == ["cho", "flo"], "what somebody waits for goes at any hour"
    news("two", clock.now() + timedelta(hours=1))
    assert sent(baton, cause="two") == sorted(ZONES), "what would be late in the morning goes before"
    news("three", clock.now() + timedelta(days=2))
    assert sent(baton, cause="three") == ["cho"]

    until("2027-01-05T06:00:00+00:00")
    assert sent(baton, cause="one") == ["bea", "cho"]
    until("2027-01-05T11:59:00+00:00")
    assert sent(baton, cause="one") == ["bea", "cho"]
    until("2027-01-05T12:00:00+00:00")
    assert sent(baton, cause="one") == sorted(ZONES) and not mails(state="queued")
    assert len(server.taken) == len(mails(state="sent")), "each once"

    until("2027-03-14T04:00:00+00:00")  # in this night clocks go forward in Toronto
    news("four")
    assert {row.rests_until.isoformat() for row in mails(state="queued", person="ann")} == {"2027-03-14T11:00:00+00:00"}
    before = baton.dump()
    assert page.get("/notifications/quiet").status_code == 200 and baton.dump() == before
    for typed in ({"begins": "24", "ends": "7"}, {"begins": "x"}, {"begins": "\u0663", "ends": "\x00"}):
        assert page.post("/notifications/quiet", data=typed).status_code in (400, 422), typed
    for _ in range(2):
        assert page.post("/notifications/quiet", data={"begins": "9", "ends": "9"}).status_code == 303
    assert sent(baton, cause="four") == sorted(ZONES), "without quiet hours nothing rests"
    news("five")
    assert sent(baton, cause="five") == sorted(ZONES)
    [row] = baton.rows("notifications", "event", type="quiet.arranged")
    assert (row["data"]["by"], row["data"]["words"]) == ("organizer/olga", "Quiet hours: none")
