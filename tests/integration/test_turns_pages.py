"""Pages and API of turns: links without sign-in, the four verbs with preview and undo, absences, bad input."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from services.sessions.turns import answering, reading
from shared import clock, db, tokens
from tests.turns import circle, do, join, kinds, person, promise_four, sessions, tick, turn, turns


def sign_in(client: Any, who: str, *roles: str) -> Any:
    """The client with the cookie of that person."""
    value = tokens.sign("cookie", {"person": who, "roles": list(roles or ["member"]), "at": clock.machine()})
    client.set_cookie("baton", value)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"  # as a page of ours sends it
    return client


def mailed(baton: Any, kind: str, name: str) -> str:
    """The path of the link in the last mail of that kind to somebody."""
    rows = baton.rows("notifications", "mail", kind=kind, person=person(baton, name))
    last = max(rows, key=lambda row: row["due"])
    return "/" + re.search(r"https?://[^/]+/(sessions/(?:turn|take)/\S+)", last["text"]).group(1)  # type: ignore[union-attr]


@pytest.fixture
def ring(baton: Any) -> Any:
    """A circle of three whose first session asks Ada."""
    where = circle(baton, "Ada", "Bea", "Cem")
    tick(baton)
    return where, [row["id"] for row in sessions(baton, where)]


def test_the_mail_is_answered_by_its_link_without_signing_in(baton: Any, ring: Any) -> None:
    where, (one, *_) = ring
    link, client = mailed(baton, "turn", "Ada"), baton.client("sessions")
    before = baton.dump()
    for _ in range(2):
        assert "Would you coordinate this session?" in client.get(link).text
        assert client.head(link).status_code == 200
        assert "I can’t this time" in client.get(link + "?no").text
    assert baton.dump() == before, "opening it changes nothing"
    lead = re.search(r"/sessions/lead/\S+", baton.rows("notifications", "mail", kind="turn")[0]["text"])[0]  # type: ignore[index]
    assert client.get(lead).status_code == 403, "before the yes it is nobody's page"
    answer = client.post(link, data={"do": "accept"})
    assert "Who comes" in client.get(lead).text
    assert answer.status_code == 303
    page = client.get(answer.location).text
    shown = re.search(r'href="(/sessions/lead/[^"]+)"', page)[1]  # type: ignore[index]
    assert "You coordinate this session" in page and "Who comes" in client.get(shown).text, "and leads on from there"
    assert client.post(link, data={"do": "accept"}).location.endswith("said=already")
    assert sessions(baton, where)[0]["state"] == "confirmed"
    answer = client.post(link, data={"do": "decline", "reason": "An exam"})
    assert "You said that you can’t" in client.get(answer.location).text
    assert turns(baton, one) == {"Ada": "declined", "Bea": "offered"}
    page = client.get(link).text
    assert "Somebody else is being asked" in page and "Yes, I will" not in page
    assert client.post(link, data={"do": "accept"}).status_code == 422, "while another one is being asked"
    do(answering.accept, turn(baton, one, "Bea")["id"], "person/b")
    assert "Bea said yes" in client.get(link).text
    refused = client.post(link, data={"do": "accept"})
    assert refused.status_code == 422 and "Somebody else has said yes already" in refused.text
    promise_four(baton)


def test_until_when_away_is_noted_with_the_no_and_bad_days_lose_nothing(baton: Any, ring: Any) -> None:
    _, (one, *_) = ring
    link, client = mailed(baton, "turn", "Ada"), baton.client("sessions")
    for until in ("yesterday", "2026-02-30", "2020-01-01", "2999-01-01", "0000-00-00", "２０２７-01-09", "<script>"):
        page = client.post(link, data={"do": "decline", "reason": "A <b>trip", "until": until})
        assert page.status_code == 422 and "A &lt;b&gt;trip" in page.text, until
        assert turns(baton, one) == {"Ada": "offered"}
    page = client.post(link, data={"do": "decline", "reason": "x" * 501})
    assert page.status_code == 422 and "501 characters" in page.text and "x" * 501 in page.text
    assert client.post(link, data={"do": "decline", "until": "2027-03-01"}).location.endswith("said=away")
    [absence] = baton.rows("sessions", "absence")
    assert (absence["first"], absence["last"], absence["role"]) == ("2027-01-04", "2027-03-01", None)


@pytest.mark.parametrize("what", ["", "dance", "accept\0", "hand"])
def test_no_such_answer(baton: Any, ring: Any, what: str) -> None:
    link, client = mailed(baton, "turn", "Ada"), baton.client("sessions")
    assert client.post(link, data={"do": what}).status_code == 422
    assert turns(baton, ring[1][0]) == {"Ada": "offered"}


def test_links_forged_expired_of_others_and_of_the_gone(baton: Any, ring: Any) -> None:
    link, client = mailed(baton, "turn", "Ada"), baton.client("sessions")
    assert client.get(link[:-3]).status_code == 400
    assert client.get("/sessions/turn/" + tokens.sign("enter", {"person": "x"})).status_code == 400
    assert client.get("/sessions/turn/" + tokens.sign("turn", {"person": person(baton, "Ada")})).status_code == 400
    nobody = tokens.sign("turn", {"person": "nobody", "turn": "t"})
    assert client.get(f"/sessions/turn/{nobody}").status_code == 403
    unknown = tokens.sign("turn", {"person": person(baton, "Ada"), "turn": "no-such"})
    assert client.get(f"/sessions/turn/{unknown}").status_code == 404
    another = tokens.sign("turn", {"person": person(baton, "Bea"), "turn": turn(baton, ring[1][0], "Ada")["id"]})
    for answer in (
        client.get(f"/sessions/turn/{another}"),
        client.post(f"/sessions/turn/{another}", data={"do": "accept"}),
    ):
        assert answer.status_code == 403 and "somebody else" in answer.text
    baton.pass_machine_time(61 * 86_400)
    assert client.get(link).status_code == 410
    assert client.post(link, data={"do": "accept"}).status_code == 410


def test_after_the_session_the_link_says_so(baton: Any, ring: Any) -> None:
    link, client = mailed(baton, "turn", "Ada"), baton.client("sessions")
    tick(baton, days=20)
    assert "has begun or is over" in client.get(link).text
    assert client.post(link, data={"do": "accept"}).status_code == 422
    assert client.post(link, data={"do": "decline"}).status_code in (303, 422)
    promise_four(baton)


def test_anyone_of_the_circle_takes_an_open_turn_by_link_or_signed_in(baton: Any, ring: Any) -> None:
    where, (one, *_) = ring
    tick(baton, days=13)
    client = baton.client("sessions")
    link = mailed(baton, "turn-open", "Cem")
    assert "Who takes this session?" in client.get(link).text
    stranger = join(baton, "Sam")
    page = sign_in(baton.client("sessions"), stranger).post(f"/sessions/s/{one}/take")
    assert page.status_code == 403
    assert client.post(link).status_code == 303
    page = client.get(link).text
    assert "You coordinate this session" in page and "/sessions/lead/" in page
    other = sign_in(baton.client("sessions"), person(baton, "Bea"))
    assert "Cem coordinates it" in other.get(f"/sessions/s/{one}/take").text
    refused = other.post(f"/sessions/s/{one}/take")
    assert refused.status_code == 422 and "Somebody else has said yes already" in refused.text
    assert other.get("/sessions/s/none/take").status_code == 404
    assert "Take it" not in other.get(f"/sessions/circles/{where}/turns").text
    promise_four(baton)


def test_the_next_six_turns_have_their_reasons(baton: Any, ring: Any) -> None:
    where, _ = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    page = ada.get(f"/sessions/circles/{where}/turns").text
    assert page.count('<p class="who">') == 6 and page.count("as it stands") == 5
    assert "Nobody who can be asked has fewer turns than you" in page
    assert "than Bea. Bea has had no turn here so far" in page or "Bea" in page
    assert "0</text>" in page, "the ring"
    own = ada.get("/sessions/turns").text
    assert "you are asked" in own and f"/sessions/circles/{where}/turns" in own
    sam = sign_in(baton.client("sessions"), join(baton, "Sam"))
    assert sam.get(f"/sessions/circles/{where}/turns").status_code == 403
    assert "You are in no circle" in sign_in(baton.client("sessions"), "olga").get("/sessions/turns").text
    olga = sign_in(baton.client("sessions"), "olga", "organizer").get(f"/sessions/circles/{where}/turns").text
    assert 'href="/notifications/dashboard"' in olga and "Say when I am away" not in olga, "an organizer's page"
    assert sam.get("/sessions/circles/none/turns").status_code == 404
    assert baton.client("sessions").get(f"/sessions/circles/{where}/turns").status_code == 303
    api = ada.get(f"/sessions/api/circles/{where}/turns").json["turns"]
    assert [each["name"] for each in api[:3]] == ["Ada", "Bea", "Cem"] and api[0]["state"] == "offered"
    assert all(each["why"] for each in api)


def change(client: Any, where: str, save: bool = True, **typed: Any) -> Any:
    """Preview, then save what the preview showed."""
    url = f"/sessions/circles/{where}/turns/change"
    preview = client.post(url, data={**typed, "do": "preview"})
    if preview.status_code != 200 or not save:
        return preview
    seen = re.search(r'name="seen" value="([^"]+)"', preview.text).group(1)  # type: ignore[union-attr]
    return client.post(url, data={**typed, "do": "save", "seen": seen})


def test_swap_is_shown_saved_and_undone(baton: Any, ring: Any) -> None:
    where, (one, two, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    before = baton.dump()
    preview = change(ada, where, save=False, verb="swap", session=one, other=two)
    assert "Bea is asked to take 18 January 2027." in preview.text and "Ada takes 1 February 2027." in preview.text
    assert baton.dump() == before, "nothing is saved by looking"
    assert change(ada, where, verb="swap", session=one, other=two).status_code == 303
    baton.drain()
    assert turns(baton, one) == {"Ada": "released", "Bea": "offered"} and turns(baton, two)["Ada"] == "accepted"
    assert sessions(baton, where)[1]["state"] == "confirmed"
    assert kinds(baton, "Bea")[-1] == "turn"
    words = "Ada changed the turns of the circle, and asks you to take this one."
    assert words in baton.rows("notifications", "mail", kind="turn", person=person(baton, "Bea"))[-1]["text"]
    assert words in baton.client("sessions").get(mailed(baton, "turn", "Bea")).text
    assert kinds(baton, "Ada") == ["turn"], "she did it herself, and nobody covers for her before Bea's yes"
    [entry] = baton.rows("sessions", "change", verb="swap")
    assert "Two dates were swapped" in ada.get(f"/sessions/circles/{where}/turns").text
    bea = sign_in(baton.client("sessions"), person(baton, "Bea"))
    assert bea.post(f"/sessions/circles/changes/{entry['id']}/undo").status_code == 409, "it was Ada's change"
    assert ada.post(f"/sessions/circles/changes/{entry['id']}/undo").status_code == 303
    baton.drain()
    assert turns(baton, one) == {"Ada": "offered", "Bea": "proposed"} and turns(baton, two)["Ada"] == "proposed"
    assert sessions(baton, where)[1]["state"] == "planned"
    assert kinds(baton, "Bea")[-1] == "turn-released"
    assert ada.post(f"/sessions/circles/changes/{entry['id']}/undo").status_code == 409, "undone already"
    promise_four(baton)


def test_what_was_seen_is_what_is_saved(baton: Any, ring: Any) -> None:
    where, (one, two, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    preview = change(ada, where, save=False, verb="swap", session=one, other=two).text
    seen = re.search(r'name="seen" value="([^"]+)"', preview).group(1)  # type: ignore[union-attr]
    do(answering.decline, turn(baton, one, "Ada")["id"], "person/a")
    data = {"verb": "swap", "session": one, "other": two, "do": "save", "seen": seen}
    page = ada.post(f"/sessions/circles/{where}/turns/change", data=data)
    assert page.status_code == 422 and turns(baton, one) == {"Ada": "declined", "Bea": "offered"}


def test_skip_me_asks_the_next_and_is_undone_until_they_answer(baton: Any, ring: Any) -> None:
    where, (one, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    assert change(ada, where, verb="skip-me", session=one, reason="Exams").status_code == 303
    assert turns(baton, one) == {"Ada": "declined", "Bea": "offered"}
    baton.drain()
    [asked] = baton.rows("notifications", "mail", kind="turn", person=person(baton, "Bea"))
    assert "Ada" not in asked["text"], "who passes asks nobody: Bea is next by the order of turns"
    [entry] = baton.rows("sessions", "change", verb="skip-me")
    do(answering.accept, turn(baton, one, "Bea")["id"], "person/b")
    assert ada.post(f"/sessions/circles/changes/{entry['id']}/undo").status_code == 409
    assert turns(baton, one) == {"Ada": "declined", "Bea": "accepted"}


def test_skip_date_moves_everybody_on_and_comes_back(baton: Any, ring: Any) -> None:
    where, (one, two, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    assert "Only who coordinates" in change(ada, where, verb="skip-date", session=one).text
    do(answering.accept, turn(baton, one, "Ada")["id"], "person/a")
    assert change(ada, where, verb="skip-date", session=one).status_code == 303
    states = [row["state"] for row in sessions(baton, where)]
    assert states[:2] == ["cancelled", "confirmed"] and turns(baton, two) == {"Ada": "accepted"}
    [entry] = baton.rows("sessions", "change", verb="skip-date")
    assert ada.post(f"/sessions/circles/changes/{entry['id']}/undo").status_code == 303
    assert [row["state"] for row in sessions(baton, where)][:2] == ["confirmed", "planned"]
    assert turns(baton, one) == {"Ada": "accepted"} and turns(baton, two) == {"Ada": "proposed"}
    tick(baton)
    promise_four(baton)


def test_a_date_that_an_organizer_skips_goes_the_same_way(baton: Any, ring: Any) -> None:
    where, (one, two, *_) = ring
    do(answering.accept, turn(baton, one, "Ada")["id"], "person/a")
    olga = sign_in(baton.client("sessions"), "olga", "organizer")
    assert olga.post(f"/sessions/dates/{one}/skip", data={"reason": "A holiday", "seen": "1"}).status_code == 303
    assert [row["state"] for row in sessions(baton, where)][:2] == ["cancelled", "planned"]
    assert sessions(baton, where)[0]["note"] == "A holiday"
    assert turns(baton, one) == {"Ada": "released"}
    assert turns(baton, two) == {"Ada": "offered"}, "the same person, the next date, with a yes of their own"
    [entry] = baton.rows("sessions", "change", verb="skip-date")
    page = olga.get(f"/sessions/circles/{where}").text
    assert "A date was left out" in page and f"/sessions/circles/changes/{entry['id']}/undo" in page
    path = f"/sessions/circles/changes/{entry['id']}/undo"
    assert sign_in(baton.client("sessions"), person(baton, "Bea")).post(path).status_code == 409
    assert baton.client("sessions").post(path).status_code == 303 and sessions(baton, where)[0]["state"] == "cancelled"
    assert olga.post(path).status_code == 303
    first, second, *_ = sessions(baton, where)
    assert (first["state"], first["note"], second["state"]) == ("confirmed", None, "planned")
    assert turns(baton, one) == {"Ada": "accepted"} and turns(baton, two) == {"Ada": "proposed"}
    assert olga.post(f"/sessions/dates/{one}/skip", data={"reason": ""}).status_code == 303
    again = max(baton.rows("sessions", "change", verb="skip-date"), key=lambda row: row["id"])
    baton.pass_time(days=15)
    late = olga.post(f"/sessions/circles/changes/{again['id']}/undo")
    assert late.status_code == 409 and "The date it had is over." in late.text
    baton.drain()
    promise_four(baton)


def test_a_turn_is_handed_over_to_a_volunteer_who_accepts(baton: Any, ring: Any) -> None:
    where, (one, *_) = ring
    do(answering.accept, turn(baton, one, "Ada")["id"], "person/a")
    client, link = baton.client("sessions"), mailed(baton, "turn", "Ada")
    assert client.post(link, data={"do": "hand", "person": person(baton, "Cem")}).status_code == 303
    baton.drain()
    assert turns(baton, one) == {"Ada": "accepted", "Cem": "offered"}, "until Cem says yes it is Ada's"
    assert sessions(baton, where)[0]["state"] == "confirmed"
    assert "You asked somebody to take it over" in client.get(link).text
    again = client.post(link, data={"do": "hand", "person": person(baton, "Bea")})
    assert again.status_code == 422 and "Somebody is being asked" in again.text
    [mail] = [m for m in baton.rows("notifications", "mail", kind="turn") if "in their place" in m["text"]]
    assert "Ada asks whether you would coordinate" in mail["text"]
    cem = mailed(baton, "turn", "Cem")
    assert "Ada asks you to take it over" in client.get(cem).text
    assert client.post(cem, data={"do": "accept"}).status_code == 303
    baton.drain()
    assert turns(baton, one) == {"Ada": "released", "Cem": "accepted"}
    assert kinds(baton, "Ada")[-1] == "turn-released"
    [free] = baton.rows("notifications", "mail", kind="turn-released")
    assert "Somebody else has said yes to it, so you no longer coordinate it" in free["text"]
    promise_four(baton)


def test_nobody_answers_who_was_asked_to_take_it_over(baton: Any, ring: Any) -> None:
    where, (one, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    typed = {"verb": "substitute", "session": one, "person": person(baton, "Cem")}
    assert "the turn stays yours" in change(ada, where, save=False, **typed).text
    assert change(ada, where, **typed).location.startswith(f"/sessions/circles/{where}/turns?said=handed")
    do(answering.accept, turn(baton, one, "Ada")["id"], "person/a")
    tick(baton, days=10)
    assert turns(baton, one) == {"Ada": "accepted", "Cem": "released"}, "no lapse: Cem owed nobody an answer"
    assert "turn-lapsed" not in kinds(baton, "Cem")


def test_absences_are_noted_reopen_turns_and_are_taken_back(baton: Any, ring: Any) -> None:
    where, (one, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    assert "Nothing is noted" in ada.get("/sessions/absences").text
    for typed, field in [
        ({}, "first"), ({"first": "2027-01-10"}, "last"), ({"first": "2027-01-10", "last": "2027-01-09"}, "last"),
        ({"first": "2020-01-01", "last": "2020-01-02"}, "last"), ({"first": "x", "last": "y"}, "first"),
        ({"first": "2027-01-10", "last": "2029-01-09"}, "last"),
        ({"first": "2099-01-10", "last": "2099-01-11"}, "first"),
        ({"first": "2027-01-10", "last": "2027-01-11", "role": "king"}, "role"),
        ({"first": "2027-01-10\0", "last": "2027-01-11"}, "first"),
    ]:  # fmt: skip
        page = ada.post("/sessions/absences", data=typed)
        assert page.status_code == 422 and f'id="f-{field}-wrong"' in page.text, typed
    assert not baton.rows("sessions", "absence")
    mentor = {"first": "2027-01-10", "last": "2027-01-30", "role": "mentor"}
    assert ada.post("/sessions/absences", data=mentor).location.endswith("said=absent")
    assert turns(baton, one) == {"Ada": "offered"}, "only for the other role"
    page = ada.post("/sessions/absences", data={"first": "2027-01-18", "last": "2027-01-18"})
    assert page.location.endswith("said=absent-freed")
    assert turns(baton, one) == {"Ada": "released", "Bea": "offered"}
    assert ada.get("/sessions/absences").text.count("Take back") >= 2
    first = baton.rows("sessions", "absence")[0]["id"]
    bea = sign_in(baton.client("sessions"), person(baton, "Bea"))
    assert bea.post(f"/sessions/absences/{first}/withdraw").status_code == 404
    assert ada.post(f"/sessions/absences/{first}/withdraw").status_code == 303
    assert sum(row["withdrawn_at"] is not None for row in baton.rows("sessions", "absence")) == 1
    assert where


HOSTILE = ["", "x", "\0", "<script>alert(1)</script>", "' OR 1=1", "../..", "\ud800", "🏃" * 50, "-1"]


@pytest.mark.parametrize("field", ["verb", "session", "other", "person", "reason"])
def test_odd_input_to_the_four_verbs_is_refused_in_words(baton: Any, ring: Any, field: str) -> None:
    where, (one, two, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    good = {"verb": "substitute" if field == "person" else "swap", "session": one, "other": two, "person": ""}
    before = baton.dump()
    for odd in HOSTILE:
        typed = {**good, field: odd.encode("utf-8", "surrogatepass").decode("utf-8", "replace")}
        for data in ({**typed, "do": "preview"}, {**typed, "do": "save", "seen": "guess"}):
            page = ada.post(f"/sessions/circles/{where}/turns/change", data=data)
            assert page.status_code in (200, 422) and "<script>alert" not in page.text
        api = {**typed, field: odd, "save": False}
        url = f"/sessions/api/circles/{where}/turns/changes"
        page = ada.post(url, data=json.dumps(api), content_type="application/json")
        assert page.status_code in (200, 422)
    assert baton.dump() == before


def test_the_api_answers_changes_and_undoes(baton: Any, ring: Any) -> None:
    where, (one, two, *_) = ring
    ada = sign_in(baton.client("sessions"), person(baton, "Ada"))
    mine = turn(baton, one, "Ada")["id"]
    bea = sign_in(baton.client("sessions"), person(baton, "Bea"))
    assert bea.post(f"/sessions/api/turns/{mine}/answer", json={"answer": "accept"}).status_code == 403
    assert ada.post("/sessions/api/turns/none/answer", json={"answer": "accept"}).status_code == 404
    assert ada.post(f"/sessions/api/turns/{mine}/answer", json={"answer": "maybe"}).status_code == 422
    assert ada.post(f"/sessions/api/turns/{mine}/answer", json={"answer": "accept"}).json == {"state": "accepted"}
    taken = bea.post(f"/sessions/api/sessions/{one}/coordinator")
    assert taken.status_code == 422 and "said yes already" in taken.json["detail"]
    wanted = {"verb": "swap", "session": one, "other": two}
    seen = ada.post(f"/sessions/api/circles/{where}/turns/changes", json=wanted).json
    assert seen["change"] is None and seen["effects"]
    made = ada.post(
        f"/sessions/api/circles/{where}/turns/changes", json={**wanted, "save": True, "seen": seen["seen"]}
    ).json
    assert ada.post(f"/sessions/api/changes/{made['change']}/undo").json == {"done": "undone"}
    absent = ada.post("/sessions/api/absences", json={"first": "2027-01-18", "last": "2027-01-19"})
    assert absent.status_code == 201 and absent.json == {"freed": [one]}
    [listed] = ada.get("/sessions/api/absences").json["absences"]
    assert ada.delete(f"/sessions/api/absences/{listed['id']}").status_code == 204
    olga = sign_in(baton.client("sessions"), "olga", "organizer")
    given = {"deed": "lead", "person": person(baton, "Cem"), "agreed": True, "reason": "asked"}
    url = f"/sessions/api/sessions/{one}/decisions"
    assert olga.post(url, json=given).status_code == 200
    assert turns(baton, one)["Cem"] == "accepted"
    assert olga.post(url, json={"deed": "free-lead", "reason": ""}).status_code == 422
    assert ada.post(url, json=given).status_code == 403
    paths = baton.client("sessions").get("/sessions/openapi.json").json["paths"]
    assert "/sessions/api/turns/{id}/answer" in paths and "/sessions/api/absences" in paths
    promise_four(baton)


def test_exports_and_erasing(baton: Any, ring: Any) -> None:
    _, (one, *_) = ring
    link, client = mailed(baton, "turn", "Ada"), baton.client("sessions")
    client.post(link, data={"do": "decline", "reason": "My secret reason", "until": "2027-03-01"})
    olga = sign_in(baton.client("sessions"), "olga", "organizer")
    assert "declined" in olga.get("/sessions/export/turns.csv").text
    assert "2027-03-01" in olga.get("/sessions/export/absences.csv").text
    from services.signup import people

    ada = person(baton, "Ada")
    with db.write("signup") as tx:
        people.erase_later(tx, f"person/{ada}", ada)
    baton.drain()
    with db.write("signup") as tx:
        people.erase_now(tx, "system", ada)
    baton.drain()
    assert "secret reason" not in repr(baton.dump())
    assert "Ada" not in repr(baton.rows("sessions", "event")), "events about turns carry no names"
    assert one


def test_the_day_beside_the_ring_is_the_readers(ring: Any) -> None:
    """GIVEN a session at nine in the morning, UTC THEN in Pago Pago it is still the day before"""
    where, _ = ring
    with db.read("sessions") as tx:
        coming = reading.upcoming(tx, where)
        said = {zone: reading.ring(tx, where, coming, zone)[0].next for zone in ("UTC", "Pacific/Pago_Pago")}
    assert said == {"UTC": "18 January", "Pacific/Pago_Pago": "17 January"}
