"""Taking an import back: whom it made and who has not confirmed so far is forgotten, everybody else stays.

In steps, as importing is: each takes some of those who are left, so whoever goes on after a crash takes the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from .. import audit, people
from ..models import imports
from ..models import person as people_table
from ..program import SUBJECT
from ..rules import Refused
from ..rules.imports import ENDS, TRANSITIONS, after
from . import files
from .files import Import

STEP = 200  # people a transaction; others wait for it

c = people_table.c


@dataclass(frozen=True)
class Undo:
    """What an undo would do to the people whom an import made.

    :param back: are taken back: they never confirmed.
    :param confirmed: stay: they confirmed, whatever they did since.
    :param applied: stay: they signed up themselves meanwhile, and have yet to confirm.
    """

    back: int
    confirmed: int
    applied: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def _left(id: str) -> tuple[Any, ...]:
    """Whom the undo takes back: people of this import of whom nothing but the file has spoken."""
    return (c["import"] == id, c.state == "imported", c.applied_at.is_(None))


def preview(tx: Connection, id: str) -> Undo:
    """What an undo would do now."""

    def count(*where: Any) -> int:
        return int(tx.execute(sa.select(sa.func.count()).where(c["import"] == id, *where)).scalar_one())

    waiting = count(c.state == "imported", c.applied_at.is_not(None))
    return Undo(count(*_left(id)), count(c.confirmed_at.is_not(None)), waiting)


def latest(tx: Connection) -> str | None:
    """The newest import that can be undone."""
    query = sa.select(imports.c.id).where(imports.c.state.in_(TRANSITIONS["undo"]))
    return tx.execute(query.order_by(imports.c.created_at.desc(), imports.c.id.desc()).limit(1)).scalar()


def undo(tx: Connection, by: str, id: str) -> None:
    """Have an import taken back. One that is under way goes no further.

    :raises Refused: it is not done, is undone already, or nobody of it is left to be taken back.
    """
    row = files.taken(tx, id)
    state = after("undo", row["state"])
    if row["state"] != "importing" and not preview(tx, id).back:
        what = "Nobody is left to be taken back: who came in by this file has confirmed, or is gone."
        raise Refused("import", what, "Nothing is to be done.")
    files.drop_words(tx, [id])
    begun = {"state": state, "by": by, "touched": 0.0, "withdrawn": 0, **files.BLANK}
    tx.execute(sa.update(imports).where(imports.c.id == id).values(**begun))
    audit.note(tx, by, "import.undo_started", SUBJECT, {"import": id})


def work(id: str, progress: Callable[[Import], None], end: float) -> bool:
    """Take people back until nobody is left, or the time is over; True when something is left."""
    while True:
        with db.write("signup") as tx:
            row = _step(tx, id)
        if row is None:
            return False
        progress(row)
        if row["state"] != "undoing":
            return False
        if clock.machine() > end:
            with db.write("signup") as tx:
                tx.execute(sa.update(imports).where(imports.c.id == id).values(touched=0.0))
            return True


def _step(tx: Connection, id: str) -> dict[str, Any] | None:
    """Take back some; the import's row as it is then, None when there is nothing to undo (any more)."""
    row = tx.execute(sa.select(imports).where(imports.c.id == id).with_for_update()).mappings().first()
    if row is None or row["state"] != "undoing":
        return None
    some = sa.select(c.id).where(*_left(id)).order_by(c.id).limit(STEP).with_for_update()
    found = list(tx.execute(some).scalars())
    people.withdraw(tx, found)
    values = {"withdrawn": row["withdrawn"] + len(found), "touched": clock.machine()}
    if len(found) < STEP:
        values["state"] = ENDS["undoing"]
        counts = [f"{values['withdrawn']} taken back"]
        audit.note(tx, row["by"], "import.undone", SUBJECT, {"import": id, "counts": counts})
    tx.execute(sa.update(imports).where(imports.c.id == id).values(**values))
    return {**row, **values}
