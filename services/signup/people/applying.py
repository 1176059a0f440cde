"""Signing up and confirming: the intake, where nothing accepted may be lost and nobody learns who is a member.

Every application is checked here, whichever door it came by (form, API, command line). The answer to an address that
is known is the same as to a new one; only the mail differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit
from shared.quick import Quick, params

from .. import address, audit, once, rules, zone
from ..models import person as people
from ..models import program as programs
from ..program import Program, load, remembered
from ..rules import Refused, answers, text
from . import pooling
from . import row as rows
from .asking import ask
from .row import Row


@dataclass(frozen=True)
class Applied:
    """What came of an application. For our own eyes: outside, all of them look the same."""

    person: str | None  # None: the Idempotency-Key was answered before
    event: str | None  # None: the address was mailed less than an hour ago


def apply(tx: Connection, application: Mapping[str, Any], key: str | None = None) -> Applied:
    """Take an application: {name, email, stream, timezone, charter, answers: {question id: value}}, all as typed.

    :param key: an Idempotency-Key: the same one with the same application again has no further effect.
    :raises Refused: with every wrong field in `all`; KeyReused when the key came with another application.
    """
    if key is not None and not once.first(tx, key, application):
        return Applied(None, None)
    program = remembered(tx)
    for _ in range(3):
        stale = None
        try:
            values = _checked(program, application)
        except Refused as refusal:
            stale = refusal
        else:
            if applied := _take_new(tx, program, values) or _take_known(tx, program, values):
                return applied
        # Refused, or not taken: perhaps the program changed since this process last looked.
        before, program = program, load(tx)
        if stale and before.version == program.version:
            raise stale
    raise RuntimeError("the program or this address changes faster than it can be read")


def _checked(program: Program, application: Mapping[str, Any]) -> dict[str, Any]:
    """The application as columns of a person's row.

    :raises Refused: with every wrong field in `all`.
    """
    refused: list[Refused] = []
    values: dict[str, Any] = {"answers": {}, "charter_version": int(program.charter.version)}
    stream = program.stream(application.get("stream"))
    for field, check in _CHECKS.items():
        try:
            values[field] = check(field, application.get(field) or "")
        except Refused as refusal:
            refused.append(refusal)
    if stream is None or not stream.open:
        what = "There is no such stream." if stream is None else f"{stream.name} takes no sign-ups at present."
        refused.append(Refused("stream", what, _choose(program)))
    else:
        values["stream"] = stream.slug
        try:
            values["answers"] = answers.check(stream.questions, application.get("answers") or {})
        except Refused as refusal:
            refused.append(refusal)
    accepted, current = application.get("charter") or "", program.charter.version
    if accepted != current:
        what = "This is not the present charter." if accepted else "The charter is not accepted."
        refused.append(Refused("charter", what, f"Read version {current} and accept it."))
    Refused.raise_any(refused)
    return values


def _choose(program: Program) -> str:
    return "Choose from: " + ", ".join(each.slug for each in program.streams if each.open) + "."


_CHECKS = {"name": text.name, "email": address.checked, "timezone": zone.checked}

_TYPED = ("name", "email", "timezone", "stream", "charter_version", "answers")  # what an application brings
_FIXED: dict[str, Any] = {"state": "applied", "checklist": {}, "is_organizer": False}
_INTAKE = ("id", "email_key", "search", "charter_at", "created_at", "applied_at", "mailed_at", *_TYPED, *_FIXED)


def _intake(tx: Connection) -> Any:
    """INSERT the person if the program is still of the version that was checked, and the address is new."""
    row = sa.select(*params(people, _INTAKE).values()).select_from(programs)
    row = row.where(programs.c.version == sa.bindparam("program_version", type_=programs.c.version.type))
    insert = db.insert(tx, people).from_select(list(_INTAKE), row)
    return insert.on_conflict_do_nothing(index_elements=["email_key"])


_INSERT = Quick(_intake)
# What follows when the address is known shall not take longer than a new one: a clock would tell who is a member.
_VERSION = Quick(
    lambda _: sa.select(programs.c.id).where(
        programs.c.version == sa.bindparam("program_version", type_=programs.c.version.type)
    )
)
_KNOWN_BY = ("id", "state", "name", "email", "timezone", "stream", "mailed_at", "again")
_KNOWN = Quick(
    lambda _: (
        sa.select(*(people.c[name] for name in _KNOWN_BY[:-1]), people.c.reapplied.is_not(None))
        .where(people.c.email_key == sa.bindparam("email_key", type_=people.c.email_key.type))
        .with_for_update()
    )
)


@lru_cache
def _update(columns: tuple[str, ...]) -> Quick:
    """UPDATE those columns of the person `person_id`."""
    which = people.c.id == sa.bindparam("person_id", type_=people.c.id.type)
    return Quick(lambda _: sa.update(people).where(which).values(params(people, columns)))


def _take_new(tx: Connection, program: Program, values: dict[str, Any]) -> Applied | None:
    """Insert a new person and say so; None when the address is known or the program has changed."""
    now, person = clock.now(), db.new_id()
    row = {
        **values,
        **_FIXED,
        "id": person,
        "email_key": rules.email_key(values["email"]),
        "search": rows.search_words(values["name"], values["email"]),
        "charter_at": now,
        "created_at": now,
        "applied_at": now,
        "mailed_at": clock.machine(),
        "program_version": program.version,
    }
    if _INSERT(tx, row).rowcount == 0:
        return None
    return Applied(person, _emit(tx, "application.received", row, again=False))


def _emit(tx: Connection, event: str, row: Row, again: bool) -> str:
    data = {field: row[field] for field in ("name", "email", "timezone", "stream")}
    return emit(tx, event, rows.subject(row["id"]), {"person": row["id"], **data, "again": again})


def _take_known(tx: Connection, program: Program, values: dict[str, Any]) -> Applied | None:
    """An address that is known: mail its owner, at most once an hour; None when nobody is known by it."""
    if not _VERSION(tx, {"program_version": program.version}).fetchone():
        return None
    key = rules.email_key(values["email"])
    found = _KNOWN(tx, {"email_key": key}).fetchone()
    if found is None:
        return None
    row = dict(zip(_KNOWN_BY, found, strict=True))
    now = clock.now()
    kept: dict[str, Any] = {}
    if row["state"] == "applied":
        search = rows.search_words(values["name"], values["email"])
        kept = {**values, "search": search, "charter_at": now, "applied_at": now}
    elif row["state"] == "imported" or row["state"] in rules.OUTSIDE:
        # Whoever typed this may not be the owner of the address: it takes effect when the owner confirms.
        kept = {"reapplied": {**values, "email": row["email"]}, "applied_at": now}
        if not row["again"]:
            kept["reminded_at"] = None
    mail = mail_wait(row) <= 0
    if mail:
        kept["mailed_at"] = clock.machine()
    if kept:
        _update(tuple(kept))(tx, {**kept, "person_id": row["id"]})
    if not mail:
        ask(tx, key)  # so that something is committed here too, and takes as long
        return Applied(row["id"], None)
    if row["state"] in rules.MEMBERS:
        return Applied(row["id"], _emit(tx, "application.repeated", row, again=True))
    return Applied(row["id"], _emit(tx, "application.received", {**row, **values, "email": row["email"]}, again=True))


def mail_wait(row: Row) -> float:
    """Seconds until an application or a resend may mail this person again; 0 or less: now."""
    return float((row["mailed_at"] or 0) + rules.MAIL_EVERY - clock.machine())


def resend_confirmation(tx: Connection, by: str, person: str) -> None:
    """Mail the confirmation once more.

    :raises Refused: they have confirmed already; Busy when they were mailed less than an hour ago.
    """
    row = rows.taken(tx, person)
    if row["state"] not in rules.UNPROVEN:
        raise Refused("state", "This person has confirmed already.", "Nothing is to be done.")
    wait = mail_wait(row)
    if wait > 0:
        remedy = f"Try again in {int(wait // 60) + 1} min: we mail once an hour."
        raise rules.Busy("person", "They were mailed less than an hour ago.", remedy, wait)
    tx.execute(sa.update(people).where(people.c.id == person).values(mailed_at=clock.machine()))
    if row["state"] == "imported":
        ask_imported(tx, row)
    else:
        _emit(tx, "application.received", row, again=True)
    audit.note(tx, by, "confirmation.resent", rows.subject(person))


def ask_imported(tx: Connection, row: Row, reminder: bool = False) -> None:
    """Have somebody whom a file named asked (again) whether they take part."""
    data = {field: row[field] for field in ("name", "email", "timezone", "stream")}
    data |= {"person": row["id"], "by": None, "reminder": reminder}
    emit(tx, "application.imported", rows.subject(row["id"]), data)


def confirming(row: rows.Row | None) -> str:
    """What confirming comes to: "confirmed", "already" when it was proven before, "gone" with nothing to confirm."""
    if row is None or row["state"] == "erased":
        return "gone"
    if row["state"] in rules.UNPROVEN or (row["state"] in rules.OUTSIDE and row["reapplied"]):
        return "confirmed"
    return "already" if row["state"] in rules.MEMBERS else "gone"


def confirm(tx: Connection, person: str, charter: str | None = None) -> str:
    """Prove that the address is theirs: "confirmed", "already" when it was, "gone" when the application was purged.

    :param charter: the version they accept with it: for somebody imported, who has accepted none so far. Without it,
        or when it is not the present one, they are told "charter", and nothing has changed.
    """
    row = tx.execute(sa.select(people).where(people.c.id == person).with_for_update()).mappings().first()
    outcome = confirming(row)
    if row is None or outcome != "confirmed":
        return outcome
    again, now = row["reapplied"], clock.now()
    values: dict[str, Any] = {"state": rules.after("confirm", row["state"]), "confirmed_at": now, "reapplied": None}
    if again:
        kept = {**again, "search": rows.search_words(again["name"], row["email"]), "charter_at": now}
        values |= {**kept, "left_at": None, "left_from": None, "leave_reason": None, "erase_after": None}
        values |= {"was_organizer": None, **pooling.afresh(row)}  # who signs up anew begins anew
        values["answers"] = {**row["answers"], **again["answers"]}
    elif row["state"] == "imported":
        if charter != load(tx).charter.version:
            return "charter"
        values |= {"charter_version": int(charter), "charter_at": now}
    rows.change(tx, row, values, "member.confirmed")
    audit.note(tx, rows.subject(person), "person.confirmed", rows.subject(person))
    return "confirmed"
