"""Proposals: made by a click or a plan, edited, split by stream, dropped and taken up again; then sent, once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from .. import locks, people
from ..circles import journal
from ..invites import due
from ..meetings import telling as meetings
from ..models import gathering, session
from ..rules.refusals import Refused, Stale
from . import agendas, asking, plans, reading, recipients, telling
from .reading import DRAFT, ORGANIZERS, TALK

Row = Mapping[Any, Any]


def propose(tx: Connection, by: str, kind: str, day: date | None = None) -> str:
    """Propose the next one, when its plan says, or the usual; returns its id. Nobody is told of it.

    :param day: the local date, where the plan has chosen it.
    :raises Refused: there is no such kind.
    """
    if kind not in reading.KINDS:
        raise Refused("kind", "There is nothing of that kind.", f"Choose one of {', '.join(reading.KINDS)}.")
    draft = plans.draft(tx, kind, day)
    if kind == ORGANIZERS:
        draft["title"] = f"Monthly meeting, {date.fromisoformat(draft['day']):%B %Y}"
    return _insert(tx, by, kind, draft, [], agendas.make(tx, []) if kind == ORGANIZERS else "")


def _insert(tx: Connection, by: str, kind: str, draft: Row, streams: list[str], text: str) -> str:
    id = db.new_id()
    row = {"id": id, "kind": kind, "state": "proposed", "draft": dict(draft), "streams": streams, "text": text}
    tx.execute(sa.insert(gathering).values(**row, notes="", version=0, created_at=clock.now(), by=by))
    journal.note(tx, by, "gathering-propose", None, {}, {"kind": kind}, session=id)
    return id


def save(
    tx: Connection, by: str, id: str, typed: Row, streams: list[str], seen: str | None, anew: bool = False
) -> None:
    """Change what it is, when and where. What was sent already is told anew to all, and moves in their calendars.

    :param typed: asking.FIELDS of a form.
    :param seen: the version that the form was made of; None: whatever it is.
    :param anew: make the agenda anew of the month's minutes.
    :raises Refused: with every wrong field in `all`; it has begun or is off; or somebody changed it meanwhile (Stale).
    """
    locks.sessions(tx)
    row = _editable(tx, id, seen)
    found: dict[str, Any] = {}
    refused = []
    for check in (lambda: asking.when(typed), lambda: asking.words(typed, row["kind"]), lambda: _streams(tx, streams)):
        try:
            found |= check()
        except Refused as refusal:
            refused += refusal.all
    if row["sequence"] is not None and not found.get("title", "x"):
        refused.append(Refused("title", "The title is missing.", "Say what it is about, in a few words."))
    if anew and row["sequence"] is not None:
        remedy = "Write into the agenda what is to be in it, then save."
        refused.append(Refused("text", "It was sent: what circles wrote would be read before you saw it.", remedy))
    Refused.raise_any(refused)
    if row["kind"] == TALK:
        found["streams"] = []
    elif anew:
        found["text"] = agendas.make(tx, found["streams"])
    draft = {name: found[name] for name in DRAFT}
    values = {name: found[name] for name in ("streams", "text", "guest_name", "guest_email")}
    if values["guest_email"] != row["guest_email"] or not (row["guest"] and values["guest_name"]):
        if row["sequence"] is not None and row["guest"]:
            telling.settle(tx, id, without=row["guest"])  # another guest: who was invited is told while we know how
            values["former"] = [*row["former"], row["guest"]]
        values["guest"] = db.new_id() if values["guest_name"] else None
    _write(tx, id, **values, **({"draft": draft} if row["sequence"] is None else {}))
    if row["sequence"] is not None:
        _move(tx, id, draft)
    before = {name: row[name] for name in ("day", "time", "zone", "title")}
    journal.note(tx, by, "gathering-edit", None, before, {name: draft[name] for name in before}, session=id)


def _move(tx: Connection, id: str, draft: Row) -> None:
    row = tx.execute(sa.select(session).where(session.c.id == id)).mappings().one()
    at = reading.instants(draft)
    meetings.change(tx, row, {**draft, "starts_at": at["starts_at"], "ends_at": at["ends_at"]})
    due.touch(tx, [id])


def _streams(tx: Connection, chosen: list[str]) -> dict[str, list[str]]:
    known = people.streams(tx)
    if unknown := [slug for slug in chosen if slug not in known]:
        raise Refused("streams", f"There is no stream {unknown[0][:64]!r}.", f"Choose of {', '.join(known)}.")
    return {"streams": [slug for slug in known if slug in chosen]}


def split(tx: Connection, by: str, id: str) -> list[str]:
    """A meeting per stream in place of one for all; returns their ids.

    :raises Refused: it was sent, is none of coordinators, or there is nothing to split.
    """
    row = _proposed(tx, id)
    streams = row["streams"] or list(people.streams(tx))
    if row["kind"] != ORGANIZERS or len(streams) < 2:
        raise Refused("streams", "There is nothing to split.", "It needs two streams or more.")
    names, made = people.streams(tx), []
    for slug in streams:
        title = f"{row['title'] or reading.KINDS[ORGANIZERS]}: {names[slug]}"[: asking.TITLE_MOST]
        draft = {name: row[name] for name in DRAFT} | {"title": title}
        made.append(_insert(tx, by, ORGANIZERS, draft, [slug], agendas.make(tx, [slug])))
    _write(tx, id, state="dropped")
    journal.note(tx, by, "gathering-split", None, {}, {"made": made}, session=id)
    return made


def drop(tx: Connection, by: str, id: str) -> None:
    """Do not send this proposal. `take_up` undoes it.

    :raises Refused: it was sent.
    """
    _proposed(tx, id)
    _write(tx, id, state="dropped")
    journal.note(tx, by, "gathering-drop", None, {}, {}, session=id)


def take_up(tx: Connection, by: str, id: str) -> None:
    """Propose again what was dropped.

    :raises Refused: it was not dropped.
    """
    if reading.one(tx, id, hold=True)["state"] != "dropped":
        raise Refused("gathering", "This was not dropped.", "Load the page again.")
    _write(tx, id, state="proposed")
    journal.note(tx, by, "gathering-take-up", None, {}, {}, session=id)


def send(tx: Connection, by: str, id: str, seen: str | None) -> bool:
    """Invite everybody; False when that was done before, by another press of the button.

    :param seen: `Recipients.token` of whom the organizer was shown, so that nobody else is mailed; None: whoever it is.
    :raises Refused: something is missing, its time is over, nobody would get it; or it is for others by now (Stale).
    """
    locks.sessions(tx)
    row = reading.one(tx, id, hold=True)
    if row["sequence"] is not None:
        return False
    _proposed(tx, id)
    who = recipients.of(tx, row)
    Refused.raise_any(_missing(row, who))
    if seen is not None and seen != who.token:
        raise Stale("recipients", "It is for other people than a moment ago.", "Look who gets it now, then send it.")
    at = reading.instants(row)
    planned = {
        "id": id, "kind": row["kind"], "circle": None, "series": None, "slot": None,
        **{name: row[name] for name in DRAFT},
        "starts_at": at["starts_at"], "ends_at": at["ends_at"], "state": "planned", "sequence": 0,
        "changed_at": clock.now(), "invited": False, "gaps": {}, "note": None,
    }  # fmt: skip
    tx.execute(sa.insert(session).values(**planned))
    _write(tx, id, state="sent", draft={})
    about = reading.about(row)
    emit(tx, "session.planned", meetings.subject(id), meetings.data(planned, about))
    due.touch(tx, [id])
    journal.note(tx, by, "gathering-send", None, {}, {"people": len(who.people)}, session=id)
    return True


def _missing(row: Row, who: recipients.Recipients) -> list[Refused]:
    found = []
    if not row["title"]:
        found.append(Refused("title", "The title is missing.", "Edit it: say what it is about, in a few words."))
    if row["kind"] == TALK and not row["guest_name"]:
        found.append(Refused("guest_name", "The guest is missing.", "Edit it: say who speaks."))
    if row["starts_at"] <= clock.now():
        found.append(Refused("day", "That day is over.", "Edit it: choose a date and time to come."))
    if not who.people:
        found.append(Refused("recipients", "Nobody would get it.", "Choose other streams, or wait for members."))
    return found


def cancel(tx: Connection, by: str, id: str, reason: str) -> None:
    """Call off what was sent: everybody's calendar takes it out. `restore` undoes it.

    :raises Refused: it was not sent, has begun or is off already.
    """
    locks.sessions(tx)
    said = asking.text.line("reason", reason, asking.REASON_MOST)
    _sent(tx, id)
    _set_state(tx, id, "cancelled", said or None)
    journal.note(tx, by, "gathering-cancel", None, {}, {}, said, session=id)


def restore(tx: Connection, by: str, id: str) -> None:
    """It takes place after all: everybody is invited again.

    :raises Refused: it was not cancelled, or its time is over.
    """
    locks.sessions(tx)
    row = reading.one(tx, id, hold=True)
    if row["state"] != "cancelled":
        raise Refused("gathering", "This was not cancelled.", "Load the page again.")
    if row["starts_at"] <= clock.now():
        raise Refused("gathering", "Its time is over.", "Propose another one.")
    _set_state(tx, id, "planned", None)
    journal.note(tx, by, "gathering-restore", None, {}, {}, session=id)


def _set_state(tx: Connection, id: str, state: str, note: str | None) -> None:
    row = tx.execute(sa.select(session).where(session.c.id == id)).mappings().one()
    meetings.change(tx, row, {"state": state, "note": note})
    _write(tx, id)
    due.touch(tx, [id])


def _editable(tx: Connection, id: str, seen: str | None) -> Row:
    row = reading.one(tx, id, hold=True)
    if seen is not None and seen != str(row["version"]):
        raise Stale("gathering", "Somebody changed this meanwhile.", "Look at it in another tab, then save again.")
    if row["state"] == "proposed":
        return row
    return _sent(tx, id)


def _sent(tx: Connection, id: str) -> Row:
    row = reading.one(tx, id, hold=True)
    if row["sequence"] is None:
        raise Refused("gathering", "This was not sent.", "Load the page again.")
    if row["state"] == "cancelled":
        raise Refused("gathering", "This is cancelled.", "Undo that first.")
    if row["state"] not in reading.AHEAD or row["starts_at"] <= clock.now():
        raise Refused("gathering", "This has begun or is over.", "Write notes about it instead.")
    return row


def _proposed(tx: Connection, id: str) -> Row:
    row = reading.one(tx, id, hold=True)
    if row["state"] != "proposed":
        raise Refused("gathering", "This is no proposal any more.", "Load the page again.")
    return row


def _write(tx: Connection, id: str, **values: Any) -> None:
    rises = {"version": gathering.c.version + 1}
    tx.execute(sa.update(gathering).where(gathering.c.id == id).values(**values, **rises))
