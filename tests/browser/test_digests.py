"""The digests' pages by axe, in light and dark, on phone and desktop; and when it comes, changed without script."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from shared import clock
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.told import mails, member, tell

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NAMES = ("Ada Lovelace", "Grace Hopper", "Chien-Shiung Wu", "Alan Turing")


def _weeks(site: Site, number: int = 9) -> str:
    """A circle that met each week, somebody who is silent, a seat that is open; the date of the last digest."""
    baton, ids = site.baton, ("ada", "grace", "wu", "alan")
    baton.tick()
    for id, name in zip(ids, NAMES, strict=True):
        tell("member.confirmed", member(id, name=name, state="active"))
    for week in range(number):
        starts = clock.now()
        here = ids[: 1 + week % 3]  # never Alan
        told = {
            "session": f"s{week}", "circle": "c", "stream": "stream1", "title": "Starting out", "by": "person/ada",
            "day": starts.date().isoformat(), "starts_at": starts.isoformat(), "coordinator": "ada", "mentor": "grace",
            "text": "## Decisions\n\n- Everybody reads chapter two until then\n- Wu shows her model\n\n"
                    "## Where help is needed\n\nA computer with a graphics card, for a weekend.",
            "cut": False, "reasons": [], "present": here, "members": list(ids), "to": [], "organizers": [],
            "items": [{"person": "wu", "text": "Write to the library", "due": (starts.date()).isoformat()},
                      {"person": "ada", "text": "Book the room", "due": None}],
            "next": {"session": f"s{week + 1}", "starts_at": (starts + timedelta(days=7)).isoformat(),
                     "coordinator": None if week == number - 1 else "grace"},
            "correct_until": starts.isoformat(),
        }  # fmt: skip
        tell("session.minuted", told, subject=f"session/s{week}")
        if week < number - 1:
            baton.pass_time(days=7)
            baton.tick()
    starts = clock.now() + timedelta(days=7)
    seat = {"session": f"s{number}", "circle": "c", "name": "Starting out", "stream": "stream1", "minutes": 60,
            "role": "coordinator", "day": starts.date().isoformat(), "starts_at": starts.isoformat()}  # fmt: skip
    tell("turn.opened", {**seat, "to": [], "organizers": []}, subject=f"session/s{number}")
    baton.pass_time(days=6, hours=12)
    baton.tick()
    return str(baton.rows("notifications", "digest")[-1]["period"])


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    found: list[str] = []
    organizer = site.organizer()
    site.baton.drain()
    with _Camera(site, browser, scheme, width, found, organizer, "organizer") as early:
        early.look("/notifications/digests")
        early.look("/notifications/digests/next")
    period = _weeks(site)
    with _Camera(site, browser, scheme, width, found, organizer, "organizer") as runs:
        for path, name in (
            ("/notifications/digests", "list"), (f"/notifications/digests/{period}", "one"),
            ("/notifications/digests/next", "next"), ("/notifications/digests/settings", "settings"),
        ):  # fmt: skip
            runs.tab.goto(site.url(path))
            runs._examine(f"digest-{name}")
        runs.tab.goto("about:blank")
        runs.tab.set_content(mails(kind="digest")[-1].html)
        runs._examine("digest-mail")
    assert not found, "\n".join(found)


def test_an_organizer_reads_it_and_changes_when_it_comes(site: Site, browser: Any) -> None:
    """Without script, on a phone: from the tabs to the last digest, and to the first Friday of each month."""
    organizer = site.organizer()
    site.baton.drain()
    _weeks(site, 3)
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    site.sign_in(window, organizer, "organizer")
    tab = window.new_page()
    tab.goto(site.url("/notifications/outbox"))
    tab.get_by_role("link", name="Digests").click()
    tab.locator("tbody a").first.click()
    expect(tab.locator("main")).to_contain_text("Nobody coordinates Starting out")
    text = tab.inner_text("main")
    assert "Nobody coordinates Starting out" in text and "Everybody reads chapter two until then" in text
    assert "Alan Turing (Starting out) was not there 3 times running" in text
    tab.get_by_role("link", name="Digests").first.click()
    tab.goto(site.url("/notifications/digests"))
    tab.get_by_role("link", name="Change when it comes").click()
    tab.get_by_label("Every month").check()
    tab.get_by_label("On which day").select_option(label="Friday")
    tab.get_by_label("At what time").select_option(label="17:00")
    tab.get_by_role("button", name="Save").click()
    expect(tab.locator("main")).to_contain_text("every first Friday of a month at 17:00")
    window.close()


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_the_dashboard_has_no_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    """Before anything happened, of one circle, and of many."""
    found: list[str] = []
    organizer = site.organizer()
    site.baton.drain()
    with _Camera(site, browser, scheme, width, found, organizer, "organizer") as early:
        early.tab.goto(site.url("/notifications/dashboard"))
        early._examine("dashboard-nothing")
        early.tab.goto(site.url("/notifications/dashboard/circles"))
        early._examine("dashboard-circles-nothing")
    _weeks(site)
    with _Camera(site, browser, scheme, width, found, organizer, "organizer") as runs:
        runs.tab.goto(site.url("/notifications/dashboard"))
        runs._examine("dashboard")
        _more(14)
        runs.tab.goto(site.url("/notifications/dashboard"))
        runs._examine("dashboard-many")
        runs.tab.goto(site.url("/notifications/dashboard/circles"))
        runs._examine("dashboard-circles")
    assert not found, "\n".join(found)


def _more(number: int) -> None:
    """Circles more, that met twice: some well, some not."""
    for circle in range(number):
        for week in range(2):
            starts = clock.now() - timedelta(days=9 - 7 * week)
            members = [f"m{circle}-{each}" for each in range(6)]
            told = {
                "session": f"n{circle}-{week}", "circle": f"n{circle}", "stream": "stream1", "by": "person/x",
                "title": f"Circle {circle + 2}", "day": starts.date().isoformat(), "starts_at": starts.isoformat(),
                "coordinator": members[0], "mentor": None, "text": "We met.", "cut": False, "reasons": [],
                "present": members[: 2 if circle < 3 else 5], "members": members, "to": [], "organizers": [],
                "items": [], "correct_until": starts.isoformat(),
                "next": {"session": f"n{circle}-{week + 1}", "coordinator": None,
                         "starts_at": (starts + timedelta(days=7)).isoformat()},
            }  # fmt: skip
            tell("session.minuted", told, subject=f"session/n{circle}-{week}")
