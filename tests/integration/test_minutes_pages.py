"""The coordinator's page, the session's, items by link, resources, agendas, and the API: who may, and hostile input."""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import timedelta
from typing import Any

import pytest

from services.sessions import items, minutes, models
from services.sessions.views import overview
from shared import access, clock, config, db, tokens
from tests.conftest import Baton
from tests.meeting import Circle, add_person, tell_notifications
from tests.told import mails, spoken

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def circle(baton: Baton) -> Circle:
    return Circle(baton)


@pytest.fixture
def client(baton: Baton) -> Any:
    return baton.client("sessions")


def sign_in(baton: Baton, person: str, *roles: str) -> Any:
    client = baton.client("sessions")
    value = tokens.sign("cookie", {"person": person, "roles": list(roles or ["member"]), "at": clock.machine()})
    client.set_cookie(access.COOKIE, value)
    client.environ_base["HTTP_ORIGIN"] = "http://localhost"  # as browsers say with each form
    return client


def press(client: Any, path: str, do: str = "save", **fields: Any) -> Any:
    return client.post(path, data={"do": do, **{k.replace("__", "-"): v for k, v in fields.items()}},
                       content_type="multipart/form-data")  # fmt: skip


def texts(circle: Circle) -> minutes.Texts:
    with db.read("sessions") as tx:
        of = minutes.one(tx, circle.first)
        assert of is not None
        return minutes.texts(tx, of)


def events(baton: Baton, type: str) -> list[dict[str, Any]]:
    return [row["data"] for row in baton.rows("sessions", "event") if row["type"] == type]


# ---- the circle's page ----


def test_a_circle_whose_items_were_moved_on_is_shown_with_it(baton: Baton, circle: Circle) -> None:
    with db.write("sessions") as tx:
        of = minutes.taken(tx, circle.first)
        given = {"text": "Bring cake", "owner": circle.bo, "due": "2027-01-19"}
        id = items.add(tx, of, given, f"person/{circle.ada}")
        items.settle(tx, id, "moved", f"person/{circle.bo}")
    organizer = sign_in(baton, "olga", "organizer")
    for page in ("", "/timeline"):
        shown = organizer.get(f"/sessions/circles/{circle.id}{page}")
        assert shown.status_code == 200 and "An action item was moved on" in spoken(shown.text), page


# ---- all of them on one page ----


def test_organizers_read_the_minutes_of_all_circles_on_one_page(
    baton: Baton, circle: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given minutes of two circles in two streams, Then an organizer reads them whole, newest first, from any of them
    on, and of one stream; drafts and members see nothing of it, and reading changes nothing."""
    other = Circle(baton, "Circle B", tag="-b")
    with db.write("sessions") as tx:
        tx.execute(models.circle.update().where(models.circle.c.id == other.id).values(stream="stream2"))
    circle.begin(2)
    for of, session, text in ((circle, circle.first, f"First words. {SCRIPT}"), (other, other.first, "Second words.")):
        clock.advance(timedelta(minutes=1))
        with db.write("sessions") as tx:
            minutes.save(tx, session, "text", 0, text, f"person/{of.ada}")
            for gap in ("attendance", "next"):
                minutes.record_gap(tx, session, gap, "Nobody knows.", f"person/{of.ada}")
            assert minutes.publish(tx, session, f"person/{of.ada}")
    with db.write("sessions") as tx:
        minutes.save(tx, other.second, "text", 0, "A draft.", f"person/{other.ada}")
    page, before = sign_in(baton, "olga", "organizer"), baton.dump()
    text = page.get("/sessions/minutes").text
    assert text.index("Second words.") < text.index("First words.") and "A draft." not in text
    assert SCRIPT not in text and "Coordinated by Ada Lovelace" in text and f"/sessions/s/{circle.first}" in text
    assert "Second words." not in page.get(f"/sessions/minutes?from={circle.first}").text
    assert "Second words." not in page.get("/sessions/minutes?stream=stream1").text
    monkeypatch.setattr(overview, "READ", 1)
    assert f"from={circle.first}" in page.get("/sessions/minutes").text
    for odd in ("?from=nobody", "?stream=%00", "?from=%00&stream=x"):
        assert page.get(f"/sessions/minutes{odd}").status_code in (200, 400), odd
    assert sign_in(baton, circle.bo).get("/sessions/minutes").status_code == 403
    assert baton.dump() == before


# ---- who may ----


def test_the_link_needs_no_cookie_and_stays_in_the_address(circle: Circle, client: Any, baton: Baton) -> None:
    before = baton.dump()
    page = client.get(circle.link())
    assert page.status_code == 200 and "Lead: Circle A" in page.text
    client.head(circle.link())
    assert baton.dump() == before, "opening it changes nothing"
    assert f'action="{circle.link().split("eyJ")[0]}' in page.text
    link = circle.link()
    saved = press(client, link, text="We met.", version="0")
    assert saved.status_code == 303 and saved.headers["Location"].startswith(link)
    assert texts(circle).text == "We met." and texts(circle).saved_by == "person/ada"
    assert "We met." in client.get(link).text


@pytest.mark.parametrize("change", ["forged", "cut", "purpose", "expired", "no-session", "NUL"])
def test_a_link_that_is_none(circle: Circle, client: Any, baton: Baton, change: str) -> None:
    link = circle.link()
    if change == "forged":
        link = link[:-3] + "abc"
    elif change == "cut":
        link = link[:-10]
    elif change == "purpose":
        link = f"/sessions/lead/{tokens.sign('enter', {'person': 'ada', 'session': circle.first})}"
    elif change == "expired":
        baton.pass_machine_time(tokens.LINKS["lead"] + 10)
    elif change == "no-session":
        link = f"/sessions/lead/{tokens.sign('lead', {'person': 'ada'})}"
    else:
        link = "/sessions/lead/%00"
    for answer in (client.get(link), press(client, link, text="x", version="0"), client.post(f"{link}/save")):
        assert answer.status_code == (410 if change == "expired" else 400)
        assert "<h1>" in answer.text
    assert texts(circle).version == 0


def test_who_no_longer_coordinates_is_told_so(circle: Circle, client: Any) -> None:
    other = Circle(circle.baton, "Circle B", "-b")
    for link in (circle.link(circle.bo), circle.link(other.ada), circle.link(circle.ada, other.first)):
        for answer in (client.get(link), press(client, link, text="x", version="0"), client.get(f"{link}/history")):
            assert answer.status_code == 403 and "Somebody else coordinates" in answer.text
    assert client.get(circle.link(circle.ada, "nowhere")).status_code == 404
    link = circle.link()
    with db.write("sessions") as tx:
        tx.execute(models.person.update().where(models.person.c.id == "ada").values(state="left"))
    assert client.get(link).status_code == 403


def test_the_pages_are_for_their_circle(circle: Circle, baton: Baton) -> None:
    Circle(baton, "Circle B", "-b")
    circle.accept(circle.first, "mia", "mentor")
    with db.write("sessions") as tx:
        add_person(tx, "mia", "Mia Mentor")
    page, work = f"/sessions/s/{circle.first}", f"/sessions/s/{circle.first}/lead"
    expected = {
        ("ada", "member"): (200, 200), ("bo", "member"): (200, 403), ("mia", "member"): (200, 403),
        ("ada-b", "member"): (403, 403), ("olga", "organizer"): (200, 200), ("nobody", "member"): (403, 403),
    }  # fmt: skip
    for (person, role), statuses in expected.items():
        client = sign_in(baton, person, role)
        assert (client.get(page).status_code, client.get(work).status_code) == statuses, person
        assert client.get(f"/sessions/api/sessions/{circle.first}").status_code == statuses[0]
        assert press(client, work, text="x", version="0").status_code in ({303} if statuses[1] == 200 else {403})
    stranger = baton.client("sessions")
    assert stranger.get(work).status_code == 303 and "/signup/sign-in" in stranger.get(work).headers["Location"]
    assert stranger.get(f"/sessions/api/sessions/{circle.first}").status_code == 401
    circle.leave("bo")
    assert sign_in(baton, "bo").get(page).status_code == 403
    assert sign_in(baton, "ada").get("/sessions/s/nowhere").status_code == 404


def test_a_draft_is_for_who_leads_alone(circle: Circle, baton: Baton, client: Any) -> None:
    press(client, circle.link(), text="a secret draft", version="0")
    bo = sign_in(baton, "bo")
    assert "a secret draft" not in bo.get(f"/sessions/s/{circle.first}").text
    assert bo.get(f"/sessions/api/sessions/{circle.first}").json["text"] is None
    assert bo.get(f"/sessions/s/{circle.first}/minutes.md").status_code == 404
    assert sign_in(baton, "ada").get(f"/sessions/api/sessions/{circle.first}").json["text"] == "a secret draft"


def test_another_site_cannot_press(circle: Circle, baton: Baton) -> None:
    ada = sign_in(baton, "ada")
    answer = ada.post(f"/sessions/s/{circle.first}/lead", data={"do": "save", "text": "x", "version": "0"},
                      headers={"Sec-Fetch-Site": "cross-site"})  # fmt: skip
    assert answer.status_code == 403 and texts(circle).version == 0


# ---- one form ----


def test_a_whole_session_by_its_buttons(circle: Circle, client: Any, baton: Baton) -> None:
    link = circle.link()
    circle.answer("bo", "coming")
    circle.answer("cy", "cannot")
    page = client.get(link).text
    assert "Publish the minutes</button>" not in page and "has not answered" in page
    press(client, link, agenda="## Wins", agenda__version="0", text="", version="0")
    assert texts(circle).agenda == "## Wins"
    circle.begin(0.5)
    page = client.get(link).text
    assert "Tick who was there" in page
    assert re.search(r'id="there-bo-yes"[^>]*checked', page) and re.search(r'id="there-cy-no"[^>]*checked', page)
    assert not re.search(r'id="there-(ada|dee)-(yes|no)"[^>]*checked', page)
    answer = press(client, link, "add-item", there__bo="yes", there__cy="no", item__text="Write", item__owner="dee",
                   item__due="", text="## Wins\nAda won.", version="0")  # fmt: skip
    assert answer.headers["Location"].endswith("?said=added#f-item")
    assert baton.rows("sessions", "attendance") == [], "what was only offered is not recorded by another button"
    press(client, link, "save", there__ada="yes")
    assert [row["person"] for row in baton.rows("sessions", "attendance")] == ["ada"], "what somebody tapped is"
    press(client, link, "rest-present", there__ada="yes", there__bo="yes", there__cy="no")
    marks = {row["person"]: row["present"] for row in baton.rows("sessions", "attendance")}
    assert marks == {"ada": True, "bo": True, "cy": False, "dee": True}
    assert "3 of 4" in client.get(link).text
    refused = press(client, link, "publish", text=texts(circle).text, version="1")
    assert refused.status_code == 422 and "Nobody has accepted to coordinate the next session" in refused.text
    assert 'href="#f-next"' in refused.text and 'id="f-next"' in refused.text, "the summary leads there"
    answer = press(
        client, link, "publish", reason__next="Everybody is on holiday", text=texts(circle).text, version="1"
    )
    assert answer.headers["Location"].endswith("?said=published#f-state")
    page = client.get(link).text
    assert "The minutes were published" in page and "Save the correction" in page
    assert press(client, link, "publish", text=texts(circle).text, version="1", stage="published").status_code == 303
    assert len(events(baton, "session.minuted")) == 1
    session = sign_in(baton, "bo").get(f"/sessions/s/{circle.first}").text
    assert "Ada won." in session and "Write" in session
    told = press(client, link, "correct", stage="published", text="## Wins\nAda and Bo won.", version="1", tell="yes")
    assert told.headers["Location"].endswith("corrected-told#f-minutes")
    past = client.get(f"{link}/history").text
    assert "added: " in past and "Ada and Bo won." in past and "removed: " in past
    file = sign_in(baton, "bo").get(f"/sessions/s/{circle.first}/minutes.md")
    assert file.text == "# Circle A, 2027-01-05\n\n## Wins\nAda and Bo won.\n"


def test_what_cannot_be_taken_is_shown_again_and_the_rest_is_saved(circle: Circle, client: Any, baton: Baton) -> None:
    circle.begin(1)
    link = circle.link()
    answer = press(client, link, "add-item", text="Saved all the same", version="0", item__text="Write <b>it</b>",
                   item__owner="", item__due="2020-01-01", reason__next="x" * 501)  # fmt: skip
    assert answer.status_code == 422
    for words in ("An action item needs an owner.", "This day is over.", "Write &lt;b&gt;it&lt;/b&gt;", "2020-01-01",
                  "x" * 501, "This is 501 characters long."):  # fmt: skip
        assert words in answer.text
    assert texts(circle).text == "Saved all the same" and baton.rows("sessions", "item") == []


@pytest.mark.parametrize("size", [100_001, 1_000_000])
def test_minutes_of_a_megabyte_are_refused_with_words_and_not_lost(circle: Circle, client: Any, size: int) -> None:
    answer = press(client, circle.link(), text="x" * size, version="0")
    assert answer.status_code == 422 and "at most 100,000" in answer.text
    assert "x" * size in answer.text and texts(circle).version == 0
    said = client.post(f"{circle.link()}/save", data={"part": "text", "version": "0", "text": "x" * size},
                       content_type="multipart/form-data").json  # fmt: skip
    assert said["state"] == "refused" and "100,000" in said["words"]


def test_more_than_can_be_read_is_refused_with_words(circle: Circle, client: Any) -> None:
    answer = press(client, circle.link(), text="x" * 1_100_000, version="0")
    assert answer.status_code == 413 and "100,000" in answer.text and "back" in answer.text.lower()


@pytest.mark.parametrize("letters", ["a\0b", "a\x07b", "\u202e"])
def test_letters_that_cannot_be_are_refused_everywhere(circle: Circle, client: Any, letters: str, baton: Baton) -> None:
    circle.begin(1)
    answer = press(client, circle.link(), "add-item", text=letters, version="0", agenda=letters, agenda__version="0",
                   item__text=letters, item__owner="bo", reason__next=letters)  # fmt: skip
    said = answer.text.count("Take it out;") + answer.text.count("could not be read")
    assert answer.status_code == 422 and said >= 4
    assert texts(circle).version == 0 and baton.rows("sessions", "item") == []
    form = b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\r\n--x--\r\n'
    broken = client.post(circle.link(), data=form, content_type="multipart/form-data; boundary=x")
    assert broken.status_code == 422 and "could not be read" in broken.text


def test_script_stays_text_on_every_page(circle: Circle, client: Any, baton: Baton) -> None:
    hostile = (
        f"{SCRIPT}\n<img src=x onerror=alert(1)>\n\n[a](javascript:alert(1)) [b](data:text/html,x) [c](ftp://x.org)\n"
        f'![p](https://t.example/p.png) [q]("onmouseover=alert(1)) <https://e.org/"onclick=x> [r](//evil.example)\n'
    )
    with db.write("sessions") as tx:
        tx.execute(models.person.update().where(models.person.c.id == "bo").values(name=SCRIPT))
        tx.execute(models.circle.update().values(name=SCRIPT))
        tx.execute(models.session.update().values(link='https://meet.example.org/"><script>', note=SCRIPT))
    circle.begin(1)
    circle.accept(circle.second, "bo")
    press(client, circle.link(), "add-item", text=hostile, version="0", item__text=SCRIPT, item__owner="bo",
          item__due="", agenda=hostile, agenda__version="0")  # fmt: skip
    press(client, circle.link(), "rest-present")
    press(client, circle.link(), "publish")
    assert len(events(baton, "session.minuted")) == 1
    ada, olga = sign_in(baton, "ada"), sign_in(baton, "olga", "organizer")
    pages = [
        client.get(circle.link()), client.get(f"{circle.link()}/history"), ada.get(f"/sessions/s/{circle.first}"),
        ada.get("/sessions/resources/stream1"), sign_in(baton, "bo").get("/sessions/items"),
        olga.get("/sessions/agendas/"), olga.get("/sessions/agendas/stream1"),
    ]  # fmt: skip
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text and "<img" not in page.text and "onerror=alert(1)>" not in page.text
        for href in re.findall(r'href="([^"]*)"', page.text):
            assert html.unescape(href).startswith(("https://", "http://", "/", "#", "mailto:")), href
            assert not href.startswith("//")


# ---- two who edit ----


def test_two_tabs_on_the_same_lines_are_shown_to_a_person(circle: Circle, client: Any, baton: Baton) -> None:
    link = circle.link()
    press(client, link, text="Plan", version="0")
    press(client, link, text="Plan A", version="1")
    answer = press(
        client, link, "add-item", text="Plan B", version="1", item__text="Do", item__owner="bo", item__due=""
    )
    assert answer.status_code == 409 and "Two people changed the same lines" in answer.text
    assert "13:30" not in answer.text and "18:30 (London)" in answer.text, "in the zone of who holds the link"
    assert ">\nPlan B</textarea>" in answer.text and "removed: </span>Plan A" in answer.text
    assert 'name="version" data-version="text" value="2"' in answer.text
    assert len(baton.rows("sessions", "item")) == 1, "what else was typed is saved"
    press(client, link, text="Plan A and B", version="2")
    assert texts(circle).text == "Plan A and B"
    past = client.get(f"{link}/history").text
    assert past.count("Set aside") == 2 and "Plan A" in past and "Plan B" in past
    assert "Set aside" not in sign_in(baton, "bo").get(f"/sessions/s/{circle.first}/history").text


def autosave(client: Any, link: str, version: int, text: str, part: str = "text") -> Any:
    return client.post(f"{link}/save", data={"part": part, "version": version, "text": text}).json


def test_autosave_says_what_became_of_it(circle: Circle, client: Any) -> None:
    link = circle.link()
    said = autosave(client, link, 0, f"one\n\ntwo {SCRIPT}")
    assert (said["state"], said["version"], said["sent"]) == ("saved", 1, 1) and "&lt;script&gt;" in said["html"]
    assert autosave(client, link, 1, f"ONE\n\ntwo {SCRIPT}")["version"] == 2
    merged = autosave(client, link, 1, f"one\n\ntwo {SCRIPT}\nthree")
    assert merged["state"] == "merged" and merged["text"] == f"ONE\n\ntwo {SCRIPT}\nthree"
    assert merged["version"] == merged["sent"] + 1
    assert autosave(client, link, 1, "other\n\ntwo")["state"] == "conflict"
    assert autosave(client, link, 0, "## Mine", "agenda")["state"] == "saved" and texts(circle).agenda == "## Mine"
    for version in ("", "-1", "1e9", "\u0661", "9" * 30):
        assert client.post(f"{link}/save", data={"version": version, "text": "x"}).json["state"] == "conflict"
    assert texts(circle).text == merged["text"]


def test_a_tab_from_before_the_publishing_keeps_what_was_typed(circle: Circle, client: Any, baton: Baton) -> None:
    link = circle.link()
    circle.begin(1)
    circle.accept(circle.second, "bo")
    press(client, link, "rest-present", text="We met.", version="0")
    press(client, link, "publish")
    assert autosave(client, link, 1, "We met. Late words.")["state"] == "published"
    answer = press(client, link, text="We met. Late words.", version="1", stage="draft")
    assert answer.status_code == 422 and "published in the meantime" in answer.text
    assert ">\nWe met. Late words.</textarea>" in answer.text and texts(circle).text == "We met."
    other = press(client, link, "attendance", text="We met. Begun correction", version="1", stage="published",
                  there__bo="no")  # fmt: skip
    assert other.status_code == 200 and "Begun correction</textarea>" in other.text
    assert {r["person"]: r["present"] for r in baton.rows("sessions", "attendance")}["bo"] is False
    assert press(client, link, "correct", text="We met.", version="1", stage="published").status_code == 422
    baton.pass_time(hours=49)
    late = press(client, link, "correct", text="We met. Very late", version="1", stage="published")
    assert late.status_code == 422 and "can no longer be corrected" in late.text


# ---- items ----


def test_an_owner_ticks_by_link_and_nobody_else_can(circle: Circle, client: Any, baton: Baton) -> None:
    with db.write("sessions") as tx:
        of = minutes.taken(tx, circle.first)
        own = items.add(tx, of, {"text": "Mine", "owner": "bo"}, "person/ada")
        other = items.add(tx, of, {"text": "Hers", "owner": "dee"}, "person/ada")
    link = tokens.path("item", tokens.sign("item", {"person": "bo"}))
    before = baton.dump()
    page = client.get(link)
    assert "Mine" in page.text and "Hers" not in page.text and baton.dump() == before
    for verb, state in (
        ("done", "done"),
        ("undo", "open"),
        ("moved", "open"),
        ("undo", "open"),
        ("dropped", "dropped"),
    ):
        assert client.post(f"{link}/{own}", data={"do": verb}).status_code == 303
        assert baton.rows("sessions", "item", id=own)[0]["state"] == state
    for id, verb in ((other, "done"), ("nothing", "done"), (own, "eaten"), (own, "")):
        answer = client.post(f"{link}/{id}", data={"do": verb})
        assert answer.status_code == 409 and "<h1>" in answer.text
    assert baton.rows("sessions", "item", id=other)[0]["state"] == "open"
    assert client.get(link[:-2]).status_code == 400
    baton.pass_machine_time(tokens.LINKS["item"] + 10)
    assert client.get(link).status_code == 410


def test_on_the_coordinators_page_items_of_the_circle_alone(circle: Circle, client: Any, baton: Baton) -> None:
    other = Circle(baton, "Circle B", "-b")
    with db.write("sessions") as tx:
        theirs = items.add(tx, minutes.taken(tx, other.first), {"text": "Theirs", "owner": other.bo}, "person/x")
        ours = items.add(tx, minutes.taken(tx, circle.first), {"text": "Ours", "owner": "bo"}, "person/x")
    answer = press(client, circle.link(), f"done:{theirs}")
    assert answer.status_code == 422 and "another circle" in answer.text
    circle.leave("bo")
    assert "left: who takes it?" in client.get(circle.link()).text
    press(client, circle.link(), f"give:{ours}", **{f"give-{ours}": "dee"})
    press(client, circle.link(), f"done:{ours}")
    assert baton.rows("sessions", "item", id=ours)[0]["owner"] == "dee"
    assert baton.rows("sessions", "item", id=ours)[0]["state"] == "done"
    press(client, circle.link(), f"undo:{ours}")
    assert baton.rows("sessions", "item", id=ours)[0]["state"] == "open"
    dee = sign_in(baton, "dee")
    assert dee.post(f"/sessions/s/{circle.first}/items/{ours}", data={"do": "done"}).status_code == 303
    assert sign_in(baton, "cy").post(f"/sessions/items/{ours}", data={"do": "undo"}).status_code == 409


# ---- resources and agendas ----


def test_links_can_be_hidden_by_their_circle(circle: Circle, client: Any, baton: Baton) -> None:
    from services.sessions import resources

    with db.write("sessions") as tx:
        resources.keep(tx, "stream1", circle.first, {"https://docs.example.org": "The docs"})
    id = baton.rows("sessions", "resource")[0]["id"]
    path = "/sessions/resources/stream1"
    assert client.get(path).status_code == 303
    stranger, bo = sign_in(baton, "eve"), sign_in(baton, "bo")
    assert "The docs" in stranger.get(path).text and "Hide" not in stranger.get(path).text
    assert stranger.post(f"{path}/{id}", data={"do": "hide"}).status_code == 403
    assert bo.post(f"{path}/{id}", data={"do": "hide"}).status_code == 303
    assert "No links yet" in stranger.get(path).text and "Show again" in bo.get(path).text
    assert bo.post(f"{path}/{id}", data={"do": "show"}).status_code == 303
    assert bo.post(f"{path}/nothing", data={"do": "hide"}).status_code == 404
    for query in ("?page=0", "?page=x", "?page=99999999999", "?page=\u0661"):
        assert bo.get(path + query).status_code == 200
    assert bo.get("/sessions/resources/nowhere").status_code == 404
    listed = bo.get("/sessions/api/resources/stream1").json
    assert listed["total"] == 1 and listed["resources"][0]["url"] == "https://docs.example.org"


def test_organizers_set_the_agenda_of_a_stream(circle: Circle, baton: Baton) -> None:
    olga = sign_in(baton, "olga", "organizer")
    assert sign_in(baton, "bo").get("/sessions/agendas/").status_code == 403
    page = "/sessions/agendas/stream1"
    assert olga.get(page).status_code == 200 and olga.get("/sessions/agendas/nowhere").status_code == 404
    assert olga.post(page, data={"agenda": "## Wins"}).status_code == 303
    assert texts(circle).agenda == "## Wins"
    answer = olga.post(page, data={"agenda": "x" * 20_001})
    assert answer.status_code == 422 and "x" * 20_001 in answer.text
    assert olga.post(page, data={"do": "usual", "agenda": "x"}).status_code == 303
    assert texts(circle).agenda.startswith("## Progress")
    olga.post("/sessions/agendas/at-once", data={"wanted": "yes"})
    assert "Stop mailing" in olga.get("/sessions/agendas/").text
    olga.post("/sessions/agendas/at-once", data={"wanted": ""})
    assert "Stop mailing" not in olga.get("/sessions/agendas/").text


# ---- the API ----


def test_a_whole_session_by_the_api(circle: Circle, baton: Baton) -> None:
    ada, path = sign_in(baton, "ada"), f"/sessions/api/sessions/{circle.first}"
    circle.begin(1)
    assert ada.get(path).json["missing"] == ["minutes", "attendance", "next"]
    assert ada.put(f"{path}/agenda", json={"version": 0, "text": "## Wins"}).json["state"] == "saved"
    assert ada.put(f"{path}/minutes", json={"version": 0, "text": "one"}).json["version"] == 1
    assert ada.put(f"{path}/minutes", json={"version": 1, "text": "two"}).status_code == 200
    clash = ada.put(f"{path}/minutes", json={"version": 1, "text": "three"})
    assert clash.status_code == 409 and clash.mimetype == "application/problem+json"
    assert [row["text"] for row in baton.rows("sessions", "revision", version=None)] == ["three"], "and it is kept"
    assert ada.put(f"{path}/attendance", json={"marks": dict.fromkeys(circle.members, True)}).status_code == 204
    refused = ada.post(f"{path}/publish")
    assert refused.status_code == 422 and refused.json["errors"][0]["field"] == "next"
    assert ada.put(f"{path}/gaps/next", json={"reason": "On holiday"}).status_code == 204
    made = ada.post(f"{path}/items", json={"text": "Write", "owner": "bo"})
    assert made.status_code == 201 and made.json["due"] == "2027-01-19"
    assert ada.post(f"{path}/publish").json == {"published": True}
    assert ada.post(f"{path}/publish").json == {"published": False}
    assert ada.put(f"{path}/minutes", json={"version": 2, "text": "x"}).status_code == 409
    assert ada.post(f"{path}/corrections", json={"version": 2, "text": "two, corrected"}).status_code == 200
    item = f"/sessions/api/items/{made.json['id']}"
    bo, dee = sign_in(baton, "bo"), sign_in(baton, "dee")
    assert [bo.post(f"{item}/{verb}").status_code for verb in ("done", "undo", "moved")] == [204, 204, 204]
    assert (
        dee.post(f"{item}/done").status_code == 403
        and bo.put(f"{item}/owner", json={"owner": "dee"}).status_code == 403
    )
    assert ada.put(f"{item}/owner", json={"owner": "dee"}).status_code == 204
    whole = ada.get(path).json
    assert whole["text"] == "two, corrected" and whole["state"] == "minuted" and whole["items"][0]["owner"] == "dee"


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("put", "minutes", {"version": 0}, "text"),
        ("put", "minutes", {"version": "x", "text": "y"}, "version"),
        ("put", "minutes", {"version": 0, "text": "a\0b"}, "text"),
        ("put", "minutes", {"version": 0, "text": "y", "more": 1}, "more"),
        ("put", "minutes", {"version": 0, "text": "x" * 100_001}, "text"),
        ("put", "attendance", {"marks": {"eve": True}}, "attendance"),
        ("put", "gaps/next", {"reason": "x" * 501}, "reason-next"),
        ("put", "gaps/coffee", {"reason": "x"}, "gap"),
        ("post", "items", {"text": "x"}, "item-owner"),
        ("post", "items", {"text": "x", "owner": "bo", "due": "2020-01-01"}, "item-due"),
        ("post", "corrections", {"version": 0, "text": "x"}, "text"),
    ],
)
def test_the_api_names_the_field_and_the_remedy(
    circle: Circle, baton: Baton, method: str, path: str, body: Any, field: str
) -> None:
    circle.begin(1)
    answer = getattr(sign_in(baton, "ada"), method)(f"/sessions/api/sessions/{circle.first}/{path}", json=body)
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    assert answer.json["errors"][0]["field"] == field and answer.json["errors"][0]["remedy"]


# ---- mails, from the button to the letter ----


def test_the_circle_gets_the_minutes_by_mail_once(circle: Circle, client: Any, baton: Baton) -> None:
    tell_notifications(circle, "olga")
    circle.accept(circle.second, "bo")
    circle.begin(1)
    with db.write("sessions") as tx:
        add_person(tx, "olga", "Olga Organizer", roles=["organizer"], stream=None)
        minutes.set_at_once(tx, True)
    link = circle.link()
    press(client, link, "rest-present", text="We met. **Cy** sang.", version="0", item__text="Write", item__owner="dee",
          item__due="")  # fmt: skip
    for _ in range(2):
        press(client, link, "publish")
    baton.drain()
    found = {row.person: row for row in mails(kind="minutes")}
    assert found.keys() == {"ada", "bo", "cy", "dee", "olga"}
    assert "asked for every circle's minutes" in found["olga"].text and "<strong>Cy</strong> sang" in found["bo"].html
    assert found["ada"].subject == "Minutes: Circle A, 5 Jan 2027"
    words = found["dee"].text
    own = next(word for word in words.split() if "/sessions/item/" in word)
    page = client.get(own.removeprefix(config.current().base_url))
    assert page.status_code == 200 and "Write" in page.text
    assert "/sessions/item/" not in found["bo"].text and "Write (Dee Dee)" in found["bo"].text
    pages = {person: re.findall(r"/sessions/lead/[\w.-]+", row.text) for person, row in found.items()}
    assert {person for person, links in pages.items() if links} == {"ada", "bo"}, "who led it, and who leads next time"
    assert "Save the correction" in client.get(pages["ada"][0]).text
    assert "Who comes" in client.get(pages["bo"][0]).text
    press(client, link, "correct", text="We met. **Cy** sang well.", version="1", stage="published")
    baton.drain()
    assert len(mails(kind="minutes")) == 5
    press(client, link, "correct", text="We met. **Cy** sang very well.", version="2", stage="published", tell="yes")
    baton.drain()
    again = mails(kind="minutes")
    assert len(again) == 10 and sum(row.subject.startswith("Corrected minutes") for row in again) == 5


def test_late_minutes_are_asked_for_by_a_link_that_works(circle: Circle, client: Any, baton: Baton) -> None:
    tell_notifications(circle, "olga")
    with db.write("sessions") as tx:
        add_person(tx, "olga", "Olga Organizer", roles=["organizer"], stream=None)
    circle.begin(1)
    baton.tick()
    circle.begin(26)
    baton.tick()
    mail = mails(kind="minutes-late")[0]
    assert mail.person == "ada" and "Please publish the minutes" in mail.subject
    link = next(word for word in mail.text.split() if "/sessions/lead/" in word)
    assert client.get(link.removeprefix(config.current().base_url)).status_code == 200
    circle.begin(75)
    baton.tick()
    other = mails(kind="minutes-late", person="olga")[0]
    assert "Minutes are missing" in other.subject and f"/sessions/s/{circle.first}/lead" in other.text
    assert len(mails(kind="minutes-late")) == 2


def test_who_is_erased_is_taken_out_of_the_letters_that_are_kept(circle: Circle, client: Any, baton: Baton) -> None:
    tell_notifications(circle)
    circle.accept(circle.second, "bo")
    circle.begin(1)
    press(client, circle.link(), "rest-present", text="Bo was ill.", version="0", item__text="Write", item__owner="dee",
          item__due="")  # fmt: skip
    press(client, circle.link(), "publish")
    baton.drain()
    from tests.told import tell

    tell("member.erased", {"person": "bo"})
    found = {row.person: row for row in mails(kind="minutes")}
    assert {found[person].text for person in ("ada", "bo", "dee")} == {""}, "one with a link of its own is emptied"
    assert "Bo" not in spoken(found["cy"].text + found["cy"].html) and "somebody who was erased" in found["cy"].text


# ---- taking along ----


def test_everything_can_be_taken_along(circle: Circle, client: Any, baton: Baton) -> None:
    circle.accept(circle.second, "bo")
    circle.begin(1)
    press(client, circle.link(), "rest-present", text="=1+1 https://a.example.org", version="0", item__text="Write",
          item__owner="dee", item__due="")  # fmt: skip
    press(client, circle.link(), "publish")
    olga = sign_in(baton, "olga", "organizer")

    def rows(part: str) -> list[dict[str, str]]:
        answer = olga.get(f"/sessions/export/{part}.csv")
        assert answer.status_code == 200 and olga.get(f"/sessions/export/{part}.json").json
        return list(csv.DictReader(io.StringIO(answer.text)))

    assert rows("minutes")[0]["text"].startswith("'=1+1") and rows("minutes")[0]["circle"] == "Circle A"
    assert {row["name"] for row in rows("attendance")} == {"Ada Lovelace", "Bo Diddley", "Cy Twombly", "Dee Dee"}
    assert rows("items")[0]["owner"] == "dee" and rows("resources")[0]["url"] == "https://a.example.org"
    assert sign_in(baton, "bo").get("/sessions/export/minutes.csv").status_code == 403
