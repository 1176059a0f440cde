"""Quiet hours: what organizers arranged, how long a mail waits by that, and that it goes when they are over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.events import emit
from shared.quick import Quick

from ..models import mail, quiet
from ..rules import quiet as rules

STEP = 1000
_QUEUED = sa.text("state = 'queued'")


class Wrong(Exception):
    """What was typed cannot be arranged: `problems` are {field, message, remedy}."""

    def __init__(self, problems: list[dict[str, str]]) -> None:
        super().__init__(problems)
        self.problems = problems


@dataclass(frozen=True)
class Hours:
    """Full hours of a reader's own day; the same twice: there are no quiet hours."""

    begins: int
    ends: int

    @property
    def words(self) -> str:
        """As in: from 21:00 to 07:00."""
        return "none" if self.begins == self.ends else f"from {self.begins:02}:00 to {self.ends:02}:00"


_READ = Quick(lambda _: sa.select(quiet.c.begins, quiet.c.ends))


def read(tx: Connection) -> Hours:
    """What holds now."""
    row = _READ(tx, {}).fetchone()
    return Hours(*(row or rules.USUAL))


def rests(tx: Connection, zone: str, deadline: datetime | None) -> datetime | None:
    """Until when a mail that nobody waits for rests; None: it goes now.

    :param zone: its reader's.
    :param deadline: from which on it would mislead: one that comes before the morning is not waited for.
    """
    hours = read(tx)
    end = rules.until(clock.now(), clock.zone(zone), hours.begins, hours.ends)
    return None if end is None or (deadline is not None and deadline <= end) else end


def resting(until: datetime) -> dict[str, Any]:
    """What a mail's row says that rests until then: its machine time as if nobody set the program's clock."""
    return {"rests_until": until, "due": clock.machine() + (until - clock.now()).total_seconds()}


def wake(tx: Connection) -> bool:
    """What has rested long enough by program time is due; True while there may be more."""
    over = sa.select(mail.c.id).where(_QUEUED, mail.c.rests_until <= clock.now()).limit(STEP)
    ids = list(tx.execute(over).scalars())
    tx.execute(
        mail.update().where(mail.c.id.in_(ids), _QUEUED).values(due=clock.machine(), rests_until=None, chat=None)
    )
    return len(ids) == STEP


def next_morning(tx: Connection, _since: datetime) -> datetime | None:
    """When the first mail that rests is due."""
    first: datetime | None = tx.execute(sa.select(sa.func.min(mail.c.rests_until)).where(_QUEUED)).scalar()
    return first


def arrange(tx: Connection, typed: Mapping[str, str], by: str) -> None:
    """Let them be other hours, or none, for mails that are written from now on.

    :param typed: `begins` and `ends`, full hours, as a form has them.
    :raises Wrong: with everything that cannot be.
    """
    wrong = [
        {"field": name, "message": "This is no full hour.", "remedy": "Choose one from the list."}
        for name in ("begins", "ends")
        if typed.get(name) not in [str(hour) for hour in range(24)]
    ]
    if wrong:
        raise Wrong(wrong)
    hours = Hours(int(typed["begins"]), int(typed["ends"]))
    if hours == read(tx):
        return
    row = {"begins": hours.begins, "ends": hours.ends}
    tx.execute(db.insert(tx, quiet).values(id=1, **row).on_conflict_do_update(index_elements=["id"], set_=row))
    if hours.begins == hours.ends:  # what rests now rests no longer
        rests = (_QUEUED, mail.c.rests_until.is_not(None), mail.c.chat.is_(None))
        tx.execute(mail.update().where(*rests).values(due=clock.machine(), rests_until=None))
    emit(tx, "quiet.arranged", "quiet", {"words": f"Quiet hours: {hours.words}", "by": by, "through": log.through()})
