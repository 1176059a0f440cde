"""The member's tab "Sessions" and the pages below it, by axe, in light and dark, on phone and desktop."""

from __future__ import annotations

from typing import Any

import pytest

from services.sessions import attendance, items, minutes
from shared import db
from tests.browser.conftest import Site
from tests.browser.test_faces import FACES, _Camera
from tests.meeting import Circle, add_person

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    circle = Circle(site.baton)
    found: list[str] = []
    with db.write("sessions") as tx:
        add_person(tx, "new", "Newcomer", state="confirmed")
        of = minutes.taken(tx, circle.first)
        for text in ("Write to the library", "Ask Grace about her first weeks in the new job, and tell the circle"):
            items.add(tx, of, {"text": text, "owner": circle.ada, "due": ""}, "person/ada")
        circle.turn(tx, circle.second, circle.ada, "coordinator", "released")
    circle.begin(3)
    with db.write("sessions") as tx:
        attendance.record(tx, minutes.taken(tx, circle.first), {circle.ada: True}, "person/ada")
    pages = ("", "turns", "items", "attendance", "absences", "calendar")
    with _Camera(site, browser, scheme, width, found, circle.ada, "member") as own:
        for path in pages:
            own.tab.goto(site.url(f"/sessions/{path}"))
            own._examine(f"own-{path or 'home'}")
        own.press("/sessions/calendar", "main form button", "own-calendar-none")
        own.press("/sessions/items", "main form button", "own-items-dropped")
    with _Camera(site, browser, scheme, width, found, "new", "member") as new:
        for path in pages:
            new.tab.goto(site.url(f"/sessions/{path}"))
            new._examine(f"own-empty-{path or 'home'}")
    assert not found, "\n".join(found)
