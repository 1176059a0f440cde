"""The pool: guests whom an organizer asked, alumni, and organizers themselves, who may be asked to mentor.

A guest is known to nobody but signup (and the mail that asks) until they say yes. Who says no, or nothing, is forgotten
after 14 days. Others are told by the whole of a person, in which `mentors` names the streams.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from .. import address, audit, rules, zone
from ..models import person as people
from ..program import load
from ..rules import Refused, pool, text
from . import row as rows
from .row import Row

LISTED = sa.text("pool IS NOT NULL")  # in the very words of the partial index


def listed(tx: Connection) -> list[Row]:
    """Everybody who is, was or shall be in the pool, by name: rows with `kind` and `mentors`."""
    query = sa.select(people).where(LISTED).order_by(people.c.search, people.c.id)
    found = []
    for row in tx.execute(query).mappings():
        kind = "guest" if row["state"] == "invited" else pool.kind(row["state"], row["is_organizer"])
        found.append({**row, "kind": kind, "mentors": row["pool_streams"] or []})
    return [row for row in found if row["kind"]]


def ask_guest(tx: Connection, by: str, fields: dict[str, Any]) -> str:
    """Ask somebody from outside, or alumni, by mail whether they may be asked to mentor; returns their id.

    :param fields: name, email, and streams, a list of slugs.
    :raises Refused: with every wrong field in `all`; or they are in the pool, or take part, already.
    """
    refused: list[Refused] = []
    values: dict[str, Any] = {}
    for field, check in (("name", text.name), ("email", address.checked)):
        try:
            values[field] = check(field, str(fields.get(field) or ""))
        except Refused as refusal:
            refused.append(refusal)
    streams = _streams(tx, fields.get("streams") or (), refused)
    Refused.raise_any(refused)
    key = rules.email_key(values["email"])
    known = tx.execute(sa.select(people).where(people.c.email_key == key).with_for_update()).mappings().first()
    row = _create(tx, key, values) if known is None else known
    _may_be_asked(row)
    return _ask(tx, by, row, streams)


def ask_again(tx: Connection, by: str, person: str) -> None:
    """Mail the question once more; at most once an hour.

    :raises Refused: they have answered; Busy when they were mailed less than an hour ago.
    """
    row = rows.taken(tx, person)
    if row["pool"] != "asked":
        raise Refused("pool", "Nobody waits for an answer of theirs.", "Load the page again.")
    _ask(tx, by, row, row["pool_streams"] or [])


def _ask(tx: Connection, by: str, row: Row, streams: list[str]) -> str:
    word = pool.after("ask", row["pool"])
    wait = float((row["mailed_at"] or 0) + rules.MAIL_EVERY - clock.machine())
    if wait > 0 and row["pool"] is not None:
        remedy = f"Try again in {int(wait // 60) + 1} min: we mail once an hour."
        raise rules.Busy("email", "They were mailed less than an hour ago.", remedy, wait)
    row = rows.change(tx, row, {**_said(word, streams), "mailed_at": clock.machine()})
    data: dict[str, Any] = {name: row[name] for name in ("name", "email", "timezone")}
    data |= {"person": row["id"], "known": row["state"] != "invited", "by": by.partition("/")[2] or None}
    emit(tx, "guest.asked", rows.subject(row["id"]), {**data, "streams": streams})
    audit.note(tx, by, "mentor.asked", rows.subject(row["id"]))
    return str(row["id"])


def _may_be_asked(row: Row) -> None:
    """
    :raises Refused: they are in the pool, or have another way into it.
    """
    if row["state"] in rules.UNPROVEN:
        raise Refused("email", "This address has applied to take part.", "Wait until they confirm, or talk to them.")
    if row["is_organizer"]:
        remedy = "They tick “I may be asked to mentor” on their own page."
        raise Refused("email", "This is an organizer's address.", remedy)
    if row["state"] in rules.MEMBERS:
        remedy = "Members are asked by themselves, for the streams below their own."
        raise Refused("email", "This is a member's address.", remedy)
    if row["erase_after"]:
        raise Refused("email", "This person is about to be erased.", "They can keep their data first, on their page.")
    if row["pool"] == "agreed" and pool.kind(row["state"], False):
        raise Refused("email", "They are in the pool already.", "Look in the list.")


def _create(tx: Connection, key: str, values: dict[str, Any]) -> Row:
    row: dict[str, Any] = {column.name: None for column in people.columns}
    row |= {"id": db.new_id(), "state": "invited", **values, "email_key": key, "timezone": load(tx).timezone}
    row |= {"search": rows.search_words(values["name"], values["email"]), "answers": {}, "checklist": {}}
    row |= {"is_organizer": False, "created_at": clock.now()}
    tx.execute(sa.insert(people).values(row))
    return row


def afresh(row: Row) -> dict[str, Any]:
    """What stays of what was said, for who begins anew: nothing, but that an organizer removed them. Put back, they
    have not said yes.
    """
    removed = row["pool"] == "removed"
    return {"pool": row["pool"], "pool_was": "left"} if removed else dict.fromkeys(("pool", "pool_streams", "pool_was"))


# ---- what they themselves say ----


def agree(tx: Connection, by: str, person: str, timezone: str = "") -> None:
    """Yes, by the link of who was asked. A guest is known from now on.

    :raises Refused: they are asked no more, or the zone is none.
    """
    row = rows.taken(tx, person)
    word = pool.after("agree", row["pool"])
    if row["erase_after"]:
        raise Refused("state", "You asked to be erased.", "Keep your data first, on your own page.")
    values = _said(word, row["pool_streams"] or [])
    if timezone:
        values["timezone"] = zone.checked("timezone", timezone)
    if pool.kind(row["state"], row["is_organizer"]) is None:
        values["state"] = rules.after("welcome", row["state"])
        values |= {"left_at": None, "left_from": None, "leave_reason": None}
        values["confirmed_at"] = row["confirmed_at"] or clock.now()
    if row["pool"] == word and not values.keys() - {"pool", "pool_streams", "pool_at", "pool_was"}:
        return
    rows.change(tx, row, values, "member.pooled")
    audit.note(tx, by, "mentor.agreed", rows.subject(person))


def decline(tx: Connection, by: str, person: str) -> None:
    """No, by the same link."""
    row = rows.taken(tx, person)
    word = pool.after("decline", row["pool"])
    if word == row["pool"]:
        return
    rows.change(tx, row, _said(word, row["pool_streams"] or []))
    audit.note(tx, by, "mentor.declined", rows.subject(person))


def offer(tx: Connection, by: str, person: str, streams: Iterable[str]) -> None:
    """Alumni and organizers say of their own accord that they may be asked, and in which streams.

    :raises Refused: they are neither, or no stream is named that there is.
    """
    row = rows.taken(tx, person)
    if pool.kind(row["state"], row["is_organizer"]) is None:
        remedy = "Members are asked by themselves, for the streams below their own."
        raise Refused("state", "This is for guests, alumni and organizers.", remedy)
    refused: list[Refused] = []
    slugs = _streams(tx, streams, refused)
    Refused.raise_any(refused)
    # An organizer may put anybody back, and so themselves.
    word = pool.after("offer", None if row["is_organizer"] else row["pool"])
    if (word, slugs) == (row["pool"], row["pool_streams"]):
        return
    rows.change(tx, row, _said(word, slugs), "member.pooled")
    audit.note(tx, by, "mentor.agreed", rows.subject(person))


def leave_pool(tx: Connection, by: str, person: str) -> None:
    """They are asked no more. They stay what they are; saying yes again undoes it.

    :raises Refused: they are not in the pool.
    """
    row = rows.taken(tx, person)
    word = pool.after("leave", row["pool"])
    if word == row["pool"]:
        return
    rows.change(tx, row, _said(word, row["pool_streams"] or []), "member.unpooled")
    audit.note(tx, by, "mentor.left", rows.subject(person))


# ---- what an organizer does ----


def remove_mentor(tx: Connection, by: str, person: str) -> None:
    """Ask them no more; `restore_mentor` undoes it.

    :raises Refused: they are not in the pool.
    """
    row = rows.taken(tx, person)
    word = pool.after("remove", row["pool"])
    values = {**_said(word, row["pool_streams"] or []), "pool_was": row["pool"]}
    rows.change(tx, row, values, "member.unpooled" if row["state"] in rules.KNOWN else None)
    audit.note(tx, by, "mentor.removed", rows.subject(person))


def restore_mentor(tx: Connection, by: str, person: str) -> None:
    """Put them back as they were before they were removed: whoever had not said yes still has not.

    :raises Refused: they were not removed.
    """
    row = rows.taken(tx, person)
    word = pool.restored(row["pool_was"])
    rows.change(
        tx, row, _said(word, row["pool_streams"] or []), "member.pooled" if row["state"] in rules.KNOWN else None
    )
    audit.note(tx, by, "mentor.restored", rows.subject(person))


def _said(word: str, streams: list[str]) -> dict[str, Any]:
    return {"pool": word, "pool_streams": streams, "pool_at": clock.now(), "pool_was": None}


def _streams(tx: Connection, given: Iterable[str], refused: list[Refused]) -> list[str]:
    """Those of the program's streams, in their order."""
    wanted, known = {str(each) for each in given}, [each.slug for each in load(tx).streams]
    if not wanted:
        refused.append(Refused("streams", "No stream is chosen.", "Choose at least one."))
    elif wanted - set(known):
        refused.append(Refused("streams", "There is no such stream.", f"Choose from: {', '.join(known)}."))
    return [slug for slug in known if slug in wanted]
