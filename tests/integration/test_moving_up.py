"""Moving up, reaching the goal, becoming alumni: what is kept, what becomes free, and how each is undone."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from services.sessions.circles import membership
from services.sessions.turns import answering
from services.signup import access_links, people
from services.signup.rules import Refused
from shared import clock, db, tokens
from tests.circles import cap, join, kinds, settled, signup, state
from tests.conftest import Baton
from tests.turns import circle as circle_beside
from tests.turns import do, person, promise_four, sessions, tick, turn, turns


def circle(baton: Baton, *names: str, stream: str = "stream1", **more: Any) -> str:
    """A circle that is the only one of its stream: the one in which the program had placed its people is closed."""
    made = circle_beside(baton, *names, stream=stream, **more)
    with db.write("sessions") as tx:
        for row in baton.rows("sessions", "circle", stream=stream, closed_at=None):
            if row["id"] != made:
                membership.close(tx, row["id"])
    return made


def place(baton: Baton, who: str) -> dict[str, Any] | None:
    """Their present place."""
    rows = baton.rows("sessions", "place", person=who, until=None)
    return rows[0] if rows else None


def client_of(baton: Baton, who: str, *roles: str) -> Any:
    """Signup's pages, signed in."""
    client = baton.client("signup")
    value = tokens.sign("cookie", {"person": who, "roles": list(roles or ["member"]), "at": clock.machine()})
    client.set_cookie("baton", value)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return client


# ---- moving up ----


@pytest.mark.parametrize("by", ["themselves", "organizer"])
def test_who_moves_up_keeps_their_history_and_frees_their_turns(baton: Baton, by: str) -> None:
    low = circle(baton, "Ada", "Bea")
    high = circle(baton, "Max", "Mia", stream="stream2", sessions=0)
    one, two, *_ = [row["id"] for row in sessions(baton, low)]
    ada = person(baton, "Ada")
    tick(baton)
    do(answering.accept, turn(baton, one, "Ada")["id"], f"person/{ada}")
    tick(baton, days=14, hours=2)
    assert turns(baton, one) == {"Ada": "served"} and turns(baton, two) == {"Bea": "offered"}
    do(answering.decline, turn(baton, two, "Bea")["id"], "person/b")
    do(answering.accept, turn(baton, two, "Ada")["id"], f"person/{ada}")
    served = baton.rows("sessions", "turn", session=one)
    if by == "organizer":
        with db.write("signup") as tx:
            olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
        answer = client_of(baton, olga, "organizer").post(
            f"/signup/organizer/members/{ada}/move", data={"stream": "stream2"}
        )
    else:
        answer = client_of(baton, ada).post("/signup/me/stream", data={"stream": "stream2"})
    assert answer.status_code == 303
    baton.drain()
    assert baton.rows("sessions", "turn", session=one) == served, "what they did stays"
    assert turns(baton, two)["Ada"] == "released", "their turn reopens"
    now = place(baton, ada)
    assert now and now["circle"] == high
    assert [row["until"] is None for row in baton.rows("sessions", "place", person=ada, circle=low)] == [False]
    standing = {row["person"]: row for row in baton.rows("sessions", "standing", circle=high, role="coordinator")}
    assert standing[ada]["credit"] == max(each["credit"] for each in standing.values())
    assert standing[ada]["left_at"] is None
    assert baton.rows("sessions", "standing", circle=low, role="coordinator", person=ada)[0]["left_at"]
    assert "placed" in kinds(baton, ada)
    promise_four(baton)
    settled(baton)


def test_a_joiner_from_below_comes_after_everybody_who_served(baton: Baton) -> None:
    high = circle(baton, "Max", "Mia", stream="stream2", apart=14)
    ada = join(baton, "Ada Low")
    for _ in range(2):
        tick(baton, days=0)
        ahead = next(row["id"] for row in sessions(baton, high) if row["state"] == "planned")
        name = next(name for name, said in turns(baton, ahead).items() if said == "offered")
        do(answering.accept, turn(baton, ahead, name)["id"], "person/x")
        tick(baton, days=14, hours=2)
    signup(people.change_stream, ada, "stream2")
    baton.drain()
    [row] = baton.rows("sessions", "standing", circle=high, role="coordinator", person=ada)
    assert row["credit"] >= 1, "credited as a joiner: they are not asked to make up for the time before them"
    third = sessions(baton, high)[2]["id"]
    assert "Ada Low" not in turns(baton, third)


def test_who_moved_up_is_asked_to_mentor_below(baton: Baton) -> None:
    low = circle(baton, "Ada", "Bea", "Cem")
    one = sessions(baton, low)[0]["id"]
    tick(baton)
    assert turns(baton, one, "mentor") == {}, "nobody is above"
    signup(people.change_stream, person(baton, "Bea"), "stream2")
    baton.drain()
    tick(baton, hours=1)
    assert turns(baton, one, "mentor") == {"Bea": "offered"}
    signup(people.change_stream, person(baton, "Bea"), "stream1")
    baton.drain()
    assert turns(baton, one, "mentor") == {"Bea": "released"}, "who moves down again is above no more"
    promise_four(baton)


def test_who_moves_further_up_keeps_the_session_that_they_said_they_mentor(baton: Baton) -> None:
    low = circle(baton, "Ada")
    circle(baton, "Bea", stream="stream2", sessions=0)
    one = sessions(baton, low)[0]["id"]
    tick(baton)
    do(answering.accept, turn(baton, one, "Bea", "mentor")["id"], "person/b")
    signup(people.change_stream, person(baton, "Bea"), "stream3")
    baton.drain()
    tick(baton, hours=1)
    assert turns(baton, one, "mentor") == {"Bea": "accepted"}


def test_a_full_stream_above_makes_a_line_and_the_place_below_is_free(baton: Baton) -> None:
    cap("1", stream="stream2")
    join(baton, "Max", stream="stream2")
    ada = join(baton, "Ada")
    signup(people.change_stream, ada, "stream2")
    settled(baton)
    assert place(baton, ada) is None and state(baton, ada) == "waiting"
    [waits] = baton.rows("sessions", "waiting", person=ada)
    assert waits["stream"] == "stream2" and "waiting" in kinds(baton, ada)
    signup(people.change_stream, ada, "stream1")
    settled(baton)
    assert state(baton, ada) == "active" and baton.rows("sessions", "waiting") == []


# ---- the goal ----


def test_a_goal_is_congratulated_once_counted_and_taken_back(baton: Baton) -> None:
    ada = join(baton, "Ada")
    client = client_of(baton, ada)
    assert "I reached my goal" in client.get("/signup/me/goal").text
    assert "Goal reached" in client.get("/signup/me").text
    for _ in range(2):  # pressed twice
        answer = client.post("/signup/me/goal", data={"words": "At last <b>"})
        assert answer.status_code == 303
    baton.drain()
    page = client.get(answer.location).text
    assert "Congratulations, Ada" in page and "At last &lt;b&gt;" in page and "Move up to" in page
    [goal] = baton.rows("signup", "goal")
    assert (goal["stream"], goal["shared"], goal["withdrawn_at"]) == ("stream1", False, None)
    [mail] = baton.rows("notifications", "mail", kind="goal")
    assert "Congratulations" in mail["text"] and "At last" not in mail["text"]
    figures = baton.client("signup").get("/signup/metrics").text
    assert "baton_goals_reached 1.0" in figures
    assert "Taken back" in client.get(client.post(f"/signup/me/goal/{goal['id']}/take-back").location).text
    assert "baton_goals_reached 0.0" in baton.client("signup").get("/signup/metrics").text
    client.post("/signup/me/goal", data={"words": "Now really", "shared": "yes"})
    assert [row["withdrawn_at"] is None for row in baton.rows("signup", "goal")].count(True) == 1


def test_words_are_their_own_until_they_say_yes_and_again_when_they_take_it_back(baton: Baton) -> None:
    ada = join(baton, "Ada")
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    organizer, client = client_of(baton, olga, "member", "organizer"), client_of(baton, ada)
    assert "No goal was recorded so far" in organizer.get("/signup/organizer/goals").text
    for shared in ("", "yes", ""):
        client.post("/signup/me/goal", data={"words": "My secret firm", "shared": shared})
        baton.drain()
        seen = [
            organizer.get("/signup/organizer/goals").text,
            json.dumps(organizer.get("/signup/api/goals").json),
            organizer.get("/signup/export/goals.csv").text,
        ]
        assert all("Ada" in page for page in seen)
        assert [("My secret firm" in page) for page in seen] == [bool(shared)] * 3, shared
        told = json.dumps([baton.rows(s, "event") for s in ("signup", "notifications")], default=str)
        assert "My secret firm" not in told, "it is told to no other service"
        assert "My secret firm" not in organizer.get("/signup/organizer/audit").text
    with db.write("signup") as tx:
        assert people.kept_about(tx, ada)["goals"][0]["words"] == "My secret firm", "their download has it"


def test_erasing_empties_the_words_and_keeps_the_count(baton: Baton) -> None:
    ada = join(baton, "Ada")
    signup(people.reach, ada, "A job at the observatory", True)
    signup(people.erase_later, ada)
    baton.pass_time(days=31)
    baton.tick()
    [goal] = baton.rows("signup", "goal")
    assert (goal["words"], goal["shared"]) == ("", False)
    with db.read("signup") as tx:
        assert people.goals_counted(tx) == {"stream1": 1}
        assert people.reached(tx)[0]["name"] == "somebody who was erased"


@pytest.mark.parametrize("words", ["x" * 1001, "a\0b", "a\x07b"])
def test_words_that_cannot_be_taken_are_shown_again(baton: Baton, words: str) -> None:
    ada = join(baton, "Ada")
    answer = client_of(baton, ada).post("/signup/me/goal", data={"words": words})
    assert answer.status_code == 422 and baton.rows("signup", "goal") == []
    assert words.replace("\0", "")[:20] in answer.text.replace("\0", "") or "\x07" in words


def test_nobody_takes_back_what_is_not_theirs_and_no_stream_has_no_goal(baton: Baton) -> None:
    ada, bea = join(baton, "Ada"), join(baton, "Bea")
    signup(people.reach, ada)
    [goal] = baton.rows("signup", "goal")
    assert client_of(baton, bea).post(f"/signup/me/goal/{goal['id']}/take-back").status_code == 409
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    assert client_of(baton, olga, "member", "organizer").post("/signup/me/goal").status_code == 422
    assert "You take part in no stream" in client_of(baton, olga, "member").get("/signup/me/goal").text
    signup(people.leave, bea)
    with pytest.raises(Refused, match="Only members"):
        signup(people.reach, bea)
    assert baton.rows("signup", "goal") == [{**goal}]


def test_a_goal_in_each_stream_on_the_way_up(baton: Baton) -> None:
    ada = join(baton, "Ada")
    client = client_of(baton, ada)
    client.post("/signup/me/goal", data={"words": "First"})
    page = client.get("/signup/me/goal").text
    above = re.search(r'name="stream" value="(\w+)"', page).group(1)  # type: ignore[union-attr]
    assert client.post("/signup/me/stream", data={"stream": above}).status_code == 303
    baton.drain()
    assert state(baton, ada) == "active" and place(baton, ada)
    client.post("/signup/me/goal", data={"words": "Second"})
    page = client.get("/signup/me/goal").text
    assert "First" in page and "Second" in page
    with db.read("signup") as tx:
        assert people.goals_counted(tx) == {"stream1": 1, "stream2": 1}
    signup(people.change_stream, ada, "stream3")
    client.post("/signup/me/goal", data={})
    assert "Move up" not in client.get("/signup/me/goal").text, "nothing is above the top"


# ---- alumni ----


def test_alumni_leave_circles_and_turns_and_come_back_with_a_press(baton: Baton) -> None:
    where = circle(baton, "Ada", "Bea")
    one, ada = sessions(baton, where)[0]["id"], person(baton, "Ada")
    tick(baton)
    do(answering.accept, turn(baton, one, "Ada")["id"], f"person/{ada}")
    client = client_of(baton, ada)
    assert "Become alumni?" in client.get("/signup/me/alumni").text
    assert "You are alumni now" in client.get(client.post("/signup/me/alumni").location).text
    baton.drain()
    assert state(baton, ada) == "alumni" and place(baton, ada) is None
    assert turns(baton, one) == {"Ada": "released", "Bea": "offered"}
    assert kinds(baton, ada).count("alumni") == 1 and "goodbye" not in kinds(baton, ada)
    assert baton.rows("sessions", "pool") == [], "nobody is in the pool without a yes"
    cookie = client.get_cookie("baton")
    own = baton.client("sessions")
    own.set_cookie("baton", cookie.value)
    assert "You are alumni" in own.get("/sessions/").text
    assert client.post("/signup/me/come-back").status_code == 303
    settled(baton)
    assert state(baton, ada) == "active" and place(baton, ada)["circle"] == where  # type: ignore[index]
    promise_four(baton)


def test_alumni_who_agree_mentor_the_top_and_the_yes_ends_with_being_alumni(baton: Baton) -> None:
    where = circle(baton, "Ada", "Bea", stream="stream3")
    ada = person(baton, "Ada")
    wrong = client_of(baton, ada).post("/signup/me/alumni", data={"mentors": "stream9"})
    assert wrong.status_code == 422 and state(baton, ada) == "active", "refused whole"
    client_of(baton, ada).post("/signup/me/alumni", data={"mentors": ["stream3"]})
    baton.drain()
    one = sessions(baton, where)[0]["id"]
    tick(baton)
    assert turns(baton, one, "mentor") == {"Ada": "offered"}
    do(answering.accept, turn(baton, one, "Ada", "mentor")["id"], f"person/{ada}")
    signup(people.come_back, ada)
    baton.drain()
    assert turns(baton, one, "mentor") == {"Ada": "released"} and baton.rows("sessions", "pool") == []
    signup(people.graduate, ada)
    baton.drain()
    assert baton.rows("sessions", "pool") == [], "a yes of before says nothing of now"
    promise_four(baton)


def test_an_organizer_makes_alumni_and_brings_them_back(baton: Baton) -> None:
    ada = join(baton, "Ada")
    with db.write("signup") as tx:
        olga = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    client, url = client_of(baton, olga, "member", "organizer"), f"/signup/organizer/members/{ada}"
    assert "Does Ada become alumni?" in client.get(f"{url}/alumni").text
    assert client.post(f"{url}/alumni").status_code == 303
    settled(baton)
    assert state(baton, ada) == "alumni"
    assert client.post(f"{url}/alumni").status_code == 422, "once"
    assert client.post(f"{url}/come-back").status_code == 303
    settled(baton)
    assert state(baton, ada) == "active"
    here = {"Sec-Fetch-Site": "same-origin"}
    assert client.post(f"/signup/api/members/{ada}/alumni", json={}, headers=here).json["state"] == "alumni"
    own = client_of(baton, ada)
    assert own.put("/signup/api/me/goal", json={"words": "Yes", "shared": True}, headers=here).json["goals"][0][
        "shared"
    ]
    [goal] = own.get("/signup/api/me/goals").json["goals"]
    assert own.delete(f"/signup/api/me/goals/{goal['id']}", headers=here).status_code == 204
    assert own.get("/signup/api/me/goals").json == {"goals": []}
    assert own.post("/signup/api/me/alumni", json={}, headers=here).status_code == 409


def test_a_waiting_member_who_becomes_alumni_waits_no_more(baton: Baton) -> None:
    cap("1")
    join(baton, "Max")
    ada = join(baton, "Ada")
    signup(people.graduate, ada)
    settled(baton)
    assert baton.rows("sessions", "waiting") == [] and state(baton, ada) == "alumni"


def test_alumni_who_leave_or_are_kept_are_alumni_again(baton: Baton) -> None:
    ada = join(baton, "Ada")
    signup(people.graduate, ada)
    for first, back in ((people.leave, people.come_back), (people.erase_later, people.keep)):
        signup(first, ada)
        signup(back, ada)
        assert state(baton, ada) == "alumni"
    settled(baton)
