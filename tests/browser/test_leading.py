"""A coordinator's whole page in Chromium, on a phone: with script and without, in two tabs, and every page by axe."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from services.sessions import minutes, resources
from shared import db, tokens
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.meeting import Circle, add_person, tell_notifications
from tests.told import mails

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def circle(site: Site) -> Circle:
    """A circle whose first session has just ended; Bo leads the next one."""
    made = Circle(site.baton)
    tell_notifications(made)
    made.answer(made.bo, "coming")
    made.answer(made.cy, "cannot")
    made.accept(made.second, made.bo)
    made.begin(1)
    return made


def texts(circle: Circle) -> minutes.Texts:
    with db.read("sessions") as tx:
        of = minutes.one(tx, circle.first)
        assert of is not None
        return minutes.texts(tx, of)


def tab(browser: Any, script: bool = True) -> Any:
    window = browser.new_context(viewport=PHONE, java_script_enabled=script)
    page = window.new_page()
    page.set_default_timeout(10_000)
    return page


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_the_link_to_published_minutes(site: Site, browser: Any, circle: Circle, script: bool) -> None:
    page = tab(browser, script)
    page.goto(site.url(circle.link()))
    page.get_by_role("link", name="Tick who was there").click()
    names = page.get_by_role("radiogroup", name="Bo Diddley (said yes)")
    expect(names.get_by_label("There", exact=True)).to_be_checked()
    page.get_by_role("radiogroup", name="Dee Dee").get_by_text("Not there").click()
    page.get_by_label("What was said and agreed").fill("## Progress\n\nAda passed. See https://docs.example.org/intro")
    page.get_by_role("button", name="All others were there").click()
    page.get_by_text("2 of 4", exact=True).wait_for()
    assert texts(circle).text.startswith("## Progress\n\nAda passed."), "the button saved what was typed"

    page.get_by_label("What is to be done").fill("Write to the library")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("alert").get_by_text("An action item needs an owner.").wait_for()
    expect(page.get_by_label("What is to be done")).to_have_value("Write to the library")
    page.get_by_label("Who does it").select_option("Dee Dee")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("button", name="Done: Write to the library").wait_for()

    page.get_by_role("button", name="Save and preview").click()
    page.locator("#preview").get_by_role("link", name="https://docs.example.org/intro").wait_for()
    page.get_by_role("button", name="Publish the minutes").click()
    page.get_by_text("They can be corrected until").wait_for()
    site.baton.drain()
    assert len(mails(kind="minutes")) == 4

    page.get_by_label("What was said and agreed").fill("## Progress\n\nAda passed with honours.")
    page.get_by_role("button", name="Save the correction").click()
    page.get_by_text("The correction is saved.").wait_for()
    page.get_by_role("link", name="How the minutes were corrected").click()
    page.get_by_text("Ada passed with honours.").first.wait_for()
    assert len(mails(kind="minutes")) == 4, "nobody asked for another"
    page.context.close()

    words = mails(kind="minutes", person=circle.dee)[0].text
    dee = tab(browser, script)
    dee.goto(next(word for word in words.split() if "/sessions/item/" in word))
    dee.get_by_role("button", name="Done: Write to the library").click()
    dee.get_by_role("button", name="Undo: Write to the library").wait_for()
    dee.context.close()


def test_what_is_typed_is_saved_and_shown_without_a_button(site: Site, browser: Any, circle: Circle) -> None:
    page = tab(browser)
    page.goto(site.url(circle.link()))
    area = page.get_by_label("What was said and agreed")
    area.fill("Ada **passed** <script>alert(1)</script>")
    page.get_by_text("Saved at").wait_for()
    assert texts(circle).text == "Ada **passed** <script>alert(1)</script>"
    page.locator("#preview strong").get_by_text("passed").wait_for()
    area.fill("x" * 100_001)
    page.get_by_text("Not saved: this is 100,001 bytes long").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Nothing was sent").wait_for()
    assert len(area.input_value()) == 100_001
    area.fill("short again")
    page.get_by_text("Saved at").wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.", exact=True).wait_for()
    assert texts(circle).text == "short again"
    page.context.close()


def test_two_tabs_are_merged_while_they_type_and_ask_when_they_cannot(site: Site, browser: Any, circle: Circle) -> None:
    one, other = tab(browser), tab(browser)
    for page in (one, other):
        page.goto(site.url(circle.link()))
    mine, theirs = (page.get_by_label("What was said and agreed") for page in (one, other))
    start = mine.input_value()
    mine.fill(start.replace("## Resources", "## Resources\nA book."))
    one.get_by_text("Saved at").wait_for()
    theirs.fill(start.replace("## Questions", "## Questions\nHow to sort?"))
    other.get_by_text("with what somebody else wrote").wait_for()
    assert "A book." in theirs.input_value() and "How to sort?" in theirs.input_value()
    assert theirs.input_value().rstrip() == texts(circle).text

    mine.fill(mine.input_value().replace("A book.", "A good book."))
    one.get_by_text("with what somebody else wrote").wait_for()
    theirs.fill(theirs.input_value().replace("A book.", "A bad book."))
    other.get_by_text("somebody changed the same lines").wait_for()
    assert "A bad book." in theirs.input_value()
    other.get_by_role("button", name="Save", exact=True).click()
    other.get_by_role("heading", name="Two people changed the same lines").wait_for()
    kept = other.get_by_label("What was said and agreed")
    assert "A bad book." in kept.input_value()
    kept.fill(kept.input_value().replace("A bad book.", "A book that we disagree on."))
    other.get_by_role("button", name="Save", exact=True).click()
    other.get_by_text("Saved.", exact=True).wait_for()
    assert "we disagree" in texts(circle).text and "How to sort?" in texts(circle).text
    for page in (one, other):
        page.context.close()


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    circle = Circle(site.baton)
    found: list[str] = []
    with db.write("sessions") as tx:
        add_person(tx, "olga", "Olga", roles=["organizer"], stream=None)
    empty = Circle(site.baton, "Circle <b>Of one</b>", "-b")
    for person in empty.members:
        empty.leave(person)
    link = circle.link()
    with _Camera(site, browser, scheme, width, found) as stranger:

        def shoot(name: str) -> None:
            stranger._examine(f"lead-{name}")

        def press(button: str) -> None:
            stranger.tab.get_by_role("button", name=button, exact=True).first.click()
            stranger.tab.wait_for_load_state()

        stranger.tab.goto(site.url(link))
        shoot("before")
        circle.answer(circle.bo, "coming")
        circle.answer(circle.cy, "cannot")
        circle.begin(1)
        stranger.tab.goto(site.url(link))
        shoot("after")
        press("Publish the minutes")
        shoot("refused")
        with db.write("sessions") as tx:
            minutes.save(tx, circle.first, "text", 0, "## Progress\n\nAda passed.", "person/ada")
        stranger.tab.goto(site.url(link))
        with db.write("sessions") as tx:
            minutes.save(tx, circle.first, "text", 1, "## Progress\n\nAda passed her exam.", "person/bo")
        stranger.tab.get_by_label("What was said and agreed").fill("## Progress\n\nAda failed. https://a.example.org/b")
        stranger.tab.get_by_label("What is to be done").fill("Write to the library")
        stranger.tab.get_by_label("Who does it").select_option("Bo Diddley")
        press("Add it")
        shoot("conflict")
        circle.leave(circle.bo)
        press("All others were there")
        circle.accept(circle.second, circle.cy)
        press("Publish the minutes")
        shoot("published")
        stranger.tab.get_by_label("What was said and agreed").fill("## Progress\n\nAda passed. https://a.example.org/c")
        press("Save the correction")
        stranger.tab.goto(site.url(f"{link}/history"))
        shoot("history")
        for token in ("/sessions/lead/broken", circle.link(circle.dee), f"{link}x"):
            stranger.tab.goto(site.url(token))
            shoot("bad-link")
        for person in (circle.bo, circle.dee):
            stranger.tab.goto(site.url(tokens.path("item", tokens.sign("item", {"person": person}))))
            stranger._examine(f"items-{person}")
        stranger.tab.goto(site.url(empty.link(empty.ada)))
        shoot("nobody")
    with _Camera(site, browser, scheme, width, found, circle.ada, "member") as own:
        for path in (f"/sessions/s/{circle.first}", f"/sessions/s/{circle.second}", "/sessions/items",
                     f"/sessions/s/{circle.first}/history", "/sessions/resources/stream1"):  # fmt: skip
            own.look(path)
    with db.write("sessions") as tx:
        resources.hide(tx, resources.shown(tx, "stream1")[0][0]["id"], True)
    with _Camera(site, browser, scheme, width, found, "olga", "organizer") as runs:
        for path in ("/sessions/agendas/", "/sessions/agendas/stream1", "/sessions/resources/stream2",
                     "/sessions/resources/stream1", f"/sessions/s/{circle.third}/lead"):  # fmt: skip
            runs.look(path)
    assert not found, "\n".join(found)
