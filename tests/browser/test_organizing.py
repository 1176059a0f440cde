"""The organizer's overview and decisions by axe, in light and dark, on phone and desktop; and one decision by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from services.sessions import overrides
from services.sessions.turns import answering
from shared import clock
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.turns import circle, do, person, sessions, tick, turn

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def _a_living_program(site: Site) -> tuple[str, str, str]:
    """A circle with a held session that lacks everything, and one to come; (circle, held, coming)."""
    baton = site.baton
    where = circle(baton, "Ada Lovelace", "Grace Hopper", "Chien-Shiung Wu", "Alan Turing")
    circle(baton, "Emmy Noether", sessions=0)
    tick(baton)
    baton.tick()
    held, coming, *_ = [row["id"] for row in sessions(baton, where)]
    ada = person(baton, "Ada Lovelace")
    do(answering.accept, turn(baton, held, "Ada Lovelace")["id"], f"person/{ada}")
    do(overrides.answer, "organizer/olga", held, ada, "coming", "She said so at lunch")
    tick(baton, days=14, hours=2)
    marks = {person(baton, name): name != "Alan Turing" for name in ("Ada Lovelace", "Grace Hopper", "Alan Turing")}
    do(overrides.mark, "organizer/olga", held, marks, "From the call's list")
    tick(baton, days=2)
    baton.tick()
    assert clock.now() - sessions(baton, where)[0]["ends_at"] > timedelta(days=1)
    return where, held, coming


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    found: list[str] = []
    organizer = site.organizer()
    with _Camera(site, browser, scheme, width, found, organizer, "organizer") as early:
        early.look("/sessions/circles")
        early.look("/sessions/all")
    where, held, coming = _a_living_program(site)
    with _Camera(site, browser, scheme, width, found, organizer, "organizer") as runs:
        for path, name in (
            ("/sessions/circles", "list"), ("/sessions/circles?show=closed", "list-empty"),
            ("/sessions/all?show=held", "held"), ("/sessions/all?show=planned", "planned"),
            (f"/sessions/circles/{where}/timeline", "timeline"), (f"/sessions/circles/{where}", "circle"),
            (f"/sessions/s/{coming}/decide", "decide"), (f"/sessions/s/{held}/decide", "decide-held"),
            *((f"/sessions/s/{coming}/decide/{deed}", deed) for deed in ("lead", "answer", "resend", "free-lead")),
            *((f"/sessions/s/{held}/decide/{deed}", f"held-{deed}") for deed in ("lead", "attendance", "close")),
        ):  # fmt: skip
            runs.tab.goto(site.url(path))
            runs._examine(f"organizing-{name}")
        runs.press(f"/sessions/s/{coming}/decide/lead", "main form button", "organizing-lead-wrong")
        runs.tab.goto(site.url(f"/sessions/s/{coming}/decide/lead"))
        runs.tab.get_by_label("Who").select_option(label="Alan Turing")
        runs.tab.get_by_label("Why").fill("Grace is travelling")
        runs.tab.get_by_role("button", name="See what happens").click()
        runs._examine("organizing-lead-preview")
        runs.tab.goto(site.url("/signup/organizer/audit"))
        runs._examine("organizing-audit")
    assert not found, "\n".join(found)


def test_an_organizer_decides_in_a_browser_without_script(site: Site, browser: Any) -> None:
    where, _, coming = _a_living_program(site)
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    site.sign_in(window, site.organizer(), "organizer")
    tab = window.new_page()
    tab.goto(site.url("/sessions/circles?show=late"))
    tab.get_by_role("link", name="Circle of stream1").first.click()
    tab.get_by_role("link", name="All that happened").click()
    tab.get_by_role("link", name="Decide").last.click()
    tab.goto(site.url(f"/sessions/s/{coming}/decide"))
    tab.get_by_role("link", name="Decide who leads").click()
    tab.get_by_label("Who").select_option(label="Alan Turing")
    tab.get_by_label("They have said yes to me").check()
    tab.get_by_label("Why").fill("Grace is travelling")
    tab.get_by_role("button", name="See what happens").click()
    expect(tab.locator("main")).to_contain_text("Alan Turing has the turn from now on")
    tab.get_by_role("button", name="Change something").click()
    expect(tab.get_by_label("Why")).to_have_value("Grace is travelling")
    tab.get_by_role("button", name="See what happens").click()
    tab.get_by_role("button", name="Give it to them").click()
    expect(tab.locator("body")).to_contain_text("It is done")
    expect(tab.locator("main")).to_contain_text("Alan Turing")
    tab.goto(site.url(f"/sessions/circles/{where}/timeline"))
    tab.get_by_role("button", name="Undo: An organizer gave a turn to somebody").click()
    expect(tab.locator("body")).to_contain_text("Undone")
    window.close()
