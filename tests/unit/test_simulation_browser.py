"""The browser of simulated people sees what a page offers, sends what its form holds, and says when it went astray."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest

from shared.cli.simulation import letters
from shared.cli.simulation.browser import Answer, Astray, Browser

PAGE = """<!doctype html><body>
<header><form action="/out" method="post"><button>Sign out</button></form><a href="/away">away</a></header>
<main><a href="/in?a=1&amp;b=2">in</a>
<form action="/one" method="post"><input type="hidden" name="do" value="accept"><button>Yes</button></form>
<form method="post"><input name="name" value="A &amp; B"><input type="radio" name="r" value="x"><input type="radio"
 name="r" value="y" checked><input type="checkbox" name="c" value="1"><select name="s"><option value="">-<option
 value="2" selected>two</select><select name="t"><option value="1">one</option></select>
<textarea name="text">
&lt;b&gt;a &lt; b</textarea><input name="off" value="1" disabled><button name="do" value="save">Save</button><button
 name="do" value="no">No</button></form>
<form><input name="unclosed" value="</main>"
"""


class Site:
    """Answers by path, and remembers what it was asked."""

    def __init__(self, **pages: Answer) -> None:
        self.pages = {f"/{name}": answer for name, answer in pages.items()}
        self.asked: list[tuple[str, str, dict[str, str], list[tuple[str, str]]]] = []

    def __call__(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.asked.append((method, path, dict(headers), parse_qsl(body.decode(), keep_blank_values=True)))
        return self.pages.get(path.partition("?")[0], (404, [], b"<main><h1>Nothing here</h1></main>"))


def page(text: str = PAGE, **headers: str) -> Answer:
    return 200, [(name.replace("_", "-"), value) for name, value in headers.items()], text.encode()


def test_a_form_sends_what_it_holds_and_what_was_filled_in() -> None:
    site = Site(p=page(), one=page())
    browser = Browser(site)
    found = browser.open("http://localhost:1/p?x=1#f")
    assert found.links == ["/in?a=1&b=2"] and len(found.forms) == 3, "what is on every page is none of it"
    form = found.form("do", "save")
    assert form is not None and form.options == {"r": ["x", "y"], "c": ["1"], "s": ["", "2"], "t": ["1"]}
    browser.press(found, form, ("do", "save"), {"r": "x", "name": "Zoë"})
    assert site.asked[-1][1] == "/p?x=1", "a form without an action goes where it came from"
    sent = dict(site.asked[-1][3])
    assert sent == {"r": "x", "s": "2", "t": "1", "text": "<b>a < b", "name": "Zoë", "do": "save"}
    accept = found.form("do", "accept")
    assert accept is not None
    browser.press(found, accept)
    assert site.asked[-1][1:] == ("/one", {"Content-Type": "application/x-www-form-urlencoded"}, [("do", "accept")])


@pytest.mark.parametrize(
    ("button", "values"), [(("do", "burn"), {}), (None, {"other": "1"}), (None, {"r": "z"}), (None, {"s": "3"})]
)
def test_what_a_page_does_not_offer_cannot_be_pressed(button: tuple[str, str] | None, values: dict[str, str]) -> None:
    site = Site(p=page())
    browser = Browser(site)
    found = browser.open("/p")
    with pytest.raises(Astray):
        browser.press(found, found.forms[1], button, values)
    assert len(site.asked) == 1, "nothing was sent"


def test_cookies_go_where_they_belong_until_they_are_taken_back() -> None:
    site = Site(
        set=page("", Set_Cookie="baton=abc; Path=/; HttpOnly"),
        only=page("", set_cookie="typed=1; Path=/only; Max-Age=60"),
        end=page("", Set_Cookie="baton=; Max-Age=0; Path=/"),
    )
    browser = Browser(site)
    for path in ("/set", "/only", "/only", "/p", "/end", "/p"):
        browser.open(path)
    sent = [headers.get("Cookie", "") for _, _, headers, _ in site.asked]
    assert sent == ["", "baton=abc", "baton=abc; typed=1", "baton=abc", "baton=abc", ""]


def test_redirects_are_followed_and_circles_of_them_end() -> None:
    token = "eyJhIjoxfQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb"
    site = Site(a=(303, [("Location", "/p")], b""), p=page(), loop=(302, [("location", f"/loop?{token}")], b""))
    assert Browser(site).open("/a").path == "/p"
    with pytest.raises(Astray) as astray:
        Browser(site).open("/loop")
    assert token not in str(astray.value), "links of people are nobody else's"


def test_a_mail_is_read_of_its_mime() -> None:
    raw = b"""Subject: =?utf-8?q?Zo=C3=AB=27s_turn?=\r
MIME-Version: 1.0\r
Content-Type: multipart/alternative; boundary="b"\r
\r
--b\r
Content-Type: text/plain; charset="utf-8"\r
Content-Transfer-Encoding: quoted-printable\r
\r
Yes: http://localhost:8000/sessions/turn/abc-=\r
def?answer=3Dyes\r
When: Tue 5 Jan 2027, 18:30 (UTC), 60 minutes\r
Coordinator: you\r
Your page: http://localhost:8000/sessions/lead/tok.en.\r
--b\r
Content-Type: text/calendar; method=REQUEST; charset=utf-8\r
\r
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:x\r
BEGIN:VEVENT\r
UID:1\r
DTSTAMP:20270101T000000Z\r
DTSTART:20270105T183000Z\r
DTEND:20270105T193000Z\r
END:VEVENT\r
END:VCALENDAR\r
--b--\r
"""
    letter = letters.read("1", "invite", "zoe@example.org", datetime(2027, 1, 1, tzinfo=UTC), raw)
    assert (letter.subject, letter.leads, letter.session) == (
        "Zoë's turn",
        True,
        "Tue 5 Jan 2027, 18:30 (UTC), 60 minutes",
    )
    assert letter.link("lead") == "http://localhost:8000/sessions/lead/tok.en", "who leads it has a page of theirs"
    assert letter.link("turn") == "http://localhost:8000/sessions/turn/abc-def?answer=yes"
    assert letter.link("rsvp", "take") is None
    assert (letter.begins, letter.ends) == (
        datetime(2027, 1, 5, 18, 30, tzinfo=UTC), datetime(2027, 1, 5, 19, 30, tzinfo=UTC)
    )  # fmt: skip
    empty = letters.read("2", "odd", "x", datetime(2027, 1, 1, tzinfo=UTC), b"no mail at all")
    assert empty.links == [] and empty.begins is None
