"""Before a session is moved, organizers see who has something else then; and may move it all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.sessions import models
from services.sessions.meetings import asking, changing, clashes
from services.sessions.rules.states import TurnState
from services.sessions.turns import seats
from shared import clock, db
from tests import turns
from tests.inviting import signed_in


class House:
    """Two circles that meet on other days, and a talk on a third."""

    def __init__(self, baton: Any) -> None:
        self.baton = baton
        self.here = turns.circle(baton, "Ada", "Bo")
        self.there = turns.circle(baton, "Cy", "Dee", stream="stream2", first=timedelta(days=17))
        self.one, self.two = turns.sessions(baton, self.here)[0], turns.sessions(baton, self.there)[0]
        at = clock.now() + timedelta(days=20)
        with db.write("sessions") as tx:
            talk = turns.session(tx, None, at)  # type: ignore[arg-type]
            named = {"kind": "talk", "title": "How to ask"}
            tx.execute(sa.update(models.session).where(models.session.c.id == talk).values(**named))
            told = {"session": talk, "sequence": 0, "told": {}, "cancelled": False}
            tx.execute(sa.insert(models.invite), [{**told, "person": self.id(name)} for name in ("Ada", "Bo")])
            mentor = (seats.hold(tx, self.one["id"]), "mentor", self.id("Cy"), TurnState.ACCEPTED, "system")
            seats.put(tx, *mentor)
        self.talk = baton.rows("sessions", "session", id=talk)[0]

    def id(self, name: str) -> str:
        return turns.person(self.baton, name)

    def found(self, at: Any, minutes: int = 60) -> list[tuple[str, list[str]]]:
        wanted = clashes.Wanted(at, at + timedelta(minutes=minutes), self.one["id"])
        with db.read("sessions") as tx:
            return [(each.name, each.people) for each in clashes.found(tx, self.here, [wanted])]


@pytest.fixture
def house(baton: Any) -> House:
    return House(baton)


def test_who_has_what_else_then(house: House) -> None:
    """Mentors where they are members, members where they are invited; not what only touches, is off, or who is away"""
    two, talk, hour = house.two["starts_at"], house.talk["starts_at"], timedelta(hours=1)
    assert house.found(two) == [("Circle of stream2", ["Cy"])], "who mentors it is a member there"
    assert house.found(two - hour) == [] and house.found(two + hour) == [], "one ends as the other begins"
    assert house.found(two + timedelta(minutes=59)) == [("Circle of stream2", ["Cy"])]
    assert house.found(talk) == [("How to ask", ["Ada", "Bo"])]
    assert house.found(house.one["starts_at"]) == [], "its own hour is no clash"
    with db.write("sessions") as tx:
        no = {"session": house.talk["id"], "person": house.id("Ada"), "answer": "cannot", "sequence": 0}
        tx.execute(sa.insert(models.rsvp).values(**no, source="link", at=clock.now()))
    assert house.found(talk) == [("How to ask", ["Bo"])]
    with db.write("sessions") as tx:
        tx.execute(sa.update(models.session).where(models.session.c.kind == "talk").values(state="cancelled"))
    assert house.found(talk) == []


def test_it_is_shown_before_one_is_moved_and_not_refused(house: House) -> None:
    """GIVEN people have a talk WHEN a session is moved there THEN the page says who, and a second press moves it; a
    hour that was not shown is shown first; a series shows the same in its preview
    """
    olga = signed_in(house.baton, turns.join(house.baton, "Olga"), "organizer")
    address = f"/sessions/dates/{house.one['id']}/move"
    form = {"seen": str(house.one["sequence"]), "day": house.talk["day"], "time": house.talk["time"], "reason": ""}
    before = house.baton.dump()
    shown = olga.post(address, data=form)
    assert shown.status_code == 200 and house.baton.dump() == before, "nothing is moved by being shown"
    assert "Ada, Bo" in shown.text and "How to ask" in shown.text and "Move it all the same" in shown.text
    other = {**form, "knows": f"{form['day']} {form['time']}", "day": house.two["day"], "time": house.two["time"]}
    shown = olga.post(address, data=other)
    assert shown.status_code == 200 and "Cy" in shown.text and house.baton.dump() == before, "that one was not seen"
    assert olga.post(address, data={**form, "day": "2027-02-30"}).status_code == 422
    assert olga.post(address, data={**form, "knows": f"{form['day']} {form['time']}"}).status_code == 303
    assert house.baton.rows("sessions", "session", id=house.one["id"])[0]["starts_at"] == house.talk["starts_at"]

    typed = {"first": house.talk["day"], "weeks": "2", "time": house.talk["time"], "zone": turns.ZONE, "minutes": "60"}
    wanted = asking.read({**typed, "link": "https://meet.example.org/a", "location": "", "other_time": ""})
    with db.read("sessions") as tx:
        plan = changing.preview(tx, house.here, wanted)
    assert [(each.name, each.people) for each in plan.clashes] == [("How to ask", ["Ada", "Bo"])]
    page = olga.post(
        f"/sessions/circles/{house.here}/dates", data={**typed, "link": "https://meet.example.org/a", "step": "preview"}
    )
    assert page.status_code == 200 and "Some have something else then" in page.text


def test_the_api_says_it_too_before_and_after(house: House) -> None:
    """GIVEN people have a talk WHEN a program moves a session there THEN a preview says who and moves nothing, and so
    does the answer to the move itself; a change of series says the same
    """
    client, home = signed_in(house.baton, turns.join(house.baton, "Olga"), "organizer"), "/sessions/api"
    ours = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    to = {"day": house.talk["day"], "time": house.talk["time"], "reason": ""}
    before, address = house.baton.dump(), f"{home}/sessions/{house.one['id']}/move"
    shown = client.post(address, json={**to, "preview": True}, headers=ours)
    assert shown.status_code == 200 and house.baton.dump() == before, "nothing is moved by being asked"
    said = [(each["name"], each["people"]) for each in shown.json["clashes"]]
    assert said == [("How to ask", ["Ada", "Bo"])] and "preview" in shown.json["done"]
    typed = {"first": house.talk["day"], "weeks": 2, "time": house.talk["time"], "zone": turns.ZONE, "minutes": 60}
    plan = client.post(
        f"{home}/circles/{house.here}/series",
        json={**typed, "link": "https://meet.example.org/a", "preview": True}, headers=ours,
    )  # fmt: skip
    assert plan.json["clashes"] == shown.json["clashes"] and house.baton.dump() == before
    moved = client.post(address, json=to, headers=ours)
    assert moved.json["done"] == "moved." and moved.json["clashes"] == shown.json["clashes"]
    assert house.baton.rows("sessions", "session", id=house.one["id"])[0]["starts_at"] == house.talk["starts_at"]
