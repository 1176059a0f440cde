"""An organizer's way through operation in Chromium: a dead delivery, a held mail, a mail server that is away."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from services.notifications.mail import server
from services.signup import program
from shared import db
from shared.events import inbox
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def bury(site: Site, monkeypatch: pytest.MonkeyPatch, *subscribers: str) -> None:
    """program.changed fails eight times at each of them; afterwards it would work."""

    def fails(_tx: Any, _event: Any) -> None:
        raise RuntimeError("the disk was full: /var/lib/baton/sessions.db, and a_very_long_word_" + "x" * 60)

    with monkeypatch.context() as patch:
        for name in subscribers:
            patch.setitem(inbox._handlers, (name, "program.changed"), fails)
        with db.write("signup") as tx:
            program.save_program(tx, "system", {"name": "Renamed"})
        for _ in range(9):
            site.baton.drain()
            site.baton.pass_machine_time(700)
    site.baton.tick()


def hold(site: Site) -> None:
    """All mails that are there are held."""
    words = "The sender died while this mail was in flight; nobody can know whether the server took it."
    with db.write("notifications") as tx:
        tx.execute(sa.text("UPDATE mail SET state = 'held', error = :words"), {"words": words})


@pytest.fixture
def tab(site: Site, browser: Any) -> Any:
    """An organizer's phone."""
    window = browser.new_context(viewport={"width": 390, "height": 844})
    site.sign_in(window, site.organizer(), "member", "organizer")
    page = window.new_page()
    page.set_default_timeout(10_000)
    yield page
    window.close()


def test_retry_skip_and_undo(site: Site, tab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bury(site, monkeypatch, "sessions", "blog")
    tab.goto(site.url("/notifications/ops"))
    tab.get_by_role("link", name="Signup").click()
    tab.get_by_text("2 deliveries are dead").wait_for()

    tab.get_by_role("button", name="Retry: event").and_(tab.get_by_role("button", name="for sessions")).click()
    tab.get_by_text("It is owed again, from the start").wait_for()
    site.baton.drain()
    assert site.baton.rows("sessions", "program")[0]["name"] == "Renamed"

    tab.get_by_role("link", name="Skip: event").click()
    tab.get_by_role("heading", name="Skip program.changed for blog?").wait_for()
    tab.get_by_role("button", name="Skip it").click()
    tab.get_by_text("Say why.").first.wait_for()
    tab.get_by_label("Why").fill("It will never work")
    tab.get_by_role("button", name="Skip it").click()
    tab.get_by_text("Skipped. What waited behind it goes on").wait_for()
    tab.get_by_text("Olga Organizer").first.wait_for()
    assert site.baton.rows("blog", "program")[0]["name"] != "Renamed"

    tab.get_by_role("button", name="Undo: skipping event").click()
    tab.get_by_text("It is owed again.").wait_for()
    site.baton.drain()
    assert site.baton.rows("blog", "program")[0]["name"] == "Renamed"
    tab.reload()
    tab.get_by_role("heading", name="None is dead").wait_for()


def test_a_held_mail_both_ways(site: Site, tab: Any, change_settings: Any) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    site.member()
    site.baton.drain()
    hold(site)
    tab.goto(site.url("/notifications/outbox"))
    tab.get_by_role("link", name="Decide about them").click()
    tab.get_by_role("button", name="It arrived: Confirm").click()
    tab.get_by_text("Marked as arrived").wait_for()
    for subject in ("Welcome", "You have a place"):
        tab.get_by_role("button", name=f"Send again: {subject}").click()
        tab.get_by_text("It goes out once more").wait_for()
    tab.get_by_role("heading", name="No mail is held").wait_for()
    assert {row["kind"]: row["state"] for row in site.baton.rows("notifications", "mail")} == {
        "confirm": "sent",
        "welcome": "queued",
        "placed": "queued",
    }
    arrived = site.baton.rows("notifications", "mail", kind="confirm")[0]["id"]
    tab.goto(site.url(f"/notifications/outbox/{arrived}"))
    tab.get_by_role("button", name="No, hold it again").click()
    tab.get_by_text("It is held again").wait_for()
    tab.goto(site.url(f"/notifications/outbox/{arrived}"))
    tab.get_by_role("button", name="It arrived").click()
    tab.get_by_text("Marked as arrived").wait_for()


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(
    site: Site, browser: Any, monkeypatch: pytest.MonkeyPatch, change_settings: Any, scheme: str, width: int
) -> None:
    change_settings(smtp_url="smtp://127.0.0.1:9")
    organizer = site.organizer()
    site.member(name="Ada Lovelace, Countess of a Very Long Name")
    bury(site, monkeypatch, "sessions", "blog")
    hold(site)
    server.away("connecting: 127.0.0.1:9 cannot be reached: [Errno 111] Connection refused")
    [row] = site.baton.rows("signup", "delivery", subscriber="blog", confirmed_at=None)
    skip = f"/signup/ops/deliveries/{row['event']}/blog/skip"
    found: list[str] = []
    with _Camera(site, browser, scheme, width, found, organizer, "member", "organizer") as runs:
        for path in ("/notifications/ops", "/signup/ops", "/notifications/outbox", skip):
            runs.look(path)
        runs.follow("/notifications/outbox", "tbody a", "?part=text")
        runs.press(skip, "main button", "skip-without-a-reason")
        runs.tab.get_by_label("Why").fill("It will never work: the column is gone")
        runs.tab.get_by_role("button", name="Skip it").click()
        runs.press("/signup/ops", "button:has-text('Replay')", "skipped-and-replay-asked")
    assert not found, "\n".join(found)
