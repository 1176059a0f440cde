"""When the digest comes: what organizers arranged, and the job's periods that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.events import emit

from .. import waking
from ..models import digest, program, rhythm
from ..rules.rhythm import USUAL, Rhythm

BEGIN = "begin"  # the period in which the first arrangement is made
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EVERY = {"weekly": "Every week", "fortnightly": "Every second week", "monthly": "Every month"}
_USUAL = {"every": "weekly", "weekday": 0, "hour": 8}


class Wrong(Exception):
    """What was typed cannot be arranged: `problems` are {field, message, remedy}."""

    def __init__(self, problems: list[dict[str, str]]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True)
class Arranged:
    """An arrangement as it stands: `since` when; None: it is the usual one, and nobody has begun yet."""

    every: str
    weekday: int
    hour: int
    zone: str
    since: datetime | None

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.every, self.weekday, self.hour, clock.zone(self.zone))

    @property
    def words(self) -> str:
        """As in: every Monday at 08:00 (Toronto time)."""
        day = DAYS[self.weekday]
        often = {
            "weekly": f"every {day}",
            "fortnightly": f"every second {day}",
            "monthly": f"every first {day} of a month",
        }
        return f"{often[self.every]} at {self.hour:02}:00 ({self.zone})"


def read(tx: Connection) -> Arranged:
    """What holds now."""
    row = tx.execute(sa.select(rhythm)).mappings().first()
    if row:
        return Arranged(**{name: row[name] for name in Arranged.__dataclass_fields__})
    zone = tx.execute(sa.select(program.c.timezone)).scalar() or "UTC"
    return Arranged(**_USUAL, zone=zone, since=None)  # type: ignore[arg-type]


def begin(tx: Connection) -> None:
    """The usual arrangement, in the program's zone, from now on: what was due before never comes."""
    row = {"id": 1, **_USUAL, "zone": read(tx).zone, "since": clock.now()}
    tx.execute(db.insert(tx, rhythm).values(row).on_conflict_do_nothing())


def arrange(tx: Connection, typed: Mapping[str, str], by: str) -> None:
    """Let it come otherwise from now on.

    :param typed: `every`, `weekday` (0 is Monday), `hour` and `zone`, as a form has them.
    :raises Wrong: with everything that cannot be.
    """
    wrong = []
    if typed.get("every") not in EVERY:
        wrong.append(_wrong("every", "How often is missing.", "Choose one of the three."))
    if typed.get("weekday") not in [str(day) for day in range(7)]:
        wrong.append(_wrong("weekday", "This is no day of the week.", "Choose one from the list."))
    if typed.get("hour") not in [str(hour) for hour in range(24)]:
        wrong.append(_wrong("hour", "This is no full hour.", "Choose one from the list."))
    zone = typed.get("zone", "")
    try:
        clock.zone(zone)
    except ValueError:
        wrong.append(_wrong("zone", "This time zone is not known.", "Choose one from the list."))
    if wrong:
        raise Wrong(wrong)
    row = {"every": typed["every"], "weekday": int(typed["weekday"]), "hour": int(typed["hour"]), "zone": zone}
    before = read(tx)
    if before.since and all(getattr(before, name) == value for name, value in row.items()):
        return
    row["since"] = clock.now()
    tx.execute(db.insert(tx, rhythm).values(id=1, **row).on_conflict_do_update(index_elements=["id"], set_=row))
    told = {"words": f"The digest comes {read(tx).words}", "by": by, "through": log.through()}
    emit(tx, "digest.arranged", "digest", told)


def _wrong(field: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": field, "message": message, "remedy": remedy}


def last(tx: Connection) -> Any:
    """(period, until) of the latest digest, or None."""
    query = sa.select(digest.c.period, digest.c.until).order_by(digest.c.period.desc()).limit(1)
    return tx.execute(query).first()


def following(tx: Connection, now: datetime) -> datetime:
    """When the next one comes."""
    before = last(tx)
    return read(tx).rhythm.following(now, date.fromisoformat(before.period) if before else None)[1]


def reaches_back(tx: Connection, until: datetime) -> datetime:
    """From where on the digest that ends at `until` tells: what the one before has not."""
    before = last(tx)
    if before:
        return before.until  # type: ignore[no-any-return]
    return until - timedelta(days=USUAL[read(tx).every])


def is_due(tx: Connection, now: datetime) -> bool:
    """Whether one is due that has not been written: for a moment, or for minutes after a gap in ticks."""
    return periods(tx, now) not in (None, BEGIN)


def ready(tx: Connection) -> bool:
    """Whether one that is due may be written: after a gap in ticks it waits. The first arrangement never does."""
    return read(tx).since is None or waking.over(tx)


class _Periods:
    """The job's periods: the local date on which a digest was due. However long nobody looked, it is one."""

    usual = None

    def __call__(self, tx: Connection, now: datetime) -> str | None:
        now_arranged = read(tx)
        if now_arranged.since is None:
            return BEGIN if tx.execute(sa.select(program.c.id)).first() else None
        before = last(tx)
        day = now_arranged.rhythm.due(now_arranged.since, date.fromisoformat(before.period) if before else None, now)
        return day.isoformat() if day else None

    def next(self, tx: Connection, now: datetime) -> datetime:
        return following(tx, now)

    def upcoming(self, tx: Connection, now: datetime) -> datetime:
        return following(tx, now)


periods = _Periods()
