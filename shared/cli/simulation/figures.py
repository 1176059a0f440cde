"""What came of it, read from the databases: who leads when, how turns are spread, what each person would receive."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ... import clock, config, db
from . import worlds

TAKEN = ("accepted", "served")


def circles(since: datetime, end: datetime) -> list[dict[str, Any]]:
    """Every circle that has sessions between these instants: its sessions with who leads and mentors, and its spread.

    `spread` counts, for each member of now and each who had a turn, the turns of that time; `sessions` counts those at
    which they were members, as far as the plan is known.
    """
    names = worlds.names()
    tables = db.metadata("sessions").tables
    circle, session, turn, place = (tables[name] for name in ("circle", "session", "turn", "place"))
    with db.read("sessions") as tx:
        listed = tx.execute(sa.select(circle).order_by(circle.c.stream, circle.c.name)).mappings().all()
        planned = sa.select(session).where(session.c.starts_at >= since, session.c.starts_at < end)
        meetings = tx.execute(planned.order_by(session.c.starts_at)).mappings().all()
        turns = tx.execute(sa.select(turn)).mappings().all()
        present = tx.execute(sa.select(place).where(place.c.until.is_(None))).mappings().all()
    seats: dict[tuple[str, str], str] = {}
    for row in turns:
        if row["state"] in TAKEN:
            seats[row["session"], row["role"]] = row["person"]
    found = []
    for each in listed:
        own = [row for row in meetings if row["circle"] == each["id"]]
        if not own:
            continue
        members = {row["person"] for row in present if row["circle"] == each["id"]}
        led = Counter(seats[row["id"], "coordinator"] for row in own if (row["id"], "coordinator") in seats)
        found.append(
            {
                "name": each["name"],
                "stream": each["stream"],
                "members": len(members),
                "sessions": [_session(row, seats, names) for row in own],
                "spread": [
                    {"name": name, "turns": -less}
                    for less, name in sorted((-led[id], names.get(id, id)) for id in members | set(led))
                ],
            }
        )
    return found


def _session(row: Any, seats: dict[tuple[str, str], str], names: dict[str, str]) -> dict[str, Any]:
    who = {role: seats.get((row["id"], role)) for role in ("coordinator", "mentor")}
    there = row["starts_at"].astimezone(clock.zone(row["zone"]))
    return {
        "day": row["day"],
        "when": f"{there:%a} {there.day} {there:%b %Y, %H:%M}",
        "zone": row["zone"],
        "state": row["state"],
        **{role: names.get(id, id) if id else None for role, id in who.items()},
    }


def mail_ids() -> set[str]:
    """Ids of all mails that there are."""
    mail = db.metadata("notifications").tables["mail"]
    with db.read("notifications") as tx:
        return set(tx.execute(sa.select(mail.c.id)).scalars())


def mails(since: datetime, but: set[str] | frozenset[str] = frozenset()) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Mails by kind; and for each person, by name, how many of which kind in each month.

    :param but: ids of mails that are none of them.
    """
    mail = db.metadata("notifications").tables["mail"]
    with db.read("notifications") as tx:
        rows = tx.execute(
            sa.select(mail.c.id, mail.c.person, mail.c.name, mail.c.kind, mail.c.created_at).where(
                mail.c.created_at >= since
            )
        ).all()
    kinds: Counter[str] = Counter()
    months: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    called: dict[str, str] = {}
    for row in rows:
        if row.id in but:
            continue
        kinds[row.kind] += 1
        months[row.person][f"{row.created_at:%Y-%m}"][row.kind] += 1
        called[row.person] = row.name or called.get(row.person, "")
    people = [
        {
            "name": called[id],
            "mails": sum(map(Counter.total, of.values())),
            "months": {m: dict(of[m]) for m in sorted(of)},
        }
        for id, of in months.items()
    ]
    return dict(kinds.most_common()), sorted(people, key=lambda each: (-each["mails"], each["name"]))


def turns() -> dict[str, dict[str, int]]:
    """Turns by role and what became of them."""
    return _grouped("sessions", "turn", "role", "state")


def sessions() -> dict[str, int]:
    """Sessions of circles that have begun, by state."""
    return _begun(True)


def gatherings() -> dict[str, int]:
    """Meetings and talks that have begun, by state."""
    return _begun(False)


def _begun(of_circles: bool) -> dict[str, int]:
    session = db.metadata("sessions").tables["session"]
    wanted = session.c.circle.is_not(None) if of_circles else session.c.circle.is_(None)
    query = sa.select(session.c.state, sa.func.count()).where(session.c.starts_at <= clock.now(), wanted)
    with db.read("sessions") as tx:
        return {state: count for state, count in tx.execute(query.group_by(session.c.state).order_by(session.c.state))}


def people() -> dict[str, int]:
    """Everybody, by state."""
    person = db.metadata("signup").tables["person"]
    query = sa.select(person.c.state, sa.func.count()).where(person.c.stream.is_not(None))
    with db.read("signup") as tx:
        return {state: count for state, count in tx.execute(query.group_by(person.c.state).order_by(person.c.state))}


def posts() -> dict[str, int]:
    """Posts that were offered to the program's blog, by what became of them."""
    offer = db.metadata("blog").tables["offer"]
    with db.read("blog") as tx:
        of_posts = sa.select(offer.c.state, sa.func.count()).where(offer.c.post.is_not(None))
        counted = of_posts.group_by(offer.c.state).order_by(offer.c.state)
        return {WORDS.get(state, state): n for state, n in tx.execute(counted)}


WORDS = {"open": "in review", "merged": "live", "closed": "declined", "waiting": "on its way"}


def dead() -> int:
    """Deliveries of events that were given up."""
    count = 0
    for service in config.SERVICES:
        delivery = db.metadata(service).tables["delivery"]
        with db.read(service) as tx:
            count += tx.execute(sa.select(sa.func.count()).where(delivery.c.dead_at.is_not(None))).scalar_one()
    return count


def mail_states() -> dict[str, int]:
    """Mails by state."""
    mail = db.metadata("notifications").tables["mail"]
    with db.read("notifications") as tx:
        return {state: n for state, n in tx.execute(sa.select(mail.c.state, sa.func.count()).group_by(mail.c.state))}


def _grouped(service: str, name: str, first: str, second: str) -> dict[str, dict[str, int]]:
    table = db.metadata(service).tables[name]
    columns = (table.c[first], table.c[second])
    found: dict[str, dict[str, int]] = {}
    with db.read(service) as tx:
        for one, two, count in tx.execute(sa.select(*columns, sa.func.count()).group_by(*columns).order_by(*columns)):
            found.setdefault(one, {})[two] = count
    return found
