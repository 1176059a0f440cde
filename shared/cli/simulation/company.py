"""Everybody who takes part: a mailbox and a browser each, and what they are about to do.

What they do about their mails is for members and the organizer to know.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta

from ... import tokens
from . import words
from .browser import Astray, Browser, Form, Page
from .habits import Habits, Lives
from .letters import Letter

Act = Callable[[], str | None]
SLOTS = (12, 17, 22)  # o'clock, UTC: when people sit down to their mail
Tell = Callable[[datetime, str, str], None]  # (when, who, what they did)


class Company:
    """Everybody, and what they are about to do."""

    def __init__(self, seed: int, habits: Habits, lives: Lives | None, tell: Tell) -> None:
        self.seed, self.habits, self.lives, self.tell = seed, habits, lives, tell
        self.people: dict[str, Reader] = {}
        self.done: Counter[str] = Counter()
        self.astray: list[str] = []
        self.placed = 0  # mails that told of a place in a circle
        self._due: list[tuple[datetime, int, Reader, Act]] = []
        self._count = itertools.count()

    def add(self, reader: Reader) -> None:
        """One more."""
        self.people[reader.address] = reader

    def read(self, letters: Iterable[Letter]) -> None:
        """Mails arrive; each is read by whom it is for."""
        for letter in letters:
            self.placed += letter.kind == "placed"
            if reader := self.people.get(letter.address):
                reader.receive(letter)

    def next(self) -> datetime | None:
        """When somebody does something next."""
        return self._due[0][0] if self._due else None

    def later(self, at: datetime, who: Reader, act: Act) -> None:
        """Somebody will do something, when people next sit down to their mail."""
        days = (at.astimezone(UTC).date() + timedelta(days=more) for more in (0, 1))
        slots = (datetime.combine(day, time(hour), UTC) for day in days for hour in SLOTS)
        heapq.heappush(self._due, (next(slot for slot in slots if slot >= at), next(self._count), who, act))

    def act(self, now: datetime) -> int:
        """Whatever is due is done; returns how much."""
        done = 0
        while self._due and self._due[0][0] <= now:
            _, _, who, act = heapq.heappop(self._due)
            done += 1
            try:
                said = act()
            except Astray as astray:
                self.astray.append(f"{now:%d %b %H:%M} {who.name}: {astray}")
                continue
            if said:
                self.done[said] += 1
                self.tell(now, who.name, said)
        return done


class Reader:
    """Somebody with a mailbox and a browser."""

    def __init__(self, company: Company, address: str, name: str, browser: Browser) -> None:
        self.company, self.address, self.name, self.browser = company, address, name, browser
        self._seen: Counter[str] = Counter()
        self.now = datetime.min.replace(tzinfo=UTC)  # of the mail that was read last

    def receive(self, letter: Letter) -> None:
        """Read a mail."""
        self.now = letter.at
        on = getattr(self, "on_" + letter.kind.replace("-", "_"), None)
        if on:
            on(letter, self.dice(f"{letter.kind} {letter.subject}"))

    def dice(self, about: str) -> random.Random:
        """Chance, the same for the same seed, person and matter; a matter that comes again is another."""
        self._seen[about] += 1
        return random.Random(f"{self.company.seed}|{self.address}|{about}|{self._seen[about]}")

    def later(self, hours: float, act: Act, since: datetime | None = None) -> None:
        """Do it so many hours after the mail, or that instant."""
        self.company.later((since or self.now) + timedelta(hours=hours), self, act)

    def press_at(self, address: str, name: str = "", value: str | None = None) -> Page | None:
        """Open a page and press the button of that name, or its first one; None where there is none (any more)."""
        page = self.opened(address)
        form = page.form(name, value) if name else next(iter(page.forms), None)
        if form is None:
            return None
        return self.checked(self.browser.press(page, form, button_of(form, name, value)))

    def opened(self, address: str) -> Page:
        """The page there; one that says no in words is a page, too."""
        page = self.browser.open(address)
        if page.status >= 500:
            raise Astray(f"{tokens.hidden(page.path)} answered {page.status}")
        return page

    def who_led(self, page: Page) -> Page:
        """Where the page asks who coordinated in place of somebody absent: the first who was there, or nobody."""
        form = page.form("served") if page.status == 422 else None
        if form is None:
            return page
        those = [each for each in form.options["served"] if each and each != "nobody"]
        return self.browser.press(page, form, ("do", "publish"), {"served": those[0] if those else "nobody"})

    def checked(self, page: Page) -> Page:
        """:raises Astray: something that was offered was not taken."""
        if page.status >= 500 or page.status == 422:
            raise Astray(f"{tokens.hidden(page.path)} answered {page.status}: {words.refusal(page.text)}")
        return page


def button_of(form: Form, name: str, value: str | None) -> tuple[str, str] | None:
    """The button to press: the one asked for, or, where a field says the same, whichever there is."""
    return next((each for each in form.buttons if each[0] == name and value in (None, each[1])), None)
