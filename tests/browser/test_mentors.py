"""The pool of mentors and reached goals in Chromium: from mail to page on a phone; every page in all its faces."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from services.sessions.turns import answering
from services.signup import people
from shared import db, tokens
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.turns import circle, do, person, sessions, tick, turns, written

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def ask(site: Site, organizer: str, name: str = "Gustav Guest") -> str:
    email = f"{name.split()[0].lower()}@example.org"
    with db.write("signup") as tx:
        id = people.ask_guest(tx, f"organizer/{organizer}", {"name": name, "email": email, "streams": ["stream3"]})
    site.baton.drain()
    return id


def mailed(site: Site, kind: str, who: str) -> str:
    """The address in the last mail of that kind to somebody."""
    rows = site.baton.rows("notifications", "mail", kind=kind, person=who)
    last = max(rows, key=lambda row: row["due"])
    return re.search(r"http\S+/(?:signup|sessions)/(?:pool|turn)/\S+", last["text"]).group()  # type: ignore[union-attr]


@pytest.mark.parametrize("script", [True, False])
def test_a_guest_says_yes_mentors_and_leaves_from_their_mails_on_a_phone(
    site: Site, browser: Any, script: bool
) -> None:
    organizer = site.organizer()
    where = circle(site.baton, "Ada Lovelace", "Grace Hopper", stream="stream3", first=timedelta(days=1))
    first, second = [row["id"] for row in sessions(site.baton, where)][:2]
    gus = ask(site, organizer)
    window = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=script)
    tab = window.new_page()
    tab.goto(mailed(site, "guest", gus))
    tab.get_by_role("button", name="Yes, you may ask me").click()
    expect(tab.get_by_role("heading", name="You may be asked to mentor")).to_be_visible()
    tick(site.baton, days=2)
    written(site.baton, first, "We spoke of **offers**.", "person/x")
    tick(site.baton)
    tab.goto(mailed(site, "mentor", gus))
    tab.get_by_role("button", name="Yes, I will").click()
    expect(tab.get_by_role("heading", name="You mentor this session")).to_be_visible()
    tab.locator("#past ~ ul a").first.click()
    expect(tab.get_by_text("offers")).to_be_visible()
    tab.go_back()
    tab.get_by_role("link", name="Be asked no more").click()
    tab.get_by_role("button", name="Ask me no more").click()
    expect(tab.get_by_role("heading", name="You are asked no more")).to_be_visible()
    site.baton.drain()
    assert turns(site.baton, second, "mentor") == {"Gustav Guest": "released"}
    window.close()


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_about_mentors_and_goals_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    organizer = site.organizer()
    found: list[str] = []
    pool = "/signup/organizer/mentors"
    with _Camera(site, browser, scheme, width, found, organizer, "member", "organizer") as runs:
        for path in (f"{pool}?empty", "/signup/organizer/goals?empty", "/signup/me/mentor?organizer"):
            runs.look(path)
        runs.press(pool, "main form button", "mentors-errors")
    where = circle(site.baton, "Ada Lovelace", "Grace Hopper", stream="stream3", first=timedelta(days=1))
    first = sessions(site.baton, where)[0]["id"]
    gus, silent = ask(site, organizer), ask(site, organizer, "Silvia Silent")
    gone = ask(site, organizer, "Rem Oved")
    link = {id: f"/signup/pool/{tokens.sign('pool', {'person': id})}" for id in (gus, silent, gone)}
    with _Camera(site, browser, scheme, width, found) as stranger:
        _look(stranger, link[silent], "pool-asked")
        with db.write("signup") as tx:
            people.agree(tx, f"person/{gus}", gus, "Europe/Berlin")
            people.decline(tx, f"person/{silent}", silent)
            people.remove_mentor(tx, f"organizer/{organizer}", gone)
        site.baton.drain()
        _look(stranger, link[gus], "pool-agreed")
        _look(stranger, link[silent], "pool-declined")
        _look(stranger, link[gone], "pool-removed")
        tick(site.baton, days=2)
        written(site.baton, first, "# What we said\n\nWe spoke of **offers**.\n\n- Ada writes to two firms", "person/x")
        tick(site.baton)
        row = next(row for row in site.baton.rows("sessions", "turn", role="mentor", person=gus))
        base = f"/sessions/turn/{tokens.sign('turn', {'person': gus, 'turn': row['id']})}"
        _look(stranger, base, "mentor-asked")
        do(answering.accept, row["id"], f"person/{gus}")
        _look(stranger, base, "mentor-accepted")
        _look(stranger, f"{base}/minutes/{first}", "past-minutes")
        _look(stranger, f"/sessions/away/{tokens.sign('away', {'person': gus})}", "away")
    ada, grace = person(site.baton, "Ada Lovelace"), site.member("hopper@example.org", "Mary Ward")
    with _Camera(site, browser, scheme, width, found, grace, "member") as own:
        for path in ("/signup/me/goal?form", "/signup/me/alumni?form", "/signup/me/mentor?member"):
            own.look(path)
        with db.write("signup") as tx:
            people.reach(tx, f"person/{grace}", grace, "A job at the observatory, from March on.", True)
            people.reach(tx, f"person/{ada}", ada)
        site.baton.drain()
        own.look("/signup/me/goal?reached")
        with db.write("signup") as tx:
            people.graduate(tx, f"person/{grace}", grace, ["stream3"])
        site.baton.drain()
        for path in ("/signup/me?alumni", "/signup/me/goal?alumni", "/signup/me/mentor?alumni", "/sessions/?alumni"):
            own.look(path)
    with _Camera(site, browser, scheme, width, found, gus, "member") as guest:
        for path in ("/signup/me?guest", "/signup/me/mentor?guest", "/sessions/?guest"):
            guest.look(path)
    with _Camera(site, browser, scheme, width, found, organizer, "member", "organizer") as runs:
        more = [f"{pool}/{gus}/remove", f"/signup/organizer/members/{ada}/alumni", f"/signup/organizer/members/{grace}"]
        for path in (pool, "/signup/organizer/goals", *more):
            runs.look(path)
        for kind in ("guest", "goal", "alumni", "mentor"):
            mail = site.baton.rows("notifications", "mail", kind=kind)[0]
            runs.tab.goto("about:blank")
            runs.tab.set_content(mail["html"])
            runs._examine(f"mail-{kind}") if scheme == "light" else None
    assert not found, "\n".join(found)


def _look(camera: _Camera, path: str, name: str) -> None:
    camera.tab.goto(camera.site.url(path))
    camera._examine(name)
