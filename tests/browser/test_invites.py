"""The pages of answering and the mails of invites, by axe, in light and dark, on phone and desktop."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.inviting import Met, link, mails, move, signed_in

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    found: list[str] = []
    met = Met(site.baton)
    met.lead(met.ada)
    move(met.sessions()[1]["id"], "2027-01-27", "19:00", "Half of us travel")
    site.baton.tick()
    first, second, third = (mails(site.baton, met.ada, row["id"])[-1] for row in met.sessions()[:3])
    with _Camera(site, browser, scheme, width, found) as anybody:
        for path, name in ((link(first), "rsvp-lead"), (f"{link(second)}?answer=cannot", "rsvp-cannot")):
            anybody.tab.goto(site.url(path))
            anybody._examine(name)
        anybody.press(link(third), ".actions.main button", "rsvp-answered")
        anybody.tab.goto(site.url(f"{link(second)}?answer=cannot"))
        anybody.tab.fill("#f-until", "2027-01-01")
        anybody.tab.locator("details form").evaluate("form => form.noValidate = true")
        anybody.tab.get_by_role("button", name="Can't until that day").click()
        anybody.tab.wait_for_load_state()
        anybody._examine("rsvp-until-wrong")
        anybody.tab.goto(site.url("/sessions/rsvp/x"))
        anybody._examine("rsvp-none")
        for mail, name in ((first, "mail-invite-update"), (mails(site.baton, met.bo)[2], "mail-invite")):
            anybody.tab.goto("about:blank")
            anybody.tab.set_content(mail["html"])
            anybody._examine(name)
    with _Camera(site, browser, scheme, width, found, met.ada, "member") as own:
        own.tab.goto(site.url("/sessions/"))
        own._examine("mine-answers")
    with _Camera(site, browser, scheme, width, found, site.organizer(), "organizer") as runs:
        runs.tab.goto(site.url(f"/sessions/circles/{met.circle}"))
        runs._examine("circle-feed")
    assert not found, "\n".join(found)


def test_an_answer_takes_one_press_without_script(site: Site, browser: Any) -> None:
    met = Met(site.baton)
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    tab = window.new_page()
    tab.goto(site.url(link(mails(site.baton, met.ada, met.first)[0]) + "?answer=coming"))
    tab.get_by_role("button", name="Coming").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("You are coming")
    assert [row["answer"] for row in site.baton.rows("sessions", "rsvp")] == ["coming"]
    tab.get_by_text("Can't for longer?").click()
    tab.get_by_label("Can't until").fill("2027-02-09")
    tab.get_by_role("button", name="Can't until that day").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("You cannot come")
    assert {row["answer"] for row in site.baton.rows("sessions", "rsvp")} == {"cannot"}
    assert signed_in(site.baton, met.ada).get("/sessions/").text.count("cannot") >= 3
    window.close()
