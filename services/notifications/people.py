"""The copies: what notifications knows about people and the program, as signup last told of them.

Each event carries the whole of what it is about, so a copy is replaced, never patched, and replays are harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import NotYet
from shared.quick import Quick, listed, one_of, params

from .chat import messages
from .digest import projection
from .mail import compose, ledger, letter, preferences, session, summary
from .mail.compose import Reader
from .models import content, inbound, mail, mention, person, program, soft_bounce, stream, suppression
from .rules import monthly as letters

APPLIED, ERASED = "applied", "erased"


def keep(tx: Connection, data: Mapping[str, Any], state: str | None = None) -> Reader:
    """Replace the copy of a person; returns them as somebody mails are for."""
    return _put(tx, data, state or data.get("state") or "", always=True)


def keep_applicant(tx: Connection, data: Mapping[str, Any]) -> Reader:
    """Keep the copy of somebody who applied. Of who was here before nothing changes: no one has proved to be them."""
    return _put(tx, data, APPLIED, always=False)


def _put(tx: Connection, data: Mapping[str, Any], state: str, always: bool) -> Reader:
    row = {
        "id": data["person"],
        "name": data.get("name") or "",
        "email": data.get("email") or "",
        "timezone": data.get("timezone") or "",
        "stream": data.get("stream"),
        "state": state,
        "roles": data.get("roles") or [],
    }
    (_REPLACE if always else _REPLACE_APPLICANT)(tx, row)
    return Reader(row["id"], row["name"], row["email"], row["timezone"])


def _replace(tx: Connection, where: Any = None) -> Any:
    insert = db.insert(tx, person).values(params(person, person.c.keys()))
    fresh = {name: insert.excluded[name] for name in person.c.keys() if name != "id"}
    return insert.on_conflict_do_update(index_elements=["id"], set_=fresh, where=where)


_REPLACE = Quick(_replace)
_REPLACE_APPLICANT = Quick(partial(_replace, where=sa.text("person.state = 'applied'")))


def reader(tx: Connection, id: str) -> Reader | None:
    """A person as somebody mails are for; None when they were erased.

    :raises NotYet: signup has not told of them so far.
    """
    row = _READER(tx, {"of": id}).fetchone()
    if row is None:
        raise NotYet("this person is not known yet")
    name, email, timezone, state = row
    return None if state == ERASED else Reader(id, name, email, timezone)


def all_of(tx: Connection, ids: Iterable[str]) -> dict[str, Reader | None]:
    """Each of these persons as `reader` tells of one, by one question.

    :raises NotYet: signup has not told of all of them so far.
    """
    wanted = set(ids)
    found = {
        id: None if state == ERASED else Reader(id, name, email, timezone)
        for id, name, email, timezone, state in _READERS(tx, {"ids": listed(tx, wanted)}).fetchall()
    }
    if len(found) < len(wanted):
        raise NotYet("not all of these persons are known yet")
    return found


_READERS = Quick(
    lambda tx: sa.text(f"SELECT id, name, email, timezone, state FROM person WHERE id {one_of(tx, 'ids')}")
)
_READER = Quick(
    lambda _: sa.select(person.c.name, person.c.email, person.c.timezone, person.c.state).where(
        person.c.id == sa.bindparam("of")
    )
)


def names(tx: Connection, ids: Iterable[str]) -> list[tuple[str, str]]:
    """(id, name) of these persons by name, less those who were erased.

    :raises NotYet: signup has not told of all of them so far.
    """
    known = [(id, to.name) for id in set(ids) if (to := reader(tx, id))]
    return sorted(known, key=lambda each: (each[1].casefold(), each[0]))


def zone_of(tx: Connection, id: str) -> str:
    """The person's time zone; empty when it is not known."""
    return tx.execute(sa.select(person.c.timezone).where(person.c.id == id)).scalar() or ""


def stream_of(tx: Connection, id: str) -> str | None:
    """The person's stream, if they are of one."""
    return tx.execute(sa.select(person.c.stream).where(person.c.id == id)).scalar()


def name_of(tx: Connection, id: str | None) -> str:
    """What the person is called; empty when nobody, or nobody known, is meant."""
    return tx.execute(sa.select(person.c.name).where(person.c.id == id)).scalar() or "" if id else ""


def readers(tx: Connection, ids: Iterable[str]) -> list[Reader]:
    """Those of them who can be mailed: neither gone nor without an address, in the order of their ids.

    :raises NotYet: signup has not told of one of them so far.
    """
    wanted = set(ids)
    found = {row.id: row for row in tx.execute(sa.select(person).where(person.c.id.in_(wanted)))}
    if missing := wanted - found.keys():
        raise NotYet(f"{len(missing)} persons are not known yet")
    here = (row for _, row in sorted(found.items()) if row.email and row.state not in (ERASED, "left", APPLIED))
    return [Reader(row.id, row.name, row.email, row.timezone) for row in here]


def called(tx: Connection, ids: Iterable[str], hold: bool = True) -> dict[str, str]:
    """What each of them is called. With `hold` nobody of them can be erased before `tx` ends, as with `forgotten`."""
    wanted = set(ids)
    query = sa.select(person.c.id, person.c.name, person.c.state).where(person.c.id.in_(wanted)).order_by(person.c.id)
    known = {
        row.id: "" if row.state == ERASED else row.name
        for row in tx.execute(query.with_for_update() if hold else query)
    }
    return {id: letter.line(known.get(id) or "") or session.ERASED for id in wanted}


def forgotten(tx: Connection, ids: Iterable[str]) -> set[str]:
    """Those of them who were erased. The others cannot be before `tx` ends, so that erasing finds what it writes."""
    known = sa.select(person.c.id, person.c.state).where(person.c.id.in_(list(ids))).order_by(person.c.id)
    return {row.id for row in tx.execute(known.with_for_update()) if row.state == ERASED}


_WITHOUT = {
    "applications": summary.without,
    "minutes": session.without,
    "digest": projection.without,
    "stream": lambda context, person: {**context, "letter": letters.without(context["letter"], person)},
}


def forget(tx: Connection, id: str) -> None:
    """Empty the copy and every mail to the person, and take them out of mails that name them; no address is known."""
    addresses = set(tx.execute(sa.select(mail.c.address).where(mail.c.person == id)).scalars())
    addresses |= set(tx.execute(sa.select(person.c.email).where(person.c.id == id)).scalars())
    keep(tx, {"person": id}, ERASED)
    own = tx.execute(sa.select(mail.c.id).where(mail.c.person == id)).scalars().all()
    ledger.erase(tx, own, "Emptied: this person's data were deleted.")
    naming = sa.select(mail.c.id, mail.c.kind).join(mention, mention.c.mail == mail.c.id)
    naming = naming.where(mention.c.person == id).order_by(mail.c.id).with_for_update(of=mail)
    for row in tx.execute(naming).all():
        # Asked for now that the mail is ours: somebody else whom it named may have been taken out meanwhile.
        made_of = tx.execute(sa.select(content.c.made_of).where(content.c.mail == row.id)).scalar()
        if made_of and row.kind in _WITHOUT:
            left = _WITHOUT[row.kind](made_of, id)
            compose.write_anew(tx, row.id, left, "Somebody whose data were deleted is left out.")
        else:
            ledger.erase(tx, [row.id], "Emptied: it named somebody whose data were deleted.")
    tx.execute(mention.delete().where(mention.c.person == id))
    projection.forget(tx, id)
    preferences.forget(tx, id)
    messages.forget(tx, id)
    theirs = [address.lower() for address in addresses if address]
    tx.execute(suppression.delete().where(suppression.c.address.in_(theirs)))
    tx.execute(soft_bounce.delete().where(soft_bounce.c.address.in_(theirs)))
    tx.execute(inbound.delete().where(sa.or_(inbound.c.person == id, sa.func.lower(inbound.c.address).in_(theirs))))


def keep_program(tx: Connection, data: Mapping[str, Any]) -> None:
    """Replace the copy of the program and its streams."""
    row = {"id": 1, **{name: data[name] for name in ("name", "timezone", "chat_invite", "charter_version")}}
    before = tx.execute(sa.select(program.c.chat_invite)).first()
    if before is None or before.chat_invite != data["chat_invite"]:
        row["chat_invite_at"] = clock.now()
    fresh = {name: value for name, value in row.items() if name != "id"}
    tx.execute(db.insert(tx, program).values(row).on_conflict_do_update(index_elements=["id"], set_=fresh))
    tx.execute(stream.update().values(position=None))
    for entry in data["streams"]:
        fresh = {"name": entry["name"], "position": entry["position"]}
        insert = db.insert(tx, stream).values(slug=entry["slug"], **fresh)
        tx.execute(insert.on_conflict_do_update(index_elements=["slug"], set_=fresh))


def streams(tx: Connection) -> dict[str, str]:
    """The names of all streams by slug, in their order; closed ones last."""
    rows = tx.execute(sa.select(stream.c.slug, stream.c.name).order_by(stream.c.position.is_(None), stream.c.position))
    return {row.slug: row.name for row in rows}
