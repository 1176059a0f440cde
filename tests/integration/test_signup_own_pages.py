"""Signup's links and a member's own pages: what opening must not change, and what each button does."""

from __future__ import annotations

import re
from typing import Any

import pytest

from services.signup import access_links, people, program, rules
from shared import db, tokens
from tests.conftest import Baton
from tests.signup import SCRIPT, charter, links, member, organizer, signed_in, unescaped

# ---- mailed links ----


def test_a_hundred_gets_and_heads_of_every_link_change_nothing(baton: Baton, client: Any) -> None:
    applied, confirmed = member("a@example.org", confirmed=False), member("b@example.org")
    baton.drain()
    before = baton.dump()
    for link in [*links(applied), *links(confirmed)]:
        for _ in range(50):
            for answer in (client.get(link), client.head(link)):
                assert answer.status_code == 200
                assert "Set-Cookie" not in answer.headers
    assert baton.dump() == before


def test_confirming_signs_in_and_leads_to_ones_own_page(baton: Baton, client: Any) -> None:
    person = member(confirmed=False)
    confirm = links(person)[0]
    answer = client.post(confirm)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/signup/me?said=confirmed")
    page = client.get("/signup/me?said=confirmed")
    assert page.status_code == 200 and "Ada Lovelace" in page.text and "confirmed. Welcome!" in page.text
    page = client.get(confirm)
    assert "Your address is confirmed" in page.text and "deleted" not in page.text, "nobody asks twice, or threatens"
    again = client.post(confirm)
    assert again.headers["Location"] == "/signup/me?said=already"


def test_a_link_to_confirm_what_is_purged_says_so_before_anything_is_pressed(baton: Baton, client: Any) -> None:
    link = f"/signup/confirm/{tokens.sign('confirm', {'person': db.new_id()})}"
    page = client.get(link)
    assert page.status_code == 410 and "leads nowhere any more" in page.text


def test_what_the_answers_tell_is_done_in_the_checklist(baton: Baton, client: Any) -> None:
    person = member()
    signed_in(client, person, "member")
    assert "Done: Start a blog, or tell us yours" in client.get("/signup/me").text
    with db.write("signup") as tx:
        people.correct(tx, f"person/{person}", person, {"blog": "https://ada.example.org"})
    page = client.get("/signup/me").text
    assert "https://ada.example.org, as you told us." in page
    assert "one: Start a blog" not in page, "what is known needs no button"
    assert "Done: Tell us your GitHub name" in page


def test_a_sign_in_link_works_once(baton: Baton, client: Any) -> None:
    link = links(member())[2]
    assert client.post(link).status_code == 303
    used = client.post(link)
    assert used.status_code == 410 and "used before" in used.text


def test_a_link_that_works_for_weeks_opens_ones_own_page_alone(baton: Baton, client: Any) -> None:
    person = organizer()
    for link in links(person)[:2]:
        assert client.post(link).status_code == 303
        assert client.get("/signup/me").status_code == 200
        assert client.get("/signup/organizer/").status_code == 403
    assert client.post(links(person)[2]).status_code == 303
    assert client.get("/signup/organizer/").status_code == 200
    assert client.post(links(person)[1]).status_code == 303
    assert client.get("/signup/organizer/").status_code == 200, "who is signed in stays so"


def test_a_flood_of_asking_for_links_is_told_when_to_come_back(client: Any, change_settings: Any) -> None:
    change_settings(signup_rate="3/minute")
    found = [client.post("/signup/sign-in", data={"email": f"a{n}@example.org"}) for n in range(4)]
    assert [answer.status_code for answer in found] == [200, 200, 200, 429]
    assert 0 < int(found[-1].headers["Retry-After"]) <= 60


BROKEN = ["confirm", "enter", "sign-in"]


@pytest.mark.parametrize("kind", BROKEN)
def test_links_that_do_not_work_offer_the_next_step(baton: Baton, client: Any, kind: str) -> None:
    person = member()
    claims = {"person": person, "request": "r", "next": None}
    foreign = tokens.sign("cookie", claims)
    good = tokens.sign(kind, claims)
    for token in ("x", good[:-2], good + "x", foreign, "a.b.c", "%00", "é"):
        for answer in (client.get(f"/signup/{kind}/{token}"), client.post(f"/signup/{kind}/{token}")):
            assert answer.status_code == 400, token
            assert "Mail me a link" in answer.text
            assert "Set-Cookie" not in answer.headers
    baton.pass_machine_time(61 * tokens.DAY)
    assert client.get(f"/signup/{kind}/{good}").status_code == 410
    late = client.post(f"/signup/{kind}/{good}")
    assert late.status_code == 410 and "Set-Cookie" not in late.headers


def test_asking_for_a_link_says_the_same_to_everybody(baton: Baton, client: Any) -> None:
    member("known@example.org")
    known = client.post("/signup/sign-in", data={"email": "known@example.org"})
    unknown = client.post("/signup/sign-in", data={"email": "unknown@example.org"})
    assert known.status_code == unknown.status_code == 200
    assert known.data == unknown.data
    assert client.post("/signup/sign-in", data={"email": "nonsense"}).status_code == 422


def test_asking_too_often_for_one_address_looks_the_same_and_mails_nothing(baton: Baton, client: Any) -> None:
    member("known@example.org")
    for address in ("known@example.org", "unknown@example.org"):
        found = [client.post("/signup/sign-in", data={"email": address}) for _ in range(rules.LINKS_AN_HOUR + 3)]
        assert {answer.status_code for answer in found} == {200}
        assert len({answer.data for answer in found}) == 1
        assert "Check your mail" in found[-1].text and "Retry-After" not in found[-1].headers
    asked = baton.rows("signup", "event", type="signin.requested")
    assert len(asked) == rules.LINKS_AN_HOUR


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_no_link_leads_to_another_site(baton: Baton, client: Any, target: str) -> None:
    claims = {"person": member(), "request": db.new_id(), "next": target}
    answer = client.post(f"/signup/sign-in/{tokens.sign('sign-in', claims)}")
    assert answer.headers["Location"] == "/signup/me"
    assert target not in client.get("/signup/sign-in", query_string={"next": target}).text


# ---- another address ----


def test_a_member_changes_their_address_by_a_link_to_the_new_one(baton: Baton, client: Any) -> None:
    person = member()
    old = links(person)
    signed_in(client, person, "member")
    assert client.post("/signup/me/address", data={"email": "kept-typed"}).status_code == 422
    assert "kept-typed" in client.post("/signup/me/address", data={"email": "kept-typed"}).text
    assert client.post("/signup/me/address", data={"email": "ada@new.example"}).status_code == 303
    page = client.get("/signup/me/address").text
    assert "ada@new.example" in page and "Nothing came?" in page
    baton.drain()
    [mail] = baton.rows("notifications", "mail", kind="address")
    assert mail["address"] == "ada@new.example"
    link = next(word for word in mail["text"].split() if "/signup/address/" in word).removeprefix(
        "http://localhost:8000"
    )
    stranger = baton.client("signup")
    before = baton.dump()
    for answer in (stranger.get(link), stranger.head(link)):
        assert answer.status_code == 200
    assert baton.dump() == before
    baton.pass_machine_time(2)
    assert stranger.post(link).headers["Location"] == "/signup/me?said=address"
    assert "ada@new.example" in stranger.get("/signup/me?said=address").text
    for answer in (stranger.get(link), stranger.post(link)):
        assert answer.status_code == 410, "it works once"
    for link in old:
        answer = baton.client("signup").post(link)
        assert answer.status_code == 410 and "Set-Cookie" not in answer.headers, "nor does the old mailbox open it"
    baton.drain()
    [notice] = baton.rows("notifications", "mail", kind="address-changed")
    assert notice["address"] == "ada@example.org"


def test_a_taken_address_looks_like_any_other(baton: Baton, client: Any) -> None:
    member("taken@example.org")
    signed_in(client, member(), "member")
    answers = []
    for address in ("taken@example.org", "fresh@example.org"):
        answer = client.post("/signup/me/address", data={"email": address})
        shown = client.get("/signup/me/address").text.replace(address, "")
        answers.append((answer.status_code, answer.headers["Location"], shown))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("token", ["x", "%00", "a.b.c", "é"])
def test_a_broken_link_to_an_address_says_what_to_do(client: Any, token: str) -> None:
    for answer in (client.get(f"/signup/address/{token}"), client.post(f"/signup/address/{token}")):
        assert answer.status_code == 400 and "Mail me a link" in answer.text


# ---- one's own page ----


def test_own_pages_ask_strangers_to_sign_in(client: Any) -> None:
    for path in ("/signup/me", "/signup/me/answers", "/signup/organizer/", "/signup/organizer/audit"):
        answer = client.get(path)
        assert answer.status_code == 303 and answer.headers["Location"].startswith("/signup/sign-in?next=/signup/")


def test_a_member_is_no_organizer(baton: Baton, client: Any) -> None:
    signed_in(client, member(), "member")
    assert client.get("/signup/organizer/").status_code == 403


def test_a_post_from_another_site_with_our_cookie_is_refused(baton: Baton, client: Any) -> None:
    person = member()
    signed_in(client, person, "member")
    answer = client.post("/signup/me/leave", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert baton.rows("signup", "person", id=person)[0]["state"] == "confirmed"


def test_the_whole_life_of_a_member(baton: Baton, client: Any) -> None:
    person = member()
    signed_in(client, person, "member")

    def state() -> str:
        return str(baton.rows("signup", "person", id=person)[0]["state"])

    def press(path: str, **form: str) -> Any:
        answer = client.post(f"/signup/me/{path}", data=form)
        assert answer.status_code == 303, answer.text
        page = client.get(answer.headers["Location"])
        assert page.status_code == 200
        return page

    press("checklist", item="chat", done="yes")
    assert "chat" in baton.rows("signup", "person", id=person)[0]["checklist"]
    press("answers", name="Ada King", timezone="Asia/Calcutta", github="@ada", blog="https://ada.example.org")
    kept = baton.rows("signup", "person", id=person)[0]
    assert (kept["name"], kept["timezone"]) == ("Ada King", "Asia/Kolkata")
    press("pause")
    assert state() == "paused"
    press("come-back")
    assert state() == "confirmed"
    press("stream", stream="stream2")
    assert baton.rows("signup", "person", id=person)[0]["stream"] == "stream2"
    press("leave", reason=SCRIPT)
    assert state() == "left"
    press("come-back")
    press("erase")
    assert baton.rows("signup", "person", id=person)[0]["erase_after"]
    page = press("keep")
    assert state() == "confirmed" and "Nothing will be erased" in page.text
    press("download")
    download = client.get("/signup/me/download/my-data.json")
    assert download.headers["Content-Disposition"].startswith("attachment")
    assert download.json["signup"]["person"]["name"] == "Ada King"


def test_an_optional_choice_can_be_taken_back(baton: Baton, client: Any) -> None:
    person = member()
    signed_in(client, person, "member")
    form = {"name": "Ada", "timezone": "UTC", "answers.stream1-hours": "3 to 6"}
    assert client.post("/signup/me/answers", data=form).status_code == 303
    page = client.get("/signup/me/answers").text
    unset = re.search(r'<input type="radio" [^>]*name="answers.stream1-hours" value=""[^>]*>', page)
    assert unset and "checked" not in unset.group()
    assert client.post("/signup/me/answers", data={**form, "answers.stream1-hours": ""}).status_code == 303
    assert baton.rows("signup", "person", id=person)[0]["answers"] == {}
    with db.write("signup") as tx:
        fields = {"label": "Tea?", "kind": "choice", "options": ["Yes", "No"], "required": True}
        asked = program.add_question(tx, "system", "stream1", fields)
    assert not re.search(rf'name="answers.{asked}" value=""', client.get("/signup/me/answers").text)


def test_nobody_moves_themselves_into_a_closed_stream(baton: Baton, client: Any) -> None:
    person = member()
    with db.write("signup") as tx:
        program.save_stream(tx, "system", "stream3", {"open": False})
    signed_in(client, person, "member")
    answer = client.post("/signup/me/stream", data={"stream": "stream3"})
    assert answer.status_code == 422 and "takes nobody at present" in answer.text
    by = f"organizer/{organizer()}"
    with db.write("signup") as tx:
        people.change_stream(tx, by, person, "stream3")
    assert baton.rows("signup", "person", id=person)[0]["stream"] == "stream3"
    assert client.post("/signup/me/stream", data={"stream": "stream3"}).status_code == 303, "there already"


def test_who_was_imported_confirms_like_anybody(baton: Baton, client: Any) -> None:
    person = member(confirmed=False)
    with db.write("signup") as tx:
        table = db.metadata("signup").tables["person"]
        tx.execute(table.update().values(state="imported"))
    baton.pass_machine_time(3601)
    with db.write("signup") as tx:
        access_links.request_sign_in(tx, "ada@example.org")
    assert len(baton.rows("signup", "event", type="application.imported")) == 1
    accepts = {"charter": charter()}
    assert client.post(links(person)[0], data=accepts).headers["Location"] == "/signup/me?said=confirmed"
    assert baton.rows("signup", "person", id=person)[0]["state"] == "confirmed"


def test_errors_when_correcting_keep_what_was_typed(baton: Baton, client: Any) -> None:
    signed_in(client, member(), "member")
    wrong = {"name": SCRIPT, "timezone": "Mars/X", "github": "a b", "blog": "x"}
    answer = client.post("/signup/me/answers", data=wrong)
    assert answer.status_code == 422
    assert not unescaped(answer.text)
    for field in ("timezone", "github", "blog"):
        assert f'id="f-{field}-wrong"' in answer.text


def test_an_organizer_who_leaves_is_none_any_more(baton: Baton, client: Any) -> None:
    organizer("other@example.org")
    person = organizer()
    signed_in(client, person, "member", "organizer")
    other_device = signed_in(baton.client("signup"), person, "member", "organizer")
    assert client.post("/signup/me/leave").status_code == 303
    assert other_device.get("/signup/organizer/").status_code == 303  # signed out
    assert client.get("/signup/me").status_code == 200
    assert client.get("/signup/organizer/").status_code == 403
