"""What people are told of the next sessions of their circle: an invite, an update, the end of it.

`settle` compares what everybody was last told with what is true, and tells the difference: to who was told nothing yet,
to who was told something else, to who is concerned no more. It can be called at any time, twice: the second time it
finds nothing to do. So doubled events, lost ticks and crashes neither double an invite nor lose one; and what is
changed and changed back before anybody looked is told to nobody.

Each message to a person has a higher SEQUENCE than the one before, also where only the coordinator is another: some
calendars take no update of the same number (RFC 5546, 3.2.2.3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.events import emit

from .. import locks
from ..circles import reading as circles
from ..meetings import reading as meetings
from ..meetings import telling as sessions
from ..models import invite, remark, rsvp, session, told, unannounced
from ..rules.refusals import Refused
from . import due, reading

Row = Mapping[Any, Any]
MOST, HORIZON = 3, timedelta(weeks=6)
EACH = 200  # people in one event: what handles it writes so many mails in one transaction
REMINDERS = {"reminder-72": timedelta(hours=72), "reminder-2": timedelta(hours=2)}
# What a calendar shows, and the word for it when it changes.
SHOWN = {
    "starts_at": "time", "zone": "time", "minutes": "length", "link": "place", "location": "place", "title": "title",
    "coordinator": "coordinator", "mentor": "mentor",
}  # fmt: skip
DUTIES = {"coordinator", "mentor"}
logger = log.get()


def next_due(tx: Connection) -> str | None:
    """A circle that somebody asked to look at; None when there is none."""
    query = sa.select(unannounced.c.circle).where(unannounced.c.due <= clock.now())
    return tx.execute(query.order_by(unannounced.c.due, unannounced.c.id).limit(1)).scalar()


def next_look(tx: Connection, since: datetime) -> datetime | None:
    """When somebody next wants a circle to be looked at, after an instant."""
    return tx.execute(_NEXT_LOOK, {"since": since}).scalar()


_NEXT_LOOK = sa.select(sa.func.min(unannounced.c.due)).where(
    unannounced.c.due > sa.bindparam("since", type_=unannounced.c.due.type)
)


def overlooked(tx: Connection) -> None:
    """Ask to look at every circle that meets soon and whose people do not know what is true: whatever was changed
    without a word is told within the hour. It only reads where nothing was: that is nearly always so, and everywhere.
    """
    soon = sa.and_(session.c.starts_at > clock.now(), session.c.starts_at <= clock.now() + HORIZON)
    awaited = sa.exists().where(unannounced.c.circle == session.c.circle, unannounced.c.due <= clock.now() + due.FREED)
    found = tx.execute(sa.select(session.c.circle).where(soon, session.c.circle.is_not(None), ~awaited).distinct())
    due.touch(tx, [circle for circle in found.scalars().all() if _is_untold(tx, circle)])


def _is_untold(tx: Connection, circle: str) -> bool:
    """Would `settle` tell anybody anything?"""
    rows, _, _ = _concerned(tx, circle)
    people = [each["id"] for each in circles.members(tx, circle)]
    duties = reading.duties(tx, [row["id"] for row in rows])
    return any(differs(tx, row, people, duties[row["id"]]) for row in rows)


def settle(tx: Connection, circle: str) -> None:
    """Tell the circle's people what they do not know yet of its next sessions."""
    locks.sessions(tx)
    # Only what is visible now: who notes something later has changed something later. What was noted for soon stays: a
    # seat that became free (due.FREED) is still waited for when something else of the circle is told.
    waits = sa.and_(unannounced.c.due > clock.now(), unannounced.c.due <= clock.now() + due.FREED)
    tx.execute(sa.delete(unannounced).where(unannounced.c.circle == circle, ~waits))
    waiting = tx.execute(sa.select(unannounced.c.id).where(unannounced.c.circle == circle).limit(1)).first() is not None
    about = circles.one(tx, circle)
    rows, ahead, near = _concerned(tx, circle)
    people = [each["id"] for each in circles.members(tx, circle)]
    duties = reading.duties(tx, [row["id"] for row in rows])
    for row in rows:
        # Of a session that begins within a day nothing waits: what is noted of it may be noted for its beginning.
        far = row["starts_at"] > clock.now() + due.NEAR
        settle_one(tx, {**row}, about, people, duties[row["id"]], waiting and far)
    _look_again(tx, circle, ahead, near)


def _concerned(tx: Connection, circle: str) -> tuple[list[Row], list[Row], int]:
    """The sessions of a circle that people are told of, in order; the next ones, and how many of them are near."""
    now = clock.now()
    ahead = [row for row in meetings.upcoming(tx, circle, MOST + 2) if row["starts_at"] > now]
    near = [row for row in ahead[:MOST] if row["starts_at"] <= now + HORIZON]
    rows = {row["id"]: row for row in [*near, *_told_before(tx, circle)]}
    return sorted(rows.values(), key=lambda row: (row["starts_at"], row["id"])), ahead, len(near)


def again(tx: Connection, session_id: str, wanted: Iterable[str]) -> list[str]:
    """Send the invite once more to these, or to everybody who is invited (none named); returns to whom.

    It replaces the one before in their calendars: the same event with a higher SEQUENCE.

    :raises Refused: the session is over or off, or somebody is not invited.
    """
    locks.sessions(tx)
    row = meetings.one(tx, session_id)
    if row["state"] not in meetings.AHEAD or row["starts_at"] <= clock.now():
        raise Refused("session", "This session has begun, is over or does not take place.", "Choose one that is ahead.")
    known = {each["person"]: each for each in _invites(tx, session_id) if not each["cancelled"]}
    people = list(dict.fromkeys(wanted)) or sorted(known)
    if not people or not known.keys() >= set(people):
        remedy = "Invites go to the circle's people when one of its next three sessions is less than six weeks away."
        raise Refused("person", "They are not invited to this session so far.", remedy)
    now_told = _now(row, reading.duties(tx, [session_id])[session_id])
    _tell(tx, row, circles.one(tx, row["circle"]), "request", people, known, now_told)
    return people


def _now(row: Row, duties: Mapping[str, str | None]) -> dict[str, Any]:
    """What is true of a session now, as `invite.told` keeps it."""
    found = {**{name: row[name] for name in SHOWN if name in row}, **duties}
    return {**found, "starts_at": row["starts_at"].isoformat()}


def _told_before(tx: Connection, circle: str) -> list[Row]:
    """Sessions to come that somebody was told of: they stay told, wherever they move."""
    live = sa.exists().where(invite.c.session == session.c.id, ~invite.c.cancelled)
    query = sa.select(session).where(session.c.circle == circle, session.c.starts_at > clock.now(), live)
    return list(tx.execute(query).mappings())


def _look_again(tx: Connection, circle: str, ahead: list[Row], near: int) -> None:
    """When the next session begins, the one after the last comes near; or when that one's time has come."""
    if near and len(ahead) > near:
        due.touch(tx, [circle], ahead[0]["starts_at"])
    if near < MOST and len(ahead) > near:
        due.touch(tx, [circle], ahead[near]["starts_at"] - HORIZON)


def settle_one(
    tx: Connection,
    row: Row,
    about: Row,
    people: list[str],
    duties: Mapping[str, str | None],
    waiting: bool = False,
) -> None:
    """Tell `people` what they do not know yet of one session, and who is concerned no more that they are not.

    :param about: `name` and `stream` of its circle; `also`, what events say beside that.
    :param waiting: a seat that became free is not told yet.
    """
    on, now_told = row["state"] in meetings.AHEAD, _now(row, duties)
    known = {each["person"]: each for each in _invites(tx, row["id"])}
    updated, new, gone = _compared(tx, row, people, duties, known, waiting)
    if any("time" in changed for changed, _ in updated):
        _ask_anew(tx, row)
    _say_no_for_who_is_away(tx, row, new)
    for (changed, was), concerned in sorted(updated.items(), key=repr):
        _tell(tx, row, about, "update", concerned, known, now_told, changed, was)
    _tell(tx, row, about, "request", new, known, now_told)
    _tell(tx, row, about, "drop" if on else "cancel", gone, known, now_told)
    if new and not row["invited"]:
        _need_no_reminder(tx, row)
        tx.execute(sa.update(session).where(session.c.id == row["id"]).values(invited=True))


def differs(tx: Connection, row: Row, people: list[str], duties: Mapping[str, str | None]) -> bool:
    """Whether `settle_one` would tell anybody anything, or note that they were told. It only reads."""
    known = {each["person"]: each for each in _invites(tx, row["id"])}
    return any(_compared(tx, row, people, duties, known))


def _compared(
    tx: Connection,
    row: Row,
    people: list[str],
    duties: Mapping[str, str | None],
    known: Mapping[str, Row],
    waiting: bool = False,
) -> tuple[dict[tuple[tuple[str, ...], str | None], list[str]], list[str], list[str]]:
    """What is true against what people were told: {(what changed, when it was): whom to tell}, who is new, who is not
    concerned any more.
    """
    now_told, on = _now(row, duties), row["state"] in meetings.AHEAD
    wanted = dict.fromkeys([*people, *([duties["mentor"]] if duties["mentor"] else [])] if on else [])
    live = {person: each for person, each in known.items() if not each["cancelled"]}
    updated: dict[tuple[tuple[str, ...], str | None], list[str]] = defaultdict(list)
    changes = {person: _changed(each["told"], now_told) for person, each in live.items()}
    duties_only = any(changed and set(changed) <= DUTIES for changed in changes.values())
    said = reading.answers(tx, [row["id"]])[row["id"]] if duties_only else {}
    for person, each in live.items():
        changed = changes[person]
        if said.get(person) == "cannot" and set(changed) <= DUTIES:
            continue  # who leads it is no news to who does not come
        if waiting and all(duties.get(word, "") is None for word in changed):
            continue  # seats became free, and whoever is asked next may say yes soon
        if person in wanted and changed:
            updated[changed, each["told"]["starts_at"] if "time" in changed else None].append(person)
    return updated, [person for person in wanted if person not in live], [each for each in live if each not in wanted]


def _invites(tx: Connection, session_id: str) -> list[Row]:
    return list(tx.execute(sa.select(invite).where(invite.c.session == session_id)).mappings())


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Words for what is different, in the order of SHOWN."""
    return tuple(dict.fromkeys(word for name, word in SHOWN.items() if before.get(name) != now[name]))


def _ask_anew(tx: Connection, row: Row) -> None:
    """Another time: who said yes, or no, to the former one has not answered; reminders are owed again."""
    for table in (rsvp, remark):
        tx.execute(sa.delete(table).where(table.c.session == row["id"]))
    tx.execute(sa.delete(told).where(told.c.session == row["id"], told.c.what.in_(list(REMINDERS))))
    _need_no_reminder(tx, row)
    _say_no_for_who_is_away(tx, row, [each["person"] for each in _invites(tx, row["id"]) if not each["cancelled"]])


def _need_no_reminder(tx: Connection, row: Row) -> None:
    """Who is told now of a session that is near needs no reminder whose time has come already."""
    for what, before in REMINDERS.items():
        if row["starts_at"] <= clock.now() + before:
            insert = db.insert(tx, told).values(session=row["id"], what=what, at=clock.now())
            tx.execute(insert.on_conflict_do_nothing())


def _say_no_for_who_is_away(tx: Connection, row: Row, people: Iterable[str]) -> None:
    """Who said "not until that date" need not say so again."""
    for person in sorted(reading.away(tx, people, row["day"])):
        values = {"session": row["id"], "person": person, "answer": "cannot", "sequence": row["sequence"]}
        insert = db.insert(tx, rsvp).values(**values, source="absence", at=clock.now())
        tx.execute(insert.on_conflict_do_nothing())


def _tell(
    tx: Connection,
    row: Row,
    about: Row,
    what: str,
    people: list[str],
    known: Mapping[str, Row],
    now_told: dict[str, Any],
    changed: tuple[str, ...] = (),
    was: str | None = None,
) -> None:
    """Publish one message to these people, and write down that they were told."""
    answers = reading.answers(tx, [row["id"]])[row["id"]] if people else {}
    for start in range(0, len(people), EACH):
        _tell_some(tx, row, about, what, people[start : start + EACH], known, now_told, answers, changed, was)


def _tell_some(
    tx: Connection,
    row: Row,
    about: Row,
    what: str,
    people: list[str],
    known: Mapping[str, Row],
    now_told: dict[str, Any],
    answers: Mapping[str, str],
    changed: tuple[str, ...],
    was: str | None,
) -> None:
    before = [known[person]["sequence"] for person in people if person in known]
    sequence = max([row["sequence"], *(each + 1 for each in before)])
    facts = sessions.data(row, about)
    over = what in ("cancel", "drop")
    emit(
        tx,
        "session.announced",
        sessions.subject(row["id"]),
        {
            **facts,
            **about.get("also", {}),
            "state": "cancelled" if over else row["state"],
            "sequence": sequence,
            "coordinator": now_told["coordinator"],
            "mentor": now_told["mentor"],
            "attendees": attendees(people, answers),
            "what": what,
            "changed": list(changed),
            "was": was,
            "stamp": clock.now().isoformat(),
        },
    )
    insert = db.insert(tx, invite)
    invited = ("since",) if what == "request" else ()
    anew = () if what == "update" and set(changed) <= DUTIES else ("stands_from",)
    fresh = {name: insert.excluded[name] for name in ("sequence", "told", "cancelled", *invited, *anew)}
    said = {"session": row["id"], "sequence": sequence, "told": now_told, "cancelled": over, "since": clock.now()}
    said["stands_from"] = sequence
    rows = [{**said, "person": person} for person in people]
    tx.execute(insert.on_conflict_do_update(index_elements=["session", "person"], set_=fresh), rows)
    logger.info("session.announced", session=row["id"], what=what, people=len(people), sequence=sequence)


def attendees(people: Iterable[str], said: Mapping[str, str]) -> list[dict[str, str | None]]:
    """These persons with what they answered (`said`: reading.answers), as events carry them."""
    return [{"person": person, "answer": said.get(person)} for person in people]
