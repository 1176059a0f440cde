"""What organizers change about the program. Nothing is deleted: what is removed can be restored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from .. import audit, rules, zone
from ..models import charter as charters
from ..models import program as programs
from ..models import stream as streams
from ..rules import Refused, text
from .reading import SUBJECT, load

CHARTER_MOST = 50_000
SECTION_MOST = 50_000


def announced(tx: Connection) -> dict[str, Any]:
    """The data of program.changed: what the other services keep about the program."""
    program = load(tx)
    return {
        "name": program.name,
        "timezone": program.timezone,
        "chat_invite": program.chat_invite,
        "charter_version": program.charter.version,
        "streams": [{"slug": s.slug, "name": s.name, "position": s.position} for s in program.streams],
    }


def changed(tx: Connection, by: str, what: str, detail: dict[str, Any]) -> None:
    """Note a change: a new version for those who remember the program, the audit log, and the event."""
    tx.execute(sa.update(programs).values(version=db.new_id()))
    audit.note(tx, by, what, SUBJECT, detail)
    emit(tx, "program.changed", SUBJECT, announced(tx))


def save_program(tx: Connection, by: str, fields: Mapping[str, str]) -> None:
    """Change any of name, timezone, video_url, chat_invite; an empty address takes it away.

    :raises Refused: with every wrong field in `all`.
    """
    values: dict[str, Any] = {}
    refused: list[Refused] = []
    for field, check in _FIELDS.items():
        if field in fields:
            try:
                values[field] = check(field, fields[field] or "")
            except Refused as refusal:
                refused.append(refusal)
    Refused.raise_any(refused)
    now = load(tx)
    told = sorted(field for field, value in values.items() if value != getattr(now, field))
    if not told:
        return
    if "chat_invite" in told:
        values["chat_invite_at"] = clock.now() if values["chat_invite"] else None
    tx.execute(sa.update(programs).values(**values))
    changed(tx, by, "program.saved", {"fields": told})


def _url(field: str, value: str) -> str | None:
    return text.url(field, value) if value.strip() else None


def title(field: str, value: str) -> str:
    """A short title that must not be empty."""
    value = text.line(field, value, most=200)
    if not value:
        raise Refused(field, "This is empty.", "Write a few words.")
    return value


_FIELDS = {"name": title, "timezone": zone.checked, "video_url": _url, "chat_invite": _url}


# Sections of the program's page.


def add_section(tx: Connection, by: str, heading: str, markdown: str) -> str:
    """Add a section at the end and return its slug."""
    sections = _sections(tx)
    heading = title("title", heading)
    slug = rules.slug(heading, {each["slug"] for each in sections})
    sections.append({"slug": slug, "title": heading, "markdown": text.paragraphs("markdown", markdown, SECTION_MOST)})
    _keep_sections(tx, by, "section.added", slug, sections)
    return slug


def save_section(tx: Connection, by: str, slug: str, heading: str, markdown: str) -> None:
    """Change a section's title and text; its slug stays, since people link to it."""
    sections = _sections(tx)
    section = _one_section(sections, slug)
    section.update(title=title("title", heading), markdown=text.paragraphs("markdown", markdown, SECTION_MOST))
    _keep_sections(tx, by, "section.saved", slug, sections)


def remove_section(tx: Connection, by: str, slug: str) -> None:
    """Take a section off the page; `restore_section` puts it back."""
    sections = _sections(tx)
    _one_section(sections, slug)["removed"] = True
    _keep_sections(tx, by, "section.removed", slug, sections)


def restore_section(tx: Connection, by: str, slug: str) -> None:
    """Put a removed section back where it was."""
    sections = _sections(tx)
    _one_section(sections, slug).pop("removed", None)
    _keep_sections(tx, by, "section.restored", slug, sections)


def move_section(tx: Connection, by: str, slug: str, step: int) -> None:
    """Move a section up (-1) or down (1) among those shown."""
    sections = _sections(tx)
    shown = [each for each in sections if not each.get("removed")]
    section = _one_section(sections, slug)
    ordered = moved([each["slug"] for each in shown], section["slug"], step)
    rank = {each: place for place, each in enumerate(ordered)}
    sections.sort(key=lambda each: rank.get(each["slug"], len(rank)))
    _keep_sections(tx, by, "section.moved", slug, sections)


def _sections(tx: Connection) -> list[dict[str, Any]]:
    found = tx.execute(sa.select(programs.c.sections).with_for_update()).scalar_one()
    return [dict(each) for each in found]


def _one_section(sections: list[dict[str, Any]], slug: str) -> dict[str, Any]:
    for section in sections:
        if section["slug"] == slug:
            return section
    raise Refused("section", "There is no such section.", "Load the page again.")


def _keep_sections(tx: Connection, by: str, what: str, slug: str, sections: list[dict[str, Any]]) -> None:
    tx.execute(sa.update(programs).values(sections=sections))
    changed(tx, by, what, {"section": slug})


# Streams.


def add_stream(tx: Connection, by: str, name: str, summary: str, slug: str | None = None) -> str:
    """Add a stream above all others, open for sign-up, and return its slug."""
    name = title("name", name)
    hold(tx)
    taken = set(tx.execute(sa.select(streams.c.slug)).scalars()) | RESERVED
    slug = rules.slug(slug or name, taken)
    last = tx.execute(sa.select(sa.func.max(streams.c.position))).scalar() or 0
    summary = text.paragraphs("summary", summary, 1000)
    row = {"slug": slug, "name": name, "summary": summary, "position": last + 1, "open": True}
    tx.execute(sa.insert(streams).values(row))
    changed(tx, by, "stream.added", {"stream": slug})
    return slug


# A stream's slug is an address under /signup/: these are taken by pages.
RESERVED = frozenset(
    "api static embed check-mail me sign-in sign-out enter confirm address organizer live ready metrics "
    "openapi-json".split()
)


def save_stream(tx: Connection, by: str, slug: str, fields: Mapping[str, Any]) -> None:
    """Change any of name, summary, open (bool: takes sign-ups)."""
    _one_stream(tx, slug)
    values: dict[str, Any] = {}
    if "name" in fields:
        values["name"] = title("name", fields["name"])
    if "summary" in fields:
        values["summary"] = text.paragraphs("summary", fields["summary"], 1000)
    if "open" in fields:
        values["open"] = bool(fields["open"])
    if values:
        tx.execute(sa.update(streams).where(streams.c.slug == slug).values(**values))
        changed(tx, by, "stream.saved", {"stream": slug, "fields": sorted(values)})


def remove_stream(tx: Connection, by: str, slug: str) -> None:
    """Take a stream off every page; its people stay in it. `restore_stream` puts it back.

    :raises Refused: it is the last one.
    """
    if _one_stream(tx, slug) and len(load(tx).streams) == 1:
        raise Refused("stream", "This is the only stream left.", "Add another first, or close it for sign-ups.")
    tx.execute(sa.update(streams).where(streams.c.slug == slug).values(removed_at=clock.now()))
    changed(tx, by, "stream.removed", {"stream": slug})


def restore_stream(tx: Connection, by: str, slug: str) -> None:
    """Put a removed stream back."""
    tx.execute(sa.update(streams).where(streams.c.slug == slug).values(removed_at=None))
    changed(tx, by, "stream.restored", {"stream": slug})


def move_stream(tx: Connection, by: str, slug: str, step: int) -> None:
    """Move a stream one level down (-1) or up (1)."""
    _one_stream(tx, slug)
    for position, each in enumerate(moved([s.slug for s in load(tx).streams], slug, step), start=1):
        tx.execute(sa.update(streams).where(streams.c.slug == each).values(position=position))
    changed(tx, by, "stream.moved", {"stream": slug, "step": step})


def hold(tx: Connection) -> None:
    """Let no other organizer change the program until `tx` ends: what is decided here is about what is there."""
    tx.execute(sa.select(programs.c.id).with_for_update())


def _one_stream(tx: Connection, slug: str) -> str:
    hold(tx)
    if load(tx).stream(slug) is None:
        raise Refused("stream", "There is no such stream.", "Load the page again.")
    return slug


def moved(items: list[str], item: str, step: int) -> list[str]:
    """`items` with `item` moved by one place towards the start (-1) or the end (1), as far as there is one."""
    if item not in items:
        return items
    place = items.index(item)
    other = place + (1 if step > 0 else -1)
    if 0 <= other < len(items):
        items[place], items[other] = items[other], items[place]
    return items


# The charter.


def publish_charter(tx: Connection, by: str, words: str) -> str:
    """Publish a new version of the charter and return its number as a string; the same text again changes nothing.

    From this commit on nobody can sign up with the old version.
    """
    words = text.paragraphs("text", words, CHARTER_MOST)
    if not words:
        raise Refused("text", "The charter is empty.", "Write what people agree to.")
    hold(tx)
    current = load(tx).charter
    if current.text == words:
        return current.version
    version = int(current.version) + 1
    tx.execute(sa.insert(charters).values(version=version, text=words, published_at=clock.now()))
    changed(tx, by, "charter.published", {"version": str(version)})
    return str(version)
