"""Who mentors where: guests, alumni and organizers, and what a mentor sees."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from services.sessions.circles import membership, reading
from services.sessions.rules.rotation import Role
from services.sessions.turns import answering, asking, mentoring
from services.signup import access_links, people
from services.signup.rules import Refused
from shared import clock, db, tokens
from tests.conftest import Baton
from tests.mentoring import TOP, guest, link, pool, signup
from tests.turns import circle, do, enter, join, person, promise_four, sessions, tick, turn, turns, written

# ---- who is asked, and where ----


def test_guests_come_where_nobody_is_above_and_members_before_them(baton: Baton, olga: str) -> None:
    low, top = circle(baton, "Ada"), circle(baton, "Tom", stream=TOP)
    guest(baton, streams=("stream1", TOP))
    tick(baton)
    asked = turns(baton, sessions(baton, low)[0]["id"], "mentor")
    assert set(asked) <= {"Tom"}, "somebody is above: Tom, or nobody near his own turn"
    assert turns(baton, sessions(baton, top)[0]["id"], "mentor") == {"Gus Guest": "offered"}
    promise_four(baton)


def test_a_mentor_who_does_not_answer_is_told_though_nobody_is_asked_after_them(baton: Baton, olga: str) -> None:
    low = circle(baton, "Ada")
    guest(baton, streams=("stream1",))
    tick(baton)
    one = sessions(baton, low)[0]["id"]
    tick(baton, days=12)  # two days before: nobody else will be asked
    assert turns(baton, one, "mentor") == {"Gus Guest": "lapsed"}
    [mail] = [row for row in baton.rows("notifications", "mail", kind="turn-lapsed") if "mentor" in row["text"]]
    assert "You had been asked to mentor" in mail["text"], "and not that somebody else is asked"


def test_in_a_young_program_with_nobody_above_a_guest_is_asked_below(baton: Baton, olga: str) -> None:
    low = circle(baton, "Ada")
    gus = guest(baton, streams=("stream1",))
    tick(baton)
    one = sessions(baton, low)[0]["id"]
    assert turns(baton, one, "mentor") == {"Gus Guest": "offered"}
    do(answering.accept, turn(baton, one, "Gus Guest", "mentor")["id"], f"person/{gus}")
    circle(baton, "Tom", stream="stream2", sessions=0)
    tick(baton, hours=1)
    assert turns(baton, one, "mentor") == {"Gus Guest": "accepted"}, "a yes is kept, whoever comes above meanwhile"
    tick(baton, days=14, hours=2)
    second = sessions(baton, low)[1]["id"]
    assert turns(baton, second, "mentor") == {"Tom": "offered"}


def test_a_later_session_that_a_guest_has_is_kept_when_somebody_comes_above(baton: Baton, olga: str) -> None:
    low = circle(baton, "Ada")
    gus = guest(baton, streams=("stream1",))
    tick(baton)
    one, two = [row["id"] for row in sessions(baton, low)][:2]
    do(answering.decline, turn(baton, one, "Gus Guest", "mentor")["id"], f"person/{gus}")
    do(answering.assign, two, gus, True, "They asked for it", "organizer/olga", Role.MENTOR)
    circle(baton, "Tom", stream="stream2", sessions=0)
    for _ in range(2):
        tick(baton, hours=1)
    assert turns(baton, one, "mentor") == {"Gus Guest": "declined", "Tom": "offered"}
    assert turns(baton, two, "mentor") == {"Gus Guest": "accepted"}


def test_an_organizer_who_says_so_mentors_anywhere_but_their_own_circle(baton: Baton) -> None:
    low, other = circle(baton, "Olga", "Ada"), circle(baton, "Bea")
    circle(baton, "Tom", stream="stream2", sessions=0)
    id = person(baton, "Olga")
    with pytest.raises(Refused, match="for guests, alumni and organizers"):
        signup(people.offer, id, ["stream1"], by=f"person/{id}")
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "olga@example.org")
        people.offer(tx, f"person/{id}", id, ["stream1"])
    baton.drain()
    with db.write("sessions") as tx:
        mentoring.fill(tx, {low: "stream1", other: "stream1"})
    stands = {row["circle"] for row in baton.rows("sessions", "standing", role="mentor", person=id)}
    assert stands == {other}
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "second@example.org", "Second")
        access_links.remove_organizer(tx, "system", id)
    baton.drain()
    assert baton.rows("sessions", "pool") == [], "their yes was an organizer's"
    [row] = baton.rows("sessions", "standing", role="mentor", person=id)
    assert row["left_at"] is not None


def test_who_comes_into_a_circle_mentors_it_no_more(baton: Baton) -> None:
    where = circle(baton, "Ada", "Bea")
    olga = join(baton, "Olga")
    with db.write("signup") as tx:
        access_links.add_organizer(tx, "system", "olga@example.org")
        people.offer(tx, f"person/{olga}", olga, ["stream1"])
    baton.drain()
    do(membership.leave, olga, do(reading.place_of, olga)["circle"])
    tick(baton)
    one = sessions(baton, where)[0]["id"]
    do(answering.assign, one, olga, True, "They asked for it", "organizer/olga", Role.MENTOR)
    assert turns(baton, one, "mentor")["Olga"] == "accepted"
    with db.write("sessions") as tx:
        enter(tx, olga, where)
        membership.tell(tx, [olga], where, "moved")
    tick(baton, hours=1)
    stands = baton.rows("sessions", "standing", role="mentor", person=olga, circle=where)
    assert [row["left_at"] is None for row in stands] == [False]
    assert turns(baton, one, "mentor")["Olga"] == "released"


def test_the_monthly_cap_holds_for_guests_and_no_mentor_is_an_outcome(baton: Baton, olga: str) -> None:
    where = circle(baton, "Ada", "Bea", stream=TOP, apart=8, first=timedelta(days=4))
    gus = guest(baton)
    asked = []
    for number in range(4):
        tick(baton, days=0 if not number else 8)
        for row in sessions(baton, where):
            found = turns(baton, row["id"], "mentor")
            if found.get("Gus Guest") == "offered":
                asked.append(row["day"][:7])
                do(answering.accept, turn(baton, row["id"], "Gus Guest", "mentor")["id"], f"person/{gus}")
    assert asked == ["2027-01", "2027-01", "2027-02"], "of three sessions in January one has no mentor"
    promise_four(baton)


# ---- what a mentor sees ----


def test_a_mentor_sees_agenda_and_past_minutes_of_that_circle_alone_and_only_after_a_yes(
    baton: Baton, olga: str
) -> None:
    where = circle(baton, "Ada", "Bea", stream=TOP, first=timedelta(days=1))
    elsewhere = circle(baton, "Cem", "Dee", stream=TOP, first=timedelta(days=1))
    first, second, third = [row["id"] for row in sessions(baton, where)][:3]
    there = sessions(baton, elsewhere)[0]["id"]
    tick(baton)
    baton.pass_time(days=2)
    written(baton, first, "We talked about **interviews**", "person/ada")
    written(baton, there, "A secret of the others", "person/cem")
    guest(baton)
    gus = person(baton, "Gus Guest")
    do(asking.work)
    baton.drain()
    mine = baton.rows("sessions", "turn", person=gus, role="mentor", state="offered")
    [held] = mine
    circle_id = held["circle"]
    past, other = (first, there) if circle_id == where else (there, first)
    words, secret = (
        ("interviews", "A secret of the others") if circle_id == where else ("A secret of the others", "interviews")
    )
    client, base = baton.client("sessions"), link(baton, "mentor", gus)
    before = baton.dump()
    # Only asked, they see what is planned, and nothing of minutes.
    asked = client.get(base).text
    assert "Agenda" in asked and "/minutes/" not in asked and "Past minutes" not in asked
    assert client.get(f"{base}/minutes/{past}").status_code == 403
    client.set_cookie("baton", tokens.sign("cookie", {"person": gus, "roles": ["member"], "at": clock.machine()}))
    [theirs] = client.get("/sessions/api/mentoring").json["mentoring"]
    assert theirs["agenda"] and theirs["past"] == theirs["items"] == []
    assert client.get(f"/sessions/turns/{held['id']}/minutes/{past}").status_code == 403
    client.delete_cookie("baton")
    assert baton.dump() == before
    do(answering.accept, held["id"], f"person/{gus}")
    before = baton.dump()
    page = client.get(base).text
    assert "Agenda" in page and f"{base}/minutes/{past}" in page and other not in page
    shown = client.get(f"{base}/minutes/{past}")
    assert shown.status_code == 200 and words in shown.text and secret not in shown.text
    refused = client.get(f"{base}/minutes/{other}")
    assert refused.status_code == 403 and secret not in refused.text
    assert client.get(f"{base}/minutes/{third}").status_code in (403, 404), "nothing of what is to come"
    assert client.get(f"{base}/minutes/nothing").status_code == 404
    # A link of another circle, of somebody else's turn, or of another purpose opens nothing.
    ada = person(baton, "Ada" if circle_id == where else "Cem")
    for claims in ({"person": ada, "turn": held["id"]}, {"person": gus, "turn": "nothing"}):
        forged = f"/sessions/turn/{tokens.sign('turn', claims)}"
        assert client.get(f"{forged}/minutes/{past}").status_code in (403, 404)
    coordinator = next(row for row in baton.rows("sessions", "turn", role="coordinator", circle=circle_id))
    claims = {"person": coordinator["person"], "turn": coordinator["id"]}
    assert client.get(f"/sessions/turn/{tokens.sign('turn', claims)}/minutes/{past}").status_code == 403
    assert client.get(f"/sessions/away/{base.rpartition('/')[2]}").status_code == 400
    assert baton.dump() == before
    # Signed in, the same holds, and the circle's own pages stay closed.
    value = tokens.sign("cookie", {"person": gus, "roles": ["member"], "at": clock.machine()})
    client.set_cookie("baton", value)
    assert words in client.get(f"/sessions/turns/{held['id']}/minutes/{past}").text
    for path in (
        f"/sessions/s/{past}",
        f"/sessions/s/{other}",
        f"/sessions/circles/{circle_id}/turns",
        f"/sessions/resources/{TOP}",
    ):
        assert client.get(path).status_code == 403, path
    api = client.get("/sessions/api/mentoring").json["mentoring"]
    assert [each["session"] for each in api] == [held["session"]] and words in api[0]["past"][0]["text"]
    assert secret not in json.dumps(api)
    assert client.get(f"/sessions/api/resources/{TOP}").status_code == 403
    # With the no, or once it is over, it is closed again.
    do(answering.decline, held["id"], f"person/{gus}")
    assert client.get(f"{base}/minutes/{past}").status_code == 403
    assert "Past minutes" not in client.get(base).text
    do(answering.volunteer, held["session"], gus, f"person/{gus}", Role.MENTOR)
    assert client.get(f"{base}/minutes/{past}").status_code == 200
    baton.pass_time(days=14, hours=3)
    assert client.get(f"{base}/minutes/{past}").status_code == 403
    assert client.get("/sessions/api/mentoring").json == {"mentoring": []}
    assert second


def test_a_guest_who_left_reads_the_minutes_no_more(baton: Baton, asked: tuple[str, str, str]) -> None:
    _, one, gus = asked
    do(answering.accept, turn(baton, one, "Gus Guest", "mentor")["id"], f"person/{gus}")
    tick(baton, days=14, hours=3)
    assert turns(baton, one, "mentor") == {"Gus Guest": "served"}
    written(baton, one, "We talked", "person/ada")
    client = baton.client("sessions")
    client.set_cookie("baton", tokens.sign("cookie", {"person": gus, "roles": ["member"], "at": clock.machine()}))
    assert "We talked" in client.get(f"/sessions/s/{one}").text
    with db.write("signup") as tx:
        people.leave(tx, f"person/{gus}", gus)
    baton.drain()
    client.set_cookie("baton", tokens.sign("cookie", {"person": gus, "roles": ["member"], "at": clock.machine()}))
    assert client.get(f"/sessions/s/{one}").status_code == 403


# ---- the organizer's pages ----


def test_an_organizer_fills_empties_and_undoes_on_a_page(baton: Baton, olga: str) -> None:
    client = baton.client("signup")
    value = tokens.sign("cookie", {"person": olga, "roles": ["member", "organizer"], "at": clock.machine()})
    client.set_cookie("baton", value)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    url = "/signup/organizer/mentors"
    assert "Nobody is in the pool" in client.get(url).text
    refused = client.post(url, data={"name": "Gus <b>", "email": "no address", "streams": "stream2"})
    assert refused.status_code == 422 and "Gus &lt;b&gt;" in refused.text and "no address" in refused.text
    assert re.search(r'value="stream2"\s+checked', refused.text), "nothing that was chosen is lost"
    assert client.post(url, data={"name": "Gus", "email": "gus@example.org", "streams": TOP}).status_code == 303
    baton.drain()
    [gus] = pool(baton)
    assert "has not answered" in client.get(url).text
    assert client.post(f"{url}/{gus}/ask").status_code == 422, "not twice an hour"
    assert "Ask Gus no more?" in client.get(f"{url}/{gus}/remove").text
    assert "Put back" in client.get(client.post(f"{url}/{gus}/remove").location).text
    assert "has not answered" in client.get(client.post(f"{url}/{gus}/restore").location).text
    [mail] = baton.rows("notifications", "mail", kind="guest")
    assert "Olga asks for" in mail["text"] and baton.rows("notifications", "mention", person=olga)
    for path in (f"{url}/nobody/remove",):
        assert client.get(path).status_code == 404
    assert baton.client("signup").get(url).status_code == 303, "for organizers"


def test_a_program_does_the_same_by_the_api(baton: Baton, olga: str) -> None:
    client = baton.client("signup")
    value = tokens.sign("cookie", {"person": olga, "roles": ["member", "organizer"], "at": clock.machine()})
    client.set_cookie("baton", value)
    here = {"Sec-Fetch-Site": "same-origin"}
    body = {"name": "Gus", "email": "gus@example.org", "streams": [TOP]}
    made = client.post("/signup/api/mentors", json=body, headers=here)
    assert made.status_code == 201 and made.json["state"] == "asked" and made.json["streams"] == [TOP]
    wrong = client.post("/signup/api/mentors", json={**body, "streams": []}, headers=here)
    assert wrong.status_code == 422 and wrong.json["errors"][0]["field"] == "streams"
    one = f"/signup/api/mentors/{made.json['id']}"
    assert client.post(f"{one}/ask", json={}, headers=here).status_code == 429
    assert client.delete(one, headers=here).status_code == 204
    assert client.get("/signup/api/mentors").json["mentors"][0]["state"] == "removed"
    assert client.post(f"{one}/restore", json={}, headers=here).json["state"] == "asked"
    assert client.put("/signup/api/me/mentor", json={"streams": ["stream1"]}, headers=here).json["state"] == "agreed"
    assert client.delete("/signup/api/me/mentor", headers=here).status_code == 204
    assert client.get("/signup/api/me/mentor").json == {"state": "left", "streams": ["stream1"]}
    assert client.put("/signup/api/me/mentor", json={"streams": ["\0"]}, headers=here).status_code == 422
