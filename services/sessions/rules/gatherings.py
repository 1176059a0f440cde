"""The monthly meeting and talks, pure: on which day they fall, and the agenda that minutes make."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from . import agenda, markup
from .dates import instant

LAST = -1
WEEKS = (1, 2, 3, 4, LAST)
MANY = 50  # people in one meeting, from which on a page asks whether that is meant
PIECE_MOST = 1_000  # bytes of one circle's section
# What a section of minutes is called that this is about: any word of it, as stream's agendas differ.
HELP, PROBLEMS = ("help",), ("problem", "question", "stuck", "obstacle")


@dataclass(frozen=True)
class Rhythm:
    """Which day of the month, by the wall's clock in `zone`. `week`: 1 to 4, or LAST; `weekday`: 0 is Monday."""

    week: int
    weekday: int
    wall: time
    zone: ZoneInfo

    def day(self, year: int, month: int) -> date:
        """Its day of that month; there is one in every month."""
        if self.week == LAST:
            last = date(year, month, monthrange(year, month)[1])
            return last - timedelta(days=(last.weekday() - self.weekday) % 7)
        first = date(year, month, 1)
        return first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.week - 1))

    def following(self, now: datetime) -> tuple[date, datetime]:
        """The next day that begins after `now`, and its instant."""
        local = now.astimezone(self.zone).date()
        year, month = local.year, local.month
        while True:
            day = self.day(year, month)
            begins, _ = instant(day, self.wall, self.zone)
            if begins > now:
                return day, begins
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)


@dataclass(frozen=True)
class Said:
    """The minutes of one session: whose, of which local date, and their Markdown."""

    circle: str
    day: date
    minutes: str


def made(said: Iterable[Said], most: int = agenda.AGENDA_MOST) -> str:
    """An agenda of what circles wrote where help is needed, and of their open problems, in the order of `said`.

    What people wrote stands as a quotation, so that no heading or fence of theirs becomes one of the agenda's.
    """
    found = list(said)
    parts = [
        ("Where help is needed", HELP, "No circle wrote that it needs help."),
        ("Open problems", PROBLEMS, "No circle wrote of open problems or questions."),
    ]
    room = most // len(parts) - 200
    sections = [f"## {title}\n\n{_quoted(found, words, room) or nothing}" for title, words, nothing in parts]
    return "\n\n".join([*sections, "## What else\n\nWhat should the program do differently?"]) + "\n"


def _quoted(said: list[Said], words: tuple[str, ...], room: int) -> str:
    pieces = [piece for each in said for piece in _pieces(each, words)]
    shown: list[str] = []
    for number, piece in enumerate(pieces):
        room -= len(piece.encode()) + 2
        if room < 0:
            left = len(pieces) - number
            return "\n\n".join([*shown, f"{left} more {'piece' if left == 1 else 'pieces'}: read those minutes."])
        shown.append(piece)
    return "\n\n".join(shown)


def _pieces(of: Said, words: tuple[str, ...]) -> Iterator[str]:
    for title, body in agenda.sections(of.minutes):
        if any(word in title.casefold() for word in words):
            text, cut = markup.cut(body, PIECE_MOST)
            quoted = "\n".join(f"> {line}".rstrip() for line in [*text.split("\n"), *(["…"] if cut else [])])
            yield f"**{_plain(of.circle)}**, {of.day.day} {of.day:%B}:\n\n{quoted}"


def _plain(name: str) -> str:
    """A name as Markdown that is nothing but the name."""
    return re.sub(r"([\\`*_{}\[\]<>()#+.!|~&-])", r"\\\1", name)
