"""Turns on the coordinator's page: ask a mentor, name a volunteer for next time, say who really led."""

from __future__ import annotations

from typing import Any

import pytest

from services.sessions import minutes
from services.sessions.circles import journal
from services.sessions.rules.refusals import Refused
from services.sessions.turns import answering
from shared import db, tokens
from tests.integration.test_turns_pages import sign_in
from tests.turns import circle, do, join, kinds, person, promise_four, sessions, tick, turn, turns


@pytest.fixture
def led(baton: Any) -> Any:
    """A circle of four; Ada said yes to its first session."""
    where = circle(baton, "Ada", "Bea", "Cem", "Dan")
    circle(baton, "Max Planck", "Marie Curie", stream="stream2", sessions=0)
    tick(baton)
    ids = [row["id"] for row in sessions(baton, where)]
    do(answering.accept, turn(baton, ids[0], "Ada")["id"], "person/a")
    baton.drain()
    return where, ids


def link(baton: Any, session: str, name: str = "Ada") -> str:
    return tokens.path("lead", tokens.sign("lead", {"person": person(baton, name), "session": session}))


def ask(baton: Any, where: str, do: str, name: str) -> Any:
    who = person(baton, name) if name else ""
    return baton.client("sessions").post(where, data={"do": do, f"{do}-person": who})


def test_a_mentor_is_asked_without_an_account_and_says_yes_themselves(baton: Any, led: Any) -> None:
    _, (one, *_) = led
    path, client = link(baton, one), baton.client("sessions")
    first, other = "Max Planck", "Marie Curie"
    if turns(baton, one, "mentor").get(other):
        first, other = other, first
    assert turns(baton, one, "mentor") == {first: "offered"}
    page = client.get(path).text
    assert f"{first}</span> <span" in page and "is asked, until" in page and f">{other}</option>" in page
    assert ask(baton, path, "ask-mentor", other).location.endswith("said=asked#mentor")
    assert turns(baton, one, "mentor") == {first: "released", other: "offered"}
    again = ask(baton, path, "ask-mentor", other)
    assert again.status_code == 422 and "being asked already" in again.text
    baton.drain()
    assert kinds(baton, other) == ["mentor"]
    do(answering.accept, turn(baton, one, other, "mentor")["id"], "person/m")
    page = client.get(path).text
    assert "mentors this session" in page and "ask-mentor-person" not in page
    refused = ask(baton, path, "ask-mentor", first)
    assert refused.status_code == 422 and "Somebody has said yes already." in refused.text
    promise_four(baton)


def test_the_next_turn_is_handed_to_a_volunteer_who_says_yes(baton: Any, led: Any) -> None:
    _, (one, two, *_) = led
    path, client = link(baton, one), baton.client("sessions")
    assert ask(baton, path, "ask-next", "Cem").location.endswith("said=asked#next")
    assert turns(baton, two) == {"Cem": "offered"}, "asked, and no more: silence is no yes"
    assert sessions(baton, led[0])[1]["state"] == "planned"
    assert "Cem</span> is asked, until" in client.get(path).text
    assert ask(baton, path, "ask-next", "Dan").status_code == 303, "another one volunteers"
    assert turns(baton, two) == {"Cem": "released", "Dan": "offered"}
    do(answering.accept, turn(baton, two, "Dan")["id"], "person/d")
    page = client.get(path).text
    assert "<strong>Dan</strong> coordinates it" in page and "ask-next-person" not in page
    assert ask(baton, path, "ask-next", "Bea").status_code == 422
    baton.drain()
    assert kinds(baton, "Cem") == ["turn", "turn-released"] and kinds(baton, "Dan") == ["turn"]
    promise_four(baton)


@pytest.mark.parametrize("name", ["", "Max Planck", "Stranger"])
def test_only_the_circles_own_people_can_be_named(baton: Any, led: Any, name: str) -> None:
    _, (one, two, *_) = led
    join(baton, "Stranger")
    path, typed = link(baton, one), {"agenda": "## Ours\n", "agenda-version": "0"}
    answer = baton.client("sessions").post(
        path, data={**typed, "do": "ask-next", "ask-next-person": person(baton, name) if name else ""}
    )
    assert answer.status_code == 422 and "f-ask-next-person" in answer.text
    assert turns(baton, two) == {}
    with db.read("sessions") as tx:
        of = minutes.one(tx, one)
        assert of and minutes.texts(tx, of).agenda.strip() == "## Ours", "the rest is saved"


def test_who_does_not_lead_asks_nobody(baton: Any, led: Any) -> None:
    _, (one, two, *_) = led
    for name in ("Bea", "Max Planck"):
        assert ask(baton, link(baton, one, name), "ask-next", "Cem").status_code == 403
    assert turns(baton, two) == {}


def test_the_api_asks_too(baton: Any, led: Any) -> None:
    _, (one, two, *_) = led
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    path = f"/sessions/api/sessions/{one}/ask"
    assert ada.post(path, json={"role": "coordinator", "person": person(baton, "Cem")}).status_code == 204
    assert turns(baton, two) == {"Cem": "offered"}
    assert ada.post(path, json={"role": "coordinator", "person": "none"}).json["errors"][0]["field"] == "person"
    assert ada.post(path, json={"role": "guest", "person": "x"}).status_code == 422
    bea = sign_in(baton.client("sessions"), person(baton, "Bea"))
    assert bea.post(path, json={"role": "mentor", "person": person(baton, "Max Planck")}).status_code == 403


# ---- who really served ----


def held(baton: Any, led: Any, absent: str = "Ada", tick_first: bool = True) -> Any:
    """The first session is over; that one was not there, and all else is ready to publish."""
    where, (one, *_) = led
    baton.pass_time(days=14, hours=2)
    if tick_first:
        tick(baton)
    path = link(baton, one)
    data = {f"there-{person(baton, name)}": "no" if name == absent else "yes" for name in ("Ada", "Bea", "Cem", "Dan")}
    data |= {"text": "We met.", "version": "0", "reason-next": "Nobody yet", "do": "attendance"}
    assert baton.client("sessions").post(path, data=data).status_code == 303
    return path, one


@pytest.mark.parametrize("tick_first", [True, False])
def test_credit_goes_to_who_really_served(baton: Any, led: Any, tick_first: bool) -> None:
    path, one = held(baton, led, tick_first=tick_first)
    client = baton.client("sessions")
    assert "Ada was not there. Who coordinated?" in client.get(path).text
    refused = client.post(path, data={"do": "publish"})
    assert refused.status_code == 422 and "Ada was to coordinate, and was not there." in refused.text
    refused = client.post(path, data={"do": "publish", "served": person(baton, "Ada")})
    assert refused.status_code == 422, "who was not there did not"
    assert not baton.rows("notifications", "mail", kind="minutes")
    assert client.post(path, data={"do": "publish", "served": person(baton, "Bea")}).status_code == 303
    assert turns(baton, one) == {"Ada": "released", "Bea": "served"}
    assert client.get(path).status_code == 200, "who published it can correct it still"
    tick(baton)
    assert turns(baton, one) == {"Ada": "released", "Bea": "served"}
    assert client.get(link(baton, one, "Bea")).status_code == 200
    assert client.get(link(baton, one, "Cem")).status_code == 403
    promise_four(baton)


def test_who_was_not_there_does_not_take_the_credit_back(baton: Any, led: Any) -> None:
    path, one = held(baton, led)
    assert (
        baton.client("sessions").post(path, data={"do": "publish", "served": person(baton, "Bea")}).status_code == 303
    )
    [entry] = baton.rows("sessions", "change", verb="correct")
    ada = f"person/{person(baton, 'Ada')}"
    assert entry["by"] == ada and not journal.can_undo(entry, ada) and journal.can_undo(entry, "organizer/olga")
    with pytest.raises(Refused, match="not yours to take back"):
        do(journal.undo, ada, entry["id"])
    assert turns(baton, one) == {"Ada": "released", "Bea": "served"}
    do(journal.undo, "organizer/olga", entry["id"])
    assert turns(baton, one) == {"Ada": "served", "Bea": "released"}


def test_nobody_may_have_served(baton: Any, led: Any) -> None:
    path, one = held(baton, led)
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    publish = f"/sessions/api/sessions/{one}/publish"
    assert ada.post(publish).json["errors"][0]["field"] == "served"
    assert ada.post(publish, json={"served": "nobody"}).json == {"published": True}
    assert turns(baton, one) == {"Ada": "released"}
    assert ada.post(publish).json == {"published": False} and baton.client("sessions").get(path).status_code == 200
    tick(baton)
    ledger = baton.rows("sessions", "turn", session=one, state="served", role="coordinator")
    assert ledger == []


def test_whoever_was_not_there_is_not_credited_by_the_clock(baton: Any, led: Any) -> None:
    _, (one, *_) = led
    path, one = held(baton, led, tick_first=False)
    tick(baton)
    assert turns(baton, one) == {"Ada": "accepted"}, "noted before the tick: nobody served so far"
    assert (
        baton.client("sessions").post(path, data={"do": "publish", "served": person(baton, "Cem")}).status_code == 303
    )
    assert turns(baton, one) == {"Ada": "released", "Cem": "served"}


def test_who_was_there_is_asked_nothing(baton: Any, led: Any) -> None:
    path, one = held(baton, led, absent="Bea")
    assert "Who coordinated?" not in baton.client("sessions").get(path).text
    assert baton.client("sessions").post(path, data={"do": "publish"}).status_code == 303
    assert turns(baton, one) == {"Ada": "served"}
