"""The pool of mentors: who is in it, who is asked, what they see, and how they leave it."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest

from services.sessions.circles import membership, reading
from services.sessions.rules.rotation import Role
from services.sessions.turns import answering, asking, mentoring
from services.signup import access_links, people
from services.signup.rules import Busy, Refused
from shared import clock, db, tokens
from tests.conftest import Baton
from tests.turns import circle, do, enter, join, person, promise_four, sessions, tick, turn, turns, written

TOP = "stream3"


@pytest.fixture
def olga(baton: Baton) -> str:
    with db.write("signup") as tx:
        id = access_links.add_organizer(tx, "system", "olga@example.org", "Olga")
    baton.drain()
    return id


def signup(command: Any, *given: Any, by: str = "organizer/olga") -> Any:
    with db.write("signup") as tx:
        return command(tx, by, *given)


def ask(baton: Baton, name: str = "Gus Guest", streams: tuple[str, ...] = (TOP,), by: str = "organizer/olga") -> str:
    email = f"{name.lower().replace(' ', '.')}@example.org"
    id = signup(people.ask_guest, {"name": name, "email": email, "streams": list(streams)}, by=by)
    baton.drain()
    return str(id)


def guest(baton: Baton, name: str = "Gus Guest", streams: tuple[str, ...] = (TOP,)) -> str:
    """Somebody who was asked and said yes."""
    id = ask(baton, name, streams)
    signup(people.agree, id, by=f"person/{id}")
    baton.drain()
    return id


def link(baton: Baton, kind: str, who: str) -> str:
    """The path of the link in the last mail of that kind to somebody."""
    rows = baton.rows("notifications", "mail", kind=kind, person=who)
    last = max(rows, key=lambda row: row["due"])
    return "/" + re.search(r"https?://[^/]+/((?:signup|sessions)/\w+/\S+)", last["text"]).group(1)  # type: ignore[union-attr]


def pool(baton: Baton) -> dict[str, str]:
    return {row["id"]: row["pool"] for row in baton.rows("signup", "person") if row["pool"]}


def known(baton: Baton, service: str, id: str) -> list[dict[str, Any]]:
    return baton.rows(service, "person", id=id)


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


# ---- who is asked, and where ----


def test_guests_come_where_nobody_is_above_and_members_before_them(baton: Baton, olga: str) -> None:
    low, top = circle(baton, "Ada"), circle(baton, "Tom", stream=TOP)
    guest(baton, streams=("stream1", TOP))
    tick(baton)
    asked = turns(baton, sessions(baton, low)[0]["id"], "mentor")
    assert set(asked) <= {"Tom"}, "somebody is above: Tom, or nobody near his own turn"
    assert turns(baton, sessions(baton, top)[0]["id"], "mentor") == {"Gus Guest": "offered"}
    promise_four(baton)


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


# ---- invites, declining, absences, leaving ----


@pytest.fixture
def asked(baton: Baton, olga: str) -> tuple[str, str, str]:
    """A circle of the top stream, its next session, and the guest who is asked to mentor it."""
    where = circle(baton, "Ada", "Bea", stream=TOP)
    gus = guest(baton)
    tick(baton)
    return where, sessions(baton, where)[0]["id"], gus


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
