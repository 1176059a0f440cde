"""Rows of a bench: samples of subject and floor, taken in turn, and the verdict over their medians."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


class Missing(Exception):
    """The machine lacks something a bench needs; the message says what to do."""


@dataclass
class Row:
    """One row: what is measured, in which unit, and which ratio Baton : floor is wanted.

    :param lower: lower figures are better (times, sizes), so `least` and `aim` are the most the ratio may be.
    """

    name: str
    unit: str
    least: float
    aim: float
    lower: bool = False
    subject: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """Baton : floor, of the medians."""
        return median(self.subject) / median(self.floor)

    @property
    def verdict(self) -> str:
        """aim, least or below."""
        for word, bound in (("aim", self.aim), ("least", self.least)):
            if self.ratio <= bound if self.lower else self.ratio >= bound:
                return word
        return "BELOW"

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "ratio": round(self.ratio, 3), "verdict": self.verdict}


def in_turn(rounds: int, *measures: Callable[[], None]) -> None:
    """Take `rounds` samples of each, one after another, so that the machine's moods hit all of them."""
    for number in range(rounds):
        for measure in measures if number % 2 == 0 else reversed(measures):
            measure()


def table(rows: list[Row]) -> str:
    """What a person reads."""
    head = f"{'row':<34}{'Baton':>12}{'floor':>12} {'unit':<9}{'ratio':>8}{'least':>7}{'aim':>6}  verdict"
    lines = [head]
    for row in rows:
        sign = "<=" if row.lower else ">="
        lines.append(
            f"{row.name:<34}{median(row.subject):>12,.2f}{median(row.floor):>12,.2f} {row.unit:<9}{row.ratio:>8.2f}"
            f"{sign + format(row.least, 'g'):>7}{sign + format(row.aim, 'g'):>6}  {row.verdict}"
        )
    return "\n".join(lines)
