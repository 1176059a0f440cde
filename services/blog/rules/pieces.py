"""A piece: what somebody writes, from the idea to the day when everybody was told of it. Its states, and what is wrong.

idea ──► draft ──► feedback          said by its author, in any order, and back
  └────────┴──────────┴──► dropped   (its author takes it back; deleted 30 days later)

Once a post is joined with it, where that post stands says the rest: pr, live, announced.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from difflib import SequenceMatcher
from typing import Any

from .profiles import is_address
from .profiles import one_line as line

WRITING = ("idea", "draft", "feedback")
STATES = (*WRITING, "dropped")
# The editorial queue, in the order in which a piece goes through it.
QUEUE = (
    ("idea", "Ideas"),
    ("draft", "Drafts"),
    ("feedback", "Feedback wanted"),
    ("pr", "Pull request"),
    ("live", "Live"),
    ("announced", "Announced"),
)
WORDS = {"idea": "idea", "draft": "draft", "feedback": "feedback wanted", "pr": "pull request", "live": "live",
         "announced": "announced", "dropped": "dropped"}  # fmt: skip
SHAPES = {"idea": "asked", "draft": "waiting", "feedback": "listed", "pr": "open", "live": "merged",
          "announced": "done", "dropped": "dropped"}  # fmt: skip
TITLE_MOST, ABOUT_MOST, TEXT_MOST = 200, 1000, 4000
PIECES_MOST = 100  # of one person, that are not dropped
COMMENTS_MOST = 500  # on one piece
LIKE = 0.6  # from here on two titles are taken for one
Problems = list[dict[str, str]]


def checked(typed: dict[str, str]) -> tuple[dict[str, str], Problems]:
    """(title, about, link) as they are kept, and what is wrong, by field."""
    said = {"title": line(typed.get("title", "")), "link": line(typed.get("link", ""))}
    said["about"] = text(typed.get("about", ""))
    problems: Problems = []
    if not said["title"]:
        problems.append(_wrong("title", "There is no title.", "Write what it is about, in a few words."))
    for field, most in (("title", TITLE_MOST), ("about", ABOUT_MOST)):
        if len(said[field]) > most:
            problems.append(_wrong(field, f"This has {len(said[field])} letters.", f"Make it {most} at most."))
    if said["link"] and not is_address(said["link"]):
        problems.append(_wrong("link", "This is no web address.", "Write it as https://docs.example/draft"))
    return said, problems


def commented(typed: str) -> tuple[str, Problems]:
    """A comment as it is kept, and what is wrong with it."""
    said = text(typed)
    if not said:
        return said, [_wrong("text", "There is nothing in it.", "Write a sentence.")]
    if len(said) > TEXT_MOST:
        return said, [_wrong("text", f"This has {len(said)} letters.", f"Make it {TEXT_MOST} at most.")]
    return said, []


def _wrong(field: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": field, "message": message, "remedy": remedy}


def text(typed: str) -> str:
    """Plain text of several lines: no letters that steer a terminal or turn the direction, no walls of empty lines."""
    lines = [line(each) for each in re.sub(r"\r\n?", "\n", typed).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def days(since: datetime, now: datetime) -> int:
    """For how many whole days something waits."""
    return max(0, (now - since).days)


def likeness(one: str, other: str) -> float:
    """How much two titles are alike: 0 not at all, 1 the same but for case, punctuation and the order of words."""
    here, there = _words(one), _words(other)
    if not here or not there:
        return 0.0
    shared = len(set(here) & set(there))
    within = shared / min(len(set(here)), len(set(there))) if shared > 1 else 0.0
    return max(0.9 * within, SequenceMatcher(None, " ".join(here), " ".join(there)).ratio())


def likest(title: str, others: Iterable[Any]) -> Any | None:
    """Of rows with a `title` the one that is most alike, if it is enough; the first of equals."""
    found = max(others, key=lambda row: likeness(title, row["title"]), default=None)
    return found if found is not None and likeness(title, found["title"]) >= LIKE else None


def _words(title: str) -> list[str]:
    return re.findall(r"\w+", title[:TITLE_MOST].casefold())
