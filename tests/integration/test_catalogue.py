"""The kinds of mail: how each looks, and what organizers may make of its words, and what not."""

from __future__ import annotations

import email
from email.policy import default
from typing import Any

import pytest

from services.notifications.mail import catalogue, parts, text
from services.notifications.mail.compose import Reader
from services.notifications.mail.kinds import KINDS
from shared import clock, db
from tests.conftest import Baton
from tests.integration.test_digest import minuted
from tests.signup import signed_in
from tests.told import PROGRAM, mails, member, tell

HOME = "/notifications/catalogue"
OLGA = Reader("olga", "Olga", "olga@example.org", "Europe/Berlin")


@pytest.fixture(autouse=True)
def _program(baton: Baton) -> None:
    tell("program.changed", PROGRAM)
    tell("organizer.added", {**member("olga", name="Olga", roles=["organizer"]), "invited": False})


@pytest.fixture
def runs(baton: Baton) -> Any:
    return signed_in(baton.client("notifications"), "olga", "member", "organizer")


def sample(kind: str) -> dict[str, Any]:
    with db.read("notifications") as tx:
        return catalogue.sample(tx, kind, OLGA)


def typed(kind: str, version: int = 0, **changed: str) -> dict[str, Any]:
    return {**parts.original(kind), **changed, "version": version}


def versions(baton: Baton) -> list[tuple[int, dict[str, str]]]:
    return [(row["version"], row["words"]) for row in baton.rows("notifications", "wording")]


def welcome(person: str = "ann") -> Any:
    tell("member.confirmed", member(person, name="Ann <b>", state="active"))
    return mails(person=person, kind="welcome")[-1]


# ---- the originals ----

EXAMPLES = {path.parent.name for path in text.FOLDER.glob("*/about.txt")}  # kinds that say what they are for have one


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example_and_its_own_words_can_stand_in_it(baton: Baton, kind: str) -> None:
    values = sample(kind)
    try:
        before = catalogue.shown(kind, {}, values)
    except parts.Broken:
        assert kind not in EXAMPLES, "its sample has gone"
        return
    assert "Why you got this" in before.text and before.subject
    if parts.editable(kind):
        own = parts.original(kind)
        assert parts.faults(kind, own, values) == []
        after = catalogue.shown(kind, own, values)
        for name in ("subject", "text", "html"):
            then, now = ("".join(getattr(each, name).split()) for each in (before, after))
            assert then == now, name


def test_the_pages_show_every_kind(runs: Any) -> None:
    page = runs.get(HOME).text
    for kind in KINDS:
        assert f"{HOME}/{kind}" in page
    for kind in ("welcome", "digest", "minutes", "invite"):
        assert runs.get(f"{HOME}/{kind}").status_code == 200
        assert runs.get(f"{HOME}/{kind}?part=text").status_code == 200
        frame = runs.get(f"{HOME}/{kind}/html")
        assert frame.status_code == 200 and "sandbox" in frame.headers["Content-Security-Policy"]
    assert runs.get(f"{HOME}/digest/edit").status_code == 409, "it is put together anew each time"
    for path in ("", "/edit", "/html"):
        assert runs.get(f"{HOME}/no-such{path}").status_code == 404


def test_it_is_for_organizers_alone(baton: Baton) -> None:
    client = signed_in(baton.client("notifications"), "ann", "member")
    for path in (HOME, f"{HOME}/welcome", f"{HOME}/welcome/edit", f"{HOME}/welcome/html"):
        assert client.get(path).status_code == 403
    for path in ("edit", "use", "test", "html"):
        assert client.post(f"{HOME}/welcome/{path}", data=typed("welcome")).status_code == 403
    assert versions(baton) == []


def test_a_real_mail_is_shown_where_its_values_are_known(runs: Any) -> None:
    tell("member.confirmed", member("ann", name="Ann", state="active"))
    tell(
        "session.minuted", minuted("s1", members=["ann", "bo"], to=["ann"], text="What Ann said"), subject="session/s1"
    )
    assert "latest one that was mailed" in runs.get(f"{HOME}/minutes").text
    assert "What Ann said" in runs.get(f"{HOME}/minutes?part=text").text
    assert "values of an example" in runs.get(f"{HOME}/welcome").text


# ---- other words ----


def test_other_words_are_mailed_from_then_on_and_the_original_comes_back(baton: Baton, runs: Any) -> None:
    own = parts.original("welcome")
    html = own["html"] + "{% call ui.p() %}Dear {{ name }}, bring a cake.{% endcall %}"
    words = typed("welcome", subject="Hurrah, {{ name }}", text=own["text"] + "\n\nBring a cake.", html=html)
    done = runs.post(f"{HOME}/welcome/edit", data=words)
    assert done.status_code == 303 and "version 1" in runs.get(done.location).text
    mail = welcome()
    assert mail.subject == "Hurrah, Ann <b>" and "Bring a cake." in mail.text
    assert "Dear Ann &lt;b&gt;, bring a cake." in mail.html and "Ann <b>" not in mail.html
    assert "Why you got this" in mail.text and "Why you got this" in mail.html, "that stays"
    assert "your words" in runs.get(HOME).text
    assert runs.post(f"{HOME}/welcome/use", data={"version": "0"}).status_code == 303
    assert welcome("bo").subject != "Hurrah, Ann <b>" and versions(baton)[-1] == (2, {})
    assert runs.post(f"{HOME}/welcome/use", data={"version": "1"}).status_code == 303
    assert welcome("cy").subject == "Hurrah, Ann <b>"
    assert runs.post(f"{HOME}/welcome/use", data={"version": "9"}).status_code == 404
    assert runs.post(f"{HOME}/welcome/use", data={"version": "x"}).status_code == 404
    baton.drain()
    said = [row["detail"] for row in baton.rows("signup", "audit") if row["what"] == "mail.reworded"]
    assert len(said) == 3 and "are changed" in str(said) and "original ones again" in str(said)


def test_what_is_as_it_was_is_no_version(baton: Baton, runs: Any) -> None:
    crlf = {part: each.replace("\n", "\r\n") for part, each in typed("welcome").items() if part != "version"}
    assert runs.post(f"{HOME}/welcome/edit", data={**crlf, "version": "0"}).status_code == 303
    assert versions(baton) == []


def test_two_who_edit_at_once_do_not_undo_each_other(baton: Baton, runs: Any) -> None:
    assert runs.post(f"{HOME}/welcome/edit", data=typed("welcome", subject="One")).status_code == 303
    answer = runs.post(f"{HOME}/welcome/edit", data=typed("welcome", subject="Two"))
    assert answer.status_code == 422 and "Somebody else" in answer.text and "Two" in answer.text
    assert [words["subject"] for _, words in versions(baton)] == ["One"]


BROKEN = [
    ("text", "Hello {{ name", 1, "Unexpected end of template"),
    ("text", "one\ntwo {% if name %}\nthree", 3, "needs to be closed"),
    ("text", "one\n\n{{ naem }} {{ link }}", 3, "There is nothing called naem"),
    ("text", "{{ link }}\n{{ link.foo }}", 2, "has no attribute"),
    ("text", "{{ link }}{% for a in range(9999999) %}{{ a }}{% endfor %}", 1, ""),
    ("text", "{{ link }}{% set a = 1 %}", 1, "cannot be said"),
    ("text", "{{ link }}{{ 'a' * 999999999 }}", 1, "cannot be said"),
    ("text", "{{ link }}{{ 9 ** 99 ** 99 }}", 1, "cannot be said"),
    ("text", "{{ link }}{{ name.__class__.__mro__ }}", 1, "There is nothing called __"),
    ("text", "{{ link }}{{ name|attr('__class__') }}", 1, "There is no |attr"),
    ("text", "{{ link }}{{ name['__class__'] }}", 1, ""),
    ("text", "{{ link }}{{ name.upper() }}", 1, "can be called"),
    ("text", "{{ link }}{{ '%999999999d'|format(1) }}", 1, "There is no |format"),
    ("text", "{{ link }}{% include '../../models.py' %}", 1, "cannot be said"),
    ("text", "{{ link }}{% import 'layout.txt' as x %}", 1, "cannot be said"),
    ("text", "{{ link }}{% endblock %}{% block why %}x", 1, ""),
    ("text", "{{ link }}{% block why %}x{% endblock %}", 1, "cannot be said"),
    ("text", "no link any more", 0, "A link that its reader needs is missing"),
    ("text", "", 0, "It is empty"),
    ("text", "{{ link }}\nodd \x00 letter", 2, "cannot be read"),
    ("text", "{{ link }}" + "x" * 10_001, 0, "too long"),
    ("subject", "one\nBcc: all@example.org", 2, "one line"),
    ("subject", "one\r\nBcc: all@example.org", 1, "cannot be read"),
    ("subject", "one\rBcc: all@example.org", 1, "cannot be read"),
    ("subject", "one\u2028Bcc: all@example.org", 1, "cannot be read"),
    ("subject", "{{ '' }}", 1, "Nothing is left"),
    ("html", "{{ link }}\n<script>alert(1)</script>", 2, "<script>"),
    ("html", "{{ link }}<img src='https://track.example.org/x.gif'>", 1, "<img>"),
    ("html", "{{ link }}\n\n<p onclick='x()'>", 3, "onclick"),
    ("html", "{{ link }}<a href='javascript:x()'>x</a>", 1, "A link begins"),
    ("html", "{{ link }}<a href=' data:x'>x</a>", 1, "A link begins"),
    ("html", "{{ link }}<p style='background:url(https://x.example)'>", 1, "cannot load"),
    ("html", "{{ link }}<form action='https://x.example'>", 1, "<form>"),
    ("html", "{{ link }}{{ name|safe }}", 1, "There is no |safe"),
    ("html", "{{ link }}<style>p { color: red }</style>", 1, "<style>"),
    ("why", "{{ link }}", 0, "cannot be changed"),
]


@pytest.mark.parametrize(("part", "source", "line", "says"), BROKEN)
def test_a_broken_template_shows_the_line_and_the_old_one_stays(
    baton: Baton, part: str, source: str, line: int, says: str
) -> None:
    found = parts.faults("confirm", {part: source}, sample("confirm"))
    assert [each for each in found if each.part == part], found
    assert says in found[0].message, found
    assert found[0].line == line, found


def test_the_page_says_what_is_wrong_and_keeps_what_was_typed(baton: Baton, runs: Any) -> None:
    answer = runs.post(f"{HOME}/confirm/edit", data=typed("confirm", text="one\n\n{{ naem }}"))
    assert answer.status_code == 422 and "Line 3: There is nothing called naem" in answer.text
    assert "{{ naem }}" in answer.text and versions(baton) == []
    seen = runs.post(f"{HOME}/confirm/html", data=typed("confirm", text="one\n\n{{ naem }}"))
    assert seen.status_code == 200 and "Line 3" in seen.text
    seen = runs.post(f"{HOME}/confirm/html", data=typed("confirm", title="Are you <em>you</em>?"))
    assert "Are you <em>you</em>?" in seen.text and "sandbox" in seen.headers["Content-Security-Policy"]
    assert versions(baton) == [] and mails() == []


def test_words_that_fail_with_a_real_mail_give_way_to_the_original(baton: Baton, runs: Any) -> None:
    """Given words that no check saw through, When a mail is written, Then it has the original, and the page says so."""
    with db.write("notifications") as tx:
        row = {"kind": "welcome", "version": 1, "words": {"text": "one\n{{ name.missing }}"}, "by": "system"}
        table = db.metadata("notifications").tables["wording"]
        tx.execute(table.insert().values(**row, at=clock.now(), failed=None))
    mail = welcome()
    assert mail.text.startswith("Hello Ann <b>,")
    assert "could not be used" in runs.get(f"{HOME}/welcome").text
    assert "Line 2" in baton.rows("notifications", "wording")[0]["failed"]


def test_no_name_that_is_filled_in_gets_out_of_the_subject(baton: Baton, runs: Any) -> None:
    runs.post(f"{HOME}/welcome/edit", data=typed("welcome", subject="{{ name }} {{ program }}"))
    tell("member.confirmed", member("eve", name="Eve\r\nBcc: all@example.org", state="active"))
    raw = mails(person="eve", kind="welcome")[-1].raw
    parsed = email.message_from_bytes(raw, policy=default)
    assert "Bcc" not in parsed and "Bcc: all" in parsed["Subject"]


# ---- a test to oneself ----


def test_a_test_goes_to_ones_own_address_once_a_press(baton: Baton, runs: Any) -> None:
    press = {"press": "00000000-0000-4000-8000-000000000001"}
    for _ in range(3):
        assert runs.post(f"{HOME}/confirm/test", data=press).status_code == 303
    [mail] = mails()
    assert (mail.address, mail.person, mail.kind) == ("olga@example.org", "olga", "confirm")
    assert mail.subject.startswith("Test: ") and "/signup/confirm/" not in mail.text
    assert "List-Unsubscribe" not in dict(mail.headers)
    assert runs.post(f"{HOME}/confirm/test", data={"press": "x"}).status_code == 422
    assert len(mails()) == 1
    for kind in KINDS:
        done = runs.post(f"{HOME}/{kind}/test", data={"press": "00000000-0000-4000-8000-000000000002"})
        assert done.status_code == 303 or kind not in EXAMPLES, kind


# ---- for programs ----


def test_programs_can_do_the_same(baton: Baton, runs: Any) -> None:
    here = {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "same-origin"}
    base = "/notifications/api/kinds"
    told = runs.get(base).json["kinds"]
    assert {each["kind"] for each in told} == set(KINDS)
    one = runs.get(f"{base}/welcome").json
    assert one["version"] == 0 and one["words"] == one["original"] and "name" in one["names"]
    tried = runs.post(f"{base}/welcome/preview", json={"words": {"subject": "Hi {{ name }}"}}, headers=here)
    assert tried.json["subject"] == "Hi Olga" and versions(baton) == []
    wrong = runs.put(f"{base}/welcome/words", json={"version": 0, "words": {"subject": "{{ x }}"}}, headers=here)
    assert wrong.status_code == 422 and "Line 1" in wrong.text and versions(baton) == []
    done = runs.put(f"{base}/welcome/words", json={"version": 0, "words": {"subject": "Hi {{ name }}"}}, headers=here)
    assert done.status_code == 200 and done.json["version"] == 1
    back = runs.put(f"{base}/welcome/words", json={"version": 1, "words": {}}, headers=here)
    assert back.json["words"] == one["original"]
    assert runs.post(f"{base}/welcome/test", json={}, headers=here).status_code == 202
    assert [mail.address for mail in mails()] == ["olga@example.org"]
