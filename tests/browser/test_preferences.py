"""Which mails one gets, by axe, in light and dark, on phone and desktop; and chosen from a mail, without script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from services.notifications.chat import channels
from services.notifications.rules.chat import KINDS
from shared import clock, config, db
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.integration.test_digest import minuted
from tests.told import mails, member, tell

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def _mail(site: Site) -> Any:
    site.baton.drain()
    tell("member.confirmed", member("ann", name="Ann", state="active"))
    tell("session.minuted", minuted("s1", members=["ann"], to=["ann"]), subject="session/s1")
    return mails(person="ann", kind="minutes")[-1]


def _way(mail: Any) -> str:
    found = re.search(r"\S+/notifications/preferences/\S+", mail.text)
    assert found
    return found[0].removeprefix(config.current().base_url)


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    found: list[str] = []
    organizer = site.organizer()
    mail = _mail(site)
    with _Camera(site, browser, scheme, width, found) as reads:
        reads.tab.goto(site.url(_way(mail)))
        reads._examine("preferences-linked")
        reads.press(_way(mail), "section.card button", "preferences-saved")
        reads.look(f"{_way(mail)[:-3]}abc")
        reads.tab.goto("about:blank")
        reads.tab.set_content(mail.html)
        reads._examine("preferences-mail")
    with db.write("notifications") as tx:
        typed = channels.Typed("#all", "https://chat.example/x", "chat.example", None, tuple(KINDS))
        channel = channels.add(tx, typed, "organizer/olga")
    with _Camera(site, browser, scheme, width, found, organizer, "member", "organizer") as runs:
        runs.tab.goto(site.url("/notifications/preferences"))
        for each in runs.tab.locator('input[value="chat"]').all():
            each.check()
        runs.tab.get_by_role("button", name="Save").click()
        expect(runs.tab.locator("main")).to_contain_text("Saved")
        runs._examine("preferences-own")
        with db.write("notifications") as tx:
            channels.end(tx, channel, "gone", clock.now())
        runs.tab.goto(site.url("/notifications/preferences"))
        expect(runs.tab.locator("main")).to_contain_text(
            re.compile("Until it does, this comes by mail:\\s*Minutes of your circle")
        )
        runs._examine("preferences-silent")
    assert not found, "\n".join(found)


def test_from_a_mail_less_and_back_again_without_script_and_without_sign_in(site: Site, browser: Any) -> None:
    mail = _mail(site)
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    tab = window.new_page()
    tab.goto(site.url(_way(mail)))
    tab.get_by_role("button", name="None of these").click()
    expect(tab.locator("main")).to_contain_text("Saved")
    expect(tab.locator("main")).to_contain_text("still in the program")
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator("section.card strong")).to_contain_text("Each at once")
    tab.get_by_label("Invites alone").check()
    tab.get_by_role("button", name="Save").click()
    expect(tab.get_by_label("Invites alone")).to_be_checked()
    window.close()
