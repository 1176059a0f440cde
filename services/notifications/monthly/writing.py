"""The writing of monthly letters: a step of readers at a time, each once a period, whatever dies between two steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection

from shared import clock

from .. import people
from ..mail import compose
from ..models import monthly
from ..rules import monthly as rules
from . import facts

STEP = 200  # readers


def write(tx: Connection) -> bool:
    """Write the letters of a step of those for whom one is due; True while there may be more.

    Who has nothing new gets none, and has had their period all the same.
    """
    now = clock.now()
    rows = facts.due(tx, now, STEP)
    if not rows:
        return False
    letters = _letters(tx, rows, now)
    named = {id for told in letters.values() for id in rules.named(told)}
    readers = {row.to.person for row in rows}
    gone = people.forgotten(tx, named | readers)  # nobody else of them can be erased before this ends
    had = [{"person": row.to.person, "period": row.period, "until": now} for row in rows if row.to.person not in gone]
    if had:
        tx.execute(monthly.insert(), had)
    kept = {person: told for person, told in letters.items() if person not in gone}
    facts.keep(tx, kept, {row.to.person: row.period for row in rows}, now)
    names = people.called(tx, named, hold=False)
    for row in rows:
        told = letters.get(row.to.person)
        if told is None or row.to.person in gone:
            continue
        for id in gone.intersection(rules.named(told)):
            told = rules.without(told, id)
        told["names"] = {each["person"]: names[each["person"]] for each in told["posts"]}
        cause, context = f"stream/{row.period}", {"letter": told}
        compose.write(tx, "stream", cause, row.to, context, mentions=rules.named(told))
    return len(rows) == STEP


def _letters(tx: Connection, rows: list[facts.Due], now: datetime) -> dict[str, dict[str, Any]]:
    """The letter of each for whom something is new."""
    streams: dict[tuple[str | None, datetime], rules.Stream] = {}
    found = {}
    owns = {each.person: each for each in facts.own(tx, rows, now)}
    for row in rows:
        key = (row.stream, row.since)
        if key not in streams:
            streams[key] = facts.stream(tx, *key, now)
        told = rules.compose(streams[key], owns[row.to.person])
        if told:
            found[row.to.person] = told
    return found


def next_due(tx: Connection, since: datetime) -> datetime | None:
    """When there is next somebody to write to."""
    zones = [clock.zone(name or compose.the_program(tx).timezone) for name in facts.zones(tx)]
    return min((rules.following(since, zone) for zone in zones), default=None)
