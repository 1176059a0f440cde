"""Calendars that people subscribe to: a member's own sessions, and for organizers those of one circle.

An address is a signed token that names one key; whoever asks for a new address changes the key, and the old one is
dead. It never ends by itself: calendars ask for years.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, tokens
from shared.calendar.event import Mailbox
from shared.calendar.session import event

from .. import people
from ..circles import reading as circles
from ..models import circle as circle_table
from ..models import feed, person, program
from . import reading

Row = Mapping[Any, Any]
BACK = timedelta(weeks=4)
NONE = ""  # the key of nobody's address
AGE = 100 * 365 * tokens.DAY
GONE = ("left", "erased")


def address(tx: Connection, me: str) -> str | None:
    """Where a member's calendar is; None while they want none."""
    key = _key(tx, me)
    return _address({"person": me, "key": key}) if key != NONE else None


def address_of_circle(about: Row) -> str:
    """Where a circle's calendar is, for organizers."""
    return _address({"circle": about["id"], "key": about["feed"]})


def _address(claims: dict[str, str]) -> str:
    return f"{config.current().base_url}/sessions/feed/{tokens.sign('feed', {'jti': '', **claims})}.ics"


def _key(tx: Connection, me: str) -> str:
    key = tx.execute(sa.select(feed.c.key).where(feed.c.person == me)).scalar()
    return "first" if key is None else str(key)


def renew(tx: Connection, me: str) -> None:
    """A new address for a member; the old one is dead."""
    _put(tx, me, db.new_id())


def revoke(tx: Connection, me: str) -> None:
    """No address at all, until they ask for a new one."""
    _put(tx, me, NONE)


def _put(tx: Connection, me: str, key: str) -> None:
    fresh = {"key": key, "at": clock.now()}
    insert = db.insert(tx, feed).values(person=me, **fresh)
    tx.execute(insert.on_conflict_do_update(index_elements=["person"], set_=fresh))


def renew_circle(tx: Connection, circle: str) -> None:
    """A new address for a circle's calendar; the old one is dead.

    :raises Refused: there is no such circle.
    """
    circles.one(tx, circle)
    tx.execute(sa.update(circle_table).where(circle_table.c.id == circle).values(feed=db.new_id()))


def calendar(tx: Connection, token: str) -> bytes | None:
    """The calendar behind an address; None when it is none, or no more."""
    try:
        claims = tokens.read("feed", token, AGE)
    except tokens.BadToken:
        return None
    first = (clock.now() - BACK).date()
    if "circle" in claims:
        about = tx.execute(sa.select(circle_table).where(circle_table.c.id == str(claims["circle"]))).mappings().first()
        if about is None or about["feed"] != claims.get("key"):
            return None
        return _written(tx, about["name"], reading.of_circle(tx, about["id"], first))
    me = str(claims.get("person"))
    state = tx.execute(sa.select(person.c.state).where(person.c.id == me)).scalar()
    if state is None or state in GONE or claims.get("key") != _key(tx, me) or claims["key"] == NONE:
        return None
    return _written(tx, _program(tx), reading.of_person(tx, me, first))


def _program(tx: Connection) -> str:
    return tx.execute(sa.select(program.c.name)).scalar() or "Baton"


def _written(tx: Connection, name: str, rows: Iterable[Row]) -> bytes:
    found = list(rows)
    duties = reading.duties(tx, [row["id"] for row in found])
    names = people.names(tx, [id for each in duties.values() for id in each.values()])
    base, organizer = config.current().base_url, Mailbox(_program(tx), parseaddr(config.current().mail_from)[1])

    def called(session: str, role: str) -> str:
        return names.get(duties[session][role] or "", "")

    from shared.calendar.feed import feed as written  # here: what writes calendars is large

    return written(
        name,
        [
            event(
                {**row, "session": row["id"]}, row["changed_at"], organizer, base,
                called(row["id"], "coordinator"), called(row["id"], "mentor"),
            )
            for row in found
        ],
    )  # fmt: skip
