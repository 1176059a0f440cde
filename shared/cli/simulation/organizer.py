"""The organizer: sets when circles meet and what is planned, once each, reads what members write, and else does only
what Baton asks for; each deed with its why."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ... import clock
from . import words
from .browser import Astray, Browser
from .company import Company, Reader
from .letters import Letter

DECLINES = 0.1  # of posts
LOOKS_EVERY = timedelta(days=3)  # in the queue of posts
PLANS = {"organizers": ("1", "2", "17:00"), "talk": ("3", "3", "18:00")}  # which of the month, weekday, hour
HOURS = ("18:30", "19:00", "12:30", "20:00", "17:45")


@dataclass(frozen=True)
class Deed:
    """Something that the organizer had to do.

    :param usual: what it belongs to where it is nobody's fault: dates (once for each circle), plans (once), posts that
        are reviewed, gatherings that are sent. Empty: somebody had to step in.
    """

    at: datetime
    what: str
    why: str
    usual: str = ""


class Organizer(Reader):
    """One organizer, for all circles."""

    def __init__(self, company: Company, address: str, browser: Browser) -> None:
        super().__init__(company, address, "the organizer", browser)
        self.deeds: list[Deed] = []
        self.looking = False
        self.talks = 0  # that were announced
        self.sent = ""  # the page of the meeting or talk that was just sent

    def sign_in(self, link: str) -> None:
        """By the link that the first start prints."""
        if self.press_at(link) is None:
            raise Astray("the organizer's link has no button")

    def ask_for_a_link(self) -> None:
        """Have another link mailed that signs in."""
        page = self.opened("/signup/sign-in")
        form = page.form("email")
        if form is None:
            raise Astray(f"{page.path} asks for no address")
        self.checked(self.browser.press(page, form, values={"email": self.address}))

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
        number = sum(deed.usual == "dates" for deed in self.deeds)
        first = (clock.now() + timedelta(days=8 + number % 4)).date()
        values = {"first": first.isoformat(), "weeks": "2", "time": HOURS[number % len(HOURS)], "minutes": "60",
                  "link": f"https://meet.example.org/circle-{number + 1}"}  # fmt: skip
        shown = self.checked(self.browser.press(page, form, ("step", "preview"), values))
        save = shown.form("step", "save")
        if save is None:
            raise Astray(f"{shown.path} does not offer to save the dates")
        self.checked(self.browser.press(shown, save, ("step", "save")))
        self._did("set when a circle meets", "a new circle has no dates", "dates")

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
        self.checked(self.who_led(self.browser.press(page, form, ("do", "publish"), values)))
        self._did("said why minutes are missing", "none came within three days of the session")
        return "says why minutes are missing"

    # ---- planned once ----

    def plan(self, guests: list[tuple[str, str]]) -> None:
        """In the first days: plans for meetings and talks, and guests are asked who mentor the uppermost stream."""
        self.company.later(clock.now() + timedelta(hours=20), self, partial(self._arrange, guests))
        self.company.later(clock.now() + LOOKS_EVERY, self, self._look_at_posts)

    def _arrange(self, guests: list[tuple[str, str]]) -> str:
        for kind, (week, weekday, hour) in PLANS.items():
            page = self.opened(f"/sessions/gatherings/plans/{kind}")
            form = page.form("week")
            if form is None:
                raise Astray(f"{page.path} has no form of a plan")
            values = {"week": week, "weekday": weekday, "time": hour, "minutes": "60", "ahead": "12",
                      "link": f"https://meet.example.org/{kind}"}  # fmt: skip
            self.checked(self.browser.press(page, form, values=values))
            self._did(
                "planned meetings" if kind == "organizers" else "planned talks", "nothing comes by itself", "plans"
            )
        for name, address in guests:
            page = self.opened("/signup/organizer/mentors")
            form = page.form("streams")
            if form is None:
                raise Astray(f"{page.path} has no form to ask a guest")
            values = {"name": name, "email": address, "streams": form.options["streams"][-1]}
            self.checked(self.browser.press(page, form, values=values))
            self._did("asked a guest to mentor", "nobody is above the uppermost stream", "plans")
        return "plans meetings and talks"

    # ---- meetings and talks ----

    def on_proposal(self, letter: Letter, dice: random.Random) -> None:
        address = next((link for link in letter.links if "/sessions/gatherings/" in link), None)
        if address:
            self.later(dice.uniform(3, 40), partial(self._send, address))

    def _send(self, address: str) -> str | None:
        """Fill in what a talk lacks, see who gets it, send it."""
        page = self.opened(address)
        if "A talk without a title" in page.text:
            title, guest = words.talk(self.talks)
            edit = self.opened(f"{address}/edit")
            form = edit.form("guest_name")
            if form is None:
                return None
            self.talks += 1
            about = f"{guest} tells how it is done, and what went wrong on the way. Bring your questions."
            values = {"title": title, "guest_name": guest, "text": about}
            self.checked(self.browser.press(edit, form, values=values))
            page = self.opened(address)
        form = next((form for form in page.forms if form.action.endswith("/send")), None)
        if form is None:
            return None
        self.checked(self.browser.press(page, form))
        self.sent = address
        self._did("sent an invite to a meeting or talk", "a plan proposed it", "gatherings")
        return "sends a meeting or talk"

    def on_meeting(self, letter: Letter, dice: random.Random) -> None:
        """The invite has come back to who sent it: come, and share notes on the day after."""
        link = letter.link("rsvp")
        if link:
            self.later(
                dice.uniform(1, 9), lambda: "comes to the meeting" if self.press_at(link, "answer", "coming") else None
            )
        if self.sent and letter.ends:
            address, self.sent = self.sent, ""
            self.later(16, partial(self._share_notes, address, dice), letter.ends)

    on_talk = on_meeting

    def _share_notes(self, address: str, dice: random.Random) -> str | None:
        page = self.opened(address)
        form = page.form("do", "share")
        if form is None:
            return None
        self.checked(self.browser.press(page, form, ("do", "share"), {"notes": words.minutes(dice)}))
        return "shares notes of a meeting or talk"

    # ---- posts ----

    def _look_at_posts(self) -> str | None:
        self.company.later(clock.now() + LOOKS_EVERY, self, self._look_at_posts)
        return self.review()

    def review(self) -> str | None:
        """Whatever is in review is read, and mostly accepted."""
        page = self.opened("/blog/offers/?state=open")
        count = 0
        for address in dict.fromkeys(link for link in page.links if re.fullmatch(r"/blog/offers/[\w-]+", link)):
            post = self.opened(address)
            verdict = "decline" if self.dice("post").random() < DECLINES else "accept"
            form = next((form for form in post.forms if form.action.endswith(f"/{verdict}")), None)
            if form:
                self.checked(self.browser.press(post, form))
                self._did(
                    "accepted a post" if verdict == "accept" else "declined a post", "its author offered it", "posts"
                )
                count += 1
        return "reads posts in review" if count else None

    def _did(self, what: str, why: str, usual: str = "") -> None:
        self.deeds.append(Deed(clock.now(), what, why, usual))
