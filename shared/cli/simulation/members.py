"""Members: what they do about each kind of mail, and when. Everything they do, they do in their browser.

Decisions depend on the seed, the person and what the mail says, never on the order in which mails were read: so a seed
repeats them, whatever the machine does in between.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from ... import clock, tokens
from . import words
from .browser import Astray, Browser, Form, Page
from .company import Act, Company, Reader, button_of
from .habits import Habits, Lives
from .letters import Letter

STILL_THERE = (("yes", 0.5), ("pause", 0.65), ("leave", 0.75))  # what people say to that question, up to which chance
TRIES = 2  # at publishing: who finds the next coordinator missing on the second day says why, and publishes


class Member(Reader):
    """Somebody in a circle: answers, comes, leads when it is their turn."""

    def __init__(self, company: Company, address: str, name: str, browser: Browser, door: str | None = None) -> None:
        """
        :param door: the link to their own page, where it came before there was anybody to read it.
        """
        super().__init__(company, address, name, browser)
        self.door = door
        self.signed_up = self.inside = False
        self.answered: set[str] = set()
        self.leading: dict[str, datetime] = {}  # by session: when it ends
        self.plans: list[Callable[[random.Random], None]] = []  # what they set out to do once they are in
        self.begin_a_blog: Callable[[random.Random], None] | None = None  # for who has none, and is reminded
        self.mend: Act | None = None  # change the post that was published last

    @property
    def habits(self) -> Habits:
        return self.company.habits

    def enter(self) -> bool:
        """Be signed in; False without a link that does it."""
        if not self.inside and self.door:
            self.inside = self.press_at(self.door) is not None
        return self.inside

    # ---- signing up ----

    def sign_up(self, stream: str, zone: str) -> str:
        """Fill in the form of a stream."""
        page = self.opened(f"/signup/{stream}")
        form = page.form("charter")
        if form is None:
            raise Astray(f"{page.path} has no form to sign up")
        given = {"name": self.name, "email": self.address, "timezone": zone, "charter": form.options["charter"][0]}
        self.checked(self.browser.press(page, form, values=given))
        self.signed_up = True
        return "signs up"

    def on_confirm(self, letter: Letter, dice: random.Random) -> None:
        lives = self.company.lives or Lives()
        if dice.random() < lives.confirms and (link := letter.link("confirm")):
            self.later(dice.uniform(0.2, 20), partial(self._confirm, link))

    def on_confirm_reminder(self, letter: Letter, dice: random.Random) -> None:
        lives = self.company.lives or Lives()
        if not self.inside and dice.random() < lives.reminded and (link := letter.link("confirm")):
            self.later(dice.uniform(0.2, 30), partial(self._confirm, link))

    def _confirm(self, link: str) -> str | None:
        if self.inside or self.press_at(link) is None:
            return None
        self.inside = True
        self._plan_a_life()
        return "confirms"

    def on_welcome(self, letter: Letter, dice: random.Random) -> None:
        self.door = letter.link("enter") or self.door
        if dice.random() < 0.6:
            self.later(dice.uniform(1, 40), self._settle_in)

    def _settle_in(self) -> str | None:
        """Tick off what can be ticked off on one's own page."""
        page = self.opened("/signup/me")
        form = page.form("item")
        if form is None:
            return None
        self.checked(self.browser.press(page, form))
        return "ticks the checklist"

    def on_place(self, letter: Letter, dice: random.Random) -> None:
        if dice.random() < 0.85 and (link := letter.link("place")):
            self.later(dice.uniform(1, 40), lambda: "takes a place" if self.press_at(link) else None)

    # ---- comings and goings ----

    def _plan_a_life(self) -> None:
        lives = self.company.lives
        if lives is None:
            return
        dice, week = self.dice("life"), 24 * 7
        for plan in self.plans:
            plan(dice)
        if dice.random() < lives.pauses:
            begins = dice.uniform(3, 30) * week
            self.later(begins, lambda: self._go("/signup/me/pause", "pauses"))
            self.later(begins + dice.uniform(1, 5) * week, self._come_back)
        elif dice.random() < lives.reaches:
            self.later(dice.uniform(5, 24) * week, self._reach_a_goal)
        elif dice.random() < lives.leaves:
            leaves = dice.uniform(5, 45) * week
            self.later(leaves, lambda: self._go("/signup/me/leave", "leaves"))
            if dice.random() < lives.returns:
                self.later(leaves + dice.uniform(2, 8) * week, self._come_back)

    def _go(self, address: str, what: str) -> str | None:
        return what if self.enter() and self.press_at(address) else None

    def _come_back(self) -> str | None:
        page = self.opened("/signup/me")
        form = next((form for form in page.forms if form.action.endswith("/come-back")), None)
        if form is None:
            return None
        self.checked(self.browser.press(page, form))
        return "comes back"

    # ---- goals ----

    def _reach_a_goal(self) -> str | None:
        page = self.opened("/signup/me/goal") if self.enter() else None
        form = page.form("words") if page else None
        if page is None or form is None:
            return None
        self.checked(self.browser.press(page, form, values={"words": words.goal(self.dice("goal")), "shared": "yes"}))
        return "reaches their goal"

    def on_goal(self, letter: Letter, dice: random.Random) -> None:
        lives, roll = self.company.lives or Lives(), dice.random()
        if roll < lives.moves_up:
            self.later(dice.uniform(1, 60), self._move_up)
        elif roll < lives.moves_up + lives.graduates:
            self.later(dice.uniform(1, 60), partial(self._become_alumni, dice.random() < 0.6))

    def _move_up(self) -> str | None:
        page = self.opened("/signup/me/goal") if self.enter() else None
        form = next((form for form in page.forms if form.offers("stream")), None) if page else None
        if page is None or form is None:
            return None
        self.checked(self.browser.press(page, form))
        return "moves up a stream"

    def _become_alumni(self, mentors: bool) -> str | None:
        """And say, or not, that one may be asked to mentor where one was."""
        page = self.opened("/signup/me/alumni") if self.enter() else None
        form = next(iter(page.forms), None) if page else None
        if page is None or form is None:
            return None
        streams = form.options.get("mentors", []) if mentors else []
        self.checked(self.browser.press(page, form, values={"mentors": streams[0]} if streams else {}))
        return "becomes alumni"

    # ---- asked from outside ----

    def on_guest(self, letter: Letter, dice: random.Random) -> None:
        link = letter.link("pool")
        if link:
            self.later(dice.uniform(2, 60), partial(self._be_a_guest, link, "yes" if dice.random() < 0.85 else "no"))

    def _be_a_guest(self, link: str, said: str) -> str | None:
        return f"says {said} to mentoring as a guest" if self.press_at(link, "do", said) else None

    # ---- asked whether they are still there, and for a first post ----

    def on_checkin(self, letter: Letter, dice: random.Random) -> None:
        """Some never answer this either."""
        link, roll = letter.link("checkin"), dice.random()
        said = next((word for word, upto in STILL_THERE if roll < upto), None)
        if link and said:
            self.later(dice.uniform(2, 90), partial(self._still_there, link, said))
            if said == "pause":
                self.later(dice.uniform(3, 6) * 24 * 7, self._come_back)

    def _still_there(self, link: str, said: str) -> str | None:
        words_of = {"yes": "is still with us", "pause": "takes a break when asked", "leave": "leaves when asked"}
        return words_of[said] if self.press_at(link, "answer", said) else None

    def on_first_post(self, letter: Letter, dice: random.Random) -> None:
        """Some move it; some begin a blog then, who never meant to; the others read it and go on."""
        link, roll = letter.link("first-post"), dice.random()
        if link and roll < 0.3:
            self.later(dice.uniform(1, 60), lambda: "moves their first post" if self.press_at(link) else None)
        elif roll < 0.5 and self.begin_a_blog and not self.plans:
            self.plans.append(self.begin_a_blog)
            self.begin_a_blog(dice)

    # ---- posts ----

    def on_published(self, letter: Letter, dice: random.Random) -> None:
        lives = self.company.lives or Lives()
        if self.mend and dice.random() < lives.mends:
            self.later(dice.uniform(10, 100), self.mend)

    # ---- invites ----

    def on_meeting(self, letter: Letter, dice: random.Random) -> None:
        link = letter.link("rsvp")
        if link and dice.random() < self.habits.answers:
            self._answer(link, link, dice)

    def on_talk(self, letter: Letter, dice: random.Random) -> None:
        link, lives = letter.link("rsvp"), self.company.lives or Lives()
        if link and dice.random() < lives.talks:
            self.later(dice.uniform(1, 30), partial(self._want_no_talks, link))
        elif link and dice.random() < self.habits.answers:
            self._answer(link, link, dice)

    def _want_no_talks(self, link: str) -> str | None:
        return "wants no talks" if self.press_at(link, "answer", "no-talks") else None

    def on_invite(self, letter: Letter, dice: random.Random) -> None:
        self._note_duty(letter, dice)
        link = letter.link("rsvp")
        if not link or not letter.begins or not letter.session:
            return
        until = letter.begins.date() + timedelta(days=dice.randrange(10))
        if dice.random() < self.habits.away:
            self.answered.add(letter.session)
            self.later(dice.uniform(1, 30), partial(self._away, link, until.isoformat()))
        elif dice.random() < self.habits.answers:
            self._answer(link, letter.session, dice)

    def on_invite_update(self, letter: Letter, dice: random.Random) -> None:
        self._note_duty(letter, dice)

    def on_reminder(self, letter: Letter, dice: random.Random) -> None:
        self._note_duty(letter, dice)
        link = letter.link("rsvp")
        if link and letter.session and letter.session not in self.answered and dice.random() < self.habits.answers:
            self._answer(link, letter.session, dice, most=1.0)

    def _answer(self, link: str, session: str, dice: random.Random, most: float = 30) -> None:
        self.answered.add(session)
        said = "cannot" if dice.random() < self.habits.cannot else "coming"
        self.later(dice.uniform(most / 30, most), partial(self._say, link, said))

    def _say(self, link: str, said: str) -> str | None:
        words_of = {"coming": "says that they come", "cannot": "says that they cannot come"}
        return words_of[said] if self.press_at(link, "answer", said) else None

    def _away(self, link: str, until: str) -> str | None:
        page = self.opened(link)
        form = page.form("until")
        if form is None:
            return None
        self.checked(self.browser.press(page, form, ("answer", "until"), {"until": until}))
        return "is away for a while"

    # ---- turns ----

    def on_turn(self, letter: Letter, dice: random.Random) -> None:
        self._asked(letter, dice, "coordinate")

    def on_mentor(self, letter: Letter, dice: random.Random) -> None:
        self._asked(letter, dice, "mentor")

    def _asked(self, letter: Letter, dice: random.Random, what: str) -> None:
        link, roll = letter.link("turn"), dice.random()
        if not link or roll < self.habits.silent:
            return
        no = roll < self.habits.silent + self.habits.decline
        self.later(dice.uniform(1, 40), partial(self._answer_turn, link, no, what))
        lives = self.company.lives
        if not no and what == "coordinate" and lives and dice.random() < lives.swaps:
            change = self._swap if dice.random() < 0.5 else partial(self._hand_over, link, dice.random())
            self.later(dice.uniform(41, 90), change)

    def _answer_turn(self, link: str, no: bool, what: str) -> str | None:
        page = self.opened(link)
        form = page.form("do", "decline" if no else "accept")
        if form is None:
            return None
        button = button_of(form, "do", "decline" if no else "accept")
        if self.checked_or_told(self.browser.press(page, form, button)).status == 422:
            return f"wants to {what}, and cannot any more"  # away by now, or on duty near that day
        return f"says no to {what}" if no else f"says yes to {what}"

    def on_turn_lapsed(self, letter: Letter, dice: random.Random) -> None:
        """Some remember then, and take it after all; who is asked whether they need a pause may take that."""
        pause = next((link for link in letter.links if link.endswith("/signup/me/pause")), None)
        link = letter.link("turn")
        if pause and dice.random() < 0.4:
            self.later(dice.uniform(2, 40), lambda: self._go(pause, "pauses"))
            self.later(dice.uniform(3, 6) * 24 * 7, self._come_back)
        elif link and dice.random() < self.habits.takes:
            self.later(dice.uniform(1, 20), partial(self._answer_turn, link, False, "coordinate after all"))

    def on_turn_open(self, letter: Letter, dice: random.Random) -> None:
        link = letter.link("take")
        if link and dice.random() < self.habits.takes:
            self.later(dice.uniform(0.3, 12), partial(self._take, link))

    def _take(self, link: str) -> str | None:
        """Who is away then, or leads near that day, is told so, and that is that."""
        page = self.opened(link)
        if not page.forms:
            return None
        after = self.checked_or_told(self.browser.press(page, page.forms[0]))
        return "takes an open turn" if after.status == 200 else "wants to take an open turn, and cannot"

    def _hand_over(self, link: str, chance: float) -> str | None:
        page = self.opened(link)
        form = page.form("do", "hand")
        people = [each for each in form.options.get("person", []) if each] if form else []
        if not form or not people:
            return None
        values = {"person": people[int(chance * len(people))]}
        self.checked_or_told(self.browser.press(page, form, ("do", "hand"), values))
        return "asks somebody to take over"

    def _swap(self) -> str | None:
        """Trade one's own next date with the date after it."""
        if not self.enter():
            return None
        own = self.opened("/sessions/turns")
        change = next((link for link in own.links if "/turns/change?session=" in link), None)
        page = self.opened(change) if change else own
        form = page.form("verb", "swap")
        if not change or form is None:
            return None
        mine = change.rpartition("=")[2]
        dates = [each for each in form.options["session"] if each]
        after = dates[dates.index(mine) + 1 :] if mine in dates else []
        if not after:
            return None
        values = {"verb": "swap", "session": mine, "other": after[0]}
        shown = self.checked_or_told(self.browser.press(page, form, ("do", "preview"), values))
        save = next((each for each in shown.forms if ("do", "save") in each.fields), None)
        if save is None:
            return None
        self.checked_or_told(self.browser.press(shown, save))
        return "swaps a turn"

    def checked_or_told(self, page: Page) -> Page:
        """What is refused in words is a page like another: whom one wanted to ask may be away."""
        if page.status >= 500:
            raise Astray(f"{tokens.hidden(page.path)} answered {page.status}")
        return page

    # ---- leading ----

    def _note_duty(self, letter: Letter, dice: random.Random) -> None:
        """Who coordinates opens the page of theirs that the mail links to, when the session is over."""
        link = letter.link("lead")
        if not letter.leads or not link or not letter.session or letter.session in self.leading:
            return
        if letter.begins is None or letter.ends is None:
            return
        self.leading[letter.session] = letter.ends
        roll = dice.random()
        if roll >= self.habits.late:
            hours = dice.uniform(0.1, 6)
            self.later(hours, partial(self._lead, link, dice, TRIES), letter.ends)

    def on_minutes_late(self, letter: Letter, dice: random.Random) -> None:
        link = letter.link("lead")
        if link and dice.random() >= self.habits.never:
            self.later(dice.uniform(1, 20), partial(self._lead, link, dice, TRIES))

    def _lead(self, address: str, dice: random.Random, tries: int) -> str | None:
        """Fill in the coordinator's page, and publish; where the next coordinator is missing, come back for that."""
        if "/lead/" not in address and not self.enter():
            return None
        page = self.opened(address)
        form = page.form("do", "publish")
        if form is None:
            return None
        first = tries == TRIES and "Nothing is saved so far" in page.text
        values = self._attendance(form, dice) if first else {}
        if first and form.offers("text"):
            values["text"] = words.minutes(dice)
        owners = [each for each in form.options.get("item-owner", []) if each]
        if first and owners and dice.random() < 0.7:
            values |= {"item-text": words.item(dice), "item-owner": dice.choice(owners)}
        if tries <= 1 and form.offers("reason-next"):
            values["reason-next"] = "Somebody is asked and has not answered yet."
        after = self.who_led(self.browser.press(page, form, ("do", "publish"), values))
        if after.status == 422 and "next" in words.refusal(after.text) and tries > 1:
            self.company.later(clock.now() + timedelta(hours=24), self, partial(self._lead, address, dice, tries - 1))
            return "writes minutes" if first else "comes back to publish: nobody leads the next session so far"
        self.checked(after)
        return "publishes minutes"

    def _attendance(self, form: Form, dice: random.Random) -> dict[str, str]:
        """Everybody who did not say no, mostly, was there."""
        offered = dict(form.fields)
        names = [name for name in form.options if name.startswith("there-")]
        return {name: offered.get(name) or ("yes" if dice.random() < 0.85 else "no") for name in names}

    def on_minutes(self, letter: Letter, dice: random.Random) -> None:
        link = letter.link("item")
        if link and dice.random() < self.habits.ticks:
            verb = "done" if dice.random() < 0.8 else "moved"
            self.later(dice.uniform(10, 240), partial(self._tick, link, verb))

    def _tick(self, link: str, verb: str) -> str | None:
        page = self.opened(link)
        form = next((form for form in page.forms if ("do", verb) in form.fields), None)
        if form is None:
            return None
        self.checked(self.browser.press(page, form))
        return "ticks an action item" if verb == "done" else "moves an action item on"
