"""Signing in by mailed link, and who is an organizer.

There are no passwords: a link sent to an address proves that its owner asked. It can be used once, within 30 minutes.
"""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, revocation, tokens
from shared.events import emit
from shared.web import local_path

from . import address, audit, people, rules
from .models import person as people_table
from .models import used_token
from .people import row as rows
from .rules import Refused, text

PURPOSE = "sign-in"


def request_sign_in(tx: Connection, email: str, next: str | None = None) -> None:
    """Have a sign-in link mailed, if the address is a member's or an organizer's; nothing tells the asker which.

    Somebody who applied and has not confirmed yet gets their confirmation once more instead. An address that was asked
    for too often gets nothing more for a while; that, too, only its owner can notice.

    :raises Refused: it is no address.
    """
    key = rules.email_key(_checked(email))
    often = not people.ask(tx, key)
    row = _by_key(tx, key)
    if row and not often and row["state"] in rules.UNPROVEN and people.mail_wait(row) <= 0 and not people.roles(row):
        people.resend_confirmation(tx, audit.SYSTEM, row["id"])
        return
    known = row is not None and not often and bool(people.roles(row))
    # The same work in each case, of which nothing stays when there is nobody to mail: a quicker answer would tell.
    to = row if row and known else {"id": db.new_id(), "name": "", "email": email}
    with tx.begin_nested() as step:
        emit(tx, "signin.requested", people.subject(to["id"]), _request(to, next))
        if not known:
            step.rollback()


def _checked(email: str) -> str:
    """As a sign-up takes it; but the first organizer's as it is set: the one Baton comes with has no period in it."""
    first = parseaddr(config.current().organizer)[1]
    return first if rules.email_key(email) == rules.email_key(first) else address.checked("email", email)


def _request(row: rows.Row, next: str | None) -> dict[str, Any]:
    asked = {"person": row["id"], "name": row["name"], "email": row["email"]}
    return {**asked, "next": local_path(next, "") or None, "request": db.new_id()}


def read_sign_in(token: str) -> dict[str, Any]:
    """The claims of a sign-in link, for its page; whether it was used before is told by `use_sign_in`.

    :raises tokens.BadToken: forged or expired.
    """
    return tokens.read(PURPOSE, token)


def use_sign_in(tx: Connection, token: str) -> rows.Row:
    """The person whom the link signs in; it works once.

    :raises tokens.BadToken: "forged", "expired" (also when mailed before a restore), "used", or "gone" when there is no
        such person any more.
    """
    claims = read_sign_in(token)
    if revocation.voids(tx, revocation.EVERYBODY, float(claims["iat"])):
        raise tokens.BadToken("expired")  # perhaps it was used before the restore
    once = db.insert(tx, used_token).on_conflict_do_nothing()
    if not tx.execute(once, {"jti": str(claims["request"]), "at": clock.machine()}).rowcount:
        raise tokens.BadToken("used")
    row = people.one(tx, claims["person"])
    if row is None or not people.roles(row):
        raise tokens.BadToken("gone")
    if outdated(row, claims):
        raise tokens.BadToken("expired")
    return row


def outdated(row: rows.Row, claims: dict[str, Any]) -> bool:
    """Whether a link was mailed to an address that is theirs no more: somebody else may read that mailbox now.

    `since`: of a link that was made for who came by another one, when that one was mailed.
    """
    return int(row["readdressed_at"] or 0) > float(claims.get("since", claims["iat"]))


def add_organizer(tx: Connection, by: str, email: str, name: str | None = None) -> str:
    """Make the person of that address an organizer, known already or not, and return their id.

    :raises Refused: address or name cannot be taken, or they are about to be erased.
    """
    kept = address.checked("email", email)
    called = text.name("name", name) if name else kept.partition("@")[0]
    row = _by_key(tx, rules.email_key(kept))
    if row is None:
        row = _create(tx, kept, called)
    elif row["is_organizer"]:
        return str(row["id"])
    elif row["erase_after"]:
        raise Refused("email", "This person is about to be erased.", "They can keep their data first, on their page.")
    values: dict[str, Any] = {"is_organizer": True}
    if row["state"] in rules.UNPROVEN or row["state"] == "invited":
        # The address is vouched for by an organizer.
        values |= {"state": "confirmed", "confirmed_at": clock.now()}
    rows.change(tx, row, values, "organizer.added", invited=by.startswith("organizer/"))
    audit.note(tx, by, "organizer.added", people.subject(row["id"]))
    return str(row["id"])


def _by_key(tx: Connection, key: str) -> rows.Row | None:
    query = sa.select(people_table).where(people_table.c.email_key == key).with_for_update()
    return tx.execute(query).mappings().first()


def _create(tx: Connection, email: str, name: str) -> rows.Row:
    now = clock.now()
    zone = tx.execute(sa.text("SELECT timezone FROM program")).scalar() or "UTC"
    row: dict[str, Any] = {column.name: None for column in people_table.columns}
    row |= {"id": db.new_id(), "state": "confirmed", "name": name, "email": email, "timezone": zone}
    row |= {"email_key": rules.email_key(email), "search": rows.search_words(name, email), "answers": {}}
    row |= {"checklist": {}, "is_organizer": False, "created_at": now, "confirmed_at": now}
    tx.execute(sa.insert(people_table).values(row))
    return row


def remove_organizer(tx: Connection, by: str, person: str) -> None:
    """Take the organizer's role away and void their cookies; as a member they stay.

    :raises Refused: they are the last one, or none.
    """
    row = rows.taken(tx, person)
    if not row["is_organizer"]:
        raise Refused("organizer", "This person is no organizer.", "Load the page again.")
    people.step_down(tx, by, row)


def first_link() -> str | None:
    """The address of a fresh sign-in link for the organizer named by BATON_ORGANIZER, created when missing.

    None for one who stepped down.
    """
    with db.write("signup") as tx:
        person = first_organizer(tx)
    if person is None:
        return None
    claims = {"person": person, "request": db.new_id(), "next": "/signup/organizer"}
    return f"{config.current().base_url}/signup/sign-in/{tokens.sign(PURPOSE, claims)}"


def first_organizer(tx: Connection) -> str | None:
    """The id of the organizer named by BATON_ORGANIZER, created when missing.

    None for one who stepped down: the setting outlives that, and no start brings them back.
    """
    name, email = parseaddr(config.current().organizer)
    row = _by_key(tx, rules.email_key(email))
    if row and not row["is_organizer"] and audit.has(tx, "organizer.removed", people.subject(row["id"])):
        return None
    return _first_organizer(tx, name, email)


def _first_organizer(tx: Connection, name: str, email: str) -> str:
    # "organizer@localhost", the default, is no address for the outside; it gets mail in the local outbox only.
    try:
        return add_organizer(tx, audit.SYSTEM, email, name or None)
    except Refused:
        key = rules.email_key(email)
        row = _by_key(tx, key)
        if row is None:
            row = _create(tx, email, name or email.partition("@")[0])
        if not row["is_organizer"]:
            rows.change(tx, row, {"is_organizer": True}, "organizer.added")
            audit.note(tx, audit.SYSTEM, "organizer.added", people.subject(row["id"]))
        return str(row["id"])
