"""The verdict: what was accepted, compared with every database and with the post office's book."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from shared import db
from shared.config import SERVICES

from . import effects
from .crowd import Person
from .post import PostOffice

WAITING = ("queued", "sending")


@dataclass
class Verdict:
    """The table of a run. `notes` says in words what is behind each figure that should be zero."""

    accepted: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    mails: int = 0
    mails_doubled: int = 0
    held: int = 0
    held_most: int = 0
    second_sends: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def kept(self) -> bool:
        """Were all promises kept?"""
        wrong = self.lost, self.doubled, self.out_of_order, self.mails_doubled, self.second_sends
        return not any(wrong) and self.held <= self.held_most and self.accepted > 0

    def as_dict(self) -> dict[str, Any]:
        """For machines."""
        return {**asdict(self), "kept": self.kept}

    def say(self, figure: str, note: str, count: int = 1) -> None:
        """Count something that should not be."""
        setattr(self, figure, getattr(self, figure) + count)
        self.notes.append(f"{figure.replace('_', ' ')}: {note}")


def judge(crowd: Iterable[Person], post: PostOffice, held_most: int) -> Verdict:
    """Compare what people were told with what happened.

    :param held_most: how many mails can have been in flight with senders that were killed.
    """
    found = Verdict(held_most=held_most)
    books = _Books()
    for person in crowd:
        _promises(found, person, books)
    _events(found)
    for service in effects.keepers():
        _copies(found, service)
    for source in SERVICES:
        for subscriber in SERVICES:
            _inboxes(found, source, subscriber)
    _mails(found, books, post)
    return found


class _Books:
    """What signup and notifications hold, by address and person."""

    def __init__(self) -> None:
        self.people: dict[str, list[Any]] = {}
        self.events: Counter[tuple[str, str]] = Counter()
        with db.read("signup") as tx:
            for row in tx.execute(sa.text("SELECT id, email, state, confirmed_at FROM person")):
                self.people.setdefault(row.email, []).append(row)
            for row in tx.execute(sa.text("SELECT subject, type FROM event")):
                self.events[row.subject.partition("/")[2], row.type] += 1
        with db.read("notifications") as tx:
            self.mails = tx.execute(sa.text("SELECT id, cause, person, kind, state, address FROM mail")).all()
        self.kinds: dict[tuple[str, str], list[str]] = {}
        for mail in self.mails:
            self.kinds.setdefault((mail.person, mail.kind), []).append(mail.state)


def _promises(found: Verdict, person: Person, books: _Books) -> None:
    """What one of the crowd was promised."""
    who = person.email
    if person.refused:
        found.say("lost", f"{who} was refused: {person.refused}")
    rows = books.people.get(who, [])
    if len(rows) > 1:
        found.say("doubled", f"{who} is {len(rows)} persons")
    steps = [(person.signed_up, "application.received", "confirm"), (person.confirmed, "member.confirmed", "welcome")]
    for told, type, kind in steps:
        if not told:
            continue
        found.accepted += 1
        if not rows or (type == "member.confirmed" and rows[0].confirmed_at is None):
            found.say("lost", f"{who}: accepted ({type}), and not in the table")
            continue
        id = rows[0].id
        count, mails = books.events[id, type], books.kinds.get((id, kind), [])
        if count != 1:
            found.say("doubled" if count else "lost", f"{who}: {count} events {type}")
        if len(mails) != 1:
            found.say("mails_doubled" if mails else "lost", f"{who}: {len(mails)} mails {kind}")
        elif mails[0] not in {"sent", "held"}:
            found.say("lost", f"{who}: mail {kind} is {mails[0]}")
    found.accepted += person.changed


def _events(found: Verdict) -> None:
    """Deliveries that nobody confirmed."""
    for service in SERVICES:
        with db.read(service) as tx:
            for row in tx.execute(_UNCONFIRMED):
                how = f"dead: {row.error}" if row.dead_at else "not confirmed in time"
                found.say("lost", f"{service} to {row.subscriber}: {row.type} {row.seq} of {row.subject} {how}")


def _copies(found: Verdict, service: str) -> None:
    """Every change of every copy, against the events that should have made it."""
    seen, owed = effects.seen(service), effects.owed(service)
    for person in seen.keys() | owed.keys():
        was, should = seen.get(person, []), owed.get(person, [])
        if was == should:
            continue
        more, less = Counter(was) - Counter(should), Counter(should) - Counter(was)
        story = f"{service}'s copy of {person}: {' > '.join(was)}; should be: {' > '.join(should)}"
        if less:
            found.say("lost", story, less.total())
        if more:
            found.say("doubled", story, more.total())
        if was[-1:] != should[-1:] or not (more or less):
            found.say("out_of_order", story)


def _inboxes(found: Verdict, source: str, subscriber: str) -> None:
    """Every confirmed delivery has one inbox row, and those of one subject were handled in their order."""
    with db.read(source) as tx:
        rows = tx.execute(_DELIVERED, {"subscriber": subscriber}).all()
    with db.read(subscriber) as tx:
        handled = {row.event: row.handled for row in tx.execute(_HANDLED, {"source": source})}
    for id in handled.keys() - {row.id for row in rows}:
        found.say("doubled", f"{subscriber} handled {id}, which {source} never published")
    for subject, events in groupby(rows, key=lambda row: row.subject):
        last = 0.0
        for event in events:
            if event.id not in handled:
                if event.confirmed_at:
                    found.say("lost", f"{subscriber} confirmed {event.type} of {subject} without having handled it")
                continue
            if handled[event.id] < last:
                found.say("out_of_order", f"{subscriber} handled {event.type} of {subject} before an earlier event")
            last = max(last, handled[event.id])


def _mails(found: Verdict, books: _Books, post: PostOffice) -> None:
    """The ledger against the post office's book."""
    accepted = post.accepted()
    found.mails = accepted.total()
    ids = {mail.id: mail for mail in books.mails}
    for mail in books.mails:
        if mail.state == "held":
            found.held += 1
        if mail.state == "sent" and not any(id.startswith(f"<{mail.id}@") for id in accepted):
            found.say("lost", f"mail {mail.kind} to {mail.address} is called sent, and never was")
        if mail.state in WAITING:
            found.say("lost", f"mail {mail.kind} to {mail.address} is still {mail.state}")
    for id, times in accepted.items():
        if times > 1:
            found.say("second_sends", f"{id} was accepted {times} times", times - 1)
        if id.strip("<>").partition("@")[0] not in ids:
            found.say("mails_doubled", f"{id} is in no ledger")
    causes = Counter((mail.cause, mail.person, mail.kind) for mail in books.mails)
    for cause, times in causes.items():
        if times > 1:
            found.say("mails_doubled", f"{cause} made {times} mails", times - 1)


_UNCONFIRMED = sa.text(
    "SELECT d.subscriber, d.subject, d.seq, d.dead_at, d.error, e.type FROM delivery d JOIN event e"
    " ON e.position = d.event WHERE d.confirmed_at IS NULL"
)
_DELIVERED = sa.text(
    "SELECT e.id, e.subject, e.type, d.confirmed_at FROM delivery d JOIN event e ON e.position = d.event"
    " WHERE d.subscriber = :subscriber ORDER BY e.subject, e.seq"
)
_HANDLED = sa.text("SELECT event, handled FROM inbox WHERE source = :source")
