"""Signup's pages for organizers: finding people, acting for them, the program's own words, the log."""

from __future__ import annotations

import re
from typing import Any

import pytest
from markupsafe import escape

from services.signup import audit, people, program
from shared import db
from tests.conftest import Baton
from tests.signup import SCRIPT, member, organizer, signed_in, typed, unescaped

# ---- organizing ----


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
    assert "<small>A repository, a notebook, a post.</small>" in plain, "the word of help below a question"
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


def test_an_earlier_charter_is_brought_back_as_the_next_version(baton: Baton, runs: Any) -> None:
    here = "/signup/organizer/charter"
    with db.read("signup") as tx:
        words = program.load(tx).charter.text
    runs.post(here, data={"text": "We bring cake."})
    assert "?from=" not in runs.get(f"{here}/2").text, "it is the one that holds"
    assert f'href="{here}?from=1"' in runs.get(f"{here}/1").text
    page = runs.get(f"{here}?from=1").text
    assert (
        str(escape(words.splitlines()[-1])) in page and "We bring cake." not in page and "Publish as version 3" in page
    )
    assert "We bring cake." in runs.get(f"{here}?from=99").text, "no such version: the one that holds"
    with db.read("signup") as tx:
        assert program.load(tx).charter.version == "2", "looking publishes nothing"


def test_the_page_before_taking_a_role_says_what_its_button_does(baton: Baton, runs: Any) -> None:
    other = organizer("ida@example.org")
    assert "Remove Olga as an organizer?" in runs.get(f"/signup/organizer/organizers/{other}/remove").text


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
    assert "You are not an organizer any more, unless you come back within 30 days" in runs.get("/signup/me/leave").text
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
