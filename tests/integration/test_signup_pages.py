"""Signup's pages without a browser: what is posted, refused, shown again, and what opening a link must not change."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from services.signup import access_links, audit, people, program, rate, rules
from shared import access, clock, db, tokens
from tests.conftest import Baton

SCRIPT = "<script>alert('x')</script>"


@pytest.fixture
def client(baton: Baton) -> Any:
    rate.forget()
    return baton.client("signup")


def charter() -> str:
    with db.read("signup") as tx:
        return program.load(tx).charter.version


def typed(**changed: Any) -> dict[str, Any]:
    """A form that would be taken, with some fields changed."""
    good = {"name": "Ada Lovelace", "email": "ada@example.org", "timezone": "Europe/London", "charter": charter()}
    return {**good, **changed}


def member(email: str = "ada@example.org", confirmed: bool = True) -> str:
    with db.write("signup") as tx:
        person = str(people.apply(tx, {**typed(email=email), "stream": "stream1", "answers": {}}).person)
        if confirmed:
            people.confirm(tx, person)
    return person


def organizer(email: str = "olga@example.org") -> str:
    with db.write("signup") as tx:
        return access_links.add_organizer(tx, "system", email, "Olga")


def signed_in(client: Any, person: str, *roles: str) -> Any:
    cookie = tokens.sign("cookie", {"person": person, "roles": list(roles), "at": clock.machine()})
    client.set_cookie(access.COOKIE, cookie)
    return client


def unescaped(page: str) -> str:
    """What of a page is script that somebody typed."""
    return SCRIPT if SCRIPT in page or "<script>alert" in page else ""


# ---- signing up ----


def test_a_sign_up_is_taken_and_its_address_tells_nothing(baton: Baton, client: Any) -> None:
    answer = client.post("/signup/stream1", data=typed())
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/signup/check-mail"
    [person] = baton.rows("signup", "person")
    assert (person["name"], person["state"], person["stream"]) == ("Ada Lovelace", "applied", "stream1")


def test_a_foreign_plain_form_needs_no_cookie_and_no_token(client: Any) -> None:
    headers = {"Origin": "https://mentees.example.org", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/signup/stream1", data=typed(), headers=headers).status_code == 303


def test_a_foreign_form_is_taken_from_a_browser_that_carries_our_cookie(baton: Baton, client: Any) -> None:
    signed_in(client, member(), "member")
    headers = {"Origin": "https://mentees.example.org", "Sec-Fetch-Site": "cross-site"}
    assert client.post("/signup/stream1", data=typed(email="new@example.org"), headers=headers).status_code == 303


def test_without_a_time_zone_the_programs_own_is_taken(baton: Baton, client: Any) -> None:
    assert client.post("/signup/stream1", data=typed(timezone="")).status_code == 303
    assert baton.rows("signup", "person")[0]["timezone"] == "America/Toronto"


def test_the_page_after_it_shows_the_typed_address_to_that_browser_alone(
    baton: Baton, client: Any, change_settings: Any
) -> None:
    change_settings(mail_from="Mentors <post@mentors.example.org>")
    for way, address in (
        ("", "ada+one@example.org"),
        ("embed/", f"{SCRIPT}@example.org"),
        ("embed/", "o'neil@example.org"),
    ):
        sent = client.post(f"/signup/{way}stream1", data=typed(email=address))
        assert sent.status_code == (422 if SCRIPT in address else 303)
        assert address not in sent.headers.get("Location", "")
    page = client.get("/signup/check-mail").text
    assert "ada+one@example.org" in page and "No mail after ten minutes?" in page
    assert "mailto:post@mentors.example.org" in page and "o&#39;neil@example.org" not in page
    assert "o&#39;neil@example.org" in client.get("/signup/embed/check-mail").text
    stranger = baton.client("signup").get("/signup/check-mail")
    assert stranger.status_code == 200 and "example.org" not in stranger.text.replace("post@mentors.example.org", "")
    client.set_cookie("baton-typed", "forged", path="/signup/check-mail")
    assert client.get("/signup/check-mail").status_code == 200
    client.post("/signup/stream1", data=typed(email="x" * 5000))
    trapped = client.post("/signup/stream1", data=typed(**{rules.TRAP: "x"}))
    assert "baton-typed=" in trapped.headers["Set-Cookie"], "what fills the trap is answered alike"


def test_the_typed_address_is_shown_in_another_sites_frame_too(client: Any, change_settings: Any) -> None:
    change_settings(base_url="https://baton.example.org")
    framed = client.post("/signup/embed/stream1", data=typed()).headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/signup/embed/check-mail"} <= set(
        framed.split("; ")
    )
    assert "SameSite=Lax" in client.post("/signup/stream1", data=typed()).headers["Set-Cookie"]


def test_posted_twice_gives_the_same_page_and_one_person(baton: Baton, client: Any) -> None:
    answers = [client.post("/signup/stream1", data=typed()) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert len(baton.rows("signup", "person")) == 1


def test_the_answer_is_the_same_for_a_member(baton: Baton, client: Any) -> None:
    fresh = client.post("/signup/stream1", data=typed(email="new@example.org"))
    member("known@example.org")
    known = client.post("/signup/stream1", data=typed(email="known@example.org"))
    keep = ("Location", "Content-Type", "Content-Length", "Cache-Control")
    assert [fresh.status_code, *(fresh.headers.get(k) for k in keep)] == [
        known.status_code,
        *(known.headers.get(k) for k in keep),
    ]
    assert fresh.data == known.data


def test_what_fills_the_trap_is_answered_and_thrown_away(baton: Baton, client: Any) -> None:
    answer = client.post("/signup/stream1", data=typed(**{rules.TRAP: "buy now"}))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/signup/check-mail")
    assert baton.rows("signup", "person") == []


BAD = [
    ("name", ""),
    ("name", "x" * 101),
    ("name", "Ada\r\nBcc: all@example.org"),
    ("name", "😀" * 300),
    ("name", "Ada ｗｗｗ．evil.example"),
    ("email", ""),
    ("email", "ada"),
    ("email", "ada@@example.org"),
    ("timezone", "Mars/Olympus"),
    ("charter", ""),
    ("charter", "0"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_what_was_typed_survives_every_error(baton: Baton, client: Any, field: str, value: str) -> None:
    sent = typed(**{"name": "Zoë <b>", "email": "zoe@example.org", "answers.stream1-background": "Long & <i>short</i>"})
    sent[field] = value
    answer = client.post("/signup/stream1", data=sent)
    assert answer.status_code == 422
    page = answer.text
    assert f'href="#f-{field}"' in page and f'id="f-{field}"' in page
    assert f'id="f-{field}-wrong"' in page and 'aria-invalid="true"' in page
    assert "Long &amp; &lt;i&gt;short&lt;/i&gt;" in page
    if field != "name":
        assert "Zoë &lt;b&gt;" in page
    if field != "email":
        assert "zoe@example.org" in page
    assert baton.rows("signup", "person") == []


def test_an_old_charter_shows_the_new_one_and_asks_again(baton: Baton, client: Any) -> None:
    old = charter()
    who = f"organizer/{organizer()}"
    with db.write("signup") as tx:
        program.publish_charter(tx, who, "# A new promise\n\nWe bring cake.")
    answer = client.post("/signup/stream1", data=typed(charter=old))
    assert answer.status_code == 422
    assert "We bring cake." in answer.text and "Ada Lovelace" in answer.text
    box = re.search(r'<input type="checkbox" id="f-charter"[^>]*>', answer.text)
    assert box and "checked" not in box.group()
    assert client.post("/signup/stream1", data=typed()).status_code == 303


def test_script_in_every_field_is_shown_as_text(baton: Baton, client: Any) -> None:
    names = ["name", "email", "timezone", "charter", "answers.stream1-background", "answers.stream1-topics", "leave"]
    answer = client.post("/signup/stream1", data=dict.fromkeys(names, SCRIPT))
    assert answer.status_code == 422
    assert not unescaped(answer.text)
    assert "&lt;script&gt;" in answer.text


def test_broken_utf8_is_refused_in_words(baton: Baton, client: Any) -> None:
    body = b"name=%FF%FEada&email=ada@example.org&timezone=Europe/London&charter=" + charter().encode()
    answer = client.post("/signup/stream1", data=body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 422
    assert "could not be read" in answer.text
    raw = client.post("/signup/stream1", data=b"name=\xff\xfe", content_type="application/x-www-form-urlencoded")
    assert raw.status_code == 422
    assert baton.rows("signup", "person") == []


def test_ten_megabytes_are_too_much(baton: Baton, client: Any) -> None:
    answer = client.post("/signup/stream1", data=typed(name="x" * 10_000_000))
    assert answer.status_code == 413
    assert answer.mimetype == "text/html"
    files = {**typed(), "name": (io.BytesIO(b"x" * 10_000_000), "name.txt")}
    assert client.post("/signup/stream1", data=files, content_type="multipart/form-data").status_code == 413
    assert baton.rows("signup", "person") == []


def test_a_wrong_content_type_is_a_form_without_answers(client: Any) -> None:
    answer = client.post("/signup/stream1", data=b'{"name": "Ada"}', content_type="application/json")
    assert answer.status_code == 422


def test_unknown_and_closed_streams(client: Any) -> None:
    assert client.get("/signup/no-such").status_code == 404
    assert client.post("/signup/no-such", data=typed()).status_code == 404
    who = f"organizer/{organizer()}"
    with db.write("signup") as tx:
        program.save_stream(tx, who, "stream1", {"open": False})
    assert "closed for now" in client.get("/signup/stream1").text
    assert client.post("/signup/stream1", data=typed()).status_code == 409


def test_a_flood_is_told_when_to_come_back(client: Any, change_settings: Any) -> None:
    change_settings(signup_rate="3/minute")
    found = [client.post("/signup/stream1", data=typed(email=f"a{n}@example.org")) for n in range(5)]
    assert [answer.status_code for answer in found] == [303, 303, 303, 429, 429]
    assert 0 < int(found[-1].headers["Retry-After"]) <= 60
    assert found[-1].mimetype == "text/html"
    rate.forget()


def test_who_lies_about_their_address_is_counted_all_the_same(baton: Baton, change_settings: Any) -> None:
    """Given one proxy of ours, When a client makes up an address of its own each time, Then the proxy's word counts."""
    change_settings(signup_rate="3/minute", trusted_proxies=1)
    rate.forget()
    client = baton.client("signup")

    def post(n: int, address: str) -> int:
        headers = {"X-Forwarded-For": f"198.51.100.{n}, {address}"}
        return int(client.post("/signup/stream1", data=typed(email=f"a{n}@example.org"), headers=headers).status_code)

    assert [post(n, "203.0.113.9") for n in range(4)] == [303, 303, 303, 429]
    assert post(5, "203.0.113.10") == 303
    rate.forget()


def test_one_ipv6_network_is_one_client(client: Any, change_settings: Any) -> None:
    change_settings(signup_rate="3/minute")

    def post(n: int, address: str) -> int:
        data, environ = typed(email=f"a{n}@example.org"), {"REMOTE_ADDR": address}
        return int(client.post("/signup/stream1", data=data, environ_base=environ).status_code)

    assert [post(n, f"2001:db8:1:2:{n}::{n}") for n in range(4)] == [303, 303, 303, 429]
    assert post(4, "2001:db8:1:3::1") == 303
    assert [post(n, f"::ffff:192.0.2.{n}") for n in range(5, 10)] == [303] * 5, "IPv4 in disguise is counted as such"
    for address, counted in (
        ("fe80::1%eth0", "fe80::/64"), ("::ffff:192.0.2.1", "192.0.2.1"), (None, "unknown"), ("unix:", "unix:")
    ):  # fmt: skip
        assert rate.client(address) == counted
    rate.forget()


def test_the_iframe_may_be_shown_where_the_setting_says(client: Any, change_settings: Any) -> None:
    change_settings(embed_origins=("https://mentees.example.org",))
    framed = client.get("/signup/embed/stream1").headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://mentees.example.org" in framed
    assert "frame-ancestors 'none'" in client.get("/signup/stream1").headers["Content-Security-Policy"]
    answer = client.post("/signup/embed/stream1", data=typed())
    assert answer.headers["Location"] == "/signup/embed/check-mail"


def test_a_broken_database_is_said_on_a_page(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(tx: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(program, "load", broken)
    answer = client.get("/signup/stream1", headers={"X-Request-ID": "abc123"})
    assert answer.status_code == 500
    assert "abc123" in answer.text and "Back to the start" in answer.text and "SELECT" not in answer.text


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_are_refused_on_a_page(client: Any, method: str) -> None:
    answer = getattr(client, method)("/signup/stream1")
    assert answer.status_code == 405 and answer.mimetype == "text/html"


# ---- mailed links ----


def links(person: str) -> list[str]:
    asked = {"person": person, "request": db.new_id(), "next": None}
    return [
        f"/signup/confirm/{tokens.sign('confirm', {'person': person})}",
        f"/signup/enter/{tokens.sign('enter', {'person': person})}",
        f"/signup/sign-in/{tokens.sign('sign-in', asked)}",
    ]


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
    again = client.post(confirm)
    assert again.headers["Location"] == "/signup/me?said=already"


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


# ---- organizing ----


@pytest.fixture
def runs(baton: Baton, client: Any) -> Any:
    """A client signed in as an organizer."""
    return signed_in(client, organizer(), "member", "organizer")


def test_members_are_found(baton: Baton, runs: Any) -> None:
    member("grace@example.org")
    assert "grace@example.org" in runs.get("/signup/organizer/").text
    narrow = "q=GRACE&stream=stream1&state=confirmed&sort=-applied"
    assert "grace@example.org" in runs.get(f"/signup/organizer/?{narrow}").text
    assert "Nobody matches" in runs.get("/signup/organizer/?q=zzz").text
    assert runs.get("/signup/organizer/?page=99999999999999999999&sort=nonsense&state=nonsense").status_code == 200
    assert runs.get("/signup/organizer/?page=-1").status_code == 200


@pytest.mark.parametrize(
    "path", ["?q=%00", "?q=a%00b", "?state=%00", "?stream=%00", "?sort=%00", "members/%00", "members/%00/address"]
)
def test_a_nul_in_an_address_is_no_crash(runs: Any, path: str) -> None:
    answer = runs.get(f"/signup/organizer/{path}")
    assert answer.status_code == 400 and "%00" in answer.text and "Take it out" in answer.text


def test_a_nul_in_the_outbox_is_no_crash(baton: Baton, runs: Any) -> None:
    person = organizer()
    for path in ("outbox?q=%00", "outbox?before=2027-01-04T09:00:00%2B00:00_%00", "outbox/%00", "api/mails?kind=%00"):
        outbox = signed_in(baton.client("notifications"), person, "member", "organizer")
        assert outbox.get(f"/notifications/{path}").status_code == 400, path


def test_a_long_list_has_pages(baton: Baton, runs: Any) -> None:
    for number in range(60):
        member(f"m{number}@example.org")
    first = runs.get("/signup/organizer/?stream=stream1")
    assert "1 to 50 of 60" in first.text and "stream=stream1&amp;page=2" in first.text
    assert "51 to 60 of 60" in runs.get("/signup/organizer/?stream=stream1&page=2").text


def test_what_an_organizer_does_for_a_member(baton: Baton, runs: Any) -> None:
    person = member()
    home = f"/signup/organizer/members/{person}"
    for path, form, state in (
        ("pause", {}, "paused"),
        ("come-back", {}, "confirmed"),
        ("move", {"stream": "stream3"}, "confirmed"),
        ("leave", {"reason": SCRIPT}, "left"),
    ):
        if path != "come-back":
            assert runs.get(f"{home}/{path}").status_code == 200
        assert runs.post(f"{home}/{path}", data=form).status_code == 303
        assert baton.rows("signup", "person", id=person)[0]["state"] == state
    page = runs.get(home).text
    assert "Olga (organizer)" in page and "from Starting out to Growing in the career" in page and not unescaped(page)
    assert runs.post(f"{home}/pause").status_code == 422
    assert runs.get("/signup/organizer/members/nobody").status_code == 404


def test_an_organizer_changes_an_address(baton: Baton, runs: Any) -> None:
    person = member()
    home = f"/signup/organizer/members/{person}"
    assert "address" in runs.get(home).text and runs.get(f"{home}/address").status_code == 200
    wrong = runs.post(f"{home}/address", data={"email": "olga@example.org"})
    assert wrong.status_code == 422 and "Somebody else" in wrong.text and "olga@example.org" in wrong.text
    assert runs.post(f"{home}/address", data={"email": "ada@new.example"}).status_code == 303
    page = runs.get(f"{home}?said=their-address").text
    assert "ada@new.example" in page and "Changed the address" in page and "Olga (organizer)" in page
    assert runs.post("/signup/organizer/members/nobody/address", data={"email": "a@b.example"}).status_code < 500


def test_resending_at_most_once_an_hour(baton: Baton, runs: Any) -> None:
    person = member(confirmed=False)
    home = f"/signup/organizer/members/{person}"
    assert runs.post(f"{home}/resend").status_code == 422
    baton.pass_machine_time(3700)
    assert runs.post(f"{home}/resend").status_code == 303


EDITS: list[tuple[str, dict[str, str]]] = [
    ("program", {"name": SCRIPT, "timezone": "Europe/Berlin", "video_url": "https://v.example", "chat_invite": ""}),
    (
        "program/sections/new",
        {"title": SCRIPT, "markdown": f"{SCRIPT} [x](javascript:alert(1)) ![i](https://t.example/x)"},
    ),
    ("program/sections/faq", {"title": SCRIPT, "markdown": SCRIPT}),
    ("program/sections/faq/move", {"to": "up"}),
    ("program/sections/faq/remove", {}),
    ("program/sections/faq/restore", {}),
    ("streams/new", {"name": SCRIPT, "summary": SCRIPT, "slug": "extra"}),
    ("streams/stream1", {"name": SCRIPT, "summary": SCRIPT, "open": "yes"}),
    ("streams/stream1/move", {"to": "down"}),
    ("streams/stream2/remove", {}),
    ("streams/stream2/restore", {}),
    ("charter", {"text": SCRIPT}),
    ("organizers", {"email": "new@example.org", "name": SCRIPT}),
] + [
    (
        "streams/stream1/questions/new",
        {"label": f"{SCRIPT} {kind}", "help": SCRIPT, "kind": kind, "options": f"{SCRIPT}\nb"},
    )
    for kind in ("short", "long", "choice", "several", "checkbox", "url")
]


def test_script_in_everything_an_organizer_writes_is_shown_as_text(baton: Baton, runs: Any) -> None:
    for path, form in EDITS:
        if not path.endswith(("/move", "/restore")):
            assert runs.get(f"/signup/organizer/{path}").status_code == 200, path
        answer = runs.post(f"/signup/organizer/{path}", data=form)
        assert answer.status_code == 303, f"{path}: {answer.text}"
    person = member("x@example.org")
    pages = ["/", "/signup/", "/signup/stream1", "/signup/embed/stream1", "/signup/me", "/signup/me/stream"]
    tabs = ("", "program", "streams", "streams/stream1", "streams/stream1/preview", "charter", "charter/2", "snippets")
    pages += [f"/signup/organizer/{path}" for path in (*tabs, "snippets/stream1/plain", "organizers", "audit")]
    for path in [*pages, f"/signup/organizer/members/{person}", "/signup/no-such"]:
        page = runs.get(path).text
        assert not unescaped(page), path
        assert 'href="javascript' not in page and "<img" not in page, path
    with db.read("signup") as tx:
        ids = [q.id for q in program.load(tx).stream("stream1").questions]  # type: ignore[union-attr]
    for question in ids:
        home = f"/signup/organizer/streams/stream1/questions/{question}"
        assert not unescaped(runs.get(home).text)
        for verb in ("move", "retire", "restore"):
            assert runs.post(f"{home}/{verb}", data={"to": "up"}).status_code == 303


def test_errors_in_the_organizers_forms_keep_what_was_typed(baton: Baton, runs: Any) -> None:
    for path, form in (
        ("program", {"name": "", "timezone": "Mars/X", "video_url": "kept-typed"}),
        ("program/sections/new", {"title": "", "markdown": "kept-typed"}),
        ("streams/new", {"name": "", "summary": "kept-typed"}),
        ("streams/stream1/questions/new", {"label": "", "help": "kept-typed", "kind": "choice", "options": "one"}),
        ("charter", {"text": "kept-typed" * 6000}),
        ("organizers", {"email": "kept-typed"}),
    ):
        answer = runs.post(f"/signup/organizer/{path}", data=form)
        assert answer.status_code == 422, path
        assert "kept-typed" in answer.text and 'class="errors"' in answer.text, path


def test_the_preview_saves_nothing(baton: Baton, runs: Any) -> None:
    before = baton.dump()
    assert runs.post("/signup/organizer/streams/stream1/preview", data=typed()).status_code == 200
    assert baton.dump() == before


def test_the_snippets_carry_what_is_needed(baton: Baton, runs: Any) -> None:
    page = runs.get("/signup/organizer/snippets?stream=stream2").text
    assert "&lt;iframe src=" in page and "/signup/embed/stream2" in page
    assert "name=&#34;charter&#34;" in page or "name=&quot;charter&quot;" in page
    assert "answers.stream2-" in page and "BATON_EMBED_ORIGINS" in page
    plain = runs.get("/signup/organizer/snippets/stream2/plain").text
    assert '<option value="">The same as the program: Toronto</option>' in plain
    assert "<option>Asia/Kolkata</option>" in plain and 'value="America/Toronto"' not in plain


def test_the_last_organizer_stays(baton: Baton, runs: Any) -> None:
    only = baton.rows("signup", "person", is_organizer=True)[0]["id"]
    assert runs.post(f"/signup/organizer/organizers/{only}/remove").status_code == 422


def test_opening_every_page_changes_nothing(baton: Baton, runs: Any) -> None:
    person = member()
    baton.drain()
    before = baton.dump()
    fixed = [
        rule.rule.replace("<slug>", "stream1").replace("<person>", person).replace("<version>", "1")
        for rule in runs.application.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and "<token>" not in rule.rule and "static" not in rule.rule
    ]
    assert len(fixed) > 30
    for path in fixed:
        for answer in (runs.get(path), runs.head(path)):
            assert answer.status_code < 500 or path.endswith("/ready"), path
    assert baton.dump() == before


# ---- what is said fits what was done ----


def test_what_changes_nothing_is_not_called_a_change(baton: Baton, client: Any, runs: Any) -> None:
    person = member()
    here = "/signup/organizer"
    same = runs.post(f"{here}/members/{person}/move", data={"stream": "stream1"}, follow_redirects=True).text
    assert "Nothing has changed" in same and "Moved." not in same
    with db.read("signup") as tx:
        words = program.load(tx).charter.text
    again = runs.post(f"{here}/charter", data={"text": words}, follow_redirects=True).text
    assert "No new version was published" in again
    moved = runs.post(f"{here}/members/{person}/move", data={"stream": "stream2"}, follow_redirects=True).text
    assert "Moved." in moved
    assert "from Starting out to Towards the first job" in runs.get(f"{here}/audit").text
    assert "from Starting out to Towards the first job" in runs.get(f"{here}/members/{person}").text
    signed_in(client, person, "member")
    same = client.post("/signup/me/stream", data={"stream": "stream2"}, follow_redirects=True).text
    assert "Nothing has changed" in same and "You have changed" not in same


def test_the_log_says_which_charter_was_published(baton: Baton, runs: Any) -> None:
    assert runs.post("/signup/organizer/charter", data={"text": "We bring cake."}).status_code == 303
    page = runs.get("/signup/organizer/audit").text
    assert "A new charter was published" in page and "version 2" in page


def test_an_address_is_called_one_thing(client: Any) -> None:
    for wrong in ("ada", "ada@", "ada@-x", "a" * 300 + "@example.org", "@example.org"):
        page = client.post("/signup/stream1", data=typed(email=wrong)).text
        assert "email address" not in page.lower(), wrong


def test_a_pressed_button_that_is_refused_speaks_of_no_typing(baton: Baton, runs: Any) -> None:
    person = member(confirmed=False)
    answer = runs.post(f"/signup/organizer/members/{person}/resend").text
    assert "This could not be done." in answer
    assert "you typed" not in answer


def test_the_summary_of_errors_names_the_question(baton: Baton, client: Any) -> None:
    with db.write("signup") as tx:
        program.add_question(tx, "system", "stream1", {"label": "Which colour?", "kind": "short", "required": True})
    summary = client.post("/signup/stream1", data=typed()).text.partition('class="errors"')[2].partition("</ul>")[0]
    assert "Which colour? This question needs an answer." in summary


def test_search_and_order_know_no_accents(baton: Baton, runs: Any) -> None:
    with db.write("signup") as tx:
        for name, email in (("Ánna Müller", "one@example.org"), ("Zoe", "two@example.org")):
            people.apply(tx, {**typed(name=name, email=email), "stream": "stream1", "answers": {}})
    assert "Ánna" in runs.get("/signup/organizer/?q=anna+muller").text
    assert "Ánna" in runs.get("/signup/organizer/?q=MÜLLER").text
    everybody = runs.get("/signup/organizer/").text
    assert everybody.index("Ánna") < everybody.index("Zoe")


def test_coming_back_at_once_opens_the_organizers_pages_again(baton: Baton, runs: Any) -> None:
    organizer("otto@example.org")
    assert "You are no organizer any more, unless you come back within 30 days" in runs.get("/signup/me/leave").text
    runs.post("/signup/me/leave")
    assert runs.get("/signup/organizer/").status_code == 403
    runs.post("/signup/me/come-back")
    assert runs.get("/signup/organizer/").status_code == 200


def test_the_log_is_read_page_by_page_and_ends(baton: Baton, runs: Any) -> None:
    person = member()
    with db.write("signup") as tx:
        for number in range(audit.PAGE + 5):
            audit.note(tx, audit.SYSTEM, "person.corrected", people.subject(person), {"fields": [f"field {number}."]})
    first = runs.get("/signup/organizer/audit").text
    assert "field 54." in first and "field 4." not in first and "Back to the latest" not in first
    older = re.search(r'href="(/signup/organizer/audit\?before=\d+)"', first)
    assert older
    second = runs.get(older[1]).text
    assert "field 4." in second and "field 0." in second and "field 5." not in second
    assert "Older entries" not in second and "Back to the latest" in second
    assert "Nothing older" in runs.get("/signup/organizer/audit?before=1").text
    for odd in ("-3", "x", "", "9" * 40, "0", "1e3"):
        assert runs.get(f"/signup/organizer/audit?before={odd}").status_code == 200, odd


def test_a_long_history_is_shown_when_asked_for(baton: Baton, runs: Any) -> None:
    person = member()
    with db.write("signup") as tx:
        for number in range(12):
            audit.note(tx, audit.SYSTEM, "person.corrected", people.subject(person), {"fields": [f"field {number}."]})
    page = runs.get(f"/signup/organizer/members/{person}").text
    assert "field 11." in page and "field 1." not in page and "Signed up" not in page.partition("History")[2]
    assert "Show the whole history" in page
    page = runs.get(f"/signup/organizer/members/{person}?history=all").text
    assert "field 11." in page and "field 0." in page and "Signed up" in page.partition("History")[2]
    assert "Show the whole history" not in page
    runs.post(f"/signup/organizer/members/{member('bob@example.org')}/pause")
    assert "Show the whole history" not in runs.get(f"/signup/organizer/members/{member('cy@example.org')}").text


def test_a_button_that_comes_too_late_says_so(client: Any) -> None:
    signed_in(client, member(), "member")
    answer = client.post("/signup/me/come-back")
    assert answer.status_code == 409 and "cannot come back" in answer.text
