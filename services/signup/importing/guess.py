"""What the columns of a file probably are, and which stream or time zone an answer probably means. Pure.

Only a first suggestion: organizers see it, correct it, and it is remembered for the next file of the same form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC
from functools import lru_cache

from ..program import Program
from . import dates
from .dialect import ADDRESS

FIELDS = {
    "email": "E-mail address",
    "name": "Name, or a part of it",
    "stream": "Stream",
    "timezone": "Time zone",
    "timestamp": "When they signed up",
    "github": "GitHub name",
    "blog": "Blog",
}
SEVERAL = frozenset({"name"})  # may be told by several columns: first and last name
ANSWER = "answers."

# Google's own first column, in the languages it speaks.
_TIMESTAMPS = frozenset(
    "timestamp|zeitstempel|horodateur|marca temporal|marca de temps|carimbo de data/hora|carimbo de data hora|"
    "informazioni cronologiche|tijdstempel|sygnatura czasowa|tidstempel|tidsstämpel|tidsstempel|aikaleima|"
    "časová značka|časové razítko|időbélyeg|zaman damgası|отметка времени|позначка часу|χρονική σήμανση|"
    "タイムスタンプ|时间戳记|時間戳記|타임스탬프|stempel waktu|dấu thời gian|marcă temporală".split("|")
)
_WORDS: dict[str, tuple[str, ...]] = {
    "email": ("email", "e mail", "mail address", "adresse mail", "correo", "邮箱", "メール"),
    "timezone": ("time zone", "timezone", "zeitzone", "fuseau horaire", "zona horaria", "fuso horário"),
    "github": ("github",),
    "blog": ("blog", "website", "web site", "homepage"),
    "name": ("name", "nombre", "nom", "nome", "vorname", "nachname", "prénom", "apellido", "名前", "姓名"),
    "stream": ("stream", "track", "level", "cohort", "which group"),
}
_NO_NAME = ("company", "user", "github", "employer", "school", "university", "project", "slack", "discord", "file")
_STOP = frozenset(
    "a an and are as at be for from i i'd in is it like looking make me my of on or our some that the their this to "
    "towards toward want wants we what which with would you your am have need know into new next get land find".split()
)


def plain(text: str) -> str:
    """Small letters and single spaces, without marks: for comparing."""
    return " ".join(_PUNCTUATION.sub(" ", unicodedata.normalize("NFKC", text).casefold()).split())


_PUNCTUATION = re.compile(r"[^\w\s/]|_")


def columns(header: Sequence[str], sample: Sequence[Sequence[str]], now: Program) -> list[str | None]:
    """For each column the field or question that it tells, None to leave it out."""
    made: list[str | None] = [None] * len(header)
    titles = [plain(each) for each in header]
    cells = [[row[n].strip() for row in sample if n < len(row) and row[n].strip()] for n in range(len(header))]

    def take(field: str, fits: Callable[[int], float]) -> None:
        found = [(fits(n), -n) for n in range(len(header)) if made[n] is None]
        score, place = max(found, default=(0.0, 0))
        if score > 0:
            made[-place] = field

    def says(field: str, n: int) -> bool:
        return any(word in titles[n] for word in _WORDS[field])

    take("timestamp", lambda n: 2.0 * (titles[n] in _TIMESTAMPS) + (n == 0 and share(cells[n], _is_date) > 0.8))
    take("email", lambda n: says("email", n) + 2 * share(cells[n], lambda cell: bool(ADDRESS.match(cell))))
    labels = {q.id: plain(q.label) for stream in now.streams for q in stream.questions}
    for n, title in enumerate(titles):
        exact = [id for id, label in labels.items() if label == title and f"{ANSWER}{id}" not in made]
        if made[n] is None and exact:
            made[n] = ANSWER + exact[0]
    take("github", lambda n: float(says("github", n)) or share(cells[n], lambda cell: "github.com/" in cell))
    take("timezone", lambda n: says("timezone", n) or share(cells[n], lambda cell: zone(cell) is not None) > 0.7)
    take("stream", lambda n: _is_stream(titles[n], cells[n], now))
    take("blog", lambda n: says("blog", n))
    for n, title in enumerate(titles):
        if made[n] is None and says("name", n) and not any(word in title.split() for word in _NO_NAME):
            made[n] = "name"
    for n, title in enumerate(titles):
        if made[n] is None and (like := _alike(title, labels, made)):
            made[n] = like
    return made


def share(cells: Sequence[str], fits: Callable[[str], bool]) -> float:
    """How many of these cells fit, of 1."""
    return sum(map(fits, cells)) / len(cells) if cells else 0.0


def _is_date(cell: str) -> bool:
    return bool(dates.parse(cell, "mdy", UTC) or dates.parse(cell, "dmy", UTC))


def _is_stream(title: str, cells: Sequence[str], now: Program) -> float:
    """A few answers that come again, most of which sound like a stream."""
    if not cells or len(set(cells)) > max(3 * len(now.streams), 6):
        return 0.0
    meant = share(cells, lambda cell: stream(cell, now) is not None)
    named = 0.5 * any(word in title for word in _WORDS["stream"])
    return meant + named if meant > 0.4 or named else 0.0


def _alike(title: str, labels: dict[str, str], made: Sequence[str | None]) -> str | None:
    """The question whose words are mostly those of the title."""
    words = set(title.split()) - _STOP
    best, place = 0.0, None
    for id, label in labels.items():
        theirs = set(label.split()) - _STOP
        both = len(words & theirs) / max(1, len(words | theirs))
        if both > best and f"{ANSWER}{id}" not in made:
            best, place = both, f"{ANSWER}{id}"
    return place if best >= 0.5 else None


def stream(answer: str, now: Program) -> str | None:
    """The slug of the stream that an answer speaks of; None when none or several might be meant."""
    said = plain(answer)
    if not said:
        return None
    for each in now.streams:
        if said in {each.slug.casefold(), plain(each.slug), plain(each.name)}:
            return each.slug
    numbered = re.search(r"\b(?:stream|level|track|group|cohort)\s*(\d+)\b", said)
    if numbered:
        found = [each.slug for each in now.streams if each.position == int(numbered[1])]
        return found[0] if found else None
    words = _stems(said)
    scores = sorted(
        ((2 * len(words & _stems(plain(s.name))) + len(words & _stems(plain(s.summary))), s.slug) for s in now.streams),
        reverse=True,
    )
    best, slug = scores[0] if scores else (0, "")
    return slug if best >= 2 and (len(scores) < 2 or scores[1][0] < best) else None


def _stems(text: str) -> frozenset[str]:
    """Its words that carry meaning, cut to their beginning, so that "starting" meets "start"."""
    return frozenset(word[:5] for word in text.split() if word not in _STOP)


# What people write instead of a zone's name: the city that stands for it.
_SAID = {
    "est": "America/New_York", "edt": "America/New_York", "et": "America/New_York", "eastern": "America/New_York",
    "cst": "America/Chicago", "cdt": "America/Chicago", "ct": "America/Chicago", "central": "America/Chicago",
    "mst": "America/Denver", "mdt": "America/Denver", "mountain": "America/Denver",
    "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles", "pt": "America/Los_Angeles",
    "pacific": "America/Los_Angeles", "ast": "America/Halifax", "adt": "America/Halifax", "atlantic": "America/Halifax",
    "cet": "Europe/Berlin", "cest": "Europe/Berlin", "bst": "Europe/London", "wet": "Europe/Lisbon",
    "eet": "Europe/Helsinki", "gmt": "UTC", "utc": "UTC", "ist": "Asia/Kolkata", "jst": "Asia/Tokyo",
    "sgt": "Asia/Singapore", "wat": "Africa/Lagos", "eat": "Africa/Nairobi", "sast": "Africa/Johannesburg",
    "aest": "Australia/Sydney", "aedt": "Australia/Sydney", "brt": "America/Sao_Paulo",
}  # fmt: skip


def zone(answer: str) -> str | None:
    """The zone that an answer names: by its IANA name, a city, or a common short name; None when it names none."""
    by_name, by_city = _zones()
    said = " ".join(answer.split()).casefold()
    if found := _SAID.get(said) or by_name.get(said.replace(" ", "_")):
        return found
    parts = [plain(part) for part in re.split(r"[(),;/]| - ", said)]
    for part in (plain(said).removesuffix(" time").removesuffix(" standard"), *parts):
        if found := by_city.get(part) or _SAID.get(part):
            return found
    return None


@lru_cache(1)
def _zones() -> tuple[dict[str, str], dict[str, str]]:
    from shared import clock, face

    cities: dict[str, list[str]] = {}
    for _, members in face.zones():
        for name, _ in members:
            cities.setdefault(plain(name.rpartition("/")[2].replace("_", " ")), []).append(name)
    once = {city: names[0] for city, names in cities.items() if len(names) == 1}
    return {name.casefold(): name for name in clock.zones()}, once


def suggestions(field: str, said: Iterable[str], now: Program) -> dict[str, str]:
    """What these answers to `stream` or `timezone` probably mean; those that nobody can guess are missing."""
    meant = {each: stream(each, now) if field == "stream" else zone(each) for each in said}
    return {each: value for each, value in meant.items() if value}
