"""The pages of circles and dates by axe, in light and dark, on phone and desktop; and a path through them by hand."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from shared import db, tokens
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.circles import cap, circle, circles, do, join
from tests.integration.test_meetings import begin

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
HOME = "/sessions/circles"


def _a_living_program(site: Site) -> dict[str, str]:
    """Two circles with dates, a line of two, one with an offer; ids by name."""
    from services.sessions.circles import splitting
    from services.sessions.meetings import changing

    baton = site.baton
    zones = ["America/Toronto", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Europe/London"]
    names = ["Ada Lovelace", "Grace Hopper", "Srinivasa Ramanujan", "Chien-Shiung Wu", "Alan Turing"]
    ids = {name: join(baton, name, zone) for name, zone in zip(names, zones, strict=True)}
    only = circle(next(iter(circles())))
    begin(only)
    with db.read("sessions") as tx:
        groups = splitting.proposal(tx, only)
    do(splitting.split, only, groups, "They share no evening")
    first, second = baton.rows("sessions", "session", circle=only)[:2]
    do(changing.skip, first["id"], "A holiday")
    do(changing.move, second["id"], "2027-03-14", "02:30", "Half of us travel")
    cap("5")
    ids |= {name: join(baton, name) for name in ("Katherine Johnson", "Emmy Noether")}
    cap("6")
    baton.drain()
    return {**ids, "circle": only, "session": baton.rows("sessions", "session", circle=only)[3]["id"]}


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    found: list[str] = []
    with _Camera(site, browser, scheme, width, found, site.organizer(), "organizer") as early:
        early.look(HOME)
    ids = _a_living_program(site)
    one = f"{HOME}/{ids['circle']}"
    other = next(circle(name) for name in circles() if circle(name) != ids["circle"])
    with _Camera(site, browser, scheme, width, found, site.organizer(), "organizer") as runs:
        for path, name in (
            (HOME, "list"), (one, "one"), (f"{HOME}/policy", "policy"), (f"{one}/settings", "settings"),
            (f"{one}/dates", "dates"), (f"{one}/split", "split"), (f"{one}/merge", "merge"),
            (f"{one}/merge?into={other}", "merge-look"), (f"{HOME}/people/{ids['Ada Lovelace']}/move", "move"),
            (f"{HOME}/people/{ids['Emmy Noether']}/move", "place"), (f"/sessions/dates/{ids['session']}/skip", "skip"),
            (f"/sessions/dates/{ids['session']}/move", "move-date"), (f"{HOME}/none", "none"),
        ):  # fmt: skip
            runs.tab.goto(site.url(path))
            runs._examine(f"circles-{name}")
        runs.press(f"{one}/dates", "main form button", "circles-dates-preview")
        runs.tab.goto(site.url(f"{one}/dates"))
        runs.tab.fill("#f-minutes", "91")
        runs.tab.fill("#f-link", "ftp://x")
        runs.tab.locator("main form button").last.click()
        runs.tab.wait_for_load_state()
        runs._examine("circles-dates-wrong")
    for name in ("Ada Lovelace", "Emmy Noether", "Katherine Johnson"):
        with _Camera(site, browser, scheme, width, found, ids[name], "member") as own:
            own.tab.goto(site.url("/sessions/"))
            own._examine(f"mine-{name.split()[0].lower()}")
            own.tab.goto(site.url("/signup/me"))
            own._examine(f"me-{name.split()[0].lower()}")
    offer = site.baton.rows("sessions", "waiting", person=ids["Katherine Johnson"])[0]["offer"]
    path = f"/sessions/place/{tokens.sign('place', {'person': ids['Katherine Johnson'], 'offer': offer})}"
    with _Camera(site, browser, scheme, width, found) as stranger:
        stranger.tab.goto(site.url(path))
        stranger._examine("offer")
        stranger.press(path, "main button", "offer-answered")
    assert not found, "\n".join(found)


def test_an_organizer_sets_dates_in_a_browser(site: Site, browser: Any) -> None:
    ada = join(site.baton, "Ada Lovelace", "America/Toronto")
    only = circle(next(iter(circles())))
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    site.sign_in(window, site.organizer(), "organizer")
    tab = window.new_page()
    tab.goto(site.url(HOME))
    tab.get_by_role("link", name="Set dates").click()
    tab.get_by_label("First date").fill("2027-01-12")
    tab.get_by_label("Hour", exact=True).fill("18:30")
    tab.get_by_label("Meeting link").fill("https://meet.example.org/room")
    tab.get_by_role("button", name="See what it does").click()
    expect(tab.locator("main")).to_contain_text("These are new")
    tab.get_by_role("button", name="Change something").click()
    expect(tab.get_by_label("Meeting link")).to_have_value("https://meet.example.org/room")
    tab.get_by_role("button", name="See what it does").click()
    tab.get_by_role("button", name="Save these dates").click()
    expect(tab.locator("main")).to_contain_text("The dates are saved")
    assert tab.url.startswith(site.url(f"{HOME}/{only}"))
    tab.get_by_role("link", name="Skip Tue").first.click()
    tab.get_by_role("button", name="Skip this date").click()
    tab.get_by_role("button", name="Undo: A date was left out").click()
    expect(tab.locator("main")).to_contain_text("Undone")
    window.close()
    assert ada and len(site.baton.rows("sessions", "session", state="planned")) == 6
