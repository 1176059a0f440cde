"""Timestamps as Google Forms and spreadsheets write them: in the order of their locale, in 12 or 24 hours. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone, tzinfo

ORDERS = {"mdy": "month, day, year", "dmy": "day, month, year"}  # what begins with the year needs no choice
_DATE = re.compile(r"(\d{1,4})\s?[./-]\s?(\d{1,2})\s?[./-]\s?(\d{1,4})")
_TIME = re.compile(r"(\d{1,2})\s?[:.hH]\s?(\d{2})(?:\s?[:.m]\s?(\d{2})(?:[.,]\d+)?)?")
_USUAL = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}) (\d\d?):(\d\d):(\d\d)", re.ASCII)  # what Google writes in most places
_OFFSET = re.compile(r"(?:(?:GMT|UTC)\s?([+\-−]\d{1,2})(?::?(\d{2}))?|([+-]\d{2}):?(\d{2})|(GMT|UTC|Z))\s*\Z")
# Afternoon as locales of Google Sheets write it, and morning; compared without dots and spaces.
_PM = frozenset("pm μμ 下午 오후 午後 م ch em du".split())
_AM = frozenset("am πμ 上午 오전 午前 ص sa fm de".split())
_WORD = re.compile(r"[^\W\d]+")
_DOTS = re.compile(r"(?<=\w)\.\s?(?=\w\.)|(?<=\w)\.(?=\s|\Z)")


def parse(text: str, order: str, zone: tzinfo) -> datetime | None:
    """The instant in UTC; None when this is no timestamp in that order.

    :param order: `mdy` or `dmy`, for dates that do not begin with the year.
    :param zone: where its wall time holds, unless it names an offset itself.
    """
    usual = _USUAL.fullmatch(text)
    if usual:
        a, b, year, hour, minute, second = map(int, usual.groups())
        month, day = (a, b) if order == "mdy" else (b, a)
        return _instant(year, month, day, hour, minute, second, zone)
    found = _DATE.search(text)
    if not found:
        return None
    a, b, c = (int(part) for part in found.groups())
    if a > 31:
        year, month, day = a, b, c
    else:
        year, (month, day) = c, (a, b) if order == "mdy" else (b, a)
        year += 2000 if len(found[3]) == 2 else 0
    rest = text[found.end() :]
    hour = minute = second = 0
    offset: tzinfo | None = None
    clock = _TIME.search(rest)
    if clock:
        hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
        tail = rest[clock.end() :]
        half = _half(rest[: clock.start()]) or _half(tail) or _half(text[: found.start()])
        if half:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if half == "pm" else 0)
        offset = _offset(tail)
    return _instant(year, month, day, hour, minute, second, offset or zone)


def _instant(year: int, month: int, day: int, hour: int, minute: int, second: int, zone: tzinfo) -> datetime | None:
    if not 1990 <= year <= 2200:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _half(text: str) -> str | None:
    if not text or text.isspace():
        return None
    for word in _WORD.findall(_DOTS.sub("", text.casefold()).replace("p. m", "pm").replace("a. m", "am")):
        if word in _PM:
            return "pm"
        if word in _AM:
            return "am"
    return None


def _offset(tail: str) -> tzinfo | None:
    if not tail or tail.isspace():
        return None
    found = _OFFSET.search(tail)
    if not found:
        return None
    hours, minutes = found[1] or found[3] or "0", found[2] or found[4] or "0"
    sign = -1 if hours[0] in "-−" else 1
    try:
        return timezone(sign * timedelta(hours=abs(int(hours.replace("−", "-"))), minutes=int(minutes)))
    except ValueError:
        return None


def order_of(samples: Iterable[str]) -> str:
    """The order that these dates were written in: what only fits one way decides; dots and 24 hours speak for dmy."""
    first = second = dots = halves = 0
    for sample in samples:
        found = _DATE.search(sample)
        if not found:
            continue
        a, b = int(found[1]), int(found[2])
        if a > 31:
            continue
        first += a > 12
        second += b > 12
        dots += "." in found[0]
        halves += _half(sample[found.end() :]) is not None
    if bool(first) != bool(second):
        return "dmy" if first else "mdy"
    return "dmy" if dots > halves else "mdy"
