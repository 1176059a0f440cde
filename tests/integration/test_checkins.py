"""Still with us? Who neither answered nor came three times in a row is asked once, and is never put out for silence."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notifications.views.dashboard import page as dashboard
from services.sessions import attendance
from services.sessions.minutes import publishing, reading, saving
from services.sessions.models import rsvp, session
from services.signup import people
from shared import clock, db
from shared.events import replay
from tests import turns
from tests.conftest import Baton
from tests.signup import signed_in
from tests.told import mails, spoken
from tests.turns import do, person

APART = 14  # days


class Rounds:
    """A circle of four that meets every fortnight; Dee is silent unless told otherwise."""

    def __init__(self, baton: Baton) -> None:
        self.baton = baton
        self.id = turns.circle(baton, "Ada", "Bea", "Cyd", "Dee", sessions=10)
        self.ids = [row["id"] for row in turns.sessions(baton, self.id)]
        self.next = 0
        self.dee = person(baton, "Dee")

    def meet(self, times: int = 1, absent: tuple[str, ...] = ("Dee",), noted: bool = True) -> None:
        """The next sessions take place, and their minutes are published."""
        for _ in range(times):
            id = self.ids[self.next]
            self.next += 1
            [row] = self.baton.rows("sessions", "session", id=id)
            clock.advance(row["ends_at"] + timedelta(hours=1) - clock.now())
            self.baton.tick()
            gaps = {"next": "We ask.", **({} if noted else {"attendance": "Forgotten."})}
            with db.write("sessions") as tx:
                tx.execute(session.update().where(session.c.id == id).values(gaps=gaps))
                of = reading.taken(tx, id)
                if noted:
                    names = {mark.person: mark.name for mark in attendance.sheet(tx, of)}
                    there = {who: name not in absent for who, name in names.items()}
                    attendance.record(tx, of, there, "organizer/o")
                saving.put(tx, of, reading.texts(tx, of), "text", 0, "We read on.", "organizer/o", "draft")
                publishing.publish(tx, id, "organizer/o", publishing.NOBODY)
            self.baton.drain()

    def say(self, name: str, number: int) -> None:
        """Somebody answers the invite to that session."""
        row = {"session": self.ids[number], "person": person(self.baton, name), "answer": "cannot", "sequence": 0}
        with db.write("sessions") as tx:
            tx.execute(rsvp.insert().values(**row, source="link", at=clock.now()))

    def rows(self) -> list[dict[str, Any]]:
        return sorted(self.baton.rows("sessions", "checkin"), key=lambda row: row["asked_at"])

    def link(self) -> str:
        """Where the latest mail leads."""
        found = re.search(r"/sessions/checkin/[\w.-]+", mails(kind="checkin")[-1].text)
        assert found
        return found[0]

    def away(self) -> list[str]:
        """For which roles nobody asks Dee."""
        rows = self.baton.rows("sessions", "absence", person=self.dee, withdrawn_at=None)
        return sorted(row["role"] for row in rows)

    def state(self) -> str:
        return str(self.baton.rows("signup", "person", id=self.dee)[0]["state"])

    def said_of_dee(self) -> str:
        """What the dashboard says of people who were not there."""
        with self.baton.app("notifications").test_request_context():
            return " ".join(each["why"] for each in dashboard()["board"]["people"] if each["name"] == "Dee")


@pytest.fixture
def rounds(baton: Baton) -> Rounds:
    return Rounds(baton)


def test_who_is_silent_three_times_is_asked_once_and_kept_from_turns_until_they_say_so(
    baton: Baton, rounds: Rounds
) -> None:
    """Given three sessions without a word, When minutes say so, Then one mail, and after 14 days no turns; one click
    ends that, by the mail's link, whenever it comes. GETs change nothing, and the organizers see where it stands."""
    rounds.meet(2)
    assert not mails(kind="checkin")
    rounds.meet(1)
    [mail] = mails(kind="checkin")
    assert mail.person == rounds.dee and mail.duty and "three sessions" in mail.text
    assert mail.deadline == rounds.rows()[0]["answer_by"] == rounds.rows()[0]["asked_at"] + timedelta(days=14)
    assert "was asked on" in rounds.said_of_dee()
    client, before = baton.client("sessions"), baton.dump()
    for more in ("", "?answer=yes", "?answer=pause", "?answer=leave", "?answer=%25"):
        page = client.get(rounds.link() + more)
        assert page.status_code == client.head(rounds.link() + more).status_code == 200
        assert "Take a break" in page.text and "Leave the program" in page.text
    assert baton.dump() == before
    for odd in ({}, {"answer": "perhaps"}, {"answer": "lapsed"}, {"answer": "yes "}):
        assert client.post(rounds.link(), data=odd).status_code == 422
    for bad in (rounds.link()[:-1], "/sessions/checkin/x", rounds.link().replace("/checkin/", "/rsvp/")):
        assert client.post(bad, data={"answer": "leave"}).status_code == 410
    other = signed_in(baton.client("sessions"), person(baton, "Ada"), "member")
    assert other.post(f"/sessions/checkins/{rounds.rows()[0]['id']}", data={"answer": "leave"}).status_code == 410
    baton.pass_time(days=13)
    baton.tick()
    assert not rounds.away() and "no turns" not in rounds.said_of_dee()
    baton.pass_time(days=1, hours=1)
    for _ in range(2):
        baton.tick()
    assert rounds.away() == ["coordinator", "mentor"] and rounds.state() == "active", "not out of the program"
    assert "is asked for no turns" in rounds.said_of_dee()
    assert [row["kind"] for row in baton.rows("notifications", "news", person=rounds.dee, kind="quiet")] == ["quiet"]
    rounds.next += 1
    rounds.meet(2)
    assert len(mails(kind="checkin")) == 1, "never again while it stands"
    page = client.get(rounds.link()).text
    assert "I am back: ask me again" in page and "nobody asks you to coordinate" in page
    assert client.post(rounds.link(), data={"answer": "yes"}).status_code == 303
    assert not rounds.away() and rounds.rows()[0]["answer"] == "back"
    assert "Good to have you" in spoken(client.get(rounds.link()).text)
    client.post(rounds.link(), data={"answer": "yes"})
    assert client.post(rounds.link(), data={"answer": "leave"}).status_code == 410, "it was answered"
    baton.drain()
    assert "said on" in rounds.said_of_dee() and rounds.state() == "active"
    rounds.meet(3)
    assert len(mails(kind="checkin")) == 1, "three more without a word, but within three months"
    rounds.meet(1)
    assert len(mails(kind="checkin")) == 2
    assert len({row["session"] for row in rounds.rows()}) == 2


@pytest.mark.parametrize(("said", "state"), [("pause", "paused"), ("leave", "left")])
def test_pausing_and_leaving_by_one_press_can_be_taken_back(
    baton: Baton, rounds: Rounds, said: str, state: str
) -> None:
    rounds.meet(3)
    client = baton.client("sessions")
    assert client.post(rounds.link(), data={"answer": said}).status_code == 303
    client.post(rounds.link(), data={"answer": said})
    baton.drain()
    assert rounds.state() == state and not baton.rows("sessions", "place", person=rounds.dee, until=None)
    assert ("You are pausing" if said == "pause" else "You have left") in client.get(rounds.link()).text
    assert len(mails(kind="goodbye")) == (said == "leave")
    with db.write("signup") as tx:
        people.come_back(tx, f"person/{rounds.dee}", rounds.dee)
    baton.drain()
    assert rounds.state() == "active" and not rounds.away()
    assert [row["answer"] for row in rounds.rows()] == [said]
    for service in ("sessions", "signup"):
        assert not [row for row in baton.rows(service, "delivery") if row["dead_at"] or row["failures"]]


def test_whoever_says_anything_or_of_whom_nothing_is_noted_is_not_asked(baton: Baton, rounds: Rounds) -> None:
    """Given an answer to an invite, minutes without attendance, or somebody who was there, Then nobody is asked."""
    rounds.meet(1)
    rounds.say("Dee", 1)
    rounds.meet(1, noted=False)
    rounds.say("Cyd", 3)
    rounds.meet(1, absent=("Dee", "Cyd"))
    rounds.meet(1, absent=("Cyd",))
    rounds.meet(1, absent=("Dee", "Cyd"))
    assert not mails(kind="checkin"), "what nobody noted is held against nobody"


def test_a_sign_of_life_is_an_answer_and_a_pause_ends_the_question(baton: Baton, rounds: Rounds) -> None:
    rounds.meet(3, absent=("Dee", "Cyd"))
    assert {mail.person for mail in mails(kind="checkin")} == {rounds.dee, person(baton, "Cyd")}
    baton.pass_time(hours=1)
    rounds.say("Dee", 3)
    with db.write("signup") as tx:
        people.pause(tx, "person/c", person(baton, "Cyd"))
    baton.drain()
    assert [row["answer"] for row in rounds.rows() if row["person"] != rounds.dee] == ["gone"], "at once"
    baton.pass_time(days=15)
    baton.tick()
    ends = {row["person"]: row["answer"] for row in rounds.rows()}
    assert ends == {rounds.dee: "seen", person(baton, "Cyd"): "gone"} and not rounds.away()


def test_on_ones_own_page_by_api_and_where_days_away_are(baton: Baton, rounds: Rounds) -> None:
    rounds.meet(3)
    own = signed_in(baton.client("sessions"), rounds.dee, "member")
    id = rounds.rows()[0]["id"]
    assert f'href="/sessions/checkins/{id}"' in own.get("/sessions/").text
    asked = own.get("/sessions/api/mine/checkin").get_json()["checkin"]
    assert asked["id"] == id and asked["paused"] is False
    baton.pass_time(days=15)
    baton.tick()
    assert own.get("/sessions/api/mine/checkin").get_json()["checkin"]["paused"] is True
    assert "nobody asks you for turns" in own.get("/sessions/").text
    row = baton.rows("sessions", "absence", person=rounds.dee)[0]
    own.post(f"/sessions/absences/{row['id']}/withdraw")
    baton.drain()
    assert not rounds.away() and rounds.rows()[0]["answer"] == "back", "both roles at once"
    assert own.get("/sessions/api/mine/checkin").get_json() == {"checkin": None}
    kept = baton.rows("notifications", "checkin")
    assert [each["answer"] for each in kept] == ["back"]
    with db.write("notifications") as tx:
        tx.execute(db.metadata("notifications").tables["checkin"].delete())
    replay.replay("sessions", "notifications")
    baton.drain()
    assert baton.rows("notifications", "checkin") == kept and len(mails(kind="checkin")) == 1


def test_who_runs_the_program_does_not_leave_by_this(baton: Baton, rounds: Rounds) -> None:
    rounds.meet(3)
    with db.write("sessions") as tx:
        table = db.metadata("sessions").tables["person"]
        tx.execute(table.update().where(table.c.id == rounds.dee).values(roles=["member", "organizer"]))
    client = baton.client("sessions")
    assert "Leave the program" not in client.get(rounds.link()).text
    assert client.post(rounds.link(), data={"answer": "leave"}).status_code == 422
    baton.drain()
    assert rounds.state() == "active" and rounds.rows()[0]["answer"] is None


def test_a_laptop_that_slept_asks_and_ends_once(baton: Baton, rounds: Rounds) -> None:
    rounds.meet(3)
    baton.pass_time(days=200)
    for _ in range(3):
        baton.tick()
    assert len(rounds.rows()) == 1 and rounds.away() == ["coordinator", "mentor"] and len(mails(kind="checkin")) == 1
    do(turns.asking.work)
    assert datetime.fromisoformat(baton.rows("sessions", "absence")[0]["last"]) > datetime(2027, 12, 1)
