"""Who takes part in a demo: names from many places, each with a stream, a time zone and a day of signing up."""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST = (
    "Ada", "Bao", "Chidi", "Dilnoza", "Elif", "Farah", "Gustavo", "Hana", "Ines", "Jonas", "Kofi", "Leila", "Mateo",
    "Noor", "Olu", "Priya", "Quentin", "Rosa", "Sven", "Thandi", "Ulla", "Valentina", "Wei", "Ximena", "Yusuf", "Zoë",
    "Amara", "Bruno", "Carmen", "Dmitri", "Eszter", "Fatou", "Giulia", "Hiro", "Ivan", "Júlia", "Kai", "Lucía", "Mei",
    "Nadia",
)  # fmt: skip
LAST = (
    "Okafor", "Nguyen", "Kovács", "García", "Haddad", "Lindqvist", "Mensah", "Rossi", "Sato", "Tremblay", "Oyelaran",
    "Petrov", "Silva", "Banerjee", "Dubois", "Müller", "Njoroge", "Park", "Reyes", "Yılmaz", "O’Brien",
)  # fmt: skip
ZONES = ("America/Toronto",) * 5 + ("America/New_York",) * 3 + ("Europe/London", "America/Sao_Paulo", "Africa/Lagos")
STREAMS = ("stream1", "stream2", "stream3")


@dataclass(frozen=True)
class Applicant:
    """Somebody before they sign up. `day` counts from the start."""

    name: str
    address: str
    stream: str
    zone: str
    day: float


def applicants(count: int, days: float, seed: int) -> list[Applicant]:
    """So many people: most in the first two weeks, as when a program is announced, the others one by one."""
    dice = random.Random(f"{seed}|crowd")
    found = []
    for number in range(count):
        name = f"{FIRST[number % len(FIRST)]} {dice.choice(LAST)}"
        early = number < 0.75 * count
        day = dice.uniform(0.1, min(12.0, days / 2)) if early else dice.uniform(min(12.0, days / 2), max(days * 0.8, 1))
        stream = STREAMS[number % 3]
        found.append(Applicant(name, f"person{number + 1}@example.org", stream, dice.choice(ZONES), day))
    return found
