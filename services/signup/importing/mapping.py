"""The mapping: which column of a form is which field, and what answers about stream and time zone mean.

Remembered by header, so that the next file of the same form needs nothing. Every version is kept: an organizer can take
the last one back.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock

from .. import audit
from ..models import import_mapping as mappings
from ..program import SUBJECT, Program, load, questions
from ..rules import Question, Refused
from . import dates, guess
from .guess import ANSWER, FIELDS, SEVERAL

MEANT = ("stream", "timezone")  # columns whose answers are mapped, each


@dataclass(frozen=True)
class Columns:
    """How the files of one form are read.

    :param columns: per column a key of FIELDS, `answers.<question id>`, or None to leave it out.
    :param meanings: {"stream": {answer: slug}, "timezone": {answer: zone}}, beside what can be guessed.
    :param stream: the stream of whoever names none: everybody, when no column tells it.
    :param timezone: where wall times hold, and the zone of people who do not say.
    :param dates: `mdy` or `dmy`.
    """

    columns: tuple[str | None, ...]
    meanings: dict[str, dict[str, str]] = field(default_factory=lambda: {each: {} for each in MEANT})
    stream: str | None = None
    timezone: str = "UTC"
    dates: str = "mdy"

    def place(self, field: str) -> int | None:
        """The column of a field, or None."""
        return self.columns.index(field) if field in self.columns else None

    def as_dict(self) -> dict[str, Any]:
        """For SQL."""
        return {**asdict(self), "columns": list(self.columns)}


def from_dict(kept: Mapping[str, Any]) -> Columns:
    """What `as_dict` made."""
    return Columns(**{**kept, "columns": tuple(kept["columns"])})


def form_of(header: Sequence[str]) -> str:
    """What tells one form from another: its header. Spaces and capitals do not count."""
    return hashlib.sha256(json.dumps([guess.plain(each) for each in header]).encode()).hexdigest()


def guessed(tx: Connection, header: Sequence[str], sample: Sequence[Sequence[str]]) -> Columns:
    """The mapping to begin with."""
    now = load(tx)
    made = Columns(tuple(guess.columns(header, sample, now)), timezone=now.timezone)
    place = made.place("timestamp")
    cells = [row[place] for row in sample if place is not None and place < len(row)]
    alone = now.streams[0].slug if made.place("stream") is None and len(now.streams) == 1 else None
    return replace(made, dates=dates.order_of(cells), stream=alone)


def checked(tx: Connection, header: Sequence[str], given: Columns) -> Columns:
    """The mapping, if a file can be imported by it.

    :raises Refused: with everything that is wrong in `all`; fields are `column.<number from 0>`, `stream`, `timezone`,
        `dates` and `meaning.<field>.<answer>`.
    """
    now, asked = load(tx), questions(tx)
    refused: list[Refused] = []
    counts = Counter(each for each in given.columns if each)
    for n, each in enumerate(given.columns):
        if each is None:
            continue
        if each not in FIELDS and each.removeprefix(ANSWER) not in asked:
            refused.append(Refused(f"column.{n}", "There is no such field.", "Choose one from the list."))
        elif counts[each] > 1 and each not in SEVERAL:
            what = "Several columns are to be the same field."
            refused.append(Refused(f"column.{n}", what, "Keep the right one; leave the others out."))
    if len(given.columns) != len(header):
        refused.append(Refused("column.0", "The columns are not those of the file.", "Load the page again."))
    for name, words in (("email", "e-mail address"), ("name", "name")):
        if not counts[name]:
            remedy = "Choose it: without it nobody can be imported."
            refused.append(Refused("column.0", f"No column is the {words}.", remedy))
    slugs = {each.slug for each in now.streams}
    if given.stream not in slugs and (given.stream or not counts["stream"]):
        remedy = "Choose the column that tells it, or one stream for everybody."
        refused.append(Refused("stream", "Nothing says which stream people are in.", remedy))
    if given.timezone not in clock.zones():
        refused.append(Refused("timezone", "There is no such time zone.", "Choose one from the list."))
    if given.dates not in dates.ORDERS:
        refused.append(Refused("dates", "There is no such order.", f"Choose from {', '.join(dates.ORDERS)}."))
    for name, known in (("stream", slugs), ("timezone", clock.zones())):
        for answer, meaning in given.meanings.get(name, {}).items():
            if "\x00" in answer:
                refused.append(Refused(f"meaning.{name}", "An answer cannot be read.", "Load the page again."))
            elif meaning not in known:
                field = f"meaning.{name}.{answer}"[:200]
                refused.append(Refused(field, f"There is no {name} “{meaning}”.", "Choose one from the list."))
    Refused.raise_any(refused)
    return given


def remembered(tx: Connection, form: str) -> Columns | None:
    """The mapping that holds for this form, or None."""
    kept = tx.execute(_holding(form)).mappings().first()
    return from_dict(kept["mapping"]) if kept else None


def _holding(form: str) -> Any:
    holds = sa.select(mappings).where(mappings.c.form == form, mappings.c.undone_at.is_(None))
    return holds.order_by(mappings.c.version.desc()).limit(1)


def remember(tx: Connection, by: str, form: str, made: Columns) -> bool:
    """Keep a new version, unless it is the one that holds; True when it was kept."""
    if remembered(tx, form) == made:
        return False
    last = tx.execute(sa.select(sa.func.max(mappings.c.version)).where(mappings.c.form == form)).scalar()
    row = {"form": form, "version": (last or 0) + 1, "mapping": made.as_dict(), "by": by, "at": clock.now()}
    tx.execute(sa.insert(mappings).values(row))
    audit.note(tx, by, "mapping.saved", SUBJECT, {"version": f"version {row['version']}"})
    return True


def undo(tx: Connection, by: str, form: str) -> Columns | None:
    """Take the last version back; returns the one that holds now, or None when it is back to guessing.

    :raises Refused: nothing is left to undo.
    """
    last = tx.execute(_holding(form).with_for_update()).mappings().first()
    if last is None:
        raise Refused("mapping", "There is no mapping to undo.", "Load the page again.")
    same = (mappings.c.form == form, mappings.c.version == last["version"])
    tx.execute(sa.update(mappings).where(*same).values(undone_at=clock.now()))
    audit.note(tx, by, "mapping.undone", SUBJECT, {"version": f"version {last['version']}"})
    return remembered(tx, form)


def targets(now: Program) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a column can be, grouped: (group, [(target, words)])."""
    groups = [("About the person", list(FIELDS.items()))]
    for stream in now.streams:
        groups.append((f"Asked in {stream.name}", [(ANSWER + q.id, q.label) for q in stream.questions]))
    return [(group, members) for group, members in groups if members]


def answers_to(made: Columns, question: Iterable[Question]) -> list[tuple[int, Question]]:
    """(column, question) of every column that is an answer to one of these."""
    by_id = {each.id: each for each in question}
    told = ((n, by_id.get((each or "").removeprefix(ANSWER))) for n, each in enumerate(made.columns))
    return [(n, asked) for n, asked in told if asked is not None]
