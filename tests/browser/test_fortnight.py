"""A whole fortnight on a phone-sized screen, with script and without: coordinator, mentor and members, by their mails.

Nobody signs in and nothing is pressed that is not on a page. Time passes as it does, tick by tick.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from shared import clock
from tests.browser.conftest import Site
from tests.circles import circle, circles, join, settled
from tests.integration.test_meetings import begin
from tests.turns import person, sessions, turns

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
PHONE = {"width": 390, "height": 844}


class Phones:
    """Everybody's phone, and what comes in there."""

    def __init__(self, site: Site, browser: Any, script: bool) -> None:
        self.site = site
        self.window = browser.new_context(viewport=PHONE, java_script_enabled=script)
        self.tab = self.window.new_page()
        self.tab.set_default_timeout(10_000)

    def mail(self, name: str, kind: str) -> dict[str, Any]:
        """The last mail of that kind to somebody; of invites, which come for three sessions, the one for the first."""
        rows = self.site.baton.rows("notifications", "mail", person=person(self.site.baton, name), kind=kind)
        assert rows, f"{name} has no mail {kind}"
        soonest = min(row["deadline"] or row["created_at"] for row in rows) if kind.startswith("invite") else None
        return max((row for row in rows if soonest in (None, row["deadline"])), key=lambda row: row["due"])

    def read(self, name: str, kind: str) -> str:
        """Open the mail as a mail program shows it; its words."""
        self.tab.goto("about:blank")
        self.tab.set_content(self.mail(name, kind)["html"])
        return str(self.tab.locator("body").inner_text())

    def follow(self, name: str, kind: str, link: str) -> Any:
        """Press what stands in the mail; the page that opens."""
        self.read(name, kind)
        self.tab.goto(self.tab.get_by_role("link", name=link).first.get_attribute("href"))
        assert self.tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "fits the phone"
        return self.tab

    def until(self, moment: datetime) -> None:
        """Let time pass, an hour at a time near the end."""
        while (left := moment - clock.now()).total_seconds() > 0:
            clock.advance(min(left, max(left / 4, timedelta(minutes=30))))
            self.site.baton.tick()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_one_session_to_the_next(site: Site, browser: Any, script: bool) -> None:
    baton, phones = site.baton, Phones(site, browser, script)
    for name, stream in (("Ada", "stream1"), ("Bea", "stream1"), ("Cem", "stream1"), ("Max", "stream2")):
        join(baton, name, stream=stream)
    where = next(circle(name) for name, members in circles().items() if "Ada" in members)
    begin(where, first="2027-01-19")
    baton.tick()
    one, two = sessions(baton, where)[:2]
    tab = phones.tab

    # The invite is read and answered; the turn and the mentor's seat are accepted; all by links.
    assert "You are invited to a session" in phones.read("Bea", "invite")
    phones.follow("Bea", "invite", "Coming").get_by_role("button", name="Coming", exact=True).click()
    tab.get_by_role("heading", name="You are coming").wait_for()
    phones.follow("Cem", "invite", "Can't").get_by_role("button", name="Can't this time").click()
    tab.get_by_role("heading", name="You cannot come").wait_for()
    phones.follow("Ada", "turn", "Yes, I will").get_by_role("button", name="Yes, I will").click()
    tab.get_by_role("heading", name="You coordinate this session").wait_for()
    phones.follow("Max", "mentor", "Yes, I will").get_by_role("button", name="Yes, I will").click()
    tab.get_by_role("heading", name="You mentor this session").wait_for()
    assert turns(baton, one["id"]) == {"Ada": "accepted"} and turns(baton, one["id"], "mentor") == {"Max": "accepted"}
    baton.tick()

    # Before: the coordinator's page says who comes; the mentor sees the agenda.
    page = phones.follow("Ada", "invite-update", "Your page: who comes, agenda, minutes")
    listed = page.locator("main").inner_text()
    assert re.search(r"Bea\s+comes", listed) and re.search(r"Cem\s+cannot come", listed) and "Max" in listed
    page.get_by_text("Change the agenda").click()
    page.get_by_label("Agenda of this session").fill("## Questions\n\nHow does one begin?")
    page.get_by_role("button", name="Save the agenda").click()
    page.get_by_text("Saved.", exact=True).wait_for()
    page = phones.follow("Max", "invite", "Your page: agenda and minutes")
    page.locator("main button").last.click()
    page.get_by_text("How does one begin?").wait_for()
    phones.window.clear_cookies()
    phones.until(one["starts_at"] - timedelta(hours=1))
    assert "meets in two hours" in phones.read("Bea", "reminder")

    # During: attendance, minutes, an action item, and a volunteer for next time, who says yes on their own phone.
    phones.until(one["starts_at"] + timedelta(minutes=30))
    page = phones.follow("Ada", "reminder", "Your page: who comes, agenda, minutes")
    expect(page.get_by_role("radiogroup", name="Bea (said yes)").get_by_label("There", exact=True)).to_be_checked()
    page.get_by_role("button", name="All others were there").click()
    page.get_by_text("2 of 3", exact=True).wait_for()
    page.get_by_label("What was said and agreed").fill("## Questions\n\nOne begins with a small thing.")
    page.get_by_label("What is to be done").fill("Write a small program")
    page.get_by_label("Who does it").select_option("Bea")
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("button", name="Done: Write a small program").wait_for()
    page.get_by_label("Who takes it").select_option("Cem")
    page.locator("button[value=ask-next]").click()
    page.get_by_text("is asked, until").wait_for()
    baton.drain()
    phones.follow("Cem", "turn", "Yes, I will").get_by_role("button", name="Yes, I will").click()
    tab.get_by_role("heading", name="You coordinate this session").wait_for()

    # After: the next one is named, and the minutes are published; everybody gets them, and Bea her item.
    phones.until(one["ends_at"] + timedelta(minutes=10))
    page = phones.follow("Ada", "reminder", "Your page: who comes, agenda, minutes")
    page.get_by_text("Cem coordinates it.").wait_for()
    page.get_by_role("button", name="Publish the minutes").click()
    page.get_by_text("They can be corrected until").wait_for()
    baton.tick()
    assert turns(baton, one["id"]) == {"Ada": "served"} and turns(baton, two["id"]) == {"Cem": "accepted"}
    for name in ("Ada", "Bea", "Cem", "Max"):
        assert "One begins with a small thing." in phones.read(name, "minutes")
    assert "Write a small program" in phones.read("Bea", "minutes")
    phones.follow("Cem", "minutes", "your page for it").get_by_text("Write a small program").wait_for()

    # A fortnight later what is open is in the reminder, and is ticked there; the session before is closed.
    phones.until(two["starts_at"] - timedelta(hours=70))
    assert "Write a small program" in phones.read("Bea", "reminder")
    page = phones.follow("Bea", "reminder", "Tick them, move them or drop them")
    page.get_by_role("button", name="Done: Write a small program").click()
    page.get_by_role("button", name="Undo: Write a small program").wait_for()
    page = phones.follow("Cem", "reminder", "Your page: who comes, agenda, minutes")
    page.get_by_role("heading", name="Who comes").wait_for()
    assert sessions(baton, where)[0]["state"] == "closed"
    site.sign_in(phones.window, person(baton, "Bea"), "member")
    tab.goto(site.url("/sessions/"))
    listed = tab.locator("main").inner_text()
    assert "there 1 of 1 time" in listed and "Coordinator: Cem" in listed and "nothing is open" in listed
    settled(baton)
    phones.window.close()
