"""`./baton clock [+3d]`: what program time is, or, while it can be set (BATON_CLOCK), move it forward."""

from __future__ import annotations

import argparse
import json
import re
from datetime import timedelta

from .. import clock, config
from . import Refused, settings

STEP = re.compile(r"\+?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def main(args: list[str]) -> int:
    """Show or move program time; every process of this data folder sees it at once."""
    parser = argparse.ArgumentParser(prog="./baton clock", description="Program time: show it, or move it forward.")
    parser.add_argument("step", nargs="?", help="how far to move it: +3d, +2w, +1d12h, +90m")
    parser.add_argument("--data", help="the data folder (default: BATON_DATA, or var)")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    options = parser.parse_args(args)
    settings.apply(options.data)
    try:
        now = clock.advance(parse(options.step)) if options.step else clock.now()
        setting = config.current().clock
    except config.SettingError as wrong:
        raise Refused(str(wrong)) from None
    if options.json:
        print(json.dumps({"now": now.isoformat(), "clock": setting}))
    else:
        print(now.isoformat(timespec="seconds"), f"(BATON_CLOCK is {setting})" if setting else "(real time)")
    return 0


def parse(step: str) -> timedelta:
    """`+1w2d3h4m5s`, any of these, as a duration.

    :raises Refused: it is none.
    """
    found = STEP.fullmatch(step)
    if not found or not any(found.groups()):
        raise Refused(f"{step!r} is no step of time: write +3d, +2w, +1d12h or +90m")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
