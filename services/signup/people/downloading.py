"""Everything that is held about a person, in one file for them: asked for, gathered from all services, taken.

Each service answers by events when it can (shared/personal.py), so one that is down delays, and loses nothing; what
signup itself holds is read when the file is taken. One request a person and day: gathering is work for everybody.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, personal
from shared.events import emit

from .. import audit, rules
from ..models import download as downloads
from ..models import download_part as parts
from . import row as rows
from .reading import kept_about

DAY = 86_400.0


@dataclass(frozen=True)
class Gathering:
    """How far somebody's download is. Instants are machine time.

    :param missing: services that have not told their last, or of which pieces were given up on the way.
    :param cut: as "service: part", what was too large to be whole.
    :param until: when it is thrown away.
    :param again: when they may ask anew; None: now.
    """

    asked: datetime
    ready: datetime | None
    missing: list[str]
    cut: list[str]
    until: datetime
    again: datetime | None


def ask_download(tx: Connection, by: str, person: str) -> None:
    """Have everything about them gathered anew.

    :raises Refused: Busy when they asked less than a day ago, whether or not it is ready.
    """
    row = rows.taken(tx, person)
    rules.after("correct", row["state"])  # whoever may correct their data may have them
    before = tx.execute(sa.select(downloads.c.asked_at).where(downloads.c.person == person)).scalar()
    wait = (before or 0.0) + DAY - clock.machine()
    if wait > 0:
        raise rules.Busy(
            "download",
            "Your data were asked for less than a day ago.",
            f"Take what is here; they can be gathered anew in {int(wait // 3600) + 1} h.",
            wait,
        )
    drop_download(tx, person)
    request = db.new_id()
    tx.execute(downloads.insert().values(person=person, request=request, asked_at=clock.machine()))
    emit(tx, personal.REQUESTED, rows.subject(person), {"person": person, "request": request})
    audit.note(tx, by, "download.asked", rows.subject(person))


def gathered(tx: Connection, service: str, told: dict[str, Any]) -> None:
    """Keep a piece that a service told. What answers an older request, or is about somebody erased, is let go."""
    own = downloads.c.person == told["person"], downloads.c.request == told["request"]
    if tx.execute(sa.select(downloads.c.person).where(*own).with_for_update()).first() is None:
        return
    piece = {name: told[name] for name in ("person", "number", "part", "rows", "last", "cut")}
    tx.execute(db.insert(tx, parts).values(service=service, **piece).on_conflict_do_nothing())
    ended = sa.select(sa.func.count()).select_from(parts).where(parts.c.person == told["person"], parts.c.last)
    if tx.execute(ended).scalar_one() == len(personal.ASKED):
        tx.execute(downloads.update().where(*own, downloads.c.ready_at.is_(None)).values(ready_at=clock.machine()))


def gathering(tx: Connection, person: str) -> Gathering | None:
    """How far their download is; None when they have not asked for one."""
    row = tx.execute(sa.select(downloads).where(downloads.c.person == person)).first()
    if row is None:
        return None
    listed = sa.select(parts.c.service, parts.c.number, parts.c.last, parts.c.cut).where(parts.c.person == person)
    told = list(tx.execute(listed.order_by(parts.c.service, parts.c.number)))
    whole = {each.service for each in told if each.last and each.number + 1 == _count(told, each.service)}
    again = row.asked_at + DAY
    return Gathering(
        _instant(row.asked_at),
        _instant(row.ready_at) if row.ready_at else None,
        [service for service in personal.ASKED if service not in whole],
        [f"{each.service}: {name}" for each in told for name in each.cut],
        _instant(row.asked_at + personal.KEPT * DAY),
        _instant(again) if again > clock.machine() else None,
    )


def _count(told: list[Any], service: str) -> int:
    return sum(each.service == service for each in told)


def _instant(machine: float) -> datetime:
    return datetime.fromtimestamp(machine, UTC)


def download(tx: Connection, person: str) -> Iterator[str]:
    """What is here now as JSON: {missing, cut, signup: {…}, <service>: {<part>: [row, …]}}, piece by piece."""
    found = gathering(tx, person)
    about: dict[str, Any] = {
        "made_at": clock.now().isoformat(),
        "missing": found.missing if found else list(personal.ASKED),
    }
    about |= {"not_whole": found.cut if found else [], "signup": kept_about(tx, person)}
    yield json.dumps(about, ensure_ascii=False, indent=2).removesuffix("\n}")
    pieces = sa.select(parts.c.service, parts.c.part, parts.c.rows).where(parts.c.person == person, ~parts.c.last)
    ordered = pieces.order_by(parts.c.service, parts.c.number).execution_options(yield_per=10)
    for service, of_service in itertools.groupby(tx.execute(ordered), key=lambda each: each.service):
        yield f',\n  "{service}": {{'
        comma = ""
        for part, of_part in itertools.groupby(of_service, key=lambda each: each.part):
            yield f"{comma}\n    {json.dumps(part)}: ["
            comma, between = ",", ""
            for row in itertools.chain.from_iterable(each.rows for each in of_part):
                yield f"{between}\n      {json.dumps(row, ensure_ascii=False)}"
                between = ","
            yield "\n    ]"
        yield "\n  }"
    yield "\n}\n"


def forget_downloads(tx: Connection) -> None:
    """Throw away what was asked for so long ago."""
    old = downloads.c.asked_at < clock.machine() - personal.KEPT * DAY
    for person in tx.execute(sa.select(downloads.c.person).where(old)).scalars().all():
        drop_download(tx, person)


def drop_download(tx: Connection, person: str) -> None:
    """Throw away what was gathered for that person."""
    tx.execute(parts.delete().where(parts.c.person == person))
    tx.execute(downloads.delete().where(downloads.c.person == person))
