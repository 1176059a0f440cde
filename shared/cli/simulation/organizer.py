"""The organizer: sets when circles meet, once each, and else does only what Baton asks for; each deed with its why."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ... import clock
from .browser import Astray, Browser
from .letters import Letter
from .members import Company, Reader

HOURS = ("18:30", "19:00", "12:30", "20:00", "17:45")


@dataclass(frozen=True)
class Deed:
    """Something that the organizer had to do. `setup` is done once for each circle, and is nobody's fault."""

    at: datetime
    what: str
    why: str
    setup: bool = False


class Organizer(Reader):
    """One organizer, for all circles."""

    def __init__(self, company: Company, address: str, browser: Browser) -> None:
        super().__init__(company, address, "the organizer", browser)
        self.deeds: list[Deed] = []
        self.looking = False

    def sign_in(self, link: str) -> None:
        """By the link that the first start prints."""
        if self.press_at(link) is None:
            raise Astray("the organizer's link has no button")

    def look_soon(self, at: datetime) -> None:
        """Somebody was placed: there may be a circle that has no dates."""
        if not self.looking:
            self.looking = True
            self.company.later(at + timedelta(hours=3), self, self._set_dates)

    def _set_dates(self) -> str | None:
        self.looking = False
        page = self.opened("/sessions/circles")
        todo = [link for link in page.links if link.endswith("/dates")]
        for address in dict.fromkeys(todo):
            self._dates(address)
        return "sets dates" if todo else None

    def _dates(self, address: str) -> None:
        page = self.opened(address)
        form = page.form("first")
        if form is None:
            raise Astray(f"{page.path} has no form of dates")
        number = sum(deed.setup for deed in self.deeds)
        first = (clock.now() + timedelta(days=8 + number % 4)).date()
        values = {"first": first.isoformat(), "weeks": "2", "time": HOURS[number % len(HOURS)], "minutes": "60",
                  "link": f"https://meet.example.org/circle-{number + 1}"}  # fmt: skip
        shown = self.checked(self.browser.press(page, form, ("step", "preview"), values))
        save = shown.form("step", "save")
        if save is None:
            raise Astray(f"{shown.path} does not offer to save the dates")
        self.checked(self.browser.press(shown, save, ("step", "save")))
        self._did("set when a circle meets", "a new circle has no dates", setup=True)

    def on_turn_open_organizer(self, letter: Letter, dice: random.Random) -> None:
        """Wait a day: perhaps somebody takes it."""
        page = next((link for link in letter.links if link.endswith("/turns")), None)
        if page:
            self.later(26, partial(self._find_somebody, page, dice))

    def _find_somebody(self, address: str, dice: random.Random) -> str | None:
        """Still nobody: call people until somebody says yes, and say so on the page."""
        turns = self.opened(address)
        decide = next((link for link in turns.links if link.endswith("/assign")), None)
        page = self.opened(decide) if decide else turns
        form = page.form("do", "assign")
        if decide is None or form is None or "No coordinator." not in page.text:
            return None
        people = [each for each in form.options["person"] if each.startswith("coordinator/")]
        dice.shuffle(people)
        for who in people:
            values = {"person": who, "agreed": "yes", "reason": "They said yes on the phone."}
            if self.browser.press(page, form, ("do", "assign"), values).status == 200:
                self._did("found a coordinator", "all who were asked said no or nothing, and nobody took the open turn")
                return "finds a coordinator"
        self._did("found nobody to coordinate", "everybody of the circle is away or has another duty")
        return "finds nobody to coordinate"

    def on_minutes_late(self, letter: Letter, dice: random.Random) -> None:
        address = next((link for link in letter.links if link.endswith("/lead")), None)
        if address:
            self.later(dice.uniform(2, 20), partial(self._explain, address))

    def _explain(self, address: str) -> str | None:
        """Say why there are no minutes, so that the session can be closed."""
        page = self.opened(address)
        form = page.form("do", "publish")
        if form is None:
            return None
        reasons = {"minutes": "Nobody wrote any.", "attendance": "Nobody noted it.", "next": "Nobody yet."}
        values = {f"reason-{gap}": words for gap, words in reasons.items() if form.offers(f"reason-{gap}")}
        self.checked(self.browser.press(page, form, ("do", "publish"), values))
        self._did("said why minutes are missing", "none came within three days of the session")
        return "says why minutes are missing"

    def _did(self, what: str, why: str, setup: bool = False) -> None:
        self.deeds.append(Deed(clock.now(), what, why, setup))
