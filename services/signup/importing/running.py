"""The work on a file, in steps: each a transaction of some thousand rows that also says how far it came.

Whoever dies in between leaves whole steps behind; whoever goes on reads the file again and skips what is committed. Two
who work on the same import cannot double anything: a step begins by holding the import and comparing how far it is.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import audit
from ..models import import_refusal as refusals
from ..models import imports
from ..program import SUBJECT, load, questions
from ..rules.imports import ENDS, WORKING
from . import files, mapping, undoing
from .checks import SAID_MOST, Checks, Found, Wrong
from .dialect import Broken, Dialect, Unreadable, records
from .files import Import, Pieces
from .insert import insert, known, known_before

STEP = 5_000  # rows a transaction: a tenth of a second or two for which others wait
PATIENCE = 20.0  # seconds without a step after which somebody else is called
LONGEST = 400.0  # seconds for which one task works; its hard limit is 630
ANSWERS_MOST = 200  # different answers that are shown for mapping


class Overtaken(Exception):
    """Somebody else works on this import, or it was thrown away."""


@dataclass
class Step:
    """What one transaction will write."""

    found: list[Found] = field(default_factory=list)
    refused: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)  # address as compared, row
    repeated: int = 0
    rows: int = 0
    last: int = 0  # the row of the file up to which it goes


def work(id: str, progress: Callable[[Import], None] = lambda row: None, longest: float = LONGEST) -> bool:
    """Check, import or undo, as the import's state says, until it is done; True when something is left.

    :param progress: called with the import's row after each step.
    """
    end = clock.machine() + longest
    with db.read("signup") as tx:
        row = files.one(tx, id)
    if row is None or row["state"] not in WORKING:
        return False
    if row["state"] == "undoing":
        return undoing.work(id, progress, end)
    pass_ = _Pass(id, row["state"])
    try:
        for step in pass_.steps():
            with db.write("signup") as tx:
                row = pass_.commit(tx, step)
            progress(row)
            if clock.machine() > end:
                with db.write("signup") as tx:
                    tx.execute(sa.update(imports).where(imports.c.id == id).values(touched=0.0))
                return True
        with db.write("signup") as tx:
            pass_.finish(tx)
    except Overtaken:
        return False
    except Unreadable as unreadable:
        try:
            with db.write("signup") as tx:
                pass_.fail(tx, unreadable)
        except Overtaken:  # and its file was taken away meanwhile
            return False
    with db.read("signup") as tx:
        row = files.one(tx, id)
    if row is not None:
        progress(row)
    return False


class _Pass:
    """One reading of the file, from the beginning, for the check or for the import."""

    def __init__(self, id: str, state: str) -> None:
        self.id, self.state = id, state
        with db.write("signup") as tx:
            row = files.taken(tx, id)
            if row["state"] != state:
                raise Overtaken
            if state == "checking" and row["done"]:
                # A check that broke off begins anew: which addresses it had seen is nowhere written.
                tx.execute(sa.delete(refusals).where(refusals.c["import"] == id))
                tx.execute(sa.update(imports).where(imports.c.id == id).values(**files.NOT_BEGUN, superseded=[]))
                row = files.taken(tx, id)
            tx.execute(sa.update(imports).where(imports.c.id == id).values(touched=clock.machine()))
            now, asked = load(tx), questions(tx)
        self.by, self.done, self.written = row["by"], row["done"], Dialect(row["encoding"], row["delimiter"])
        self.checks = Checks(row["header"], mapping.from_dict(row["mapping"]), now, asked)
        self.seen: dict[str, int] = {}
        self.superseded = set(row["superseded"])
        self.pieces = Pieces(id)

    def steps(self) -> Iterator[Step]:
        """The file in steps, without those that are committed."""
        step = Step()
        rows = records(io.BufferedReader(self.pieces, files.PART), self.written)
        next(rows, None)  # the header
        for number, cells in rows:
            if number <= self.done:
                continue
            step.last = number
            step.rows += 1
            self._read(step, number, cells)
            if step.rows >= STEP:
                yield step
                step = Step()
        if step.rows:
            yield step

    def _read(self, step: Step, number: int, cells: list[str] | Broken) -> None:
        if isinstance(cells, Broken):
            self._refuse(step, number, [], [Wrong("", cells.message, cells.remedy)])
            return
        found = self.checks.person(number, cells)
        if isinstance(found, list):
            self._refuse(step, number, cells, found)
        elif self.state == "importing":
            if number in self.superseded:
                step.repeated += 1
            else:
                step.found.append(found)
        elif found.key in self.seen:
            # Who sent the form twice meant what they sent last.
            self.superseded.add(self.seen[found.key])
            self.seen[found.key] = number
            step.repeated += 1
        else:
            self.seen[found.key] = number
            step.found.append(found)

    def _refuse(self, step: Step, number: int, cells: list[str], wrong: list[Wrong]) -> None:
        kept = [cell[:SAID_MOST].replace("\x00", "") for cell in cells]
        said = [each.as_dict() for each in wrong]
        key = self.checks.key(cells)
        step.refused.append((key, {"import": self.id, "row": number, "cells": kept, "problems": said}))

    def commit(self, tx: Connection, step: Step) -> Import:
        """Write one step, and how far it came."""
        row = self._hold(tx)
        # Whoever is here is left as they are, so whatever else their row says is nothing to mend.
        here = known_before(tx, self.id, [key for key, _ in step.refused if key])
        refused = [each for key, each in step.refused if key not in here]
        if self.state == "importing":
            fresh = insert(tx, self.by, self.id, step.found)
        else:
            fresh = len(step.found) - len(known(tx, (each.key for each in step.found)))
        if refused:
            tx.execute(sa.insert(refusals), refused)
        values = {
            "done": step.last,
            "read": self.pieces.count,
            "fresh": row["fresh"] + fresh,
            "known": row["known"] + len(step.found) - fresh + len(step.refused) - len(refused),
            "repeated": row["repeated"] + step.repeated,
            "refused": row["refused"] + len(refused),
            "touched": clock.machine(),
        }
        tx.execute(sa.update(imports).where(imports.c.id == self.id).values(**values))
        self.done = step.last
        return {**row, **values}

    def _hold(self, tx: Connection) -> Import:
        row = tx.execute(sa.select(imports).where(imports.c.id == self.id).with_for_update()).mappings().first()
        if row is None or row["state"] != self.state or row["done"] != self.done:
            raise Overtaken
        return row

    def finish(self, tx: Connection) -> None:
        """The end of the file: what was found stands, and an import needs its file no more."""
        row = self._hold(tx)
        values: dict[str, Any] = {"state": ENDS[self.state], "rows": self.done, "read": row["size"]}
        if self.state == "checking":
            values |= {"superseded": sorted(self.superseded), "answers": self._answers()}
        else:
            files.drop_file(tx, self.id)
            words = {"fresh": "new", "known": "known already", "repeated": "repeated", "refused": "refused"}
            counts = [f"{row[name]} {said}" for name, said in words.items()]
            audit.note(tx, self.by, "people.imported", SUBJECT, {"import": self.id, "counts": counts})
        tx.execute(sa.update(imports).where(imports.c.id == self.id).values(**values, touched=clock.machine()))

    def _answers(self) -> dict[str, dict[str, int]]:
        """The answers that mean a stream or a zone, those that come most often."""
        found = {}
        for name, said in self.checks.said.items():
            most = sorted(said.items(), key=lambda each: (-each[1], each[0]))[:ANSWERS_MOST]
            found[name] = {answer[:SAID_MOST].replace("\x00", ""): times for answer, times in most}
        return found

    def fail(self, tx: Connection, unreadable: Unreadable) -> None:
        """The file cannot be read to its end."""
        self._hold(tx)
        problem = {"message": unreadable.message, "remedy": unreadable.remedy}
        values = {"state": "failed", "problem": problem, "touched": clock.machine()}
        tx.execute(sa.update(imports).where(imports.c.id == self.id).values(**values))
