"""The kinds of mail by axe, in light and dark, on phone and desktop; words seen, saved, taken back, without script."""

from __future__ import annotations

import email
from email.policy import default
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.contracts.test_mail_clients import GOLDEN

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HOME = "/notifications/catalogue"


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    found: list[str] = []
    organizer = site.organizer()
    site.baton.drain()
    with _Camera(site, browser, scheme, width, found, organizer, "member", "organizer") as runs:
        runs.look(HOME)
        runs.look(f"{HOME}/turn")
        runs.look(f"{HOME}/turn?part=text")
        runs.look(f"{HOME}/turn/edit")
        runs.tab.get_by_label("Subject").fill("{{ naem }}")
        runs.tab.get_by_role("button", name="Save").click()
        runs.tab.wait_for_load_state()
        runs._examine("catalogue-wrong")
        runs.tab.get_by_label("Subject").fill("Would you lead, {{ name }}?")
        runs.tab.get_by_role("button", name="Save").click()
        runs.tab.wait_for_load_state()
        runs._examine("catalogue-saved")
        runs.tab.frame_locator("iframe").get_by_role("heading", name="Your turn to coordinate").wait_for()
        runs._examine("catalogue-seen")
    assert not found, "\n".join(found)


def test_every_kind_fits_the_smallest_phone(database: str, browser: Any) -> None:
    """At 320 px none is wider than the screen, whatever word or address stands in it."""
    long = f"https://meet.example.org/{'room' * 30}"
    wide = []
    with browser.new_context(viewport={"width": 320, "height": 640}) as context:
        tab = context.new_page()
        for path in sorted(GOLDEN.glob("*.eml")):
            body = email.message_from_bytes(path.read_bytes(), policy=default).get_body(("html",))
            assert body, path
            tab.set_content(body.get_content().replace("https://meet.example.org/room", long))
            if tab.evaluate("document.documentElement.scrollWidth") > 320:
                wide.append(path.stem)
    assert not wide


def test_words_are_seen_first_then_saved_and_taken_back_without_script(site: Site, browser: Any) -> None:
    organizer = site.organizer()
    site.baton.drain()
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    site.sign_in(window, organizer, "member", "organizer")
    tab = window.new_page()
    tab.goto(site.url(HOME))
    tab.get_by_role("link", name="Your turn to coordinate").click()
    tab.get_by_role("link", name="Change its words").click()
    tab.get_by_label("Heading").fill("Lead us once")
    tab.get_by_role("button", name="See it first").click()
    frame = tab.frame_locator("iframe[name=seen]")
    frame.get_by_role("heading", name="Lead us once").wait_for()
    assert site.baton.rows("notifications", "wording") == []
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator("main")).to_contain_text("your own, version 1")
    tab.get_by_role("button", name="Back to the original words").click()
    expect(tab.locator("main")).to_contain_text("The original words are in use again")
    tab.get_by_role("button", name="Send a test to me").click()
    expect(tab.locator("main")).to_contain_text("on its way")
    window.close()
