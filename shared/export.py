"""Taking everything along: each service names the parts it owns, and each part goes out as CSV or as JSON.

A service's `exports.py` registers its parts with `part`; `shared/exporting.py` serves them to organizers and programs,
`./baton export` writes them to a folder. Rows are read and written a few hundred at a time, however many there are.

In CSV a cell that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV injection): whatever
people typed stays readable, and stays text. Importing takes it away again. JSON holds everything as it is.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from . import db

FORMATS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
STEP = 500
FORMULA = tuple("=+-@\t\r＝＋－＠")

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Part:
    """What one service owns of one kind: `columns` in their order, `rows` to read them."""

    service: str
    name: str
    meaning: str
    columns: Callable[[Connection], list[str]]
    rows: Callable[[Connection], Iterator[Row]]


_parts: dict[str, dict[str, Part]] = {}


def part(
    service: str, name: str, meaning: str, columns: list[str] | Callable[[Connection], list[str]]
) -> Callable[[Callable[[Connection], Iterator[Row]]], Callable[[Connection], Iterator[Row]]]:
    """Register what `rows(tx)` yields as the part `name` of a service.

    :param columns: names in order, or how to tell them when they hang on the data.
    """

    def register(rows: Callable[[Connection], Iterator[Row]]) -> Callable[[Connection], Iterator[Row]]:
        told = columns if callable(columns) else lambda _tx: list(columns)  # type: ignore[arg-type]
        _parts.setdefault(service, {})[name] = Part(service, name, meaning, told, rows)
        return rows

    return register


def find(service: str, name: str) -> Part | None:
    """That one part."""
    return _parts.get(service, {}).get(name)


def parts(service: str) -> list[Part]:
    """What that service has to give, in the order of its `exports.py`."""
    return list(_parts.get(service, {}).values())


def table(tx: Connection, query: sa.Select[Any]) -> Iterator[Row]:
    """The rows of a query, STEP at a time."""
    yield from tx.execute(query.execution_options(yield_per=STEP)).mappings()


def csv_text(columns: list[str], rows: Iterable[Row], keys: Iterable[Any] = ()) -> Iterator[str]:
    """CSV as RFC 4180 has it: a header, CRLF, quotation marks where they are needed, and no formulas.

    :param keys: what the rows call the columns, if not by their names.
    """
    names = list(keys) or columns
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([cell(column) for column in columns])
    for number, row in enumerate(rows, start=1):
        writer.writerow([cell(row.get(name)) for name in names])
        if number % STEP == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def _emptied(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def cell(value: Any) -> str:
    """A value as it stands in a cell; what would be a formula gets an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = ", ".join(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)
    return f"'{text}" if text.startswith(FORMULA) else text


def json_text(columns: list[str], rows: Iterable[Row]) -> Iterator[str]:
    """A JSON array, an object a row; what a row does not have is left out."""
    begun, lines = False, []
    for number, row in enumerate(rows, start=1):
        entry = json.dumps({name: row[name] for name in columns if name in row}, ensure_ascii=False, default=_plain)
        lines.append(f"{',' if begun else '['}\n{entry}")
        begun = True
        if number % STEP == 0:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines) + ("\n]\n" if begun else "[]\n")


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")


_WRITERS = {"csv": csv_text, "json": json_text}


def text(wanted: Part, form: str) -> Iterator[str]:
    """That part in that format, read from the database while it is taken."""
    with db.read(wanted.service) as tx:
        yield from _WRITERS[form](wanted.columns(tx), wanted.rows(tx))
