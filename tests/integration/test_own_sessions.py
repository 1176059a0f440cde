"""A member's tab "Sessions": what is next in one look, and the pages and API of turns, items, attendance, calendar."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.sessions import attendance, items, minutes
from shared import db
from tests.conftest import Baton
from tests.integration.test_turns_pages import sign_in
from tests.inviting import Met, signed_in
from tests.meeting import FORTNIGHT, Circle
from tests.turns import circle, person, sessions, tick, turn


@pytest.fixture
def ours(baton: Baton) -> Circle:
    return Circle(baton)


def own(baton: Baton, who: str) -> Any:
    return sign_in(baton.client("sessions"), who)


def agree(ours: Circle, owner: str, text: str, due: str = "") -> str:
    """An action item of the first session."""
    with db.write("sessions") as tx:
        of = minutes.taken(tx, ours.first)
        return items.add(tx, of, {"text": text, "owner": owner, "due": due}, "person/ada")


def test_one_page_says_what_is_next(ours: Circle, baton: Baton) -> None:
    agree(ours, ours.ada, "Write to the library")
    agree(ours, ours.bo, "Buy cake")
    page = own(baton, ours.ada).get("/sessions/").text
    assert "Next for you" in page and "Coordinator: <strong>you</strong>" in page
    assert f"/sessions/s/{ours.first}/lead" in page and "1 open" in page
    assert "Write to the library" in page and "Buy cake" not in page, "what is another's stays on the circle's pages"
    bo = own(baton, ours.bo).get("/sessions/").text
    assert "Coordinator: Ada Lovelace" in bo and "/lead" not in bo
    ours.begin(2)
    assert "Publish the minutes" in own(baton, ours.ada).get("/sessions/").text, "what she still owes leads"
    assert "Publish the minutes" not in own(baton, ours.bo).get("/sessions/").text
    with db.write("sessions") as tx:
        of = minutes.taken(tx, ours.first)
        attendance.record(tx, of, dict.fromkeys(ours.members, True), "person/ada")
        minutes.save(tx, ours.first, "text", 0, "We met.", "person/ada")
        minutes.record_gap(tx, ours.first, "next", "Not found so far", "person/ada")
        assert minutes.publish(tx, ours.first, "person/ada")
    page = own(baton, ours.ada).get("/sessions/").text
    assert "Publish the minutes" not in page and "there 1 of 1 time" in page


def test_what_is_asked_comes_first_and_is_answered(baton: Baton) -> None:
    where = circle(baton, "Ada", "Bea", "Cem")
    tick(baton)
    one = sessions(baton, where)[0]["id"]
    ada = own(baton, person(baton, "Ada"))
    page = ada.get("/sessions/").text
    link = f"/sessions/turns/{turn(baton, one, 'Ada')['id']}"
    assert "Would you coordinate" in page and link in page
    turns = ada.get("/sessions/turns").text
    assert "you are asked" in turns and "Nobody who can be asked" in turns and link in turns
    assert "You had no turn yet." in turns
    assert ada.post(link, data={"do": "accept"}).status_code == 303
    assert "you said yes" in ada.get("/sessions/turns").text and f"/sessions/s/{one}/lead" in ada.get("/sessions/").text
    bea = own(baton, person(baton, "Bea"))
    assert "as it stands" in bea.get("/sessions/turns").text and "as it stands" in bea.get("/sessions/").text
    found = bea.get("/sessions/api/mine/turns").json
    assert found["turns"] == [] and found["served"] == {}
    assert (found["next"]["state"], found["next"]["turn"]) == ("proposed", None)
    baton.pass_time(days=15)
    tick(baton)
    assert "So far you coordinated once." in ada.get("/sessions/turns").text
    assert ada.get("/sessions/api/mine/turns").json["served"] == {"coordinator": 1}


def test_a_mentor_sees_their_sessions_elsewhere(baton: Baton) -> None:
    where = circle(baton, "Ada", "Bea")
    circle(baton, "Max Planck", stream="stream2", sessions=0)
    tick(baton)
    one = sessions(baton, where)[0]["id"]
    max = own(baton, person(baton, "Max Planck"))
    assert "Would you mentor" in max.get("/sessions/").text
    max.post(f"/sessions/turns/{turn(baton, one, 'Max Planck', 'mentor')['id']}", data={"do": "accept"})
    baton.tick()
    page = max.get("/sessions/").text
    assert "Circle of stream1" in page and "Mentor: you" in page and f"/sessions/answers/{one}" in page
    assert "Mentor, Circle of stream1" in max.get("/sessions/turns").text


def test_attendance_is_ones_own_and_never_guessed(ours: Circle, baton: Baton) -> None:
    assert "No session yet" in own(baton, ours.ada).get("/sessions/attendance").text
    ours.begin(FORTNIGHT.total_seconds() / 3600 * 2 + 2)
    with db.write("sessions") as tx:
        attendance.record(tx, minutes.taken(tx, ours.first), {ours.ada: True, ours.bo: False}, "person/ada")
        attendance.record(tx, minutes.taken(tx, ours.second), {ours.ada: False}, "person/ada")
    page = own(baton, ours.ada).get("/sessions/attendance").text
    assert "You were there 1 of 2 times; of 1 nobody noted it." in page
    assert page.count("<rect") == 3 and page.count(">there<") == 1 and page.count(">not there<") == 1
    assert page.count(">not noted<") == 1, "silence is no absence"
    found = own(baton, ours.ada).get("/sessions/api/mine/attendance").json
    assert [visit["present"] for visit in found["visits"]] == [None, False, True]
    assert (found["there"], found["known"]) == (1, 2)
    ours.leave(ours.bo)
    kept = own(baton, ours.bo).get("/sessions/api/mine/attendance").json
    assert [visit["present"] for visit in kept["visits"]] == [None, None, False], "history stays with who left a circle"
    assert own(baton, "nobody").get("/sessions/api/mine/attendance").json["visits"] == []


def test_items_are_ticked_dropped_moved_and_taken_back(ours: Circle, baton: Baton) -> None:
    id = agree(ours, ours.ada, "Write to the library", "2027-01-19")
    ada = own(baton, ours.ada)
    for verb, state in (
        ("moved", "open"),
        ("undo", "open"),
        ("dropped", "dropped"),
        ("undo", "open"),
        ("done", "done"),
    ):
        assert ada.post(f"/sessions/items/{id}", data={"do": verb}).status_code == 303
        [found] = ada.get("/sessions/api/mine/items").json["items"]
        assert found["state"] == state, verb
        assert (found["due"] > "2027-01-19") == (verb == "moved")
    assert "Write to the library" not in ada.get("/sessions/").text
    assert own(baton, ours.bo).get("/sessions/api/mine/items").json["items"] == []
    assert own(baton, ours.bo).post(f"/sessions/items/{id}", data={"do": "undo"}).status_code == 409


def test_a_calendar_is_cut_off_and_made_anew(ours: Circle, baton: Baton) -> None:
    ada, anybody = own(baton, ours.ada), baton.client("sessions")
    page = ada.get("/sessions/calendar").text
    path = re.search(r"/sessions/feed/[\w.-]+\.ics", page)[0]  # type: ignore[index]
    assert "webcal://" in page and anybody.get(path).status_code == 200
    assert ada.post("/sessions/feed", data={"do": "revoke"}).location.endswith("said=no-address")
    page = ada.get("/sessions/calendar?said=no-address").text
    assert "Make an address" in page, page
    assert "/sessions/feed/" not in page and "Cut off." in page, page
    assert anybody.get(path).status_code == 404
    assert "no address at present" in ada.get("/sessions/").text
    assert ada.post("/sessions/feed").location.endswith("said=new-address")
    fresh = ada.get("/sessions/api/mine/feed").json["address"]
    assert anybody.get(fresh[fresh.index("/sessions/") :]).status_code == 200 and path not in fresh
    assert ada.delete("/sessions/api/mine/feed").status_code == 204
    assert ada.get("/sessions/api/mine/feed").json == {"address": None}
    assert anybody.get(fresh[fresh.index("/sessions/") :]).status_code == 404
    assert anybody.get(path).status_code == 404, "the first one stays dead"
    again = ada.post("/sessions/api/mine/feed", json={}).json["address"]
    assert again not in (fresh, None)
    for method in ("get", "post", "delete"):
        assert getattr(anybody, method)("/sessions/api/mine/feed").status_code == 401
    assert anybody.get("/sessions/calendar").status_code == 303


def test_answers_by_the_api(baton: Baton) -> None:
    met = Met(baton)
    ada = signed_in(baton, met.ada)
    ada.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    first, *_ = found = ada.get("/sessions/api/mine").json["sessions"]
    assert (first["id"], first["answer"], first["can_answer"]) == (met.first, None, True)
    path = f"/sessions/api/sessions/{met.first}/answer"
    assert ada.put(path, json={"answer": "coming"}).json == {"answer": "coming", "sessions": 1}
    assert ada.get("/sessions/api/mine").json["sessions"][0]["answer"] == "coming"
    assert ada.put(path, json={"answer": "cannot", "until": found[1]["day"]}).json["sessions"] == 2
    assert [each["answer"] for each in ada.get("/sessions/api/mine").json["sessions"]][:3] == ["cannot", "cannot", None]
    before = baton.dump()
    for body, field in (
        ({"answer": "maybe"}, "answer"), ({}, "answer"), ({"answer": "coming", "until": "2027-02-01"}, "until"),
        ({"answer": "cannot", "until": "tomorrow"}, "until"), ({"answer": "cannot", "until": "2020-01-01"}, "until"),
        ({"answer": "coming", "mood": "good"}, "mood"),
    ):  # fmt: skip
        answer = ada.put(path, json=body)
        assert answer.status_code == 422 and answer.json["errors"][0]["field"] == field, body
    fourth = f"/sessions/api/sessions/{met.sessions()[3]['id']}/answer"
    assert ada.put(fourth, json={"answer": "coming"}).json["errors"][0]["field"] == "session", "not told of it so far"
    bo = signed_in(baton, "nobody")
    bo.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    assert bo.put(path, json={"answer": "coming"}).status_code == 422
    assert baton.dump() == before


def test_everything_below_the_tab_is_for_who_is_signed_in(baton: Baton) -> None:
    for path in ("", "turns", "items", "attendance", "absences", "calendar"):
        answer = baton.client("sessions").get(f"/sessions/{path}")
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/signup/sign-in"), path
        alone = own(baton, "nobody").get(f"/sessions/{path}")
        assert alone.status_code == 200, path
        assert (alone.text.count('aria-current="page"'), "My sessions" in alone.text) == (1, True), path
