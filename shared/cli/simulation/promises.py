"""The promises of the design, counted over all databases at the end of a play. Each line says what was found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from ... import clock, config, db
from ...config import SERVICES
from . import site

TAKEN = ("accepted", "served")


class Found(NamedTuple):
    """One promise, and what was found of it; `wrong` names what breaks it."""

    promise: str
    counted: str
    wrong: list[str]


def check(signed_up: set[str], confirmed: set[str], data: Path | None = None) -> list[Found]:
    """All of them.

    :param signed_up: addresses of whom a form said that it was taken; `confirmed`: of whom the button did.
    :param data: the folder in which the program's blog is.
    """
    return [
        _nothing_lost(signed_up, confirmed),
        *(each() for each in (_copies, _delivered, _in_order, _one_mail, _one_coordinator, _closed, _wall_time, _fair)),
        _posts(data or config.current().data),
    ]


def rows(service: str, table: str, *columns: str) -> list[Any]:
    """These columns of all rows."""
    found = db.metadata(service).tables[table]
    with db.read(service) as tx:
        return list(tx.execute(sa.select(*(found.c[name] for name in columns))).all())


def _nothing_lost(signed_up: set[str], confirmed: set[str]) -> Found:
    known = {row.email: row.state for row in rows("signup", "person", "email", "state")}
    members = {address for address, state in known.items() if state not in ("applied", "imported", "expired")}
    wrong = [f"{address} confirmed and is no member" for address in sorted(confirmed - members)]
    expired = sum(1 for address in signed_up if address not in known)
    if expired > len(signed_up - confirmed):
        wrong.append(f"{expired} applications are gone, and only {len(signed_up - confirmed)} were never confirmed")
    return Found("Nothing accepted is lost", f"{len(signed_up)} sign-ups, {len(confirmed)} confirmed", wrong)


def _copies() -> Found:
    truth = {row.id: row.state for row in rows("signup", "person", "id", "state") if row.state != "erased"}
    wrong, compared = [], 0
    for service in ("sessions", "notifications", "blog"):
        if "person" not in db.metadata(service).tables:
            continue
        for row in rows(service, "person", "id", "state"):
            if row.id in truth:
                compared += 1
                if row.state != truth[row.id]:
                    wrong.append(f"{service} takes {row.id} for {row.state}, signup for {truth[row.id]}")
    return Found("Every service knows the same", f"{compared} copies", wrong)


def _delivered() -> Found:
    wrong, count = [], 0
    for service in SERVICES:
        delivery, event = (db.metadata(service).tables[name] for name in ("delivery", "event"))
        query = sa.select(delivery.c.subscriber, delivery.c.confirmed_at, delivery.c.dead_at, event.c.id, event.c.type)
        handled = {name: {row.event for row in rows(name, "inbox", "event")} for name in SERVICES}
        with db.read(service) as tx:
            for row in tx.execute(query.join(event, event.c.position == delivery.c.event)):
                count += 1
                if row.dead_at is not None or row.confirmed_at is None:
                    wrong.append(f"{row.type} of {service} to {row.subscriber} is {'dead' if row.dead_at else 'owed'}")
                elif row.id not in handled[row.subscriber]:
                    wrong.append(f"{row.type} of {service} has no trace at {row.subscriber}")
    return Found("Every event is handled by all whom it concerns", f"{count} deliveries", wrong)


def _in_order() -> Found:
    wrong, count = [], 0
    for service in SERVICES:
        seqs: dict[str, list[int]] = defaultdict(list)
        for row in sorted(rows(service, "event", "position", "subject", "seq")):
            seqs[row.subject].append(row.seq)
            count += 1
        wrong += [f"{service}: {subject}" for subject, found in seqs.items() if any(b <= a for a, b in pairwise(found))]
    return Found("Events of a subject are numbered in their order", f"{count} events", wrong)


def _one_mail() -> Found:
    found = rows("notifications", "mail", "cause", "person", "kind", "state", "topic", "rank", "created_at")
    causes = Counter((row.cause, row.person, row.kind) for row in found)
    wrong = [f"{kind} twice for {cause}" for (cause, _, kind), count in causes.items() if count > 1]
    wrong += [f"a {row.kind} mail has {row.state}" for row in found if row.state in ("failed", "held")]
    told = Counter((row.topic, row.person, row.rank) for row in found if row.topic and row.kind != "reminder")
    wrong += [f"{topic} told twice with the same number" for (topic, _, _), count in told.items() if count > 1]
    return Found("One cause, one mail; an invite's number rises", f"{len(found)} mails", wrong)


def _one_coordinator() -> Found:
    found = rows("sessions", "turn", "session", "role", "state", "person")
    sure = Counter((row.session, row.role) for row in found if row.state in TAKEN)
    wrong = [f"{role} of {session}: {count}" for (session, role), count in sure.items() if count > 1]
    both = Counter((row.session, row.person) for row in found if row.state in TAKEN)
    wrong += [f"somebody has both roles at {session}" for (session, _), count in both.items() if count > 1]
    return Found("Never two coordinators, nor one person in both roles", f"{len(sure)} seats taken", wrong)


def _closed() -> Found:
    published = {row.session for row in rows("sessions", "minutes", "session", "published_at") if row.published_at}
    attended = {row.session for row in rows("sessions", "attendance", "session")}
    sessions = rows("sessions", "session", "id", "circle", "day", "state", "gaps")
    # A meeting or talk of nobody's circle is over when it is over: its notes are shared, or not.
    wrong, closed = [], [row for row in sessions if row.state == "closed" and row.circle is not None]
    for row in closed:
        gaps = row.gaps or {}
        if row.id not in published:
            wrong.append(f"{row.day} was closed unpublished")
        if row.id not in attended and "attendance" not in gaps:
            wrong.append(f"{row.day} was closed, and nobody knows who was there, or why not")
    return Found("Closed with minutes and attendance, or a reason for each", f"{len(closed)} closed sessions", wrong)


def _wall_time() -> Found:
    sessions = rows("sessions", "session", "day", "time", "zone", "starts_at")
    wrong = []
    for row in sessions:
        there = row.starts_at.astimezone(clock.zone(row.zone))
        if (there.date().isoformat(), f"{there:%H:%M}") != (row.day, row.time):
            wrong.append(f"{row.day} {row.time} {row.zone} is {there:%Y-%m-%d %H:%M}")
    return Found("A session's hour on the wall stays", f"{len(sessions)} sessions", wrong)


def _fair() -> Found:
    """Whoever led twice running wanted to (an open turn, a swap), or was told that nobody else could be asked, or had
    been asked before it was written down that they stood in for somebody the time before.
    """
    days = {row.id: row.starts_at for row in rows("sessions", "session", "id", "starts_at")}
    turns = rows("sessions", "turn", "session", "circle", "role", "state", "person", "why", "created_at")
    served: dict[str, list[tuple[datetime, str, dict[str, Any], datetime]]] = defaultdict(list)
    for row in turns:
        if row.role == "coordinator" and row.state == "served":
            served[row.circle].append((days[row.session], row.person, row.why or {}, row.created_at))
    wrong = []
    for circle, held in served.items():
        ordered = sorted(held, key=lambda each: each[0])
        for (_, one, _, known), (at, two, why, asked) in pairwise(ordered):
            if one == two and known <= asked and why.get("kind") in CHOSEN and not why.get("tier"):
                wrong.append(f"somebody of circle {circle} was asked to lead twice running, on {at:%d %b %Y}")
    # As the rotation counts: with what who came later, or back, is credited with, of those who are there.
    scores: dict[str, list[int]] = defaultdict(list)
    for row in rows("sessions", "standing", "circle", "role", "served", "credit", "left_at"):
        if row.role == "coordinator" and row.left_at is None:
            scores[row.circle].append(row.served + row.credit)
    widest = max((max(each) - min(each) for each in scores.values()), default=0)
    return Found("Turns go round", f"{sum(map(len, served.values()))} served, most and least differ by {widest}", wrong)


def _posts(data: Path) -> Found:
    """What is live is on the program's blog, and whoever wrote it was told, once for each post."""
    offers = rows("blog", "offer", "id", "person", "post", "path", "published_at")
    told = Counter(row.person for row in rows("notifications", "mail", "person", "kind") if row.kind == "published")
    first = Counter(row.person for row in offers if row.published_at and row.post)
    wrong = [f"{told[who]} mails for {first[who]} posts of {who}" for who in told | first if told[who] != first[who]]
    files, live = site.tree(data), site.live()
    wrong += [f"{path} is live, and not on the program's blog" for path in live if path not in files]
    wrong += [f"{path} is of two posts" for path, count in Counter(live).items() if count > 1]
    return Found("A post that is live is there, and was told once", f"{len(live)} live of {len(offers)} offered", wrong)


CHOSEN = ("fewest", "longest", "joined", "listed", "later")  # reasons by which the rotation chooses among several


def lines(found: list[Found]) -> Iterator[str]:
    """As a table for a terminal."""
    width = max(len(each.promise) for each in found)
    for each in found:
        yield f"  {'✓' if not each.wrong else '✗'} {each.promise:<{width}}  {each.counted}"
        yield from (f"      {words}" for words in each.wrong[:5])
        if len(each.wrong) > 5:
            yield f"      … and {len(each.wrong) - 5} more"
