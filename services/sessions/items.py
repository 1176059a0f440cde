"""Action items: who does what by when. Open ones lead the next agenda; done, dropped and moved are different."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db
from shared.events import emit

from . import people
from .circles import journal
from .models import change, circle, item, session
from .rules import text
from .rules.refusals import Missing, Refused
from .rules.states import SessionState

Row = Mapping[Any, Any]
TEXT_MOST = 500
OUT = (SessionState.MINUTED.value, SessionState.CLOSED.value)  # of sessions whose minutes are out
FORTNIGHT = timedelta(days=14)
VERBS = {"done": "done", "dropped": "dropped", "moved": "open"}  # what one can do to an open one: its state after it


def one(tx: Connection, id: str) -> Row | None:
    """That item, or None."""
    return tx.execute(sa.select(item).where(item.c.id == id)).mappings().first()


def add(tx: Connection, of: Row, typed: Mapping[str, str], by: str) -> str:
    """Add an item to a session; its id.

    :param typed: `text`, `owner` (id of a member), `due` (ISO 8601; empty: the day of the next session).
    :raises Refused: with every field that cannot be taken.
    """
    wrong: list[Refused] = []
    said, owner, due = typed.get("text", ""), typed.get("owner", "").strip(), None
    try:
        said = text.line("item-text", said, TEXT_MOST)
        if not said:
            raise Refused("item-text", "The item says nothing.", "Write what is to be done.")
    except Refused as refused:
        wrong.append(refused)
    if not owner:
        wrong.append(Refused("item-owner", "An action item needs an owner.", "Choose who does it."))
    elif owner not in people.members(tx, of["circle"]):
        wrong.append(Refused("item-owner", "They are not in this circle.", "Choose somebody who is."))
    try:
        due = _due(tx, of, typed.get("due", "").strip())
    except Refused as refused:
        wrong.append(refused)
    Refused.raise_any(wrong)
    now = clock.now()
    row = {"id": db.new_id(), "circle": of["circle"], "session": of["id"], "owner": owner, "text": said, "due": due,
           "state": "open", "created_at": now, "changed_at": now, "by": by, "moves": 0}  # fmt: skip
    tx.execute(item.insert().values(row))
    if of["circle"] and of["state"] in OUT:  # nothing else would tell of it
        emit(tx, "items.changed", f"circle/{of['circle']}", told(tx, of["circle"]))
    return str(row["id"])


def due_by_itself(tx: Connection, of: Row) -> str:
    """The day an item of that session is due when nobody says another: the next session's, or in two weeks."""
    later = _session_after(tx, of["circle"], of["day"])
    return later or (date.fromisoformat(of["day"]) + FORTNIGHT).isoformat()


def _due(tx: Connection, of: Row, typed: str) -> str:
    if not typed:
        return due_by_itself(tx, of)
    today = clock.now().astimezone(clock.zone(of["zone"])).date()
    return text.day("item-due", typed, max(today, date.fromisoformat(of["day"]))).isoformat()


def _session_after(tx: Connection, circle: str | None, day: str) -> str | None:
    later = (session.c.circle == circle, session.c.day > day, session.c.state != SessionState.CANCELLED.value)
    return tx.execute(sa.select(sa.func.min(session.c.day)).where(*later)).scalar()


def settle(tx: Connection, id: str, verb: str, by: str) -> None:
    """Say of an open item that it is done, dropped, or moved to the session after; the journal can undo it.

    One that is so already stays so: a button may be pressed twice.

    :raises Refused: there is no such item or verb, or it was settled otherwise.
    """
    row = _taken(tx, id)
    if verb not in VERBS:
        raise Refused("item", "That cannot be said of an action item.", f"Choose one of {', '.join(VERBS)}.")
    if row["state"] != "open":
        if row["state"] == VERBS[verb]:
            return
        raise Refused("item", f"This action item is {row['state']} already.", "Undo that first.")
    fresh: dict[str, Any] = {"state": VERBS[verb]}
    if verb == "moved":
        today = clock.now().date().isoformat()
        from_day = max(row["due"] or today, today)
        due = _session_after(tx, row["circle"], from_day) or (date.fromisoformat(from_day) + FORTNIGHT).isoformat()
        fresh = {"due": due, "moves": row["moves"] + 1}
    _change(tx, row, fresh, f"item-{verb}", by)


def give(tx: Connection, id: str, owner: str, by: str) -> None:
    """Give an open item to somebody else of the circle.

    :raises Refused: it is not open, or they are not in the circle.
    """
    row = _taken(tx, id)
    if row["state"] != "open":
        raise Refused("item", f"This action item is {row['state']} already.", "Undo that first.")
    if owner not in people.members(tx, row["circle"]):
        raise Refused("item-owner", "They are not in this circle.", "Choose somebody who is.")
    if owner != row["owner"]:
        _change(tx, row, {"owner": owner}, "item-given", by)


def undo(tx: Connection, id: str, by: str) -> None:
    """Take back what was last done to an item.

    :raises Refused: nothing was, or it was changed since.
    """
    row = _taken(tx, id)
    last = _last_change(tx, row)
    if last is None or any(row[name] != value for name, value in last["after"].items() if name in row):
        raise Refused("item", "There is nothing to undo here.", "Load the page again: it shows how things are now.")
    _put(tx, id, {name: value for name, value in last["before"].items() if name != "item"}, by)
    journal.undone(tx, by, last)


def _last_change(tx: Connection, row: Row) -> Row | None:
    query = sa.select(change).where(change.c.session == row["session"], change.c.verb.like("item-%"))
    query = query.where(change.c.undone_at.is_(None)).order_by(change.c.at.desc(), change.c.id.desc())
    return next((each for each in tx.execute(query).mappings() if each["after"].get("item") == row["id"]), None)


def _change(tx: Connection, row: Row, fresh: dict[str, Any], verb: str, by: str) -> None:
    before = {name: row[name] for name in fresh}
    _put(tx, row["id"], fresh, by)
    before, after = {"item": row["id"], **before}, {"item": row["id"], **fresh}
    journal.note(tx, by, verb, row["circle"], before, after, session=row["session"])


def _put(tx: Connection, id: str, fresh: dict[str, Any], by: str) -> None:
    put = item.update().where(item.c.id == id).values(**fresh, by=by, changed_at=clock.now()).returning(item.c.circle)
    circle = tx.execute(put).scalar_one()
    if circle:  # of a gathering nobody is told
        emit(tx, "items.changed", f"circle/{circle}", told(tx, circle))


def told(tx: Connection, circle: str) -> dict[str, Any]:
    """What others are told of a circle's items: all that are open, of minutes that are out."""
    out = sa.exists().where(session.c.id == item.c.session, session.c.state.in_(OUT))
    left = sa.select(item).where(item.c.circle == circle, item.c.state == "open", out)
    rows = tx.execute(left.order_by(item.c.due, item.c.created_at, item.c.id))
    return {"circle": circle, "items": as_told(rows.mappings()), "members": people.members(tx, circle)}


def as_told(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Items in events."""
    return [
        {"id": row["id"], "person": row["owner"], "text": row["text"], "due": row["due"],
         "since": row["created_at"].isoformat()}
        for row in rows
    ]  # fmt: skip


def _taken(tx: Connection, id: str) -> Row:
    row = tx.execute(sa.select(item).where(item.c.id == id).with_for_update()).mappings().first()
    if row is None:
        raise Missing("item", "There is no such action item.", "Load the page again.")
    return row


# ---- lists ----


def _shown(tx: Connection, rows: list[Row]) -> list[dict[str, Any]]:
    """Rows with `name` of the owner and whether they have `left` the circle."""
    names = people.names(tx, [row["owner"] for row in rows])
    here = {circle: set(people.members(tx, circle)) for circle in {row["circle"] for row in rows}}
    return [
        {**row, "name": names[row["owner"]], "left": row["owner"] not in here[row["circle"]]}
        for row in rows
    ]  # fmt: skip


def open_ones(tx: Connection, of: Row) -> list[dict[str, Any]]:
    """All open items of the session's circle (of a session without one: its own), the oldest due first."""
    mine = item.c.circle == of["circle"] if of["circle"] else item.c.session == of["id"]
    query = sa.select(item).where(mine, item.c.state == "open").order_by(item.c.due, item.c.created_at, item.c.id)
    return _shown(tx, list(tx.execute(query).mappings()))


def settled_lately(tx: Connection, of: Row) -> list[dict[str, Any]]:
    """Items of the circle that were done or dropped since the session before, newest first: they can be undone."""
    since = of["starts_at"] - FORTNIGHT
    mine = item.c.circle == of["circle"] if of["circle"] else item.c.session == of["id"]
    query = sa.select(item).where(mine, item.c.state != "open", item.c.changed_at >= since)
    return _shown(tx, list(tx.execute(query.order_by(item.c.changed_at.desc()).limit(50)).mappings()))


def of_session(tx: Connection, id: str) -> list[dict[str, Any]]:
    """What was agreed in that session, whatever became of it."""
    query = sa.select(item).where(item.c.session == id).order_by(item.c.created_at, item.c.id)
    return _shown(tx, list(tx.execute(query).mappings()))


def open_of(tx: Connection, circle: str, owners: Iterable[str]) -> list[Row]:
    """The open items that these people own in a circle, the oldest due first."""
    query = sa.select(item).where(item.c.circle == circle, item.c.owner.in_(list(owners)), item.c.state == "open")
    return list(tx.execute(query.order_by(item.c.due, item.c.created_at, item.c.id)).mappings())


def of_owner(tx: Connection, person: str) -> list[dict[str, Any]]:
    """A person's open items, the oldest due first, and those settled in the last fortnight after them."""
    lately = sa.or_(item.c.state == "open", item.c.changed_at >= clock.now() - FORTNIGHT)
    query = sa.select(item, circle.c.name.label("circle_name")).outerjoin(circle, circle.c.id == item.c.circle)
    query = query.where(item.c.owner == person, lately).order_by(item.c.state != "open", item.c.due, item.c.created_at)
    return _shown(tx, list(tx.execute(query).mappings()))
