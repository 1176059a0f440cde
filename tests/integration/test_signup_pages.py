"""Signup's public pages without a browser: what is posted, refused, shown again."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from services.signup import program, rate, rules
from shared import db
from tests.conftest import Baton
from tests.signup import SCRIPT, charter, member, organizer, signed_in, typed, unescaped

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
