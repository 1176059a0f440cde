"""A look around at the end: pages are opened, link by link, as by somebody who reads all of it; nothing is pressed."""

from __future__ import annotations

import re
from collections import Counter, deque
from urllib.parse import urldefrag, urljoin, urlsplit

from ... import tokens
from .browser import REDIRECTS, Astray, Browser

ORGANIZER = (
    "/", "/notifications/dashboard", "/signup/organizer/", "/signup/organizer/program", "/sessions/circles",
    "/sessions/gatherings", "/sessions/agendas/", "/blog/queue", "/notifications/outbox", "/notifications/ops",
)  # fmt: skip
MEMBER = ("/signup/me", "/sessions/", "/blog/", "/notifications/preferences")
ALIKE = 5  # pages of one kind that are opened
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+")
_DOORS = ("/sign-out", "/static/")  # they end the visit, or are no pages


def look(browser: Browser, starts: tuple[str, ...], alike: int = ALIKE) -> tuple[int, list[str]]:
    """How many pages opened, and those that did not, each with its status; of pages that differ by an id, a few."""
    todo, seen, kinds = deque(starts), set(starts), Counter[str]()
    opened, broken = 0, []
    while todo:
        address = todo.popleft()
        kind = _ID.sub("#", urlsplit(address).path)
        kinds[kind] += 1
        if kinds[kind] > alike:
            continue
        try:
            page = browser.open(address)
        except Astray as astray:
            broken.append(str(astray))
            continue
        if page.status >= 400 and page.status not in REDIRECTS:
            broken.append(f"{tokens.hidden(address)} answered {page.status}")
            continue
        opened += 1
        for link in page.links:
            there = urldefrag(urljoin(page.path, link)).url
            ours = there.startswith("/") and not any(door in there for door in _DOORS)
            if ours and there not in seen:
                seen.add(there)
                todo.append(there)
    return opened, broken
