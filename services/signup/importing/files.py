"""The files that organizers give: kept in SQL in pieces, since who takes one in and who works on it are two machines.

Commands take the open transaction and who does it, write the audit log, and raise `Refused`. The work itself is in
`running`, in steps; a command only says what is to be done.
"""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from shared import clock, config, db, export

from .. import audit
from ..models import import_part as parts
from ..models import import_refusal as refusals
from ..models import imports
from ..program import SUBJECT, Program
from ..rules import Refused
from ..rules.imports import WORKING, after
from . import dialect, guess, mapping
from .dialect import Dialect, Unreadable
from .mapping import Columns

PART = 1 << 20
AT_ONCE = 4  # parts a transaction; who signs up meanwhile waits for no more
BROKEN_OFF = 3_600.0  # machine seconds without a part after which nobody is sending that file any more
KEEP = 7 * 86_400.0  # machine seconds after the last touch for which a file and its refused rows are kept
LISTED = 20
ZONES_MOST = 50  # each is a choice among hundreds
SAMPLE_ROWS = 200

Import = Mapping[Any, Any]
NOT_BEGUN = {"done": 0, "read": 0, "fresh": 0, "known": 0, "repeated": 0, "refused": 0}
BLANK: dict[str, Any] = {"header": [], "mapping": None, "answers": {}, "problem": None, "superseded": []}


def most() -> int:
    """Bytes of the largest file that is taken (BATON_IMPORT_MIB)."""
    return config.current().import_mib << 20


def too_large(size: int | None = None) -> Refused:
    """What is said of a file over that."""
    says = f"{size / (1 << 20):,.0f} MiB" if size else f"more than {most() >> 20} MiB"
    remedy = f"At most {most() >> 20} MiB are taken: split it by rows, or raise BATON_IMPORT_MIB."
    return Refused("file", f"This file has {says}.", remedy)


def give(by: str, name: str, source: BinaryIO) -> str:
    """Take a file in, and return its import's id. If its form is known, it can be checked at once.

    Read once from beginning to end in pieces, never whole in memory, and written in transactions of its own, or it
    would keep everybody else from writing until the last one is in. Before that nobody sees it; if it is refused
    nothing of it stays.

    :raises Refused: it is too large, empty, or no CSV file.
    """
    id = db.new_id()
    row = {"id": id, "file": _file_name(name), "form": "", "header": [], "encoding": "", "delimiter": ",", "size": 0}
    row |= {"mapping": None, "state": "receiving", "by": by, "created_at": clock.now(), "touched": clock.machine()}
    row |= {"rows": 0, "superseded": [], "answers": {}, "problem": None, **NOT_BEGUN}
    with db.write("signup") as tx:
        tx.execute(sa.insert(imports).values(row))
    try:
        told = _receive(id, source)
        with db.write("signup") as tx:
            tx.execute(sa.update(imports).where(imports.c.id == id).values(**told, state="mapping"))
            audit.note(tx, by, "import.given", SUBJECT, {"import": id})
    except BaseException:  # Ctrl-C and time limits too: nobody asks for the rest of this file any more
        with contextlib.suppress(SQLAlchemyError), db.write("signup") as tx:  # else it goes after an hour
            _forget(tx, [id])
        raise
    return id


def _receive(id: str, source: BinaryIO) -> dict[str, Any]:
    """Write the file's parts; returns what is to be known of it."""
    size, letters, head = 0, dialect.Letters(), b""
    chunks = enumerate(iter(lambda: source.read(PART), b""))
    while some := list(itertools.islice(chunks, AT_ONCE)):
        for _, chunk in some:
            size += len(chunk)
            if size > most():
                raise too_large()
            letters.feed(chunk)
            head = (head + chunk)[: dialect.SAMPLE] if len(head) < dialect.SAMPLE else head
        with db.write("signup") as tx:
            tx.execute(sa.insert(parts), [{"import": id, "number": n, "content": chunk} for n, chunk in some])
            tx.execute(sa.update(imports).where(imports.c.id == id).values(touched=clock.machine()))
    if not head:
        raise Refused("file", "This file is empty.", "Export the responses again: the first row holds the questions.")
    written = dialect.tell(head, letters.encoding())
    header, sample = _beginning(io.BytesIO(head), written)
    if not sample:
        remedy = "Export again when somebody has answered the form."
        raise Refused("file", "There is nobody in this file: below the first row it is empty.", remedy)
    form = mapping.form_of(header)
    known = {"form": form, "header": header, "size": size}
    return known | {"encoding": written.encoding, "delimiter": written.delimiter}


def _file_name(name: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in name.replace("\\", "/").rpartition("/")[2])
    return " ".join(plain.split())[:200] or "responses.csv"


def _beginning(file: BinaryIO, written: Dialect) -> tuple[list[str], list[list[str]]]:
    """The header, and the first rows below it. The end of `file` may be the middle of a cell."""
    found: list[list[str]] = []
    try:
        for _, cells in dialect.records(file, written):
            if isinstance(cells, list):
                found.append(cells)
            elif not found:
                raise Refused("file", f"Row 1: {cells.message}", cells.remedy)
            if len(found) > SAMPLE_ROWS:
                break
    except Unreadable as unreadable:
        if len(found) < 2:
            raise Refused("file", unreadable.message, unreadable.remedy) from None
    if not found:
        raise Refused("file", "This file is empty.", "Export the responses again: the first row holds the questions.")
    return dialect.header(found[0]), found[1:]


def one(tx: Connection, id: str) -> Import | None:
    """The import of that id, or None."""
    return tx.execute(sa.select(imports).where(imports.c.id == id)).mappings().first()


def taken(tx: Connection, id: str) -> Import:
    """The import of that id, held until `tx` ends.

    :raises Refused: there is none.
    """
    row = tx.execute(sa.select(imports).where(imports.c.id == id).with_for_update()).mappings().first()
    if row is None:
        raise Refused("import", "There is no such import.", "Give the file again.")
    return row


def listed(tx: Connection) -> list[Import]:
    """The latest imports, newest first."""
    whole = sa.select(imports).where(imports.c.state != "receiving")
    return list(tx.execute(whole.order_by(imports.c.created_at.desc()).limit(LISTED)).mappings())


def sample(tx: Connection, row: Import) -> list[list[str]]:
    """The first rows of a file, below its header; empty when the file is gone."""
    numbers = range(dialect.SAMPLE // PART + 1)
    query = sa.select(parts.c.content).where(parts.c["import"] == row["id"], parts.c.number.in_(numbers))
    head = b"".join(tx.execute(query.order_by(parts.c.number)).scalars())
    if not head:
        return []
    return _beginning(io.BytesIO(head), Dialect(row["encoding"], row["delimiter"]))[1]


def columns(tx: Connection, row: Import) -> Columns:
    """The mapping to show for a file: the one that holds for its form, or a guess."""
    return mapping.remembered(tx, row["form"]) or mapping.guessed(tx, row["header"], sample(tx, row))


def check(tx: Connection, by: str, id: str, made: Columns | None = None) -> bool:
    """Have the file checked by this mapping, which is remembered for its form; without one by what is remembered.

    :returns: False when the form is not known yet, so that somebody has to look first.
    :raises Refused: the mapping is not whole, or the file is being worked on.
    """
    row = taken(tx, id)
    state = after("check", row["state"])
    if made is None:
        made = mapping.remembered(tx, row["form"])
        if made is None:
            return False
    mapping.checked(tx, row["header"], made)
    mapping.remember(tx, by, row["form"], made)
    tx.execute(sa.delete(refusals).where(refusals.c["import"] == id))
    begun = {
        "state": state,
        "mapping": made.as_dict(),
        "touched": 0.0,
        "superseded": [],
        "problem": None,
        "answers": {},
    }
    tx.execute(sa.update(imports).where(imports.c.id == id).values(**begun, **NOT_BEGUN))
    return True


def undo_mapping(tx: Connection, by: str, id: str) -> None:
    """Take the last mapping of this file's form back; the file waits to be mapped again."""
    row = taken(tx, id)
    # A finished import stays finished: the undo is for the next file of its form.
    state = "done" if row["state"] == "done" else after("map", row["state"])
    mapping.undo(tx, by, row["form"])
    tx.execute(sa.update(imports).where(imports.c.id == id).values(state=state, touched=clock.machine()))


def start(tx: Connection, by: str, id: str) -> None:
    """Import what was checked.

    :raises Refused: it was not checked, or there is nobody new in it.
    """
    row = taken(tx, id)
    state = after("start", row["state"])
    if not row["fresh"]:
        raise Refused("import", "There is nobody new in this file.", "Nothing is to be done.")
    tx.execute(sa.delete(refusals).where(refusals.c["import"] == id))
    begun = {"state": state, "by": by, "touched": 0.0, **NOT_BEGUN}
    tx.execute(sa.update(imports).where(imports.c.id == id).values(**begun))
    audit.note(tx, by, "import.started", SUBJECT, {"import": id})


def throw_away(tx: Connection, by: str, id: str) -> None:
    """Forget the file and everything that was read in it."""
    row = taken(tx, id)
    after("throw_away", row["state"])
    _forget(tx, [id])
    audit.note(tx, by, "import.thrown_away", SUBJECT, {"import": id})


def drop_file(tx: Connection, id: str) -> None:
    """An import that is done needs its file no more."""
    tx.execute(sa.delete(parts).where(parts.c["import"] == id))


def drop_words(tx: Connection, ids: Iterable[str]) -> None:
    """Forget the files, and the rows that were refused."""
    for table in (parts, refusals):
        tx.execute(sa.delete(table).where(table.c["import"].in_(list(ids))))


def _forget(tx: Connection, ids: Iterable[str]) -> None:
    """Delete imports and everything that was read in their files."""
    gone = list(ids)
    drop_words(tx, gone)
    tx.execute(sa.delete(imports).where(imports.c.id.in_(gone)))


def purge(tx: Connection) -> None:
    """A week after the last touch: files and refused rows go, and whatever an import quotes of them.

    What never began is forgotten altogether; what is done stays as a line of history. A file whose sender was lost on
    the way is forgotten after an hour.
    """
    lost = (imports.c.state == "receiving", imports.c.touched < clock.machine() - BROKEN_OFF)
    _forget(tx, tx.execute(sa.select(imports.c.id).where(*lost)).scalars())
    old = sa.select(imports.c.id, imports.c.state).where(
        imports.c.touched < clock.machine() - KEEP, imports.c.state.not_in({*WORKING, "old", "undone"})
    )
    found = list(tx.execute(old.with_for_update()))
    drop_words(tx, [row.id for row in found])
    for row in found:
        mine = imports.c.id == row.id
        if row.state == "done":
            tx.execute(sa.update(imports).where(mine).values(state="old", **BLANK))
        else:
            _forget(tx, [row.id])


def waiting(tx: Connection, silence: float) -> list[str]:
    """Imports that are to be worked on and saw no step for so many seconds: nobody does, or who did has died."""
    query = sa.select(imports.c.id).where(imports.c.state.in_(WORKING), imports.c.touched < clock.machine() - silence)
    return list(tx.execute(query.order_by(imports.c.created_at)).scalars())


def call(tx: Connection, id: str) -> None:
    """Note that somebody was called to work on it, so that not everybody is."""
    tx.execute(sa.update(imports).where(imports.c.id == id).values(touched=clock.machine()))


def each_refused(tx: Connection, id: str) -> Iterator[Import]:
    """All rows that cannot be taken, some hundred at a time."""
    query = sa.select(refusals).where(refusals.c["import"] == id).order_by(refusals.c.row)
    yield from tx.execute(query.execution_options(yield_per=500)).mappings()


def refused_rows(tx: Connection, id: str, most: int) -> list[Import]:
    """The first rows that cannot be taken, in the order of the file: {row, cells, problems}."""
    query = sa.select(refusals).where(refusals.c["import"] == id).order_by(refusals.c.row)
    return list(tx.execute(query.limit(most)).mappings())


def mending(row: Import) -> Iterator[str]:
    """The refused rows as a CSV file, to be mended and given again: their cells, the row's number, and what to mend."""
    width = len(row["header"])

    def rows(tx: Connection) -> Iterator[dict[Any, Any]]:
        for each in each_refused(tx, row["id"]):
            why = " ".join(f"{p['column']}: {p['message']} {p['remedy']}".strip(": ") for p in each["problems"])
            yield {**dict(enumerate(each["cells"])), width: each["row"], width + 1: why}

    with db.read("signup") as tx:
        yield "\ufeff"
        yield from export.csv_text([*row["header"], *dialect.MENDED], rows(tx), range(width + 2))


def unmapped(row: Import, now: Program) -> dict[str, list[dict[str, Any]]]:
    """Per field whose answers mean something: [{answer, times, meaning}], those first that nobody knows."""
    if not row["mapping"]:
        return {}
    made = mapping.from_dict(row["mapping"])
    found: dict[str, list[dict[str, Any]]] = {}
    for field in mapping.MEANT:
        if made.place(field) is None or not row["answers"].get(field):
            continue
        said = {answer: n for answer, n in row["answers"][field].items() if answer or field == "stream"}
        meant = {**guess.suggestions(field, said, now), **made.meanings.get(field, {})}
        if field == "timezone":
            # Of zones only what needs a person: most forms have dozens of names that mean themselves.
            said = {answer: n for answer, n in said.items() if answer not in meant or answer in made.meanings[field]}
            said = dict(list(said.items())[:ZONES_MOST])
        if not said:
            continue
        entries = [{"answer": a, "times": n, "meaning": meant.get(a)} for a, n in said.items()]
        found[field] = sorted(entries, key=lambda each: (each["meaning"] is not None, -each["times"], each["answer"]))
    return found


def with_meanings(made: Columns, meanings: dict[str, dict[str, str]]) -> Columns:
    """The mapping with what these answers mean; an empty meaning takes one back to what is guessed."""
    merged = {
        field: {a: m for a, m in {**made.meanings.get(field, {}), **meanings.get(field, {})}.items() if m}
        for field in mapping.MEANT
    }
    return replace(made, meanings=merged)


class Pieces(io.RawIOBase):
    """The file out of SQL again, a piece at a time, each in a reading of its own: none is held open meanwhile."""

    def __init__(self, id: str) -> None:
        self.id, self.number, self.left, self.count = id, 0, b"", 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self.left:
            with db.read("signup") as tx:
                here = (parts.c["import"] == self.id, parts.c.number == self.number)
                self.left = bytes(tx.execute(sa.select(parts.c.content).where(*here)).scalar() or b"")
            self.number += 1
        length = min(len(buffer), len(self.left))
        buffer[:length], self.left = self.left[:length], self.left[length:]
        self.count += length
        return length
