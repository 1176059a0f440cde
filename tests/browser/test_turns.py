"""Turns in Chromium: answered from a mail on a phone, with and without script; every page examined in all its faces."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from services.sessions.invites.answering import by_calendar
from services.sessions.turns import answering
from shared import tokens
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.turns import circle, do, person, sessions, tick, turn, turns

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NAMES = ("Ada Lovelace", "Grace Hopper", "Katherine Johnson", "Alan Turing", "Srinivasa Ramanujan")


def link(site: Site, session: str, name: str) -> str:
    """The address in somebody's mail."""
    row = turn(site.baton, session, name)
    return f"/sessions/turn/{tokens.sign('turn', {'person': row['person'], 'turn': row['id']})}"


@pytest.mark.parametrize("script", [True, False])
def test_a_turn_is_answered_from_a_mail_on_a_phone(site: Site, browser: Any, script: bool) -> None:
    where = circle(site.baton, *NAMES)
    one = sessions(site.baton, where)[0]["id"]
    tick(site.baton)
    mails = site.baton.rows("notifications", "mail", kind="turn")
    address = re.search(r"http\S+/sessions/turn/\S+", mails[0]["text"]).group()  # type: ignore[union-attr]
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=script)
    tab = window.new_page()
    tab.goto(address)
    tab.get_by_role("button", name="Yes, I will").click()
    expect(tab.get_by_role("heading", name="You coordinate this session")).to_be_visible()
    assert turns(site.baton, one) == {"Ada Lovelace": "accepted"}
    tab.get_by_text("I can’t after all").click()
    tab.get_by_label("Why").fill("An exam")
    tab.get_by_label("Away until").fill("2020-01-01")
    tab.get_by_role("button", name="I can’t").click()
    expect(tab.get_by_text("That day is over.").first).to_be_visible()
    expect(tab.get_by_label("Why"), "nothing that was typed is lost").to_have_value("An exam")
    tab.get_by_label("Away until").fill("2027-02-01")
    tab.get_by_role("button", name="I can’t").click()
    expect(tab.get_by_text("You are free of this turn").or_(tab.get_by_text("You said that")).first).to_be_visible()
    assert turns(site.baton, one) == {"Ada Lovelace": "declined", "Grace Hopper": "offered"}
    tab.goto(site.url(link(site, one, "Grace Hopper") + "?no"))
    expect(tab.get_by_role("button", name="I can’t"), "the mail's second button opens the no").to_be_visible()
    window.close()


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_about_turns_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    where = circle(site.baton, *NAMES)
    above = circle(site.baton, "Max Planck", stream="stream2", sessions=0)
    one, two, *_ = [row["id"] for row in sessions(site.baton, where)]
    tick(site.baton)
    ada = person(site.baton, "Ada Lovelace")
    found: list[str] = []
    first = link(site, one, "Ada Lovelace")
    change = f"/sessions/circles/{where}/turns/change"
    with _Camera(site, browser, scheme, width, found) as stranger:
        stranger.look(first)
        stranger.look(first + "?no")
        stranger.look(first[:-4])
        row = turn(site.baton, one, "Max Planck", "mentor")
        stranger.look("/sessions/turn/" + tokens.sign("turn", {"person": row["person"], "turn": row["id"]}))
        stranger.press(first, "main form button >> nth=0", "turn-yours")
        lead = tokens.path("lead", tokens.sign("lead", {"person": ada, "session": one}))
        do(by_calendar, one, person(site.baton, "Grace Hopper"), "maybe", None)
        do(by_calendar, one, person(site.baton, "Alan Turing"), "counter", None, "2027-01-19T18:30:00+00:00")
        stranger.tab.goto(site.url(lead))
        for details in stranger.tab.locator("summary").all():
            details.click()
        stranger._examine("lead-asks")
    with _Camera(site, browser, scheme, width, found, ada, "member") as own:
        for path in (f"/sessions/circles/{where}/turns", change, "/sessions/absences", "/sessions/turns"):
            own.look(path)
        own.press(change, "main form button", "turns-change-errors")
        own.tab.goto(site.url(change))
        own.tab.get_by_label("Swap:").check()
        own.tab.locator("#f-session").select_option(one)
        own.tab.locator("#f-other").select_option(two)
        own.tab.get_by_role("button", name="See what would change").click()
        own._examine("turns-preview")
        own.tab.get_by_role("button", name="Save this").click()
        own._examine("turns-changed")
        own.tab.goto(site.url("/sessions/absences"))
        own.tab.get_by_label("First day").fill("2027-02-01")
        own.tab.get_by_label("Last day").fill("2027-02-02")
        own.tab.get_by_role("button", name="Note these days").click()
        own._examine("absences-noted")
        own.look(first)  # covered by the swap
    grace = turn(site.baton, one, "Grace Hopper")
    do(answering.decline, grace["id"], "person/g")
    tick(site.baton, days=13)
    token = tokens.sign("take", {"person": ada, "session": one})
    with _Camera(site, browser, scheme, width, found, site.organizer(), "member", "organizer") as runs:
        runs.look(f"/sessions/take/{token}")
        runs.look(f"/sessions/circles/{where}/turns")
        runs.look(f"/sessions/s/{one}/decide/lead")
        runs.look(change)
    tick(site.baton, days=3)
    with _Camera(site, browser, scheme, width, found) as late:
        late.look(first)
        late.look(f"/sessions/take/{token}")
    assert not found, "\n".join(found)
    assert above
