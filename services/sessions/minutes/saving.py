"""Saving what several may be typing: each save says on which version it is based, and no save loses a line.

A text that is based on an older version is merged with what was saved since. Where that cannot be done by lines, it is
set aside, and its writer decides.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db

from ..models import minutes, revision
from ..rules import agenda as agendas
from ..rules import merging, text
from ..rules.refusals import Refused
from ..rules.states import SessionState
from . import reading
from .reading import Row, Texts

MOST = {"text": 100_000, "agenda": agendas.AGENDA_MOST}  # bytes
DRAFTS = 100  # versions that are kept for those who still edit an older one
_VERSION = {"text": "version", "agenda": "agenda_version"}


@dataclass(frozen=True)
class Saved:
    """What became of a text.

    :param state: saved, same, merged; conflict: it was set aside; published: too late for a draft, nothing was done.
    :param version: of `text`, the text as it is now.
    :param sent: the version under which the text that was sent is kept, when it was merged. Who typed on meanwhile
        goes on from there.
    """

    state: str
    version: int
    text: str
    sent: int


def save(tx: Connection, id: str, part: str, based_on: int, typed: str, by: str) -> Saved:
    """Save the agenda or the draft of the minutes.

    :param part: "agenda" or "text".
    :raises Refused: it cannot be taken, or the session is cancelled.
    """
    taken = text.paragraphs(part, typed, MOST[part])
    of = reading.taken(tx, id)
    if of["state"] == SessionState.CANCELLED:
        raise Refused(part, "This session was cancelled.", "Write to the circle another way.")
    now = reading.texts(tx, of)
    if now.published_at:
        version, text_now = _at(now, part)
        return Saved("published", version, text_now, version)
    if part == "text" and not now.version and agendas.says_nothing(taken):
        return Saved("same", 0, now.text, 0)  # headings alone are no minutes yet: those of the agenda are shown
    return put(tx, of, now, part, based_on, taken, by, "draft")


def put(tx: Connection, of: Row, now: Texts, part: str, based_on: int, typed: str, by: str, kind: str) -> Saved:
    """Put a checked text in the place of `part`, merged with what was saved since `based_on`, as a revision of `kind`.

    The session is held already.
    """
    version, current = _at(now, part)
    if typed == current.rstrip():
        return Saved("same", version, current, version)
    if based_on == version:
        _begin(tx, of, now, part, by)
        _write(tx, of, part, version + 1, typed, by, kind)
        return Saved("saved", version + 1, typed, version + 1)
    base = _revision(tx, of["id"], part, based_on)
    merged = None if base is None else merging.merge(base, typed, current)
    if merged is None:
        _keep(tx, of["id"], part, None, "aside", typed, by)
        theirs = (revision.c.session == of["id"], revision.c.part == part, revision.c.version == version)
        tx.execute(revision.update().where(*theirs, revision.c.kind == "draft").values(kind="aside"))
        return Saved("conflict", version, current, version)
    if merged == current:
        return Saved("merged", version, current, version)
    _keep(tx, of["id"], part, version + 1, "draft", typed, by)
    _write(tx, of, part, version + 2, merged, by, kind)
    return Saved("merged", version + 2, merged, version + 1)


def _at(now: Texts, part: str) -> tuple[int, str]:
    return getattr(now, _VERSION[part]), getattr(now, part)


def _begin(tx: Connection, of: Row, now: Texts, part: str, by: str) -> None:
    """Before the first save: the row, and the text that everybody saw until then, to merge by."""
    if getattr(now, _VERSION[part]):
        return
    row = {**asdict(now), "text": now.text.rstrip(), "session": of["id"], "saved_at": clock.now(), "saved_by": by}
    tx.execute(db.insert(tx, minutes).values(row).on_conflict_do_nothing())
    _keep(tx, of["id"], part, 0, "draft", getattr(now, part).rstrip(), by)


def _write(tx: Connection, of: Row, part: str, version: int, typed: str, by: str, kind: str) -> None:
    fresh = {part: typed, _VERSION[part]: version, "saved_at": clock.now(), "saved_by": by}
    tx.execute(minutes.update().where(minutes.c.session == of["id"]).values(**fresh))
    _keep(tx, of["id"], part, version, kind, typed, by)
    old = (revision.c.session == of["id"], revision.c.part == part, revision.c.kind == "draft")
    tx.execute(revision.delete().where(*old, revision.c.version <= version - DRAFTS))


def _keep(tx: Connection, id: str, part: str, version: int | None, kind: str, typed: str, by: str) -> None:
    row = {"id": db.new_id(), "session": id, "part": part, "version": version, "kind": kind, "text": typed}
    tx.execute(revision.insert().values(**row, by=by, at=clock.now()))


def _revision(tx: Connection, id: str, part: str, version: int) -> str | None:
    where = (revision.c.session == id, revision.c.part == part, revision.c.version == version)
    return tx.execute(sa.select(revision.c.text).where(*where)).scalar()
