"""An organizer's way with API tokens in Chromium: none yet, made and shown once, revoked; every state by axe."""

from __future__ import annotations

import json
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from services.signup import api_tokens
from shared import db
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
URL = "/signup/organizer/tokens"


def made(person: str, name: str, scope: str, days: int = 300) -> Any:
    with db.write("signup") as tx:
        return api_tokens.create(tx, f"organizer/{person}", person, name, scope, days)


def test_make_copy_use_and_revoke_by_keyboard(site: Site, browser: Any) -> None:
    organizer = site.organizer()
    window = browser.new_context(viewport={"width": 390, "height": 844})
    window.grant_permissions(["clipboard-read", "clipboard-write"])
    site.sign_in(window, organizer, "member", "organizer")
    tab = window.new_page()
    tab.set_default_timeout(10_000)
    tab.goto(site.url(URL))
    tab.get_by_text("No token yet").wait_for()
    tab.get_by_label("Days it lives").fill("soon")
    tab.get_by_role("button", name="Make the token").press("Enter")
    tab.get_by_text("The token has no name.").first.wait_for()
    expect(tab.get_by_label("Days it lives")).to_have_value("soon")
    tab.get_by_label("Name").fill("Nightly report")
    tab.get_by_label("Read:").check()
    tab.get_by_label("Days it lives").fill("30")
    tab.get_by_role("button", name="Make the token").press("Enter")
    tab.get_by_text("Copy it now.").wait_for()
    text = tab.locator("#token-text").inner_text().strip()
    tab.get_by_role("button", name="Copy").press("Enter")
    tab.get_by_role("button", name="Copied").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()") == text

    asked = Request(site.url("/signup/api/organizers"), headers={"Authorization": f"Bearer {text}"})
    assert json.load(urlopen(asked))["organizers"][0]["name"] == "Olga Organizer"
    tab.get_by_role("link", name="I have copied it").press("Enter")
    tab.get_by_role("rowheader", name="Nightly report").wait_for()
    assert text not in tab.content() and "never" not in tab.locator("tbody").inner_text()
    tab.get_by_role("link", name="Revoke Nightly report").press("Enter")
    tab.get_by_text("This cannot be undone.").wait_for()
    tab.get_by_role("button", name="Revoke").press("Enter")
    tab.get_by_text("Whatever used it is refused from now on").wait_for()
    tab.locator("tbody .state").get_by_text("revoked").wait_for()
    expect(tab.get_by_role("link", name="Revoke Nightly report")).to_have_count(0)
    window.close()


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    organizer, found = site.organizer(), list[str]()
    with _Camera(site, browser, scheme, width, found, organizer, "member", "organizer") as runs:
        runs.look(URL)
        runs.press(URL, "main form button", "tokens-errors")
        runs.tab.get_by_label("Name").fill("Nightly report to the board, with a rather long name")
        runs.tab.get_by_role("button", name="Make the token").click()
        runs.tab.get_by_text("Copy it now.").wait_for()
        runs._examine("token-made")
        made(organizer, "Short", "operate", days=1)
        gone = made(organizer, "Old laptop", "organizer")
        with db.write("signup") as tx:
            api_tokens.revoke(tx, f"organizer/{organizer}", gone.id)
            for row in api_tokens.listed(tx):
                if row["name"].startswith("Nightly"):
                    nightly = row["id"]
                    api_tokens.used_elsewhere(tx, nightly, "notifications", row["until"] - 86_400 * 364.9)
        site.baton.pass_machine_time(86_500)
        runs.look(f"{URL}?listed")
        runs.look(f"{URL}/{nightly}/revoke")
    assert not found, "\n".join(found)
