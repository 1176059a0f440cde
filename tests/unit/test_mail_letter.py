"""Letters: no name gets out of its header, and the source of every kind stays as it is in the golden files."""

from __future__ import annotations

import email
import os
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from services.notifications.mail import letter, text
from services.notifications.mail.kinds import KINDS, list_of
from services.notifications.rules import digest, lists, monthly
from shared import config, tokens

GOLDEN = Path(__file__).resolve().parent.parent / "contracts" / "golden" / "mail"
ID = str(uuid.UUID(int=7))
NOW = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
BASE = "https://mentors.example.org"
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "List-Id", "MIME-Version",
           "Content-Language", "Content-Type"]  # fmt: skip
SAMPLE: dict[str, Any] = {
    "program": "Mentors for Machine Learning",
    "name": "Zoë O'Neil",
    "zone": "America/Toronto",
    "base_url": BASE,
    "link": f"{BASE}/signup/confirm/eyJwZXJzb24iOiJwMSJ9.a.b",
    "until": NOW + timedelta(days=14),
    "chat": "https://chat.example.org/join",
    "charter_version": "3",
    "preferences": None,
    "stream": "Starting out",
    "state": "waiting",
    "again": True,
    "organizer": "Olga <b>Organizer</b>",
    "already": False,
    "erased": NOW + timedelta(days=30),
    "when": "on Sunday, 3 January 2027",
    "short": "on 3 January",
    "groups": [("Starting out", [{"name": "<b>Ann</b>", "state": "applied"}, {"name": "Bo", "state": "waiting"}])],
    "total": 3,
    "more": 1,
    "circle": "Starting out, Toronto",
    "how": "placed",
    "others": ["<b>Ann</b>", "Bo"],
    "starts_at": NOW + timedelta(days=9, hours=14, minutes=30),
    "minutes": 60,
    "meets": "https://meet.example.org/room?a=1&b=2",
    "location": "",
    "position": 3,
    "lapsed": False,
    "answer_by": NOW + timedelta(hours=72),
    "due_at": NOW + timedelta(days=14),
    "late": False,
    "blog": True,
    "posts": 2,
    "missed": [NOW - timedelta(days=14 * number) for number in (3, 2, 1)],
    "title": "Circle <b>Ann</b>",
    "day": "5 Jan 2027",
    "session_when": "Tue 5 Jan 2027, 13:30 (Toronto)",
    "session": "s1",
    "corrected": False,
    "text": "## Progress\n\nAda **passed** her exam <b>Ann</b>. See https://docs.example.org/a_b.\n\n"
    "- one\n- [two](/sessions/s/s1)\n\n```\ncode\n```\n\n| a | b |\n| - | - |\n| 1 | 2 |\n",
    "cut": True,
    "reasons": {"minutes": None, "attendance": None, "next": "Bo <b>moved</b> away"},
    "names": {"p1": "Zoë O'Neil", "p2": "<b>Ann</b>"},
    "mine": [{"person": "p1", "text": "Write to the <b>library</b>", "due": "2027-01-19"}],
    "theirs": [{"person": "p2", "text": "Read chapter two", "due": None, "left": True}],
    "present": ["p1", "p2"],
    "of": 4,
    "next_when": "Tue 19 Jan 2027, 13:30 (Toronto)",
    "next_coordinator": None,
    "for_organizer": False,
    "asked": "coordinator",
    "led": True,
    "why": "Of all who can be asked, you have the fewest turns. You have had one turn here so far.",
    "handed_by": None,
    "last": False,
    "who": "<b>Ann</b>",
    "changed_by": None,
    "next_asked": True,
    "pause": True,
    "role": "coordinator",
    "cause": "covered",
    "turns": f"{BASE}/sessions/circles/c1/turns",
    "links": {name: f"{BASE}/sessions/{name}/eyJwZXJzb24iOiJwMSJ9.a.b" for name in ("lead", "next", "tick", "mentor")},
    "items": [{"person": "p1", "text": "Thank <b>Ann</b>", "due": "2027-01-19"}],
    "leads_next": True,
    "correct_until": "Thu 7 Jan 2027, 13:30 (Toronto)",
    "coordinator": "<b>Ann</b>",
    "mentor": None,
    "leads": False,
    "mentors": False,
    "note": "Half of us travel.",
    "agenda": f"{BASE}/sessions/s/1",
    "changed": ["time", "coordinator"],
    "was": NOW + timedelta(days=8, hours=14, minutes=30),
    "cancelled": True,
    "hours": 72,
    "answer": "coming",
    "next_stream": "First <b>job</b>",
    "streams": ["Career"],
    "known": False,
    "kind": "circle",
    "thing": "session",
    "speaker": "Grace <b>Hopper</b>",
    "speaks": False,
    "abstract": "About *small* steps <b>Ann</b>.",
    "page": f"{BASE}/sessions/gatherings/1",
    "notes": True,
    "recording": "https://video.example.org/1?a=1&b=2",
    "original": "https://ada.example/a?b=1&c=2",
    "review": "https://github.com/program/blog/pull/7",
    "days": 25,
    "uses": 312,
    "lives": 30,
    "most": 400,
    "ends": NOW + timedelta(days=5),
}


def _digest() -> dict[str, Any]:
    """A digest with something in every part of it."""
    held = {
        "id": "s1", "circle": "c1", "name": "Circle <b>Ann</b>", "stream": "stream1", "ended": True, "minuted": True,
        "starts_at": NOW - timedelta(days=2), "present": 3, "of": 4, "members": ["p1", "p2"],
        "excerpt": "Read *chapter two* <b>Ann</b> <script>alert(1)</script>", "help": "A [room](javascript:alert(1))",
    }  # fmt: skip
    ahead = {**held, "starts_at": NOW + timedelta(days=12), "coordinator": "p1", "mentor": None}
    chart = [{"starts_at": NOW - timedelta(days=14 * n), "present": 4 - n % 5, "of": 4} for n in range(8, 0, -1)]
    post = {
        "id": "o1", "person": "p2", "what": "post", "kind": "post", "state": "open", "title": "On <b>looms</b>",
        "original": "https://ann.example.org/looms", "since": NOW - timedelta(days=5),
    }  # fmt: skip
    known = digest.Known(
        since=NOW - timedelta(days=7), until=NOW, today=NOW.date(), streams={"stream1": "Starting out"},
        meetings=[held], charts={"c1": chart}, ahead={"c1": ahead}, open=[ahead], late=[held], held=1,
        agreed={"c1": [{"person": "p2", "text": "Thank <b>Ann</b>", "due": "2027-01-02"}]},
        silent=[{"person": "p2", "number": 3, "name": "Circle <b>Ann</b>"}], circles=1,
        news=[{"kind": "joined", "person": "p1"}], members={"active": 4, "waiting": 1, "paused": 0},
        published=[{**post, "state": "merged"}], review=[post, {**post, "state": "held"}],
        refused=[{**post, "kind": "removal", "title": ""}],
    )  # fmt: skip
    return {**digest.compose(known), "names": {"p1": "Zoë O'Neil", "p2": "<b>Ann</b>"}}


def _letter() -> dict[str, Any]:
    """A monthly letter with something in every part of it."""
    met = {
        "id": "s1", "circle": "c1", "name": "Circle <b>Ann</b>", "starts_at": NOW - timedelta(days=20), "held": True,
        "present": 3, "of": 4, "minuted": True, "fresh": True, "excerpt": "Read *chapter two* <b>Ann</b>", "links": 2,
    }  # fmt: skip
    late = {**met, "id": "s2", "starts_at": NOW - timedelta(days=6), "of": 0, "minuted": False, "excerpt": ""}
    there = [{**each, "circle": "c2", "name": "Circle Bo", "excerpt": "Not theirs to read"} for each in (met, late)]
    post = {"person": "p2", "title": "On <b>looms</b>", "original": "https://ann.example.org/looms?a=1&b=2"}
    ahead = {"name": "Circle <b>Ann</b>", "starts_at": NOW + timedelta(days=8), "coordinator": None, "mentor": None}
    turn = {**ahead, "name": "Circle Bo", "starts_at": NOW + timedelta(days=9), "mentor": "p1"}
    posts = [post, {**post, "title": "On gears", "original": "javascript:alert(1)"}, *[post] * 9]
    told = monthly.compose(
        monthly.Stream("stream1", "Starting out", NOW - timedelta(days=31), NOW, [met, late, *there], posts),
        monthly.Own("p1", "c1", ["p1", "p2"], ahead, turn, [{"text": "Thank <b>Ann</b>", "due": "2027-01-12"}]),
    )
    assert told
    return {**told, "names": {"p2": "<b>Ann</b>"}}


# Where a kind of mail is about no session of a circle, or of many.
OF: dict[str, dict[str, Any]] = {
    kind: {"kind": "organizers", "thing": "meeting"} for kind in ("meeting", "proposal", "notes")
}
OF["digest"] = {"period": "2027-01-04", "digest": _digest()}
OF["reply"] = {
    "writer": "Ann <b>Example</b>", "address": "ann@example.org", "known": False, "about": "Invite: <b>Tue</b>",
    "asked": "", "subject": "Re: Invite", "text": "I come later.\nMuch later.\n\n<script>alert(1)</script>",
    "left_out": ["a <b>file</b>.png (12 KB)"], "role": "coordinator",
}  # fmt: skip
OF["comment"] = {"writer": "Ann <b>Example</b>", "text": "Why?\n\n<script>alert(1)</script>\nBecause.", "own": True}
OF["review"] = {"author": "Ann <b>Example</b>", "wanted": True, "reviews": True}
OF["chat-invite"] = {"days": 25, "uses": 312, "lives": 30, "most": 400, "ends": NOW + timedelta(days=5)}
OF["talk"] = {"kind": "talk", "thing": "talk"}
OF["stream"] = {"letter": _letter()}

HOSTILE = [
    "Ann\r\nBcc: all@example.org", "Ann\nBcc: all@example.org", "Ann\rBcc: x", "Ann\x0bBcc: x", "Ann\x0cBcc: x",
    "Ann\u2028Bcc: x", "Ann\u2029Bcc: x", "Ann\x85Bcc: x", "Ann\x00", "\x1b[31mAnn", "Ann\ud800", "\udfff\ud800",
    "\u202eevil", "\u2066Ann\u2069", "\ufeffAnn", "", " ", "\t", "🏃" * 300, "e\u0301" * 300, "a" * 5000,
    '"Ann" <other@example.org>', "Ann <other@example.org>,", "Ann, Bo, Cy", "Ann; Bo: Cy", "a@b.example, c@d.example",
    "=?utf-8?q?Ann=0ABcc:_x?=", "=?utf-8?b?QW5uDQpCY2M6IHg=?=", "=?utf-8?q?", "\\", '\\"', '"', "'", "(", ")", "(Ann",
    "<>", "<script>alert(1)</script>", "{{ 7*7 }}", "{% raw %}", "%s %d", "${jndi:ldap://x}", "../../etc/passwd",
    "Ann\r\n\r\n<html>", "\r\n.\r\nMAIL FROM:<x@example.org>", ".\r\n", ".", "..", "From me", ">From",
    "名前 太郎", "Zoë", "Ærøskøbing", "Иван", "عبد الله", "שלום", "नमस्ते", "ๆๆๆ", "👨‍👩‍👧‍👦", "🇨🇦", "Å", "ﬁ", "ß" * 200,
    "Ann\u200bLee", "\u200d", "a\u0300" * 90, "ⅷ", "𝔄𝔫𝔫", "Z\u0351\u036a\u0341a", "\u3000Ann\u3000",
    "Undisclosed recipients:;", "Group: a@example.org;", "Ann@", "@example.org", "Ann:", "Subject: hello",
    "To: x\r\n To: y", "Ann\r\n\tfolded", "Ann =20", "Ann=", "=0D=0ABcc: x", "%0d%0aBcc: x", "&#13;&#10;Bcc: x",
    "Ann\\r\\nBcc", "NULL", "None", "undefined", "-1", "1e309", "O'Neil", "Ann-Marie", "d'Été", "Ann. B", "J.R.",
    "Mr. \"Quote\" 'Single'", "a" * 77 + " " + "b" * 77, "ü" * 77 + " x", " ,", ";", "[", "]", "Ann [admin]",
]  # fmt: skip


@pytest.fixture(autouse=True)
def settings(tmp_path: Path) -> Iterator[None]:
    config.use(config.Config(secret="s" * 40, data=tmp_path, base_url=BASE))
    yield
    config.use(None)


STOP = f"{BASE}/notifications/preferences/eyJwZXJzb24iOiJwMSJ9.a.b"


def write(name: str = "Ann", address: str = "ann@example.org", kind: str = "confirm", **words: Any) -> letter.Letter:
    by = list_of(kind)
    stop = STOP if by else None
    more = letter.stopping(stop) if stop else {}
    flat = {**SAMPLE, **OF.get(kind, {}), "name": letter.line(name), "preferences": stop, **words}
    if lists.owed(kind):
        flat["links"] = {**flat["links"], "way": STOP}
    return letter.write(ID, by.name if by else kind, "x <post@mentors.example.org>", flat["program"], name, address,
                        text.render(kind, flat), NOW, "mentors.example.org", more=more)  # fmt: skip


def test_there_are_a_hundred_hostile_names() -> None:
    assert len(HOSTILE) >= 100


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_leaves_its_header(name: str) -> None:
    raw = write(name, program=name[:200], stream=letter.line(name)).raw
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert b"\n" not in head.replace(b"\r\n", b"") and b"\r" not in raw.replace(b"\r\n", b"")
    assert raw.isascii() and all(len(row) <= 998 for row in raw.split(b"\r\n"))
    parsed = email.message_from_bytes(raw, policy=default)
    assert isinstance(parsed, EmailMessage)
    assert parsed.keys() == HEADERS and not parsed.defects
    assert [a.addr_spec for a in parsed["To"].addresses] == ["ann@example.org"]
    assert [a.addr_spec for a in parsed["From"].addresses] == ["post@mentors.example.org"]
    # Not by the parser's own display_name: 3.11 puts spaces between encoded words.
    written = email.message_from_bytes(raw)["To"].removesuffix("<ann@example.org>").strip()
    assert str(make_header(decode_header(written))).strip() == (letter.line(name) or "ann@example.org")
    parts = list(parsed.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert "<script" not in parts[1].get_content() and "Bcc" not in parsed


@pytest.mark.parametrize(
    ("address", "on_the_wire"),
    [
        ("ann@example.org", "ann@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("zoë@bücher.example", "zoë@xn--bcher-kva.example"),
        ("o'neil+tag@example.org", "o'neil+tag@example.org"),
    ],
)
def test_addresses_on_the_wire(address: str, on_the_wire: str) -> None:
    assert letter.wire(address) == on_the_wire
    raw = write(address=address).raw
    assert (b"To: Ann <" + on_the_wire.encode() + b">\r\n") in raw
    assert raw.isascii() == on_the_wire.isascii()


@pytest.mark.parametrize("address", ["", "ann", "@b.example", "a@b\r\nBcc: x", "a b@b.example", "a@<b>", "\ud800@b.c"])
def test_what_can_be_no_address(address: str) -> None:
    with pytest.raises(ValueError):
        write(address=address)


@pytest.mark.parametrize("kind", KINDS)
def test_golden_source_of_every_kind(kind: str) -> None:
    raw = write("Zoë O'Neil", "zoe@example.org", kind).raw
    golden = GOLDEN / f"{kind}.eml"
    if os.environ.get("BATON_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(raw)
    assert raw == golden.read_bytes(), "changed on purpose? BATON_GOLDEN=write pytest tests/unit/test_mail_letter.py"


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_duty_can_be_ended_by_one_click_and_duty_mail_cannot(kind: str) -> None:
    """RFC 8058, 3.1: exactly one https address, and the one header that says that a POST to it is enough."""
    made = write(kind=kind)
    head = made.raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    stops = [row for row in head if row.lower().startswith("list-unsubscribe")]
    by = list_of(kind)
    assert (by is None) == KINDS[kind].duty
    if by is None:
        seen = STOP in made.raw.decode().replace("=\r\n", "")
        assert stops == [] and seen is bool(lists.owed(kind)), "by which way it comes can be chosen of some"
        assert f"List-Id: <{kind}.mentors.example.org>" in head
        return
    assert stops == [f"List-Unsubscribe: <{STOP}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    assert STOP.startswith("https://") and f"List-Id: <{by.name}.mentors.example.org>" in head
    parsed = email.message_from_bytes(made.raw, policy=default)
    assert isinstance(parsed, EmailMessage) and STOP == parsed["List-Unsubscribe"].strip("<>")
    assert all(STOP in part.get_content() for part in parsed.iter_parts()), "its reader sees it, too"  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].many])
def test_what_many_are_told_alike_is_rendered_once_and_each_has_it_as_if_alone(kind: str) -> None:
    marks = ["Ann", "<b>Ann</b> & co", "\ue000" + "0\ue001", "Ann"]
    for number, name in enumerate(marks):
        links = {each: f"{BASE}/{each}/{number}?a=1&b=2" for each in SAMPLE["links"]}
        flat = {**SAMPLE, **OF.get(kind, {}), "name": name, "link": f"{BASE}/x/{number}?a=1&b=2", "links": links}
        others: list[dict[str, Any]] = [
            {},
            {"leads": True, "link": None},
            {"zone": "Asia/Tokyo", "preferences": f"{BASE}/p/{number}"},
            {"title": "T&" * 30 * number, "location": "Room <1>", "was": NOW if number else None, "meets": ""},
            {"was": SAMPLE["starts_at"], "changed": ["time"]},
            {"links": {**links, "way": f"{BASE}/w/{number}"}},
        ]
        for more in others:
            assert text.render(kind, {**flat, **more}) == text._rendered(kind, {**flat, **more})
    assert None not in text._alike.values() and len(text._alike) <= text._KEPT


def test_who_looks_at_a_mail_of_others_sees_no_token_in_its_headers_either() -> None:
    token = tokens.sign("preferences", {"person": "p1", "list": "minutes"})
    address = f"{BASE}{tokens.path('preferences', token)}"
    words = text.Text("Minutes", f"Stop: {address}\n", f"<p>{address}</p>")
    more = letter.stopping(address)
    made = letter.write(ID, "minutes", "x@example.org", "P", "Ann", "ann@example.org", words, NOW, "h", more=more)
    assert token.encode() in made.raw
    shown = letter.rewritten(made.raw, tokens.hidden)
    assert token.encode() not in shown.replace(b"=\r\n", b"") and b"List-Unsubscribe: <" in shown


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_short_plain_and_says_why(kind: str) -> None:
    words = text.render(kind, {**SAMPLE, **OF.get(kind, {})})
    assert "Why you got this" in words.text and "Why you got this" in words.html
    assert 1 <= words.html.count('class="button"') <= (5 if kind == "digest" else 2)
    assert '<html lang="en"' in words.html and words.html.count("<h1") == 1
    assert "<svg" not in words.html and "data:" not in words.html and "<script" not in words.html
    assert "<b>Ann" not in words.html
    greeted = re.compile(r"Hello [^\n<]*,(?:<[^>]*>|\s)*([a-z][^\n<]{0,30})")
    assert not greeted.search(words.text) and not greeted.search(words.html), "a sentence begins with a capital letter"
    if KINDS[kind].link:
        assert SAMPLE["link"] in words.text and SAMPLE["link"] in words.html
    assert len(words.subject) <= 78
    assert len(words.html.encode()) < 102_000  # Gmail cuts a mail off there
