"""API tokens: organizers make them for programs, see when each was last used, and revoke them.

Commands take the open transaction and who does it. A token acts for the organizer who made it, and stops with their
role (`people.membership.void_access`); what a token made stops with it, and ends no later.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from shared import bearer, clock, config, db, log, revocation, tokens, uses
from shared.bearer import Token
from shared.events import emit

from . import audit
from .models import api_token as table
from .people import row as rows
from .rules import Refused, text

SUBJECT = "program"
NAME_MOST = 80


def create(tx: Connection, by: str, person: str, name: str, scope: str, days: int = bearer.DAYS) -> Token:
    """Make a token for `person`, who is an organizer. Its text can be had from what is returned, and nowhere later.

    :raises Refused: with every wrong field in `all`.
    """
    row = rows.taken(tx, person)  # held, so that they cannot step down meanwhile and leave a token behind
    if not row["is_organizer"]:
        raise Refused("organizer", "Only organizers have tokens.", "Make them an organizer first.")
    called = _checked(name, scope, days)
    made, through = clock.machine(), _through()
    until = made + days * tokens.DAY
    if through:
        parent = one(tx, through)  # held: who revokes it next sees what it made
        if parent is None or parent["revoked_at"]:
            raise Refused("token", "The token that asks was revoked.", "Make another on the page API tokens.")
        until = min(until, parent["until"])
    token = Token(db.new_id(), person, scope, made, until)
    _insert(tx, token, called, through)
    audit.note(tx, by, "token.made", SUBJECT, {"name": called, "scope": scope})
    return token


def _through() -> str | None:
    said = log.through()
    return said.partition("/")[2] if said else None


def _checked(name: str, scope: str, days: int) -> str:
    refused: list[Refused] = []
    called = ""
    try:
        called = text.line("name", name, NAME_MOST)
        if not called:
            refused.append(Refused("name", "The token has no name.", "Say what it is for: you will wonder."))
    except Refused as refusal:
        refused.append(refusal)
    if scope not in bearer.SCOPES:
        refused.append(Refused("scope", "There is no such scope.", f"Choose from {', '.join(bearer.SCOPES)}."))
    if not 1 <= days <= bearer.DAYS_MOST:
        refused.append(Refused("days", f"A token cannot live {days} days.", f"Choose 1 to {bearer.DAYS_MOST}."))
    Refused.raise_any(refused)
    return called


def _insert(tx: Connection, token: Token, name: str, through: str | None) -> None:
    row = {"id": token.id, "name": name, "scope": token.scope, "person": token.person, "until": token.until}
    try:
        with tx.begin_nested():
            tx.execute(sa.insert(table).values(**row, made_through=through, made_at=clock.now()))
    except IntegrityError:
        remedy = "Choose another name, or revoke that one first."
        raise Refused("name", "There is a token of this name already.", remedy) from None


def revoke(tx: Connection, by: str, id: str) -> bool:
    """Void a token, and those that it made, here at once and elsewhere by an event; False when it was void already.

    :raises Refused: there is none of that id.
    """
    row = one(tx, id)
    if row is None:
        raise Refused("token", "There is no such token.", "`./baton token list` and the page Tokens have them all.")
    if row["revoked_at"]:
        return False
    for each in _with_children(tx, row):
        revocation.revoke_token(tx, each["id"], each["until"])
        emit(tx, "token.revoked", f"token/{each['id']}", {"token": each["id"], "until": each["until"]})
        end = sa.update(table).where(table.c.id == each["id"], table.c.revoked_at.is_(None))
        if tx.execute(end.values(revoked_at=clock.now(), revoked_by=by)).rowcount:
            audit.note(tx, by, "token.revoked", SUBJECT, {"name": each["name"]})
    return True


def _with_children(tx: Connection, row: rows.Row) -> Iterator[rows.Row]:
    yield row
    for each in list(tx.execute(sa.select(table).where(table.c.made_through == row["id"])).mappings()):
        yield from _with_children(tx, each)


def one(tx: Connection, id: str) -> rows.Row | None:
    """The token of that id, held until `tx` ends; or None."""
    return tx.execute(sa.select(table).where(table.c.id == id).with_for_update()).mappings().first()


def listed(tx: Connection) -> list[dict[str, Any]]:
    """All tokens, living ones first, then the latest first: the row, `organizer` (a name), `state`, `used` and `uses`.

    `used`: machine time of the last use; `uses`: the same by service, of others than signup up to an hour late.
    """
    people = db.metadata("signup").tables["person"]
    query = sa.select(table, people.c.name.label("organizer")).join(people, people.c.id == table.c.person)
    known, found = uses.of(tx), []
    for row in tx.execute(query.order_by(table.c.made_at.desc(), table.c.id)).mappings():
        used = known.get(row["id"], {})
        found.append({**row, "state": state(row), "used": max(used.values(), default=None), "uses": used})
    return sorted(found, key=lambda each: each["state"] != "active")


def state(row: rows.Row) -> str:
    """active, ended (its days are over) or revoked."""
    return "revoked" if row["revoked_at"] else "active" if clock.machine() < row["until"] else "ended"


def used_elsewhere(tx: Connection, token: str, service: str, at: float) -> None:
    """Another service took that token."""
    until = tx.execute(sa.select(table.c.until).where(table.c.id == token)).scalar()
    if until is not None:
        uses.keep(tx, token, service, at, until)


def prune(tx: Connection) -> None:
    """Forget tokens that ended BATON_KEEP_AUDIT days ago."""
    tx.execute(sa.delete(table).where(table.c.until < clock.machine() - config.current().keep_audit * tokens.DAY))
