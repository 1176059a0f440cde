"""The words that organizers gave to kinds of mail: versions, of which the last one is in use, and a way back.

Words that cannot be used are refused before they are kept. Should they still fail with the values of some mail, that
mail has the original, and the version says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, log
from shared.events import emit
from shared.quick import Quick

from ..models import wording
from . import parts, text
from .kinds import KINDS

_log = log.get("notifications.rewording")


class Refused(Exception):
    """These words are not kept: `faults` says where, and why."""

    def __init__(self, faults: list[parts.Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


@dataclass(frozen=True)
class Version:
    """One version. :param words: {part: source}; nothing in it: the original."""

    version: int
    words: Mapping[str, str]
    by: str = ""
    at: datetime | None = None
    failed: str | None = None


ORIGINAL = Version(0, {})
_LAST = Quick(lambda _: sa.select(wording.c.version).where(wording.c.kind == sa.bindparam("kind")))


def current(tx: Connection, kind: str) -> Version:
    """What is in use."""
    query = sa.select(wording).where(wording.c.kind == kind).order_by(wording.c.version.desc()).limit(1)
    row = tx.execute(query).first()
    return _version(row) if row else ORIGINAL


def versions(tx: Connection, kind: str) -> list[Version]:
    """All there were, the latest first."""
    query = sa.select(wording).where(wording.c.kind == kind).order_by(wording.c.version.desc()).limit(50)
    return [_version(row) for row in tx.execute(query)]


def reworded(tx: Connection) -> dict[str, int]:
    """The kinds whose words are not the original ones, and the version that is in use."""
    last = (
        sa.select(wording.c.kind, sa.func.max(wording.c.version).label("version")).group_by(wording.c.kind).subquery()
    )
    mine = sa.and_(wording.c.kind == last.c.kind, wording.c.version == last.c.version)
    rows = tx.execute(sa.select(wording.c.kind, wording.c.version, wording.c.words).join(last, mine))
    return {row.kind: row.version for row in rows if row.words}


def original(tx: Connection, kind: str) -> bool:
    """Whether that kind is as it comes with Baton, as most are: no version of it was ever kept."""
    return _LAST(tx, {"kind": kind}).fetchone() is None


def render(tx: Connection, kind: str, context: Mapping[str, Any]) -> text.Text:
    """The text of one mail, in the words that are in use."""
    if original(tx, kind):
        return text.render(kind, context)
    used = current(tx, kind)
    try:
        return parts.render(kind, used.words, context)
    except parts.Broken as broken:
        _log.error("mail.words_failed", kind=kind, version=used.version, error=str(broken))
        where = (wording.c.kind == kind, wording.c.version == used.version, wording.c.failed.is_(None))
        tx.execute(wording.update().where(*where).values(failed=f"{parts.PARTS[broken.fault.part][2]}: {broken}"))
        return text.render(kind, context)


def cleaned(kind: str, words: Mapping[str, str]) -> dict[str, str]:
    """Of these words, as a form has them, the parts that are not as in the original."""
    own = parts.original(kind)
    clean = {part: each.replace("\r\n", "\n").strip("\n") for part, each in words.items()}
    return {part: each for part, each in clean.items() if each != own.get(part)}


def save(
    tx: Connection, kind: str, words: Mapping[str, str], based: int, sample: Mapping[str, Any], by: str
) -> Version:
    """Use these words from now on; what is as in the original is left out, and with nothing else it is the original.

    :param based: the version that its writer saw.
    :param sample: values to try them with.
    :raises Refused: with everything that is wrong; what was in use stays in use.
    """
    changed = cleaned(kind, words)
    found = parts.faults(kind, changed, sample)
    now = current(tx, kind)
    if now.version != based:
        found.insert(0, parts.Fault("", 0, "Somebody else has changed these words meanwhile. Look at theirs first."))
    if found:
        raise Refused(found)
    if changed == now.words:
        return now
    row = {"kind": kind, "version": now.version + 1, "words": changed, "by": by, "at": clock.now(), "failed": None}
    tx.execute(wording.insert().values(row))
    title = KINDS[kind].title
    said = f"The words of “{title}” are changed" if changed else f"The words of “{title}” are the original ones again"
    emit(tx, "mail.reworded", f"kind/{kind}", {"words": said, "by": by, "through": log.through()})
    return current(tx, kind)


def _version(row: Any) -> Version:
    return Version(row.version, row.words, row.by, row.at, row.failed)
