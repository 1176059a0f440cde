"""A person's way through signup in Chromium: by our page, by iframe and plain form on another origin, by keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import render_template
from playwright.sync_api import expect

from services.signup import program
from shared import db, tokens
from tests.browser.conftest import LAN, Site, served
from tests.conftest import Baton

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def tab(browser: Any) -> Any:
    """A phone in Toronto."""
    window = browser.new_context(viewport={"width": 390, "height": 844}, timezone_id="America/Toronto")
    page = window.new_page()
    page.set_default_timeout(10_000)
    yield page
    window.close()


def fill(form: Any, email: str = "ada@example.org") -> None:
    form.get_by_label("Your name").fill("Ada Lovelace")
    form.get_by_label("E-mail").fill(email)
    form.get_by_label("I accept the charter").check()


def only_person(site: Site) -> dict[str, Any]:
    [person] = site.baton.rows("signup", "person")
    return person


def confirm_link(site: Site) -> str:
    return site.url(f"/signup/confirm/{tokens.sign('confirm', {'person': only_person(site)['id']})}")


def test_sign_up_confirm_correct_leave(site: Site, tab: Any) -> None:
    tab.goto(site.origin)
    tab.get_by_role("link", name="Sign up", exact=True).first.click()
    tab.get_by_role("link", name="Sign up: Starting out").click()
    expect(tab.get_by_label("Time zone")).to_have_value("America/Toronto")
    fill(tab)
    tab.get_by_role("button", name="Sign up").click()
    tab.wait_for_url("**/signup/check-mail")
    expect(tab.get_by_text("We have sent a mail with a link to ada@example.org")).to_be_visible()
    assert only_person(site)["state"] == "applied"

    tab.goto(confirm_link(site))
    assert only_person(site)["state"] == "applied"
    tab.get_by_role("button", name="Yes, sign me up").click()
    tab.get_by_role("heading", name="Hello, Ada Lovelace").wait_for()
    assert only_person(site)["state"] == "confirmed"

    tab.get_by_role("button", name="Done: Join the chat").click()
    tab.get_by_role("button", name="Not done: Join the chat").wait_for()

    tab.get_by_role("link", name="Correct this").click()
    tab.get_by_label("Your name").fill("Ada King")
    tab.get_by_role("button", name="Save").click()
    tab.get_by_role("heading", name="Hello, Ada King").wait_for()

    tab.get_by_role("link", name="Download all of it").click()
    tab.get_by_role("button", name="Gather my data").click()
    tab.get_by_text("Missing so far: circles and sessions, mails, blog and posts").wait_for()
    site.baton.drain()
    tab.get_by_text("Your file is ready").wait_for()  # without loading the page again
    with tab.expect_download() as download:
        tab.get_by_role("link", name="Download my-data.json").click()
    assert download.value.suggested_filename == "my-data.json"
    assert '"welcome"' in Path(download.value.path()).read_text()
    tab.get_by_role("link", name="My page").first.click()

    tab.get_by_role("link", name="Leave", exact=True).click()
    tab.get_by_label("Why do you leave?").fill("Exams")
    tab.get_by_role("button", name="Leave").click()
    tab.get_by_text("You have left. Thank you").wait_for()
    assert only_person(site)["state"] == "left"
    tab.get_by_role("button", name="Come back").click()
    tab.get_by_text("Welcome back.").wait_for()
    tab.get_by_role("button", name="Sign out").click()
    tab.get_by_role("link", name="Sign in").wait_for()


def test_errors_are_led_to_and_nothing_typed_is_lost(site: Site, tab: Any) -> None:
    tab.goto(site.url("/signup/stream1"))
    tab.get_by_label("Your name").fill("Ada")
    tab.get_by_label("E-mail").fill("ada@")
    tab.get_by_role("button", name="Sign up").click()
    tab.get_by_role("alert").wait_for()
    assert tab.evaluate("document.activeElement.className") == "errors"
    assert tab.title().startswith("Error: ")
    tab.get_by_role("alert").get_by_role("link").first.click()
    assert tab.evaluate("document.activeElement.name") == "email"
    expect(tab.get_by_label("Your name")).to_have_value("Ada")


def test_by_iframe_on_another_origin(site: Site, tab: Any, elsewhere: Any, change_settings: Any) -> None:
    change_settings(embed_origins=(elsewhere.origin,))
    with site.baton.app("signup").test_request_context(), db.read("signup") as tx:
        stream = program.load(tx).streams[0]
        frame = render_template("signup/snippets/frame.html", base_url=site.origin, stream=stream)
    tab.goto(elsewhere(f"<!doctype html><title>Theirs</title><h1>Their site</h1>{frame}"))
    inside = tab.frame_locator("iframe")
    inside.get_by_role("button", name="Sign up").click()
    inside.get_by_role("alert").wait_for()
    fill(inside)
    inside.get_by_role("button", name="Sign up").click()
    inside.get_by_role("heading", name="Check your mail").wait_for()
    expect(tab.get_by_role("heading", name="Their site")).to_be_visible()
    assert only_person(site)["stream"] == "stream1"


def test_no_iframe_where_the_setting_does_not_say_so(site: Site, tab: Any, elsewhere: Any) -> None:
    tab.goto(elsewhere(f'<!doctype html><iframe src="{site.url("/signup/embed/stream1")}"></iframe>'))
    tab.wait_for_load_state("networkidle")
    expect(tab.frame_locator("iframe").get_by_role("button")).to_have_count(0)


def test_by_plain_form_on_another_origin(site: Site, tab: Any, elsewhere: Any) -> None:
    # Somebody who is signed in here already can use it too.
    site.sign_in(tab.context, site.organizer(), "member", "organizer")
    with site.baton.app("signup").test_request_context(), db.read("signup") as tx:
        now = program.load(tx)
        form = render_template("signup/snippets/form.html", base_url=site.origin, stream=now.streams[1], program=now)
    tab.goto(elsewhere(f"<!doctype html><title>Theirs</title>{form}"))
    fill(tab)
    expect(tab.get_by_label("Time zone")).to_have_value("")  # the program's
    tab.get_by_label("Time zone").select_option("Asia/Kolkata")
    tab.get_by_role("button").click()
    tab.wait_for_url("**/signup/check-mail")
    [person] = site.baton.rows("signup", "person", state="applied")
    assert (person["stream"], person["timezone"]) == ("stream2", "Asia/Kolkata")


def test_without_script(site: Site, browser: Any) -> None:
    window = browser.new_context(java_script_enabled=False)
    tab = window.new_page()
    tab.goto(site.url("/signup/stream1"))
    fill(tab)
    tab.get_by_role("button", name="Sign up").click()
    tab.wait_for_url("**/signup/check-mail")
    assert only_person(site)["timezone"] == "America/Toronto"  # the program's
    tab.goto(confirm_link(site))
    tab.get_by_role("button", name="Yes, sign me up").click()
    tab.get_by_role("heading", name="Hello, Ada Lovelace").wait_for()
    window.close()


def test_by_keyboard_alone(site: Site, browser: Any) -> None:
    window = browser.new_context(viewport={"width": 1280, "height": 800})
    tab = window.new_page()
    tab.goto(site.url("/signup/stream1"))

    def focused() -> str:
        return str(tab.evaluate("document.activeElement.name || document.activeElement.textContent.trim()"))

    def forward_to(what: str) -> None:
        for _ in range(60):
            tab.keyboard.press("Tab")
            if focused() == what:
                shown = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert shown != "none", f"{what} has focus and does not show it"
                return
        raise AssertionError(f"{what} is not reached by Tab")

    tab.keyboard.press("Tab")
    assert focused() == "Skip to the content"
    tab.keyboard.press("Enter")
    for name, text in (("name", "Ada Lovelace"), ("email", "ada@example.org")):
        forward_to(name)
        tab.keyboard.type(text)
    forward_to("timezone")
    tab.keyboard.type("London")
    forward_to("charter")
    tab.keyboard.press("Space")
    forward_to("Sign up")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/signup/check-mail")
    assert only_person(site)["timezone"] == "Europe/London"
    window.close()


def test_over_plain_http_in_a_local_network(baton: Baton, browser: Any, change_settings: Any) -> None:
    # There browsers send no Sec-Fetch-Site: our own buttons must still be told from those of other sites.
    with served(baton.app("signup")) as origin:
        origin = origin.replace("127.0.0.1", LAN)
        change_settings(base_url=origin)
        site = Site(origin, baton)
        window = browser.new_context()
        site.sign_in(window, site.member(), "member")
        tab = window.new_page()
        sent: list[dict[str, str]] = []
        tab.on("request", lambda request: sent.append(request.all_headers()))
        tab.goto(site.url("/signup/me"))
        assert tab.evaluate("isSecureContext") is False, "or else this is not the case that is meant"
        tab.get_by_role("button", name="Done: Join the chat").click()
        tab.get_by_role("button", name="Not done: Join the chat").wait_for(timeout=10_000)
        assert not any("sec-fetch-site" in headers for headers in sent)
        window.close()


def test_an_organizer_asks_a_question_and_sees_the_answer(site: Site, tab: Any) -> None:
    site.sign_in(tab.context, site.organizer(), "member", "organizer")
    tab.goto(site.url("/signup/organizer/streams/stream1"))
    tab.get_by_role("link", name="Add a question").click()
    tab.get_by_label("Question", exact=True).fill("Tea or coffee?")
    tab.get_by_label("Kind of answer").select_option(label="One of the options")
    tab.get_by_label("Options").fill("Tea\nCoffee")
    tab.get_by_label("An answer is required").check()
    tab.get_by_role("button", name="Save").click()
    tab.get_by_text("Added.").wait_for()
    tab.goto(site.url("/signup/stream1"))
    fill(tab)
    tab.get_by_role("button", name="Sign up").click()
    tab.get_by_role("alert").get_by_text("This question needs an answer.").wait_for()
    tab.get_by_label("Coffee").check()
    tab.get_by_role("button", name="Sign up").click()
    tab.wait_for_url("**/signup/check-mail")
    tab.goto(site.url("/signup/organizer/?sort=-applied"))
    tab.get_by_role("link", name="Ada Lovelace").click()
    tab.get_by_text("Tea or coffee?").wait_for()
    expect(tab.get_by_text("Coffee", exact=True)).to_be_visible()


def test_a_name_that_the_browsers_zone_had_long_ago_is_offered_as_it_is_today(site: Site, browser: Any) -> None:
    window = browser.new_context(timezone_id="Asia/Calcutta")
    tab = window.new_page()
    tab.goto(site.url("/signup/stream1"))
    expect(tab.get_by_label("Time zone")).to_have_value("Asia/Kolkata")
    window.close()
