"""Two clocks. Program time says when sessions, deadlines and digests are; machine time runs leases, retries, cookies.

Only program time can be set (BATON_CLOCK): `START*SPEED` runs faster or slower from START, `START*0` stands still until
`advance`. Its anchor, the pair (program instant, machine instant), lies in the data folder, so that every process and
the next start agree. Zones come from the pinned tzdata wheel, never from the system.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
import zoneinfo
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path

from . import config

# The system's zone files differ from machine to machine; with an empty path zoneinfo falls through to the wheel.
zoneinfo.reset_tzpath(to=())
ANCHOR = "clock.json"


def machine() -> float:
    """Seconds since the epoch, as the machine counts them."""
    return time.time()


def now() -> datetime:
    """The program's present instant, aware, in UTC."""
    setting = config.current().clock
    if not setting:
        return datetime.now(UTC)
    start, since, speed = _anchor(setting)
    return start + timedelta(seconds=(machine() - since) * speed)


def advance(step: timedelta) -> datetime:
    """Move program time forward by `step` and return the new instant.

    :raises config.SettingError: when BATON_CLOCK is not set: real time cannot be moved.
    """
    setting = config.current().clock
    if not setting:
        raise config.SettingError("BATON_CLOCK", "is not set", "Only a set clock can be moved: try START*0.")
    if step < timedelta(0):
        raise config.SettingError("BATON_CLOCK", "cannot go back", "Give a positive step, as in +3d.")
    _, _, speed = _anchor(setting)
    moved = now() + step
    _write_anchor({"setting": setting, "program": moved.isoformat(), "machine": machine(), "speed": speed})
    return moved


def moved() -> float | None:
    """When program time was last set or moved, as the machine counts; None while it cannot be."""
    setting = config.current().clock
    return _anchor(setting)[1] if setting else None


def during(seconds: float) -> timedelta:
    """How much program time passes in so many seconds of the machine."""
    setting = config.current().clock
    return timedelta(seconds=seconds * (_anchor(setting)[2] if setting else 1.0))


def zone(name: str) -> zoneinfo.ZoneInfo:
    """The time zone of that IANA name.

    :raises ValueError: there is no such zone in the pinned tzdata.
    """
    if name not in zones():
        raise ValueError(f"{name!r} is not a time zone")
    return zoneinfo.ZoneInfo(name)


def zones() -> frozenset[str]:
    """All zone names of the pinned tzdata."""
    global _zones
    if _zones is None:
        _zones = frozenset(zoneinfo.available_timezones())
    return _zones


@cache
def renamed() -> dict[str, str]:
    """Zones that go by another name today (Asia/Calcutta: Asia/Kolkata), from the links of the pinned tzdata.

    A link from a name that zone.tab lists is none of these: Amsterdam keeps Brussels' time, and its own name.
    """
    folder = resources.files("tzdata").joinpath("zoneinfo")
    table = folder.joinpath("zone.tab").read_text(encoding="utf-8")
    present = {line.split("\t")[2].strip() for line in table.splitlines() if line and not line.startswith("#")}
    lines = (line.split() for line in folder.joinpath("tzdata.zi").read_text(encoding="utf-8").splitlines())
    links = {words[2]: words[1] for words in lines if words[:1] == ["L"]}
    return {old: new for old, new in links.items() if old not in present and new in present and "/" in old}


_zones: frozenset[str] | None = None
_seen: tuple[str, int, tuple[datetime, float, float]] | None = None


def _anchor(setting: str) -> tuple[datetime, float, float]:
    """(program instant, machine instant, speed); made on first use, read again when another process moved it."""
    global _seen
    path = _path()
    try:
        stamp = os.stat(path).st_mtime_ns
    except FileNotFoundError:
        start, speed = parse(setting)
        first = {"setting": setting, "program": start.isoformat(), "machine": machine(), "speed": speed}
        _write_anchor(first, replace=False)
        stamp = os.stat(path).st_mtime_ns
    if _seen and _seen[:2] == (setting, stamp):
        return _seen[2]
    kept = json.loads(Path(path).read_text())
    if kept["setting"] != setting:
        start, speed = parse(setting)
        kept = {"setting": setting, "program": start.isoformat(), "machine": machine(), "speed": speed}
        _write_anchor(kept)
        stamp = os.stat(path).st_mtime_ns
    anchor = (datetime.fromisoformat(kept["program"]), float(kept["machine"]), float(kept["speed"]))
    _seen = (setting, stamp, anchor)
    return anchor


def parse(setting: str) -> tuple[datetime, float]:
    """(start, speed) of a BATON_CLOCK value.

    :raises config.SettingError: it is not `START*SPEED`.
    """
    start, star, speed = setting.partition("*")
    try:
        instant = datetime.fromisoformat(start)
        factor = float(speed)
        if not star or instant.tzinfo is None or not 0 <= factor <= 1e6:
            raise ValueError
    except ValueError:
        raise config.SettingError(
            "BATON_CLOCK", f"is {setting!r}", "Write START*SPEED, as in 2027-01-04T09:00:00Z*60 or …*0."
        ) from None
    return instant.astimezone(UTC), factor


def _path() -> str:
    return os.path.join(config.current().data, ANCHOR)  # a Path made and read took longer than to look at the file


def _write_anchor(anchor: dict[str, object], replace: bool = True) -> None:
    """Put the anchor in its place, whole; with `replace` False only if nobody was quicker."""
    path = _path()
    folder = config.current().data
    folder.mkdir(parents=True, exist_ok=True)
    # A draft of one's own: two threads that shared one have left half of each.
    handle, draft = tempfile.mkstemp(dir=folder, prefix=f"{ANCHOR}.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(anchor, file)
        if replace:
            os.replace(draft, path)
        else:
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)
