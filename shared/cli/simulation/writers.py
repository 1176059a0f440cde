"""Members who write: they register their blog by its tab, agree, hang up the webhook, write, push, and mend."""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import random
import re
import uuid
from functools import partial
from urllib.parse import urlsplit

from ... import clock
from .blogs import Blog
from .members import Member

HOME = "/blog/"


class Writer:
    """What one member does about their blog."""

    def __init__(self, member: Member, blog: Blog) -> None:
        self.member, self.blog = member, blog
        self.page = ""  # of the blog, at Baton
        self.hook: tuple[str, str] | None = None  # (path, secret)

    def plan(self, dice: random.Random) -> None:
        """From the day on which they joined."""
        self.member.later(dice.uniform(20, 60), partial(self._register, dice))

    def _register(self, dice: random.Random) -> str | None:
        """Paste the address of the repository."""
        if not self.member.enter():
            return None
        self.blog.begin(clock.now())
        page = self.member.opened(HOME)
        form = page.form("address")
        if form is None:
            return None
        after = self.member.checked(self.member.browser.press(page, form, values={"address": str(self.blog.bare)}))
        self.page = urlsplit(after.path).path
        self.member.later(dice.uniform(4, 20), partial(self._agree, dice), clock.now())
        return "registers a blog"

    def _agree(self, dice: random.Random) -> str | None:
        """Say how posts may be shown; offer what was there already; most add the webhook."""
        page = self.member.opened(self.page)
        form = page.form("consent", "full")
        if form is None:
            return None
        how = "full" if dice.random() < 0.7 else dice.choice(("excerpt", "link"))
        page = self.member.checked(self.member.browser.press(page, form, values={"consent": how}))
        form = page.form("do", "offer")
        if form and form.options.get("posts") and dice.random() < 0.8:
            chosen = {"posts": form.options["posts"][0]}
            self.member.checked(self.member.browser.press(page, form, ("do", "offer"), chosen))
        if dice.random() < 0.7:
            self._hang_up(page.text)
        self.member.later(dice.uniform(3, 12) * 24, partial(self._write, dice), clock.now())
        return f"agrees that posts are shown ({how})"

    def _hang_up(self, page: str) -> None:
        """Add the webhook to the repository, with the address and the secret that the page shows."""
        codes = [html.unescape(each) for each in re.findall(r"<code>([^<]+)</code>", page)]
        address = next((each for each in codes if "/blog/webhooks/" in each), None)
        if address:
            self.hook = (urlsplit(address).path, codes[codes.index(address) + 1])
            self._ring("ping")

    def _write(self, dice: random.Random) -> str:
        """A post a few times a year, or every other week: whoever writes goes on writing, whatever becomes of it."""
        self.blog.publish(clock.now())
        self._ring("push")
        self.member.later(dice.uniform(14, 50) * 24, partial(self._write, dice), clock.now())
        return "publishes a post on their own blog"

    def mend(self) -> str:
        """Change what was just published."""
        self.blog.mend(clock.now())
        self._ring("push")
        return "mends a post"

    def _ring(self, event: str) -> None:
        """What their forge does after a push. Without a webhook nobody tells, and the hourly look finds it."""
        if self.hook is None:
            return
        path, secret = self.hook
        body = json.dumps({"ref": "refs/heads/main", "repository": {"full_name": self.blog.slug}}).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": str(uuid.uuid4()),
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
        }
        status, _, _ = self.member.browser.ask("POST", path, headers, body)
        # A secret that was made anew, a blog that was taken out: forges go on ringing, and so do these.
        if status >= 500:
            self.member.company.astray.append(f"{self.member.name}: the webhook answered {status}")
