"""The program as it stands: read as one frozen value, and remembered as long as its version holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ..models import charter as charters
from ..models import program as programs
from ..models import question as questions_table
from ..models import stream as streams
from ..rules import Question

SUBJECT = "program"


@dataclass(frozen=True)
class Section:
    """A part of the program's page, in Markdown."""

    slug: str
    title: str
    markdown: str


@dataclass(frozen=True)
class Stream:
    """A level of the program, with what it asks at sign-up."""

    slug: str
    name: str
    summary: str
    position: int
    open: bool
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Charter:
    """The text people accept. `version` is a string, as in the API."""

    version: str
    text: str
    published_at: datetime


@dataclass(frozen=True)
class Program:
    """Everything public about the program, and the chat invite, which members alone see."""

    version: str
    name: str
    timezone: str
    sections: tuple[Section, ...]
    video_url: str | None
    chat_invite: str | None
    chat_invite_at: datetime | None
    streams: tuple[Stream, ...]
    charter: Charter
    by_slug: dict[str, Stream] = field(repr=False, compare=False, default_factory=dict)

    def stream(self, slug: str | None) -> Stream | None:
        """The stream of that slug; None when there is none (any more)."""
        return self.by_slug.get(slug or "")


@dataclass(frozen=True)
class Removed:
    """What was taken off the pages and can be restored."""

    sections: tuple[Section, ...]
    streams: tuple[Stream, ...]
    questions: tuple[tuple[str, Question], ...]  # (stream slug, question)


class NotSeeded(RuntimeError):
    """The database has no program yet: seed.seed must run first, as `./baton up` and `./baton migrate` do."""


_remembered: Program | None = None
_VERSION = sa.select(programs.c.version)


def load(tx: Connection) -> Program:
    """The program as `tx` sees it. One short read when nothing changed since the last time.

    :raises NotSeeded: there is none.
    """
    global _remembered
    version = tx.execute(_VERSION).scalar()
    if _remembered is None or _remembered.version != version:
        _remembered = _read(tx)
    return _remembered


def remembered(tx: Connection) -> Program:
    """The program as last seen by this process: whoever relies on it checks its version when writing."""
    return _remembered or load(tx)


def _read(tx: Connection) -> Program:
    row = tx.execute(sa.select(programs)).mappings().first()
    if row is None:
        raise NotSeeded("there is no program in signup's database yet. Run ./baton migrate.")
    latest = tx.execute(sa.select(charters).order_by(charters.c.version.desc()).limit(1)).mappings().one()
    found = _streams(tx, removed=False)
    return Program(
        version=row["version"],
        name=row["name"],
        timezone=row["timezone"],
        sections=tuple(_section(each) for each in row["sections"] if not each.get("removed")),
        video_url=row["video_url"],
        chat_invite=row["chat_invite"],
        chat_invite_at=row["chat_invite_at"],
        streams=found,
        charter=Charter(str(latest["version"]), latest["text"], latest["published_at"]),
        by_slug={each.slug: each for each in found},
    )


def _section(each: dict[str, str]) -> Section:
    return Section(each["slug"], each["title"], each["markdown"])


def _streams(tx: Connection, removed: bool) -> tuple[Stream, ...]:
    asked: dict[str, list[Question]] = {}
    for slug, each in _questions(tx, retired=False):
        asked.setdefault(slug, []).append(each)
    where = streams.c.removed_at.is_not(None) if removed else streams.c.removed_at.is_(None)
    rows = tx.execute(sa.select(streams).where(where).order_by(streams.c.position, streams.c.slug)).mappings()
    return tuple(
        Stream(r["slug"], r["name"], r["summary"], r["position"], r["open"], tuple(asked.get(r["slug"], ())))
        for r in rows
    )


def _questions(tx: Connection, retired: bool | None) -> list[tuple[str, Question]]:
    """(stream, question) in order; `retired` None means both kinds."""
    query = sa.select(questions_table).order_by(questions_table.c.position, questions_table.c.id)
    if retired is not None:
        at = questions_table.c.retired_at
        query = query.where(at.is_not(None) if retired else at.is_(None))
    return [
        (r["stream"], Question(r["id"], r["label"], r["help"], r["kind"], tuple(r["options"]), r["required"]))
        for r in tx.execute(query).mappings()
    ]


def removed(tx: Connection) -> Removed:
    """What organizers took off the pages."""
    sections = tx.execute(sa.select(programs.c.sections)).scalar_one()
    return Removed(
        sections=tuple(_section(each) for each in sections if each.get("removed")),
        streams=_streams(tx, removed=True),
        questions=tuple(_questions(tx, retired=True)),
    )


def questions(tx: Connection) -> dict[str, Question]:
    """Every question ever asked by its id, for showing answers to retired ones too."""
    return {each.id: each for _, each in _questions(tx, retired=None)}


def charter_texts(tx: Connection) -> list[Charter]:
    """All published charters, the latest first."""
    rows = tx.execute(sa.select(charters).order_by(charters.c.version.desc()))
    return [Charter(str(r.version), r.text, r.published_at) for r in rows]


def answer(question: Question, value: object) -> str:
    """An answer as words, for pages, mails and downloads."""
    if question.kind == "checkbox":
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")
