"""Calendars as others read them: two parsers that share no code with ours, nor with each other.

ical.js (Thunderbird's) by Node, as installed by `npm ci --prefix tests/node`; libical (GNOME's and KDE's) by ctypes,
with its check of what RFC 5546 asks of each method. A laptop may do without them, CI may not.
"""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .postgres import absent

NODE = Path(__file__).resolve().parent / "node"
_VEVENT = 4  # ICAL_VEVENT_COMPONENT
_ANY = 1


@dataclass(frozen=True)
class Seen:
    """A session as a calendar understood it."""

    uid: str
    wall: str
    begins: datetime
    ends: datetime


def ical_js(texts: list[bytes]) -> list[dict[str, Any]]:
    """What ical.js reads in each: {method, events}, all in one run of Node."""
    node = shutil.which("node") or shutil.which("nodejs")
    if node is None or not (NODE / "node_modules" / "ical.js").is_dir():
        absent("ical.js: install Node.js, then npm ci --prefix tests/node")
        return []
    given = json.dumps([text.decode() for text in texts])
    done = subprocess.run([node, str(NODE / "read.mjs")], input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    answer: list[dict[str, Any]] = json.loads(done.stdout)
    return answer


def seen_by_ical_js(text: bytes) -> list[Seen]:
    """The sessions in it, in their order."""
    return [
        Seen(
            each["uid"], each["begins"]["wall"], _instant(each["begins"]["instant"]), _instant(each["ends"]["instant"])
        )
        for each in ical_js([text])[0]["events"]
    ]


def seen_by_libical(text: bytes) -> list[Seen]:
    """The sessions in it, in their order."""
    lib = _libical()
    whole = lib.icalparser_parse_string(text)
    assert whole, "libical reads no calendar"
    try:
        found = []
        event = lib.icalcomponent_get_first_component(whole, _VEVENT)
        while event:
            begins, ends = lib.icalcomponent_get_dtstart(event), lib.icalcomponent_get_dtend(event)
            wall = f"{begins.year:04}-{begins.month:02}-{begins.day:02}T{begins.hour:02}:{begins.minute:02}"
            instants = [_instant(lib.icaltime_as_timet_with_zone(each, each.zone)) for each in (begins, ends)]
            found.append(Seen(lib.icalcomponent_get_uid(event).decode(), wall, *instants))
            event = lib.icalcomponent_get_next_component(whole, _VEVENT)
        return found
    finally:
        lib.icalcomponent_free(whole)


def objections(text: bytes) -> list[str]:
    """What libical finds wrong with it: errors of syntax, and what its method forbids or misses (RFC 5546)."""
    lib = _libical()
    whole = lib.icalparser_parse_string(text)
    if not whole:
        return ["no calendar"]
    try:
        lib.icalrestriction_check(whole)
        lines = ctypes.string_at(lib.icalcomponent_as_ical_string(whole)).decode("utf-8", "replace")
        unfolded = lines.replace("\r\n", "\n").replace("\n ", "")
        return [line for line in unfolded.split("\n") if line.startswith("X-LIC-ERROR")]
    finally:
        lib.icalcomponent_free(whole)


class _Time(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int) for name in "year month day hour minute second is_date is_daylight".split()),
        ("zone", ctypes.c_void_p),
    ]


def _libical() -> Any:
    try:
        lib = ctypes.CDLL("libical.so.3")
    except OSError:
        absent("libical: install Debian's package libical3")
    pointer = ctypes.c_void_p
    for name, result, taken in (
        ("icalparser_parse_string", pointer, [ctypes.c_char_p]),
        ("icalcomponent_get_first_component", pointer, [pointer, ctypes.c_int]),
        ("icalcomponent_get_next_component", pointer, [pointer, ctypes.c_int]),
        ("icalcomponent_get_dtstart", _Time, [pointer]),
        ("icalcomponent_get_dtend", _Time, [pointer]),
        ("icalcomponent_get_uid", ctypes.c_char_p, [pointer]),
        ("icaltime_as_timet_with_zone", ctypes.c_long, [_Time, pointer]),
        ("icalrestriction_check", ctypes.c_int, [pointer]),
        ("icalcomponent_as_ical_string", pointer, [pointer]),
        ("icalcomponent_free", None, [pointer]),
    ):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, taken
    return lib


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
