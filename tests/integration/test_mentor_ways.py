"""What guests who mentor do by their links: accept, decline, be away, leave, come back, be erased."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from services.sessions.turns import answering
from services.signup import people
from services.signup.rules import Refused
from shared import clock, db, tokens
from tests.conftest import Baton
from tests.mentoring import TOP, ask, guest, known, link, pool, signup
from tests.turns import do, person, promise_four, tick, turn, turns


def test_a_guest_who_says_yes_is_invited_as_the_mentor(baton: Baton, asked: tuple[str, str, str]) -> None:
    _, one, gus = asked
    address, client = link(baton, "mentor", gus), baton.client("sessions")
    assert client.post(address, data={"do": "accept"}).status_code == 303
    baton.tick()
    [invite] = baton.rows("sessions", "invite", session=one, person=gus)
    assert invite["told"]["mentor"] == gus
    [mail] = baton.rows("notifications", "mail", kind="invite", person=gus)
    assert "mentor" in mail["text"].lower() and b"text/calendar" in mail["raw"]
    assert client.post(address, data={"do": "decline"}).status_code == 303
    baton.tick()
    assert turns(baton, one, "mentor") == {"Gus Guest": "declined"}
    assert baton.rows("sessions", "invite", session=one, person=gus)[0]["cancelled"]


def test_a_guest_says_by_link_when_they_are_away(baton: Baton, asked: tuple[str, str, str]) -> None:
    _, one, gus = asked
    client = baton.client("sessions")
    client.post(link(baton, "mentor", gus), data={"do": "accept"})
    away = re.search(r"/sessions/away/[\w.-]+", client.get(link(baton, "mentor", gus)).text).group()  # type: ignore[union-attr]
    before = baton.dump()
    assert "When I am away" in client.get(away).text and baton.dump() == before
    wrong = client.post(away, data={"first": "tomorrow", "last": "2027-02-30"})
    assert wrong.status_code == 422 and "tomorrow" in wrong.text
    answer = client.post(away, data={"first": "2027-01-04", "last": "2027-02-01", "role": ""})
    assert answer.location.startswith(f"{away}?") and "free again" in client.get(answer.location).text
    assert turns(baton, one, "mentor") == {"Gus Guest": "released"}
    [absence] = baton.rows("sessions", "absence", person=gus)
    other = tokens.path("away", tokens.sign("away", {"person": person(baton, "Ada")}))
    assert client.post(f"{other}/{absence['id']}/withdraw").status_code in (404, 409), "not somebody else's"
    assert client.post(f"{away}/{absence['id']}/withdraw").status_code == 303
    assert baton.rows("sessions", "absence")[0]["withdrawn_at"]
    for token in ("x", tokens.sign("turn", {"person": gus}), tokens.sign("away", {})):
        assert client.get(f"/sessions/away/{token}").status_code == 400
    signup(people.leave, gus, by=f"person/{gus}")
    baton.drain()
    assert client.get(away).status_code == 403, "a link of who has left"


def test_a_guest_of_this_very_second_can_say_when_they_are_away(baton: Baton, olga: str) -> None:
    """Sessions hears of their yes a moment later than they press the next button."""
    gus, client = ask(baton), baton.client("signup")
    answer = client.post(link(baton, "guest", gus), data={"do": "yes"})
    away = re.search(r"/sessions/away/[\w.-]+", client.get(answer.location).text).group()  # type: ignore[union-attr]
    assert not known(baton, "sessions", gus)
    days = {"first": "2027-01-04", "last": "2027-02-01", "role": ""}
    assert baton.client("sessions").post(away, data=days).status_code == 303
    baton.drain()
    assert known(baton, "sessions", gus) and len(baton.rows("sessions", "absence", person=gus)) == 1


def test_a_guest_leaves_the_pool_by_link_and_comes_back(baton: Baton, asked: tuple[str, str, str]) -> None:
    _, one, gus = asked
    client, signup_client = baton.client("sessions"), baton.client("signup")
    page = client.get(link(baton, "mentor", gus)).text
    leave = re.search(r"/signup/pool/[\w.-]+", page).group()  # type: ignore[union-attr]
    client.post(link(baton, "mentor", gus), data={"do": "accept"})
    answer = signup_client.post(leave, data={"do": "leave"})
    assert "You are asked no more" in signup_client.get(answer.location).text
    baton.drain()
    assert turns(baton, one, "mentor") == {"Gus Guest": "released"} and baton.rows("sessions", "pool") == []
    tick(baton, hours=1)
    assert turns(baton, one, "mentor") == {"Gus Guest": "released"}
    signup_client.post(leave, data={"do": "yes"})
    baton.drain()
    assert [row["stream"] for row in baton.rows("sessions", "pool")] == [TOP]
    promise_four(baton)


def test_an_organizer_removes_and_puts_back_and_nobody_is_put_in_who_said_no(baton: Baton, asked: Any) -> None:
    _, one, gus = asked
    signup(people.remove_mentor, gus)
    baton.drain()
    assert turns(baton, one, "mentor") == {"Gus Guest": "released"} and baton.rows("sessions", "pool") == []
    address = link(baton, "guest", gus)
    client = baton.client("signup")
    assert client.post(address, data={"do": "yes"}).status_code == 422, "who was removed does not put themselves back"
    with pytest.raises(Refused):
        signup(people.offer, gus, [TOP], by=f"person/{gus}")
    signup(people.restore_mentor, gus)
    baton.drain()
    assert len(baton.rows("sessions", "pool")) == 1
    with pytest.raises(Refused, match="not removed"):
        signup(people.restore_mentor, gus)
    silent = ask(baton, "Sil Ent")
    signup(people.remove_mentor, silent)
    signup(people.restore_mentor, silent)
    baton.drain()
    assert pool(baton)[silent] == "asked" and not known(baton, "sessions", silent)


def test_a_link_made_by_a_link_is_as_old_as_that_one(baton: Baton, asked: tuple[str, str, str]) -> None:
    _, _, gus = asked
    mailed, client = link(baton, "mentor", gus), baton.client("sessions")
    baton.pass_machine_time(100)
    table = db.metadata("signup").tables["person"]
    with db.write("signup") as tx:
        tx.execute(table.update().where(table.c.id == gus).values(readdressed_at=clock.machine()))
    baton.pass_machine_time(100)
    leave = re.search(r"/signup/pool/[\w.-]+", client.get(mailed).text).group()  # type: ignore[union-attr]
    for answer in (baton.client("signup").get(leave), baton.client("signup").post(leave, data={"do": "leave"})):
        assert answer.status_code == 410
    assert pool(baton)[gus] == "agreed"


def test_who_begins_anew_after_a_removal_has_not_said_yes_again(baton: Baton, olga: str) -> None:
    gus = guest(baton)
    signup(people.remove_mentor, gus)
    baton.pass_machine_time(3700)
    typed = {"name": "Gus", "email": "gus.guest@example.org", "stream": "stream1", "timezone": "UTC", "charter": "1"}
    with db.write("signup") as tx:
        people.apply(tx, {**typed, "answers": {}})
        assert people.confirm(tx, gus) == "confirmed"
    baton.drain()
    assert pool(baton)[gus] == "removed"
    signup(people.graduate, gus, by=f"person/{gus}")
    with pytest.raises(Refused, match="An organizer took this person out"):
        signup(people.offer, gus, [TOP], by=f"person/{gus}")
    signup(people.restore_mentor, gus)
    baton.drain()
    assert pool(baton)[gus] == "left" and baton.rows("sessions", "pool") == []
    signup(people.offer, gus, [TOP], by=f"person/{gus}")
    assert pool(baton)[gus] == "agreed", "their own yes, again"


def test_a_guest_is_told_of_erased_and_downloads_like_anybody(baton: Baton, asked: tuple[str, str, str]) -> None:
    _, one, gus = asked
    do(answering.accept, turn(baton, one, "Gus Guest", "mentor")["id"], f"person/{gus}")
    with db.write("signup") as tx:
        people.ask_download(tx, f"person/{gus}", gus)
    baton.drain()
    with db.read("signup") as tx:
        whole = "".join(people.download(tx, gus))
    assert "gus.guest@example.org" in whole and f'"{TOP}"' in whole and '"mentor"' in whole
    with db.write("signup") as tx:
        people.erase_later(tx, f"person/{gus}", gus)
    baton.drain()
    assert turns(baton, one, "mentor") == {"Gus Guest": "released"}
    baton.pass_time(days=31)
    baton.tick()
    assert baton.rows("sessions", "pool") == [] and baton.rows("signup", "person", id=gus)[0]["pool"] is None
    everything = json.dumps(baton.dump(), default=str)
    assert "Gus Guest" not in everything and "gus.guest" not in everything


def test_who_changed_their_mind_about_being_erased_is_a_guest_again(baton: Baton, olga: str) -> None:
    gus = guest(baton)
    for first, back in ((people.erase_later, people.keep), (people.leave, people.come_back)):
        with db.write("signup") as tx:
            first(tx, f"person/{gus}", gus)
        baton.drain()
        assert baton.rows("sessions", "pool") == []
        with db.write("signup") as tx:
            back(tx, f"person/{gus}", gus)
        baton.drain()
        assert known(baton, "sessions", gus)[0]["state"] == "guest" and len(baton.rows("sessions", "pool")) == 1
