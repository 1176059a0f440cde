"""Reasons as data that can be stored, and the English that a page or a mail shows.

A reason is about one person and names no other: whoever passed on a turn is counted, never told by name. The same data
are said to the person ("You have …") and, with a name, about them ("Ada has …").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """What decided: for the first in line, for those behind, for those who are not asked."""

    FEWEST = "fewest"
    LONGEST = "longest"
    JOINED = "joined"
    LISTED = "listed"
    OTHERS = "others"
    ONLY = "only"
    LATER = "later"
    BOTH = "both"
    HOLDS = "holds"
    DECLINED = "declined"
    LAPSED = "lapsed"
    RELEASED = "released"
    AWAY = "away"
    NEAR = "near"
    CAP = "cap"
    PAUSED = "paused"
    LEFT = "left"


_YOU = {
    "You": "You", "you": "you", "have": "have", "are": "are", "were": "were", "your": "your", "yours": "yours",
}  # fmt: skip
_THEY = {"you": "they", "have": "has", "are": "is", "were": "was", "your": "their", "yours": "theirs"}

_WORDS = {
    Kind.FEWEST: "Of all who can be asked, {You} {have} the fewest turns. {Count}",
    Kind.LONGEST: "Nobody who can be asked has fewer turns than {You}. {Count} Of those with as many, {since}.",
    Kind.JOINED: "Nobody who can be asked has fewer turns than {You}. {Count} Of those with as many, {you} joined "
    "first.",
    Kind.LISTED: "Nobody who can be asked has fewer turns than {You}. {Count} Others have as many and waited as long, "
    "so the order of the list decides.",
    Kind.OTHERS: "{You} {are} asked first, as all others who can be asked are new here, or have the session just "
    "before or after. {Count}",
    Kind.ONLY: "{You} {are} the only one who can be asked. {Count}",
    Kind.LATER: "{You} {are} number {number} in line. {Count}",
    Kind.HOLDS: "{You} {have} this turn, or {were} asked for it.",
    Kind.BOTH: "{You} {have} the other role at this session.",
    Kind.DECLINED: "{You} said no to this session.",
    Kind.LAPSED: "{You} {were} asked for this session, and the time to answer is over.",
    Kind.RELEASED: "{You} {were} freed from this session.",
    Kind.AWAY: "{You} {are} away until {day}.",
    Kind.NEAR: "{You} {have} another duty close to it, on {day}.",
    Kind.CAP: "{You} {have} mentored as often this month as is asked of anybody.",
    Kind.PAUSED: "{You} {are} paused.",
    Kind.LEFT: "{You} {have} left.",
}
# By tier of the line, for the first and for those behind.
_TIERS = {
    1: "The session just before or after is {yours} too, ",
    2: "This would be {your} first session since {you} came, ",
}
_BEHIND = {True: "but there is nobody else to ask first.", False: "so others are asked first."}
_AHEAD = {1: "Somebody who was asked before could not.", 2: "Others who were asked before could not."}

# How many of those who are not asked, by kind. A no, a silence and a release look alike.
_COUNTED = {
    Kind.HOLDS: "{n} asked already",
    Kind.BOTH: "{n} in the other role",
    Kind.DECLINED: "{n} not able this time",
    Kind.LAPSED: "{n} not able this time",
    Kind.RELEASED: "{n} not able this time",
    Kind.AWAY: "{n} away",
    Kind.NEAR: "{n} with another duty close to it",
    Kind.CAP: "{n} at this month's limit",
    Kind.PAUSED: "{n} paused",
}


@dataclass(frozen=True, slots=True)
class Why:
    """Why one person is asked first (`number` 1), later, or not at all (`number` 0).

    :param day: of the last turn, or what the kind speaks of: the end of an absence, the day of another duty.
    :param turns: turns had or held; with `credit` they are the score.
    :param since_joining: `day` is when they joined, not a turn.
    :param tier: 1: they have the session just before or after; 2: it would be their first one here; 3: both.
    :param passed: how many passed on this session before.
    """

    kind: Kind
    role: str
    day: date | None = None
    number: int = 0
    turns: int = 0
    credit: int = 0
    since_joining: bool = False
    tier: int = 0
    passed: int = 0

    def words(self, name: str | None = None) -> str:
        """The reason in plain English, to the person, or about the person called `name`."""
        forms = _YOU if name is None else {"You": name, **_THEY}
        subject = {**forms, "You": forms["You"] if _WORDS[self.kind].startswith("{You}") or name else "you"}
        since = (
            "{you} waited longest, since {you} joined on {day}"
            if self.since_joining
            else "{your} last turn is the longest ago, on {day}"
        )
        filled = {**subject, "Count": self._count(forms), "number": self.number, "day": said(self.day)}
        filled["since"] = since.format_map({**forms, "day": said(self.day)})
        parts = [_WORDS[self.kind].format_map(filled)]
        if self.tier:
            parts.append(_TIERS[min(self.tier, 2)].format_map(filled) + _BEHIND[self.number == 1])
        if self.number == 1 and self.passed:
            parts.append(_AHEAD[min(self.passed, 2)])
        return " ".join(parts)

    def _count(self, forms: Mapping[str, str]) -> str:
        """The score as a sentence, with the part that is credit said apart."""
        turns = "no turn" if not self.turns else "one turn" if self.turns == 1 else f"{self.turns} turns"
        turns += " as mentor here" if self.role == "mentor" else " here"
        counted, are = ("one", "is") if abs(self.credit) == 1 else (abs(self.credit), "are")
        beside = ""
        if self.credit > 0:
            beside = f", and {counted} {are} counted for the time when {{you}} were not here"
        elif self.credit < 0:
            beside = f"; {counted} of these {are} not counted, since {{you}} came back after a time away"
        return (f"{{You}} {{have}} had {turns} so far" + beside + ".").format_map(forms)


@dataclass(frozen=True, slots=True)
class Nobody:
    """Nobody can be asked, and what keeps how many from it."""

    role: str
    day: date
    kinds: tuple[tuple[Kind, int], ...]

    def words(self) -> str:
        """The state in plain English. For a mentor's seat it is an outcome like another."""
        counted: dict[str, int] = {}
        for kind, count in self.kinds:
            if kind in _COUNTED:
                counted[_COUNTED[kind]] = counted.get(_COUNTED[kind], 0) + count
        kept = ", ".join(words.format(n=count) for words, count in counted.items())
        if self.role == "mentor":
            return f"No mentor on {said(self.day)}: {kept or 'there is nobody to ask'}."
        if not kept:
            return f"Nobody can be asked to coordinate on {said(self.day)}: the circle has no members."
        return f"Nobody can be asked to coordinate on {said(self.day)}: {kept}. The session needs a coordinator."


def said(day: date | None) -> str:
    """A day as people write it."""
    return f"{day.day} {day:%B %Y}" if day else ""
