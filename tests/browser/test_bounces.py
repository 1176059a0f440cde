"""The page of addresses without mail by axe, in light and dark, on phone and desktop; and lifting, without script."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from services.notifications.inbound import taking
from shared import db
from tests.bounces import report
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.told import mails, member, tell

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HOME = "/notifications/suppressed"


def _came_back(site: Site) -> str:
    """Two addresses that get no mail, and one that is not known to be anybody's; an organizer."""
    organizer = site.organizer()
    site.baton.drain()
    table = db.metadata("notifications").tables["mail"]
    for id, name in (("ada", "Ada Lovelace"), ("grace", "Grace Brewster Hopper, née Murray")):
        tell("member.confirmed", member(id, name=name, email=f"{id}.of-a-long-name@mail.department.example.org"))
    with db.write("notifications") as tx:
        tx.execute(table.update().values(state="sent"))
        tx.execute(table.update().where(table.c.person == "grace").values(duty=False))
        said = "550 5.1.1 <ada.of-a-long-name@mail.department.example.org>: Recipient address rejected: User unknown"
        for person in ("ada", "grace"):
            taking.take(tx, report(mails(person=person)[0].raw, said=said), "webhook")
        answer = (
            f"From: Ada <a@x.example>\nSubject: Re: Welcome\nIn-Reply-To: <{mails(person='ada')[0].id}@localhost>\n\n"
        )
        for words in ("I come ten minutes later, as my train does.\nIs that fine?\n\nAda", "And a second one."):
            assert taking.take(tx, (answer + words).encode(), "mailbox").taken
        taking.take(tx, b"From: Mallory <m@x.example>\nSubject: Buy our things\n\nNow", "mailbox")
    return organizer


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    found: list[str] = []
    organizer = site.organizer()
    with _Camera(site, browser, scheme, width, found, organizer, "organizer") as early:
        early.look(HOME)
        early.look("/notifications/inbound")
    organizer = _came_back(site)
    with _Camera(site, browser, scheme, width, found, organizer, "organizer") as runs:
        runs.tab.goto(site.url(HOME))
        runs._examine("suppressed")
        runs.press(HOME, "text=Send mail there again", "suppressed-lifted")
        runs.look("/notifications/outbox")
        runs.look("/notifications/inbound")
        runs.tab.goto("about:blank")
        runs.tab.set_content(mails(kind="reply")[0].html)
        runs._examine("reply-mail")
    assert not found, "\n".join(found)


def test_lifted_and_taken_back_on_a_phone(site: Site, browser: Any) -> None:
    organizer = _came_back(site)
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    site.sign_in(window, organizer, "organizer")
    tab = window.new_page()
    tab.goto(site.url("/notifications/outbox"))
    tab.get_by_role("link", name="2 addresses get no mail").click()
    expect(tab.locator("main")).to_contain_text("User unknown")
    tab.get_by_role("button", name="Send mail there again: ada").click()
    expect(tab.locator("main")).to_contain_text("from the next one on")
    tab.get_by_role("button", name="Undo: ada").click()
    expect(tab.locator("main")).to_contain_text("It gets no mail again")
    expect(tab.get_by_role("button", name="Send mail there again")).to_have_count(2)
    window.close()
