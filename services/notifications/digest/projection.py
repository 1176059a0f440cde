"""What the digest knows: facts of sessions and people as events last told of them. Called by handlers alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, face
from shared.events import Event
from shared.quick import Quick, params

from ..mail import letter
from ..models import (
    addressed,
    agreed,
    arrival,
    attended,
    checkin,
    digest,
    gathering,
    meeting,
    monthly,
    news,
    offered,
    place,
)
from ..models import person as people
from ..rules import digest as rules
from ..rules import monthly as letters

STEP = 500
_NONE: dict[str, Any] = {"excerpt": "", "help": "", "links": 0}
NEWS = {
    "member.confirmed": "joined",
    "member.returned": "returned",
    "member.moved": "moved",
    "member.paused": "paused",
    "member.left": "left",
    "member.graduated": "graduated",
    "goal.reached": "goal",
    "post.awaited": "writing",
}


def announced(tx: Connection, data: Mapping[str, Any]) -> None:
    """A session of a circle as people are told of it. (That some are told it goes on without them says nothing.)"""
    if data["circle"] and data["what"] != "drop":
        values = {"cancelled": data["state"] == "cancelled", "coordinator": data["coordinator"]}
        if data["coordinator"]:
            values["opened_at"] = None
        _put(tx, data, {**values, "mentor": data["mentor"], "ends_at": _instant(data["ends_at"])})


def gathered(tx: Connection, data: Mapping[str, Any]) -> None:
    """A meeting of organizers, or a talk, as people are told or reminded of it."""
    if data["circle"] or data.get("what") == "drop":
        return
    row = {"kind": data["kind"], "title": letter.line(data["title"] or data["name"], 200)}
    row |= {"starts_at": _instant(data["starts_at"]), "cancelled": data["state"] == "cancelled"}
    insert = db.insert(tx, gathering).values(id=data["session"], **row)
    tx.execute(insert.on_conflict_do_update(index_elements=["id"], set_=row))


def opened(tx: Connection, event: Event) -> None:
    """Nobody was found to lead it."""
    if event.data["role"] == "coordinator":
        _put(tx, event.data, {"opened_at": event.time, "coordinator": None})


def taken(tx: Connection, event: Event) -> None:
    """Somebody said yes."""
    if event.data["role"] == "coordinator":
        _put(tx, event.data, {"coordinator": event.data["person"], "opened_at": None})
    else:
        _put(tx, event.data, {"mentor": event.data["person"]})


def released(tx: Connection, event: Event) -> None:
    """Whoever had the turn has it no more; another may have said yes before this was told."""
    column = meeting.c.coordinator if event.data["role"] == "coordinator" else meeting.c.mentor
    hers = (meeting.c.id == event.data["session"], column == event.data["person"])
    tx.execute(meeting.update().where(*hers).values({column.name: None}))


def late(tx: Connection, event: Event) -> None:
    """Organizers were asked for its minutes."""
    if event.data["circle"] and event.data["who"] == "organizers":
        _put(tx, {**event.data, "name": event.data["title"]}, {"late_at": event.time})


def minuted(tx: Connection, event: Event, gone: Collection[str]) -> None:
    """Its minutes: who was there, in a few words what was said, and all that is open.

    :param gone: those of whom it tells who were erased meanwhile: nothing is kept for them.
    """
    data = event.data
    if not data["circle"]:
        return
    words = _words(data["text"])
    fresh = {"coordinator": data["coordinator"], "mentor": data["mentor"], "words": words, "opened_at": None}
    before = tx.execute(sa.select(meeting.c.minuted_at).where(meeting.c.id == data["session"])).scalar()
    known = not any(each["gap"] == "attendance" for each in data["reasons"])
    marks = _marks(data) if known else []
    fresh |= {"present": sum(each["present"] for each in marks), "marked": len(marks)}
    _put(tx, {**data, "name": data["title"]}, {**fresh, "minuted_at": before or event.time})
    then = data["next"]
    if then:
        leads = {"coordinator": then["coordinator"], "opened_at": None} if then["coordinator"] else {}
        _put(tx, {**data, **then, "name": data["title"]}, leads)
    _mark(tx, data["session"], marks)
    _address(tx, data["session"], _without(letters.addressees(data), gone), clock.now())
    items(tx, event)


def by_letter(tx: Connection, data: Mapping[str, Any]) -> list[str]:
    """Those whose next monthly letter tells of these minutes, as they were just heard of, if they get one: of a
    correction that comes after it no letter tells."""
    theirs = (addressed.c.session == data["session"], addressed.c.person.in_(letters.addressees(data)))
    return list(tx.execute(sa.select(addressed.c.person).where(*theirs, addressed.c.told.is_(None))).scalars())


def _address(tx: Connection, session: str, told: Mapping[str, str | None], at: datetime) -> None:
    """Minutes are for these, with the letter that told them, if one did; whoever they were for, they still are.

    Heard of again, as corrected, they are as new as that: the letter of who asked for it in between has them.
    """
    rows = [{"session": session, "person": id, "at": at, "told": period} for id, period in told.items()]
    if rows:
        insert = db.insert(tx, addressed)
        fresh = insert.on_conflict_do_update(index_elements=["session", "person"], set_={"at": insert.excluded["at"]})
        tx.execute(fresh, rows)


def _without(ids: Iterable[str], gone: Collection[str]) -> dict[str, None]:
    return dict.fromkeys(id for id in ids if id not in gone)


def remembered(tx: Connection, event: Event, gone: Collection[str]) -> None:
    """A session as it is, while all of it is told anew: what a digest told before is told by none again.

    :param gone: as of `minuted`.
    """
    data = event.data
    values: dict[str, Any] = {name: _maybe(data[name]) for name in ("opened_at", "late_at", "minuted_at")}
    values |= {name: data[name] for name in ("cancelled", "coordinator", "mentor")}
    marks, words = _marks(data), _words(data["text"])
    values |= {"ends_at": _instant(data["ends_at"]), "words": words}
    values |= {"present": sum(each["present"] for each in marks), "marked": len(marks)}
    _put(tx, {**data, "name": data["title"]}, values)
    _mark(tx, data["session"], marks)
    if values["minuted_at"] is None:
        return
    period = _told(tx, values["minuted_at"])
    tx.execute(meeting.update().where(meeting.c.id == data["session"], meeting.c.told.is_(None)).values(told=period))
    _remember_letters(tx, data["session"], list(_without(data["members"], gone)), values["minuted_at"])


def _remember_letters(tx: Connection, session: str, members: list[str], at: datetime) -> None:
    """Whose the minutes were, if nothing says that so far: as far as one knows, they stood in the letter after them."""
    if tx.execute(sa.select(addressed.c.person).where(addressed.c.session == session)).first():
        return
    after = (monthly.c.person.in_(members), monthly.c.until >= at)
    query = sa.select(monthly.c.person, sa.func.min(monthly.c.period).label("period")).where(*after)
    had = {row.person: row.period for row in tx.execute(query.group_by(monthly.c.person))}
    _address(tx, session, {id: had.get(id) for id in members}, at)


def _words(text: str) -> dict[str, Any]:
    """Of minutes: {excerpt, help, links}; how many addresses of the web they share."""
    shared = {url for url, _ in face.links(text)}
    return {"excerpt": rules.excerpt(text), "help": rules.asked_help(text), "links": len(shared)}


def _marks(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    there = set(data["present"])
    everybody = sorted({*data["members"], *there})
    return [{"session": data["session"], "person": each, "present": each in there} for each in everybody]


def _mark(tx: Connection, session: str, marks: list[dict[str, Any]]) -> None:
    tx.execute(attended.delete().where(attended.c.session == session))
    if marks:
        tx.execute(attended.insert(), marks)


def items(tx: Connection, event: Event) -> None:
    """All open items of a circle, unless a later event has told of them; `since` when each is news.

    What is known stays as old as it is, whoever has it now and whatever is left of its words.
    """
    data = event.data
    row = tx.execute(sa.select(agreed.c["items"]).where(agreed.c.circle == data["circle"])).first()
    there = {key: each.get("since") for each in (row[0] if row else ()) for key in _keys(each)}
    kept = []
    for each in data["items"]:
        known = {"id": each.get("id"), "person": each["person"], "text": letter.line(each["text"], 200)}
        key = next((key for key in _keys(known) if key in there), None)
        since = there[key] if key else _news_since(tx, event, each.get("since"), known=row is not None)
        kept.append({**known, "due": each["due"], "since": since})
    members = sorted({*data["members"], *(each["person"] for each in kept)})
    insert = db.insert(tx, agreed).values(circle=data["circle"], items=kept, members=members, position=event.position)
    fresh = {name: insert.excluded[name] for name in ("items", "members", "position")}
    later = agreed.c.position <= event.position
    tx.execute(insert.on_conflict_do_update(index_elements=["circle"], set_=fresh, where=later))


def _keys(item: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What an item is known by: its id; one that was told without, by whose it is and what it says."""
    words = ("", item["person"], item["text"])
    return [(item["id"],), words] if item.get("id") else [words]


def _news_since(tx: Connection, event: Event, written: str | None, known: bool) -> str | None:
    """Since when an item is news that this event is the first to tell of; None: that is not known, so it is none.

    Minutes tell of it when they are out. One that is told of again, as after an undo, is as old as when it was written
    down. What comes only after the digest that would have told of it is news of the next one.
    """
    if event.type in ("session.minuted", "minutes.corrected"):
        since = event.time
    elif written:
        since = _instant(written)
    elif known:
        since = event.time
    else:
        return None  # all is told anew
    untils = list(tx.execute(sa.select(digest.c.until).order_by(digest.c.until)).scalars())
    missed = next((until for until in untils if until >= event.time), None)
    before = [until for until in untils if missed and until < missed]
    if missed and not (before and since <= before[-1]):
        since = max(clock.now(), untils[-1] + timedelta(microseconds=1))
    return since.isoformat()


def became(tx: Connection, event: Event) -> None:
    """Something became of a person that organizers want to know."""
    kind = NEWS.get(event.type)
    if kind:
        row = {"id": event.id, "at": event.time, "kind": kind, "person": event.data["person"]}
        tx.execute(db.insert(tx, news).values(row).on_conflict_do_nothing())


def offer_moved(tx: Connection, event: Event) -> None:
    """Where a post is on its way to the program's blog. Told anew, what a digest told before is told by none again."""
    data = event.data
    gone = tx.execute(sa.select(people.c.state).where(people.c.id == data["person"])).scalar() == "erased"
    row = {name: data[name] for name in ("person", "what", "kind", "state")}
    row |= {"title": "" if gone else letter.line(data["title"], 200), "original": "" if gone else data["original"]}
    row |= {"since": _instant(data["since"])}
    row |= {name: _maybe(data[name]) for name in ("opened_at", "published_at")}
    before = tx.execute(sa.select(offered).where(offered.c.id == data["offer"])).first()
    told: dict[str, Any] = {}
    if before is None and event.type == "offer.snapshot":
        told = {"told": _told(tx, row["published_at"])}
        told |= {"refusal_told": _told(tx, row["since"] if row["state"] == rules.REFUSED else None)}
    elif before is not None and row["state"] == rules.REFUSED and before.since != row["since"]:
        told = {"refusal_told": None}
    insert = db.insert(tx, offered).values({"id": data["offer"], **row, **told})
    tx.execute(insert.on_conflict_do_update(index_elements=["id"], set_={**row, **told}))


def _told(tx: Connection, at: datetime | None) -> date | None:
    """The digest that told of what happened then, if it was written."""
    if at is None:
        return None
    found = sa.select(digest.c.period).where(digest.c.until >= at).order_by(digest.c.until).limit(1)
    return tx.execute(found).scalar()


def checked_in(tx: Connection, event: Event) -> None:
    """Somebody who fell silent was asked if they are still with us; what they said, if they did."""
    data = event.data
    row = {"person": data["person"], "asked_at": _instant(data["asked_at"]), "answer": data.get("answer")}
    row |= {"at": _maybe(data.get("at"))}
    insert = db.insert(tx, checkin).values(row)
    fresh = {name: insert.excluded[name] for name in row if name != "person"}
    tx.execute(insert.on_conflict_do_update(index_elements=["person"], set_=fresh))
    if event.type == "checkin.ended" and row["answer"] == "lapsed":
        told = {"id": event.id, "at": event.time, "kind": "quiet", "person": data["person"]}
        tx.execute(db.insert(tx, news).values(told).on_conflict_do_nothing())


def applied(tx: Connection, event: Event) -> None:
    """Somebody signed up, or a file named them: from the first time on they count."""
    _came(tx, event.data["person"], applied_at=event.time)


def arrived(tx: Connection, event: Event) -> None:
    """Somebody confirmed, or has a place. Of who came before anything was kept, the earlier steps are the same day."""
    if event.type == "member.confirmed":
        _came(tx, event.data["person"], applied_at=event.time, confirmed_at=event.time)
    elif event.type == "circle.joined":
        _came(tx, event.data["person"], applied_at=event.time, confirmed_at=event.time, placed_at=event.time)
    elif event.type == "place.snapshot":
        since = _instant(event.data["since"])
        _came(tx, event.data["person"], applied_at=since, confirmed_at=since, placed_at=since)
    elif event.type == "member.snapshot" and event.data["joined_at"]:
        since = _instant(event.data["joined_at"])
        _came(tx, event.data["person"], applied_at=since, confirmed_at=since)


def seated(tx: Connection, event: Event) -> None:
    """In which circle somebody is, or that they are in none: joined, left, waiting, or told anew."""
    who, circle = event.data["person"], event.data.get("circle")
    if circle is None or event.type == "circle.left":
        tx.execute(place.delete().where(place.c.person == who))
        return
    insert = db.insert(tx, place).values(person=who, circle=circle)
    tx.execute(insert.on_conflict_do_update(index_elements=["person"], set_={"circle": circle}))


def never_came(tx: Connection, person: str) -> None:
    """The import that named them was undone: they did not sign up."""
    tx.execute(arrival.delete().where(arrival.c.person == person, arrival.c.confirmed_at.is_(None)))


def _came(tx: Connection, person: str, **steps: datetime) -> None:
    """The first time counts: who leaves and comes back, or moves on, has come that far already."""
    _arrive(tuple(steps))(tx, {"person": person, **steps})


@lru_cache
def _arrive(steps: tuple[str, ...]) -> Quick:
    """The statement that writes these steps: made once, since every sign-up is one."""

    def build(tx: Connection) -> Any:
        insert = db.insert(tx, arrival).values(params(arrival, ("person", *steps)))
        kept = {name: _first(arrival.c[name], insert.excluded[name]) for name in steps}
        return insert.on_conflict_do_update(index_elements=["person"], set_=kept)

    return Quick(build)


def _first(kept: Any, told: Any) -> Any:
    return sa.case((kept.is_(None), told), (told < kept, told), else_=kept)


def forget(tx: Connection, person: str) -> None:
    """Take somebody out of news, the words of circles they were in, and every digest. Who was there is a number."""
    for table in (news, checkin, place, monthly, addressed):
        tx.execute(table.delete().where(table.c.person == person))
    tx.execute(offered.update().where(offered.c.person == person).values(title="", original=""))
    there = sa.select(attended.c.session).where(attended.c.person == person)
    theirs = sa.or_(meeting.c.id.in_(there), meeting.c.coordinator == person, meeting.c.mentor == person)
    tx.execute(meeting.update().where(theirs).values(words=_NONE))
    for row in tx.execute(sa.select(agreed).where(_in(agreed.c.members, person))).all():
        left = [each for each in row.items if each["person"] != person]
        bare = [{**each, "text": "an action item"} for each in left]
        others = [each for each in row.members if each != person]
        tx.execute(agreed.update().where(agreed.c.circle == row.circle).values(items=bare, members=others))
    for row in tx.execute(sa.select(digest).where(_in(digest.c.data, person))).all():
        data = rules.without(row.data, person)
        tx.execute(digest.update().where(digest.c.period == row.period).values(data=data))


def without(context: Mapping[str, Any], person: str) -> dict[str, Any]:
    """What the mail was made of, less somebody."""
    return {**context, "digest": rules.without(context["digest"], person)}


def _in(column: sa.Column[Any], person: str) -> Any:
    return sa.cast(column, sa.Text).contains(person, autoescape=True)


def prune(tx: Connection) -> bool:
    """Delete a step of what is older than mails are kept; True while there may be more."""
    before = clock.now() - timedelta(days=config.current().keep_mails)
    old = list(tx.execute(sa.select(meeting.c.id).where(meeting.c.starts_at < before).limit(STEP)).scalars())
    if old:
        tx.execute(attended.delete().where(attended.c.session.in_(old)))
        tx.execute(addressed.delete().where(addressed.c.session.in_(old)))
        tx.execute(meeting.delete().where(meeting.c.id.in_(old)))
    tx.execute(gathering.delete().where(gathering.c.starts_at < before))
    tx.execute(news.delete().where(news.c.at < before))
    tx.execute(arrival.delete().where(arrival.c.applied_at < before))
    tx.execute(checkin.delete().where(checkin.c.asked_at < before))
    over = offered.c.state.in_(rules.SETTLED)
    tx.execute(offered.delete().where(over, offered.c.since < before))
    tx.execute(digest.delete().where(digest.c.until < before))
    tx.execute(monthly.delete().where(monthly.c.until < before))
    return len(old) == STEP


def _put(tx: Connection, data: Mapping[str, Any], values: dict[str, Any]) -> None:
    """Write what an event says of a session; it may be the first that does."""
    starts = _instant(data["starts_at"])
    facts = {"circle": data["circle"], "name": letter.line(data["name"]), "stream": data["stream"] or ""}
    facts |= {"starts_at": starts, **values}
    usual = {"ends_at": starts + timedelta(minutes=data.get("minutes") or 60), "cancelled": False, "words": _NONE}
    _meeting((*facts,))(tx, {"id": data["session"], **usual, **facts})


@lru_cache(32)
def _meeting(facts: tuple[str, ...]) -> Quick:
    """Replaces these columns, or writes the row that there is not."""

    def build(tx: Connection) -> Any:
        names = dict.fromkeys(("id", "ends_at", "cancelled", "words", *facts))
        insert = db.insert(tx, meeting).values(params(meeting, names))
        return insert.on_conflict_do_update(index_elements=["id"], set_={name: insert.excluded[name] for name in facts})

    return Quick(build)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return _instant(text) if text else None
