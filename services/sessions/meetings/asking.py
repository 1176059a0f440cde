"""A series as an organizer types it: checked, every wrong field named."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlsplit

from shared import clock

from ..rules import dates
from ..rules.refusals import Refused

FIELDS = ("first", "time", "other_time", "zone", "weeks", "minutes", "link", "location")
LINK_MOST, LOCATION_MOST = 2000, 400
_NAMES = {"since": "first", "start": "time", "even": "other_time", "timezone": "zone"}


@dataclass(frozen=True)
class Wanted:
    """What a series is to be."""

    rhythm: dates.Rhythm
    link: str | None
    location: str | None

    def columns(self) -> dict[str, Any]:
        """As the columns of a series."""
        rhythm = self.rhythm
        return {
            "first": rhythm.since.isoformat(),
            "weeks": rhythm.weeks,
            "time": f"{rhythm.start:%H:%M}",
            "other_time": f"{rhythm.even:%H:%M}" if rhythm.even else None,
            "zone": rhythm.zone.key,
            "minutes": rhythm.minutes,
            "link": self.link,
            "location": self.location,
        }


def read(typed: Mapping[str, str]) -> Wanted:
    """The series of a form.

    :raises Refused: with every wrong field in `all`.
    """
    refused: list[Refused] = []

    def take(field: str, check: Callable[[str, str], Any], otherwise: Any) -> Any:
        try:
            return check(field, (typed.get(field) or "").strip())
        except Refused as refusal:
            refused.append(_named(refusal))
        return otherwise

    safe = {"since": date(2027, 1, 1), "start": time(12), "zone": clock.zone("UTC")}
    values = {
        "since": take("first", day, safe["since"]),
        "start": take("time", hour, safe["start"]),
        "zone": take("zone", _zone, safe["zone"]),
        "weeks": take("weeks", number, 2),
        "minutes": take("minutes", number, 60),
        "even": take("other_time", lambda field, value: hour(field, value) if value else None, None),
    }
    link, location = take("link", web, None), take("location", _location, None)
    for name, value in values.items():
        try:
            dates.Rhythm(**{**safe, name: value})
        except Refused as refusal:
            refused.append(_named(refusal))
    named = {refusal.field for refusal in refused}
    if not named & {"first", "time", "zone"}:
        begins, _ = dates.instant(values["since"], values["start"], values["zone"])
        if begins <= clock.now():
            refused.append(past("first", values["since"]))
    Refused.raise_any(refused)
    return Wanted(dates.Rhythm(**values), link, location)


def past(field: str, chosen: date) -> Refused:
    """What is said of a date that is over."""
    return Refused(field, f"{chosen.day} {chosen:%B %Y} is over.", "Choose a date and time to come.")


def day(field: str, value: str) -> date:
    """A date as browsers send it."""
    try:
        return date.fromisoformat(value) if len(value) == 10 else _no(value)
    except ValueError:
        what = "This is no date." if value else "The date is missing."
        raise Refused(field, what, "Write year, month and day, as in 2027-01-31.") from None


def hour(field: str, value: str) -> time:
    """A time of day as browsers send it."""
    try:
        return datetime.strptime(value[:5] if value[5:] == ":00" else value, "%H:%M").time()
    except ValueError:
        what = "This is no time of day." if value else "The time is missing."
        raise Refused(field, what, "Write hours and minutes, as in 18:30.") from None


def number(field: str, value: str) -> int:
    """A whole number of at most 4 digits."""
    if value.isascii() and value.lstrip("-").isdigit() and len(value) <= 5:
        return int(value)
    raise Refused(field, "This is no whole number.", "Write digits alone, as in 60.")


def _no(value: str) -> date:
    raise ValueError(value)


def _zone(field: str, value: str) -> Any:
    return dates.zone_of(value, clock.zone)


def web(field: str, value: str) -> str | None:
    if not value:
        return None
    remedy = "Copy the whole address, as in https://meet.example.org/room."
    if len(value) > LINK_MOST:
        raise Refused(field, f"This is {len(value)} characters long.", f"Use at most {LINK_MOST}.")
    if any(c.isspace() or unicodedata.category(c)[0] == "C" for c in value):
        raise Refused(field, "There is a blank or a control character in this address.", remedy)
    try:
        parts = urlsplit(value)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise Refused(field, "This is no web address: only http and https links are taken.", remedy)
    return value


def _location(field: str, value: str) -> str | None:
    value = unicodedata.normalize("NFC", value)
    if any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} or c in _TURNING for c in value):
        raise Refused(field, "This has a control character in it.", "Type it on one line instead of pasting it.")
    if len(value) > LOCATION_MOST:
        raise Refused(field, f"This is {len(value)} characters long.", f"Use at most {LOCATION_MOST}.")
    return value or None


_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _named(refusal: Refused) -> Refused:
    """The same, of the field as the form calls it."""
    return Refused(_NAMES.get(refusal.field, refusal.field), refusal.message, refusal.remedy)
