"""Every page by axe: light and dark, phone and desktop; nothing wider than the screen; no error in the console.

With BATON_SHOTS=folder every page is also photographed into that folder, for looking at them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from services.signup import people, program
from shared import db, tokens
from shared.config import SERVICES
from tests.browser.conftest import Site

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

# Each page is loaded in the first, and examined by every rule; then it is turned into the second, where what depends on
# colours and room is examined once more.
FACES = [("light", 1280)]
SECOND = ("dark", 390)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
SIGHT = {
    "runOnly": {
        "type": "rule",
        "values": ["color-contrast", "link-in-text-block", "target-size", "scrollable-region-focusable"],
    },
    "resultTypes": ["violations"],
}
EXAMINE = """async rules => [
  (await axe.run(rules)).violations.map(each => [each.id, each.help, each.nodes.slice(0, 3).map(node => node.target)]),
  document.documentElement.scrollWidth > window.innerWidth,
]"""

IDS = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|/\.?e[yJ][\w.-]{30,}"
)  # of people and in links: photographs are named without
PUBLIC = [
    "/",
    "/signup/",
    "/signup/stream1",
    "/signup/stream3",
    "/signup/embed/stream1",
    "/signup/check-mail",
    "/signup/embed/check-mail",
    "/signup/sign-in",
    "/signup/confirm/broken",
    "/signup/no-such-stream",
]
OWN = [
    "/signup/me",
    "/signup/me/answers",
    "/signup/me/stream",
    "/signup/me/address",
    "/signup/me/download",
    "/signup/me/pause",
    "/signup/me/leave",
    "/signup/me/erase",
]
ORGANIZER = [
    "/signup/organizer/",
    "/signup/organizer/?q=nobody+like+this",
    "/signup/organizer/program",
    "/signup/organizer/program/sections/new",
    "/signup/organizer/program/sections/faq",
    "/signup/organizer/program/sections/faq/remove",
    "/signup/organizer/streams",
    "/signup/organizer/streams/new",
    "/signup/organizer/streams/stream1",
    "/signup/organizer/streams/stream1/remove",
    "/signup/organizer/streams/stream1/preview",
    "/signup/organizer/streams/stream1/questions/new",
    "/signup/organizer/charter",
    "/signup/organizer/charter/1",
    "/signup/organizer/charter?from=1",
    "/signup/organizer/snippets",
    "/signup/organizer/organizers",
    "/signup/organizer/tokens",
    "/signup/organizer/import",
    "/signup/organizer/audit",
    "/notifications/outbox",
    *(f"/{service}/ops" for service in SERVICES),
]


@pytest.mark.parametrize(("scheme", "width"), FACES)
def test_no_page_has_a_violation(site: Site, browser: Any, scheme: str, width: int) -> None:
    organizer, ada, waiting = _a_living_program(site)
    questions = [q for s in _program().streams for q in s.questions if s.slug == "stream1"]
    links = [f"/signup/{kind}/{tokens.sign(kind, {'person': waiting})}" for kind in ("confirm", "enter")]
    links.append(f"/signup/confirm/{tokens.sign('confirm', {'person': ada})}?already")
    links.append(f"/signup/sign-in/{tokens.sign('sign-in', {'person': ada, 'request': 'r', 'next': None})}")
    member = f"/signup/organizer/members/{ada}"
    found: list[str] = []
    with _Camera(site, browser, scheme, width, found) as stranger:
        for path in (*PUBLIC, *links):
            stranger.look(path)
        stranger.press("/signup/stream1", "main form button", "signup-errors")
    with _Camera(site, browser, scheme, width, found, ada, "member") as own:
        for path in OWN:
            own.look(path)
        own.look("/signup/organizer/")  # not for a member: 403
        own.press("/signup/me/download", "main button", "gathering")
        site.baton.drain()
        own.look("/signup/me/download?ready")
        own.press("/signup/me/pause", "main button", "paused")
        own.press("/signup/me/leave", "main button", "left")
        own.press("/signup/me/erase", "main button", "erasing")
    with db.write("signup") as tx:
        people.ask_new_address(tx, f"person/{organizer}", organizer, "olga@new.example.org")
        request = people.one(tx, organizer)["new_email_request"]  # type: ignore[index]
    site.baton.drain()
    with _Camera(site, browser, scheme, width, found, organizer, "member", "organizer") as runs:
        runs.look("/signup/me/address")
        runs.look(f"/signup/address/{tokens.sign('address', {'person': organizer, 'request': request})}")
        edit = [f"/signup/organizer/streams/stream1/questions/{q.id}" for q in questions]
        removing = f"/signup/organizer/organizers/{organizer}/remove"
        asked = [f"{edit[0]}/retire"] if edit else []
        for part in ("", "?part=text", "?part=headers", "?part=raw"):
            runs.follow("/notifications/outbox", "tbody a", part)
        people_pages = [removing, member, f"/signup/organizer/members/{waiting}", "/signup/me"]
        for path in (*ORGANIZER, *edit[:2], *asked, *people_pages):
            runs.look(path)
    with db.write("signup") as tx:
        program.save_stream(tx, f"organizer/{organizer}", "stream3", {"open": False})
        program.publish_charter(tx, f"organizer/{organizer}", "We bring cake.")
        people.keep(tx, f"person/{ada}", ada)
        people.come_back(tx, f"person/{ada}", ada)
    with _Camera(site, browser, scheme, width, found, organizer, "member", "organizer") as runs:
        for path in (f"{member}/address", f"{member}/move", f"{member}/leave", f"{member}/pause"):
            runs.look(path)
        for path in ("/", "/signup/stream3", "/signup/embed/stream3", "/signup/organizer/charter/1"):
            runs.look(f"{path}?later")  # a stream is closed, and this charter is an earlier one
    assert not found, "\n".join(found)


def _program() -> program.Program:
    with db.read("signup") as tx:
        return program.load(tx)


def _a_living_program(site: Site) -> tuple[str, str, str]:
    organizer = site.organizer()
    ada = site.member()
    waiting = site.member("grace@example.org", "Grace Hopper", confirmed=False)
    for number, name in enumerate(("Katherine Johnson", "Alan Turing", "Chien-Shiung Wu", "Srinivasa Ramanujan")):
        person = site.member(f"member{number}@example.org", name)
        with db.write("signup") as tx:
            if number == 1:
                people.pause(tx, f"person/{person}", person)
            elif number == 2:
                people.change_stream(tx, f"person/{person}", person, "stream2")
            elif number == 3:
                people.leave(tx, f"person/{person}", person, "Exams <script>alert(1)</script>")
    with db.write("signup") as tx:
        fields = {"chat_invite": "https://chat.example.org/join", "video_url": "https://video.example.org/1"}
        program.save_program(tx, f"organizer/{organizer}", fields)
    site.baton.drain()
    return organizer, ada, waiting


class _Camera:
    """A browser window that examines every page it is shown."""

    def __init__(self, site: Site, browser: Any, scheme: str, width: int, found: list[str], *who: str) -> None:
        self.site, self.found, self.scheme, self.width = site, found, scheme, width
        self.window = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
        )
        if who:
            site.sign_in(self.window, *who)
        self.tab = self.window.new_page()
        self.tab.on("console", self._heard)

    def __enter__(self) -> _Camera:
        return self

    def __exit__(self, *_: object) -> None:
        self.window.close()

    def look(self, path: str) -> None:
        answer = self.tab.goto(self.site.url(path))
        if answer.status >= 500:
            self.found.append(f"{path} answers {answer.status}")
        self._examine(re.sub(r"[^a-z0-9]+", "-", IDS.sub("", path).lower()).strip("-")[:50] or "program")

    def follow(self, path: str, link: str, query: str) -> None:
        self.tab.goto(self.site.url(path))
        self.tab.goto(self.site.url(self.tab.locator(link).first.get_attribute("href") + query))
        self._examine(f"one-of{path.replace('/', '-')}-{query.removeprefix('?')}")

    def press(self, path: str, button: str, name: str) -> None:
        self.tab.goto(self.site.url(path))
        self.tab.locator(button).last.click()
        self.tab.wait_for_load_state()
        self._examine(name)

    def _heard(self, message: Any) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.found.append(f"console at {self.tab.url}: {message.text}")

    def _examine(self, name: str) -> None:
        self.found += examine(self.tab, self.scheme, self.width, name)


def examine(tab: Any, scheme: str, width: int, name: str) -> list[str]:
    """What is wrong with what a tab shows, as it was loaded and in the second face."""
    found: list[str] = []
    tab.evaluate(AXE_SCRIPT)
    for (seen, wide), rules in (((scheme, width), RULES), (SECOND, SIGHT)):
        _turn(tab, seen, wide)
        violations, wider = tab.evaluate(EXAMINE, rules)
        for id, help, targets in violations:
            nodes = "; ".join(" ".join(each) if isinstance(each[0], str) else str(each) for each in targets)
            found.append(f"{seen}-{wide} {name}: {id}: {help}: {nodes}")
        if wider:
            found.append(f"{seen}-{wide} {name}: wider than the screen")
    if folder := os.environ.get("BATON_SHOTS"):
        Path(folder).mkdir(exist_ok=True)
        for seen in ("light", "dark"):
            for wide in (390, 1280):
                _turn(tab, seen, wide)
                tab.screenshot(path=f"{folder}/{name}-{seen}-{wide}.png", full_page=True)
    _turn(tab, scheme, width)
    return found


def _turn(tab: Any, scheme: str, width: int) -> None:
    tab.emulate_media(color_scheme=scheme)
    tab.set_viewport_size({"width": width, "height": 844})
