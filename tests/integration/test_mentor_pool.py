"""How people from outside the streams get into the pool: asked by an organizer, by their own yes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from services.signup import people
from services.signup.rules import Busy, Refused
from shared import db, tokens
from tests.conftest import Baton
from tests.mentoring import TOP, ask, guest, known, link, pool, signup
from tests.turns import circle, join, promise_four, sessions, tick, turns

# ---- a guest is asked, and says yes ----


def test_nobody_is_asked_before_their_yes_and_everybody_is_after_it(baton: Baton, olga: str) -> None:
    where = circle(baton, "Ada", "Bea", stream=TOP)
    one = sessions(baton, where)[0]["id"]
    gus = ask(baton)
    tick(baton)
    assert turns(baton, one, "mentor") == {} and not known(baton, "sessions", gus), "nobody else knows of them"
    address, client = link(baton, "guest", gus), baton.client("signup")
    before = baton.dump()
    for _ in range(2):
        assert "Would you mentor, now and then?" in client.get(address).text
        assert client.head(address).status_code == 200
    assert baton.dump() == before, "opening the link changes nothing"
    answer = client.post(address, data={"do": "yes", "timezone": "America/Toronto"})
    assert answer.status_code == 303 and "You may be asked to mentor" in client.get(answer.location).text
    baton.drain()
    [row] = known(baton, "sessions", gus)
    assert (row["state"], row["timezone"], row["stream"]) == ("guest", "America/Toronto", None)
    assert baton.rows("sessions", "place", person=gus) == [] and baton.rows("sessions", "waiting", person=gus) == []
    tick(baton, hours=1)
    assert turns(baton, one, "mentor") == {"Gus Guest": "offered"}
    promise_four(baton)


def test_a_no_keeps_them_out_and_their_data_go(baton: Baton, olga: str) -> None:
    where = circle(baton, "Ada", stream=TOP)
    gus = ask(baton)
    address, client = link(baton, "guest", gus), baton.client("signup")
    answer = client.post(address, data={"do": "no"})
    assert "You said no" in client.get(answer.location).text
    tick(baton)
    assert turns(baton, sessions(baton, where)[0]["id"], "mentor") == {}
    baton.pass_time(days=14, hours=1)
    baton.tick()
    assert baton.rows("signup", "person", id=gus) == []
    assert "Gus" not in json.dumps([baton.rows(s, "event") for s in ("signup", "sessions")], default=str)
    assert not [row for row in baton.rows("notifications", "mail", person=gus) if "Gus" in row["text"]]
    assert client.get(address).status_code == 410


def test_silence_is_forgotten_and_a_yes_in_time_is_not(baton: Baton, olga: str) -> None:
    silent, willing = ask(baton, "Sil Ent"), guest(baton, "Will Ing")
    baton.pass_time(days=15)
    baton.tick()
    assert baton.rows("signup", "person", id=silent) == []
    assert pool(baton) == {willing: "agreed"}


def test_a_link_does_for_its_purpose_and_person_alone(baton: Baton, olga: str) -> None:
    gus, client = ask(baton), baton.client("signup")
    for token in (
        "x",
        tokens.sign("enter", {"person": gus}),
        tokens.sign("pool", {}),
        tokens.sign("pool", {"person": "nobody"}),
    ):
        answer = client.post(f"/signup/pool/{token}", data={"do": "yes"})
        assert answer.status_code in (400, 410)
    assert pool(baton) == {gus: "asked"}
    address = link(baton, "guest", gus)
    for data in ({}, {"do": "dance"}, {"do": "leave"}, {"do": "yes", "timezone": "Mars/Base"}):
        answer = client.post(address, data=data)
        assert answer.status_code == 422 and "Yes, you may ask me" in answer.text
    baton.pass_machine_time(61 * 86_400)
    assert client.post(address, data={"do": "yes"}).status_code == 410
    assert pool(baton) == {gus: "asked"}


# ---- whom an organizer may ask ----


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, {"name", "email", "streams"}),
        ({"name": " ", "email": "x", "streams": []}, {"name", "email", "streams"}),
        ({"name": "www.buy.example/now", "email": "g@example.org", "streams": [TOP]}, {"name"}),
        ({"name": "G", "email": "g@example.org", "streams": ["stream9"]}, {"streams"}),
        ({"name": "G", "email": "g@example.org", "streams": [TOP, "\x00"]}, {"streams"}),
        ({"name": "G" * 5000, "email": "a" * 400 + "@example.org", "streams": [TOP]}, {"name", "email"}),
    ],
)
def test_what_cannot_be_taken_is_refused_by_field(
    baton: Baton, olga: str, fields: dict[str, Any], wrong: set[str]
) -> None:
    with pytest.raises(Refused) as refused:
        signup(people.ask_guest, fields)
    assert {each.field for each in refused.value.all} == wrong and all(each.remedy for each in refused.value.all)
    assert pool(baton) == {}


def test_who_has_another_way_in_is_not_asked_as_a_guest(baton: Baton, olga: str) -> None:
    join(baton, "Ada")
    with db.write("signup") as tx:
        typed = {"name": "New", "email": "new@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
        people.apply(tx, {**typed, "answers": {}})
    guest(baton)
    for email, words in (
        ("ada@example.org", "member's"),
        ("OLGA@example.org", "organizer's"),
        ("new@example.org", "applied"),
        ("gus.guest@example.org", "in the pool already"),
    ):
        with pytest.raises(Refused, match=words):
            signup(people.ask_guest, {"name": "X", "email": email, "streams": [TOP]})


def test_who_does_not_answer_is_mailed_again_at_most_once_an_hour(baton: Baton, olga: str) -> None:
    gus = ask(baton)
    with pytest.raises(Busy):
        signup(people.ask_again, gus)
    baton.pass_machine_time(3700)
    signup(people.ask_again, gus)
    baton.drain()
    assert len(baton.rows("notifications", "mail", kind="guest", person=gus)) == 2
    signup(people.agree, gus, by=f"person/{gus}")
    with pytest.raises(Refused, match="Nobody waits"):
        signup(people.ask_again, gus)


@pytest.mark.parametrize("before", [people.leave, people.graduate])
def test_members_of_the_past_are_asked_and_nothing_of_theirs_is_deleted(baton: Baton, olga: str, before: Any) -> None:
    ada = join(baton, "Ada")
    with db.write("signup") as tx:
        before(tx, f"person/{ada}", ada)
    baton.drain()
    assert ask(baton, "Ada") == ada
    [mail] = baton.rows("notifications", "mail", kind="guest", person=ada)
    assert "deleted after 14 days" not in mail["text"]
    baton.pass_time(days=20)
    baton.tick()
    assert pool(baton) == {ada: "asked"} and baton.rows("sessions", "pool") == []
    baton.client("signup").post(link(baton, "guest", ada), data={"do": "yes"})
    baton.drain()
    kind = "alumni" if before is people.graduate else "guest"
    assert [(row["stream"], row["kind"]) for row in baton.rows("sessions", "pool")] == [(TOP, kind)]
    assert baton.rows("signup", "person", id=ada)[0]["state"] == kind
    assert baton.rows("sessions", "place", person=ada, until=None) == []


def test_a_guest_who_signs_up_is_a_member_once_they_confirm(baton: Baton, olga: str) -> None:
    """Also one who was only asked: the form does not tell a stranger who is known here."""
    for id, name in ((guest(baton), "gus.guest"), (ask(baton, "Sil Ent"), "sil.ent")):
        baton.pass_machine_time(3700)
        with db.write("signup") as tx:
            typed = {
                "name": name,
                "email": f"{name}@example.org",
                "stream": "stream1",
                "timezone": "UTC",
                "charter": "1",
            }
            assert people.apply(tx, {**typed, "answers": {}}).person == id
        before = baton.rows("signup", "person", id=id)[0]["state"]
        assert before in ("guest", "invited"), "whoever typed that may be somebody else"
        with db.write("signup") as tx:
            assert people.confirm(tx, id) == "confirmed"
        baton.drain()
        [row] = baton.rows("signup", "person", id=id)
        assert (row["state"], row["stream"], row["pool"]) == ("active", "stream1", None)
    assert baton.rows("sessions", "pool") == []
