"""What comes after a gathering: notes, told to who was invited; the recording; and the guest, forgotten on request."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit, erase, keeping

from .. import locks
from ..circles import journal
from ..invites import due
from ..invites import reading as invited
from ..meetings import telling as meetings
from ..minutes.saving import MOST
from ..models import gathering, no_talks
from ..rules import text
from ..rules.refusals import Refused, Stale
from . import asking, reading

STEP = 200


def save(tx: Connection, by: str, id: str, notes: str, recording: str, seen: str | None, share: bool = False) -> bool:
    """Keep notes and the address of a recording; `share` tells who was invited, once. Returns whether they are told.

    :raises Refused: with every wrong field in `all`; it has not begun; or somebody changed it meanwhile (Stale).
    """
    row = reading.one(tx, id, hold=True)
    if seen is not None and seen != str(row["version"]):
        raise Stale("notes", "Somebody changed this meanwhile.", "Look at it in another tab, then save again.")
    if row["sequence"] is None or row["state"] == "cancelled" or row["starts_at"] > clock.now():
        raise Refused("notes", "This has not taken place.", "Write notes once it has begun.")
    refused: list[Refused] = []
    found: dict[str, Any] = {}
    for name, check in (("notes", lambda: text.paragraphs("notes", notes, MOST["text"])),
                        ("recording", lambda: asking.link("recording", recording))):  # fmt: skip
        try:
            found[name] = check()
        except Refused as refusal:
            refused += refusal.all
    tells = share and row["shared_at"] is None
    if tells and not refused and not found["notes"].strip() and not found["recording"]:
        refused.append(Refused("notes", "There is nothing to share.", "Write notes, or give a recording's address."))
    Refused.raise_any(refused)
    values: dict[str, Any] = {**found, "version": gathering.c.version + 1}
    if tells:
        values["shared_at"] = clock.now()
        _tell(tx, {**row, **found})
        journal.note(tx, by, "gathering-share", None, {}, {}, session=id)
    tx.execute(sa.update(gathering).where(gathering.c.id == id).values(**values))
    return tells


def _tell(tx: Connection, row: reading.Row) -> None:
    to, about = reading.people_told(tx, row["id"]), reading.about(row)
    for start in range(0, len(to), STEP):
        data = {
            "session": row["id"],
            "kind": row["kind"],
            "title": about["name"],
            "starts_at": row["starts_at"].isoformat(),
            "notes": bool(row["notes"].strip()),
            "recording": row["recording"],
            "guest": about["also"]["guest"],
            "to": to[start : start + STEP],
        }
        emit(tx, "gathering.noted", meetings.subject(row["id"]), data)


def forget_guest(tx: Connection, by: str, id: str) -> None:
    """Take out names and addresses of the guest and of former ones, here, in what was published and in mails.

    While a guest is expected, only those of former ones.

    :raises Refused: nobody but the guest who is expected is there to be forgotten, or nobody at all; or somebody is
        not told yet what was published about it, as that it is off.
    """
    locks.sessions(tx)
    row = reading.one(tx, id, hold=True)
    expected = reading.expects(row)
    if expected and not row["former"]:
        raise Refused("guest_name", "The guest is expected.", "Take them out of the talk, or cancel it, first.")
    if not row["guest_name"] and not row["guest"] and not row["former"]:
        raise Refused("guest_name", "There is no guest.", "Load the page again.")
    off = row["state"] == "cancelled" and row["starts_at"] > clock.now()
    unaware = off and row["guest"] is not None and invited.invited(tx, id, row["guest"]) is not None
    if unaware or keeping.owed(tx, meetings.subject(id)):
        remedy = "Do it in a few minutes. If it stays so, look at the page Operation for what cannot be delivered."
        raise Refused("guest_name", "The guest, or somebody else, is not told yet how it stands.", remedy)
    values: dict[str, Any] = {"former": [], "version": gathering.c.version + 1}
    if not expected:
        values |= {"guest": None, "guest_name": None, "guest_email": None}
    tx.execute(sa.update(gathering).where(gathering.c.id == id).values(**values))
    erase(tx, meetings.subject(id))
    for each in [*row["former"], *([row["guest"]] if row["guest"] and not expected else [])]:
        emit(tx, "guest.forgotten", f"person/{each}", {"person": each})
    journal.note(tx, by, "gathering-forget-guest", None, {}, {}, session=id)


def want_talks(tx: Connection, person: str, wanted: bool, tell: bool = True) -> None:
    """Whether somebody wants invites to talks. The next look at talks to come invites them, or takes them out.

    :param tell: whether notifications, which has all that they want of mail on one page, is to know; it may have told.
    """
    if wanted:
        tx.execute(sa.delete(no_talks).where(no_talks.c.person == person))
    else:
        insert = db.insert(tx, no_talks).values(person=person, at=clock.now())
        tx.execute(insert.on_conflict_do_nothing())
    if tell:
        emit(tx, "talks.wanted", f"person/{person}", {"person": person, "wanted": wanted})
    due.touch(tx, reading.ahead(tx, reading.TALK))
