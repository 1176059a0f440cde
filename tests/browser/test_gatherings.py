"""The pages and mails of the monthly meeting and of talks, by axe, in light and dark, on phone and desktop."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from services.sessions.gatherings import notes, proposing
from shared import clock
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.circles import do
from tests.gathering import House, guest_of, over, row
from tests.inviting import link, mails

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    found: list[str] = []
    house = House(site.baton)
    home = "/sessions/gatherings"
    with _Camera(site, browser, scheme, width, found, house.olga, "organizer") as runs:
        runs.tab.goto(site.url(home))
        runs._examine("gatherings-none")
        house.minuted(house.one)
        meeting = str(do(proposing.propose, "organizers"))
        empty = str(do(proposing.propose, "talk"))
        talk = house.sent(house.talk())
        cancelled = house.sent(house.talk(day="2027-02-16", title="Another talk"))
        do(proposing.cancel, cancelled, "The guest is ill")
        house.as_(house.bo).post(f"/sessions/answers/{talk}", data={"answer": "coming"})
        site.baton.tick()
        for path, name in (
            ("", "gatherings"), (f"/{meeting}", "gathering-proposal"), (f"/{meeting}/edit", "gathering-edit"),
            (f"/{empty}", "gathering-empty"), (f"/{talk}", "gathering-sent"), (f"/{talk}/edit", "gathering-edit-sent"),
            (f"/{talk}/cancel", "gathering-cancel"), (f"/{cancelled}", "gathering-cancelled"),
            ("/plans/organizers", "gathering-plan"),
        ):  # fmt: skip
            runs.tab.goto(site.url(home + path))
            runs._examine(name)
        runs.press(f"{home}/{empty}", ".actions.main button", "gathering-missing")
        runs.tab.goto(site.url(f"{home}/{empty}/edit"))
        runs.tab.fill("#f-minutes", "91")
        runs.tab.fill("#f-guest_email", "nobody")
        runs.tab.get_by_role("button", name="Save").first.click()
        runs.tab.wait_for_load_state()
        runs._examine("gathering-edit-wrong")
    with _Camera(site, browser, scheme, width, found, house.ada, "member") as own:
        for path, name in (
            ("/sessions/", "mine-also"), ("/sessions/talks", "talks"), (f"{home}/{talk}", "gathering-read"),
            (link(mails(site.baton, house.ada, talk)[0]), "rsvp-talk"),
        ):  # fmt: skip
            own.tab.goto(site.url(path))
            own._examine(name)
        for mail, name in (
            (mails(site.baton, house.ada, talk)[0], "mail-talk"), (mails(site.baton, guest_of(talk))[0], "mail-guest"),
            (mails(site.baton, house.ada, cancelled)[-1], "mail-talk-off"),
        ):  # fmt: skip
            own.tab.goto("about:blank")
            own.tab.set_content(mail["html"])
            own._examine(name)
    over(talk)
    site.baton.tick()
    do(notes.save, talk, "## What stayed\n\nSmall steps.", "https://video.example.org/1", None, True)
    site.baton.tick()
    with _Camera(site, browser, scheme, width, found, house.olga, "organizer", "member") as runs:
        for path, name in (
            (f"{home}/{talk}", "gathering-over"),
            ("/sessions/talks", "talks-before"),
            (home, "gatherings-before"),
        ):
            runs.tab.goto(site.url(path))
            runs._examine(name)
    with _Camera(site, browser, scheme, width, found) as anybody:
        anybody.tab.goto(site.url(link(mails(site.baton, house.ada, talk)[0])))
        anybody._examine("gathering-read-over")
        told_of = next(m for m in site.baton.rows("notifications", "mail") if m["kind"] == "notes")
        anybody.tab.goto("about:blank")
        anybody.tab.set_content(told_of["html"])
        anybody._examine("mail-notes")
    assert not found, "\n".join(found)


def test_from_the_proposal_to_a_yes_by_buttons_alone_without_script(site: Site, browser: Any) -> None:
    house = House(site.baton)
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    site.sign_in(window, house.olga, "organizer")
    tab = window.new_page()
    tab.goto(site.url("/sessions/gatherings"))
    tab.get_by_role("button", name="Propose the monthly meeting").click()
    tab.get_by_role("link", name="Edit").click()
    tab.get_by_label("Title").fill("All coordinators")
    tab.get_by_label("Date").fill("2027-02-02")
    tab.get_by_role("button", name="Save", exact=True).click()
    tab.get_by_role("button", name="Send it to these 3").click()
    expect(tab.locator("body")).to_contain_text("Sent: the invites are on their way.")
    site.baton.tick()
    id = tab.url.partition("?")[0].rpartition("/")[2]
    tab.goto(site.url(link(mails(site.baton, house.ada, id)[0]) + "?answer=coming"))
    tab.get_by_role("button", name="Coming").click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("You are coming")
    tab.goto(site.url(f"/sessions/gatherings/{id}"))
    expect(tab.locator("body")).to_contain_text("1 coming, 0 cannot, 2 without an answer")
    assert row(id)["starts_at"] > clock.now()
    window.close()
