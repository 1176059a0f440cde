"""What a member, or an organizer for them, does after confirming: correct, pause, come back, move, leave.

Each command takes the open transaction, who does it ("person/<id>", "organizer/<id>", "system") and the person's id;
it checks the state machine, writes the row and the audit log, and emits the event with the whole of the member's data.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, revocation
from shared.events import emit

from .. import audit, rules, zone
from ..models import api_token
from ..models import person as people
from ..program import load
from ..rules import Refused, answers, text
from . import row as rows

CHECKLIST = ("chat", "github", "blog", "profile")


def _url(field: str, value: str) -> str | None:
    return text.url(field, value) if value.strip() else None


_CORRECTIONS = {"name": text.name, "timezone": zone.checked, "github": text.github, "blog": _url}


def correct(tx: Connection, by: str, person: str, fields: Mapping[str, Any]) -> None:
    """Change any of name, timezone, github, blog, answers ({question id: value}, of the member's stream, all of them).

    :raises Refused: with every wrong field in `all`.
    """
    row = rows.taken(tx, person)
    rules.after("correct", row["state"])
    values: dict[str, Any] = {}
    refused: list[Refused] = []
    for field, check in _CORRECTIONS.items():
        if field in fields:
            try:
                values[field] = check(field, fields[field] or "")
            except Refused as refusal:
                refused.append(refusal)
    if "answers" in fields:
        stream = load(tx).stream(row["stream"])
        asked = stream.questions if stream else ()
        try:
            fresh = answers.check(asked, fields["answers"])
            elsewhere = {k: v for k, v in row["answers"].items() if k not in {each.id for each in asked}}
            values["answers"] = {**elsewhere, **fresh}
        except Refused as refusal:
            refused.append(refusal)
    Refused.raise_any(refused)
    values = {field: value for field, value in values.items() if row[field] != value}
    if not values:
        return
    if "name" in values:
        values["search"] = rows.search_words(values["name"], row["email"])
    # Answers are signup's own: nobody else keeps a copy.
    told = set(values) - {"answers"}
    rows.change(tx, row, values, "member.changed" if told else None)
    audit.note(tx, by, "person.corrected", rows.subject(person), {"fields": sorted(set(values) - {"search"})})


def tick(tx: Connection, by: str, person: str, item: str, done: bool) -> None:
    """Tick an item of the checklist (chat, github, blog, profile), or take the tick away."""
    if item not in CHECKLIST:
        raise Refused("item", "There is no such item.", "Load the page again.")
    row = rows.taken(tx, person)
    ticks = {each: at for each, at in row["checklist"].items() if each != item}
    if done:
        ticks[item] = row["checklist"].get(item) or clock.now().isoformat()
    if ticks != row["checklist"]:
        rows.change(tx, row, {"checklist": ticks})
        audit.note(tx, by, "checklist.ticked" if done else "checklist.unticked", rows.subject(person), {"item": item})


def pause(tx: Connection, by: str, person: str) -> None:
    """Take a break: no turns, no invites. `come_back` ends it."""
    row = rows.taken(tx, person)
    rows.change(tx, row, {"state": rules.after("pause", row["state"])}, "member.paused")
    audit.note(tx, by, "person.paused", rows.subject(person), {"from": row["state"]})


def come_back(tx: Connection, by: str, person: str) -> None:
    """End a pause, or return after leaving: the undo of both, of an organizer's role too (`_restores_role`)."""
    row = rows.taken(tx, person)
    restores = _restores_role(tx, by, row)
    if row["erase_after"]:
        raise Refused("state", "This person is about to be erased.", "Keep them first: that brings them back too.")
    state = rules.after("come_back", row["state"])
    if row["left_from"] in ("guest", "alumni"):
        state = row["left_from"]
    values: dict[str, Any] = {"state": state, "reapplied": None}
    values |= {"left_at": None, "left_from": None, "leave_reason": None, "was_organizer": None}
    back = rows.change(tx, row, values, "member.returned")
    audit.note(tx, by, "person.returned", rows.subject(person), {"from": row["state"]})
    if restores:
        restore_role(tx, by, back)


def _restores_role(tx: Connection, by: str, row: rows.Row) -> bool:
    """Whether somebody who was an organizer until they left is one again.

    When an organizer brings them back, always: that one could make them one anyway. When they come back by themselves,
    only if they had left by themselves, and as long as a change of mind may take; else a role that organizers believe
    gone, or took away, would come back with a press of a button.
    """
    if not row["was_organizer"] or row["state"] != "left":
        return False
    if by.partition("/")[2] != row["id"]:
        return True
    who = audit.last_by(tx, "person.left", rows.subject(row["id"])) or ""
    late = clock.now() > row["left_at"] + timedelta(days=rules.ERASE_AFTER_DAYS)
    return who.partition("/")[2] == row["id"] and not late


def restore_role(tx: Connection, by: str, row: rows.Row) -> None:
    """Make them an organizer again, as they were."""
    rows.change(tx, row, {"is_organizer": True}, "organizer.added")
    audit.note(tx, by, "organizer.added", rows.subject(row["id"]))


def change_stream(tx: Connection, by: str, person: str, slug: str) -> None:
    """Move to another stream; answers given in the old one are kept. Into a closed one only an organizer moves people.

    :raises Refused: there is no such stream, or it takes nobody.
    """
    row = rows.taken(tx, person)
    rules.after("move", row["state"])
    stream = load(tx).stream(slug)
    if stream is None:
        raise Refused("stream", "There is no such stream.", "Choose one from the list.")
    if slug == row["stream"]:
        return
    if not stream.open and by == rows.subject(person):
        raise Refused("stream", f"{stream.name} takes nobody at present.", "Choose another one, or ask an organizer.")
    rows.change(tx, row, {"stream": slug}, "member.moved")
    audit.note(tx, by, "person.moved", rows.subject(person), {"from": row["stream"], "to": slug})


def placed(tx: Connection, person: str, circle: str) -> None:
    """They have a place in a circle, as sessions tells: active, if they take part still."""
    _told(tx, person, "place", "member.placed", {"circle": circle})


def put_in_line(tx: Connection, person: str) -> None:
    """They wait for a place, as sessions tells."""
    _told(tx, person, "wait", "member.waiting", {})


def _told(tx: Connection, person: str, verb: str, event: str, detail: dict[str, str]) -> None:
    row = tx.execute(sa.select(people).where(people.c.id == person).with_for_update()).mappings().first()
    state = rules.TRANSITIONS[verb].get(row["state"]) if row else None
    if row is None or state is None:
        return
    rows.change(tx, row, {"state": state}, event)
    audit.note(tx, audit.SYSTEM, event.replace("member.", "person."), rows.subject(person), detail)


def leave(tx: Connection, by: str, person: str, reason: str = "") -> None:
    """Leave the program; whoever leaves stops being an organizer too. `come_back` undoes the leaving.

    :raises Refused: also when they are the last organizer.
    """
    row = rows.taken(tx, person)
    state = rules.after("leave", row["state"])
    reason = text.paragraphs("reason", reason or "", 2000)
    was_organizer = row["is_organizer"]
    row = step_down(tx, by, row)
    values = {"state": state, "left_at": clock.now(), "left_from": row["state"], "leave_reason": reason or None}
    values["was_organizer"] = was_organizer
    rows.change(tx, row, values, "member.left")
    audit.note(tx, by, "person.left", rows.subject(person), {"from": row["state"]})


def step_down(tx: Connection, by: str, row: rows.Row) -> rows.Row:
    """Take the organizer's role from them, if they have it, and void the cookies that say so.

    :raises Refused: nobody would be left to run the program.
    """
    if not row["is_organizer"]:
        return row
    db.lock(tx, "organizers")  # two who step down at once must not each count on the other
    others = sa.select(people.c.id).where(people.c.is_organizer, people.c.id != row["id"])
    if not tx.execute(others).first():
        raise Refused("organizer", "This is the last organizer.", "Make somebody else an organizer first.")
    row = rows.change(tx, row, {"is_organizer": False}, "organizer.removed")
    audit.note(tx, by, "organizer.removed", rows.subject(row["id"]))
    void_access(tx, by, row["id"])
    return row


def void_access(tx: Connection, by: str, person: str) -> None:
    """Cookies and tokens made until now still say who they were: no service takes them any more."""
    before = clock.machine()
    alive = (api_token.c.person == person, api_token.c.revoked_at.is_(None))
    tx.execute(sa.update(api_token).where(*alive).values(revoked_at=clock.now(), revoked_by=by))
    revocation.revoke(tx, person, before)
    emit(tx, "access.revoked", rows.subject(person), {"person": person, "before": before})
