"""What a service holds about one person, told to signup when that person asks for all of it.

A service's `personal.py` registers its parts with `part`, or with `table` in one line. `download.requested` is answered
by events of the service's own, `<service>.gathered`: some rows in each, so that no message grows large, the last one
saying that it is the last. Their subject is the person: they come in order, and erasing blanks them like any other
event. After KEPT days they are blanked anyway, since signup has thrown its copy away by then.

Not for organizers: what a program takes along is in `export`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import clock, db, schedule
from .events import Event, emit, on
from .events.catalog import BY_TYPE
from .events.erasure import blank_old

CHUNK = 32_000  # letters of JSON in one event, more only for a row that is larger: a hundred events share a message
MOST = 8_000_000  # letters of JSON that one service tells of one person
KEPT = 7  # days

REQUESTED = "download.requested"
ASKED = BY_TYPE[REQUESTED].subscribers  # whose answers a download waits for
GATHERED = tuple(f"{service}.gathered" for service in ASKED)

Rows = Callable[[Connection, str], Iterable[Mapping[Any, Any]]]
_parts: dict[str, dict[str, Rows]] = {}


def part(service: str, name: str) -> Callable[[Rows], Rows]:
    """Register what `rows(tx, person)` yields as the part `name`, what matters most first."""

    def register(rows: Rows) -> Rows:
        _parts.setdefault(service, {})[name] = rows
        return rows

    return register


def table(service: str, name: str, of: sa.Column[Any], without: Collection[str] = (), latest: Any = None) -> None:
    """Register the rows of a table that belong to a person as a part, the latest first.

    :param of: the column that says whose a row is.
    :param without: columns that nobody could make sense of.
    :param latest: the column by which they are in order; else the table's key.
    """
    columns = [column for column in of.table.c if column.name not in without]
    order = [latest] if latest is not None else []

    @part(service, name)
    def rows(tx: Connection, person: str) -> Iterator[Mapping[Any, Any]]:
        query = sa.select(*columns).where(of == person).order_by(*(c.desc() for c in (*order, *of.table.primary_key)))
        yield from tx.execute(query.execution_options(yield_per=100)).mappings()


def answer(tx: Connection, event: Event) -> None:
    """Tell all that this service holds about the person of a `download.requested`, in the same transaction."""
    service = db.service_of(tx)
    common = {"person": event.data["person"], "request": event.data["request"]}
    cut: list[str] = []
    number = 0
    for name, rows in _chunks(tx, service, event.data["person"], cut):
        told = {**common, "number": number, "part": name, "rows": rows, "last": False, "cut": []}
        emit(tx, f"{service}.gathered", event.subject, told)
        number += 1
    ending = {**common, "number": number, "part": "", "rows": [], "last": True, "cut": cut}
    emit(tx, f"{service}.gathered", event.subject, ending)


def _chunks(tx: Connection, service: str, person: str, cut: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(part, rows) of at most CHUNK letters, MOST in all; the names of parts that did not fit are put into `cut`."""
    left = MOST
    for name, read in _parts.get(service, {}).items():
        chunk: list[dict[str, Any]] = []
        size = 0
        for row in read(tx, person):
            plain = {key: _plain(value) for key, value in row.items()}
            length = len(json.dumps(plain, ensure_ascii=False))
            if length > left:
                cut.append(name)
                break
            left -= length
            if chunk and size + length > CHUNK:
                yield name, chunk
                chunk, size = [], 0
            chunk.append(plain)
            size += length
        yield name, chunk  # an empty one, too: that there is nothing is an answer


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _blank(tx: Connection, _period: str) -> None:
    """What was told so long ago that signup has thrown it away is blanked here too."""
    blank_old(tx, f"{db.service_of(tx)}.gathered", clock.machine() - KEPT * 86_400.0)


for _service in ASKED:
    on(_service, REQUESTED)(answer)
    schedule.job(_service, "gathered.blank", schedule.daily(3, lambda _tx: "UTC", schedule.never))(_blank)
