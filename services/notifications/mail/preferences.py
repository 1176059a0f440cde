"""What people want of mail, of duty mail by which way: read where mail is composed, written by themselves alone.

What they want no more of and what still waits for a sender does not go out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.events import emit
from shared.quick import Quick

from ..chat import channels
from ..models import chat_channel, chat_message, mail, preference
from ..models import person as person_
from ..rules import State, lists, monthly
from . import ledger
from .kinds import list_called

TALKS = "talks"  # whom they invite is for sessions to say, so it is told what people want of them
TAKEN_BACK = timedelta(days=1)  # a choice that does not last longer was none
UNWANTED = "Not sent: its reader wants no more of these."
_log = log.get("notifications.preferences")
_CHOICE = Quick(
    lambda _: sa.select(preference.c.choice).where(
        preference.c.person == sa.bindparam("person"), preference.c.list == sa.bindparam("list")
    )
)


class Wrong(Exception):
    """This cannot be chosen: `problems` are {field, message, remedy}."""

    def __init__(self, problems: list[dict[str, str]]) -> None:
        super().__init__(problems)
        self.problems = problems


def choice(tx: Connection, person: str, of: lists.List) -> str:
    """What somebody chose of that list, or what is usual."""
    row = _CHOICE(tx, {"person": person, "list": of.name}).fetchone()
    return str(row[0]) if row else of.usual


def choices(tx: Connection, person: str) -> dict[str, str]:
    """All that somebody chose, by list."""
    rows = tx.execute(sa.select(preference.c.list, preference.c.choice).where(preference.c.person == person))
    return {row.list: row.choice for row in rows}


def comes(
    tx: Connection, person: str, by: lists.List, kind: str, about: lists.Of | None = None
) -> tuple[bool, str | None]:
    """Whether a mail of that kind, on its way by that list, is wanted; and for which message in the chat it rests.

    Whoever reads it elsewhere gets it by mail all the same, where it is not told there: no channel of theirs hears of
    it (any more), or the letter of their stream does not tell of it.

    :param about: what it is of; None: of nothing that is told elsewhere.
    """
    wanted = choice(tx, person, by)
    if wanted == lists.CHAT:
        return _instead(tx, person, by, about or lists.Of())
    if wanted == lists.LESS and by.monthly:
        return not (about and person in about.letter and _has_letter(tx, person)), None
    return by.brings(kind, wanted) and not (wanted == lists.LESS and about is not None and about.extra), None


def _instead(tx: Connection, person: str, by: lists.List, about: lists.Of) -> tuple[bool, str | None]:
    """The same, of what they have in the chat: in channels of all streams and of their own."""
    own = _stream(tx, person, by)
    if about.ahead:
        return not channels.tells(tx, by.chat, own if own == about.stream else None), None
    return told_by(tx, own, chat_message.c.id.in_(about.chat))


def told_by(tx: Connection, own: str | None, those: sa.ColumnElement[bool]) -> tuple[bool, str | None]:
    """Whether a mail is owed to who reads that stream's channels beside what those messages tell, and for which of them
    it rests: one that is under way to a channel that is on, and answers."""
    query = sa.select(chat_message.c.id).join(chat_channel, chat_channel.c.id == chat_message.c.channel)
    query = query.where(those, sa.or_(chat_channel.c.stream.is_(None), chat_channel.c.stream == own))
    if tx.execute(query.where(chat_message.c.state == State.SENT.value)).first():
        return False, None
    under_way = chat_message.c.state.in_([State.QUEUED.value, State.SENDING.value])
    row = tx.execute(query.where(under_way, *channels.ANSWERS).order_by(chat_message.c.id)).first()
    return True, row.id if row else None


def _stream(tx: Connection, id: str, by: lists.List) -> str | None:
    return channels_of(by, tx.execute(sa.select(person_.c.stream).where(person_.c.id == id)).scalar())


def channels_of(by: lists.List, stream: str | None) -> str | None:
    """Whose channels tell somebody of that stream what is on that list: what organizers get, those of all alone."""
    return None if by.readers == lists.ORGANIZER else stream


def _has_letter(tx: Connection, id: str) -> bool:
    """Whether they get the monthly letter of their stream."""
    if choice(tx, id, _known("stream")) != lists.MAIL:
        return False
    here = (person_.c.id == id, person_.c.stream.is_not(None), person_.c.state.in_(monthly.TAKES_PART))
    return tx.execute(sa.select(person_.c.id).where(*here)).first() is not None


def told_in_chat(tx: Connection, id: str, of: lists.List) -> bool:
    """Whether a chat's channel tells what comes by that list now, of their stream."""
    return bool(of.chat) and channels.tells(tx, of.chat, _stream(tx, id, of))


def choose(tx: Connection, person: str, wanted: Mapping[str, str], tell: bool = True) -> dict[str, str]:
    """Let somebody have of each list named what they want; returns what was so before, of those that changed.

    :param tell: whether sessions is to know what they want of talks; not, when it was sessions that told.
    :raises Wrong: a list, or a choice of one, that is none; the chat, where no channel of it tells of that.
    """
    problems = [_wrong(name) for name, choice in wanted.items() if not _can_be(tx, person, name, choice)]
    if problems:
        raise Wrong(problems)
    before = {name: choice(tx, person, _known(name)) for name in {*wanted, "minutes", "stream"}}
    changed = {name: value for name, value in wanted.items() if value != before[name]}
    changed |= {name: value for name, value in lists.along(changed, before).items() if value != before[name]}
    for name, value in changed.items():
        _write(tx, person, name, value)
        if not _known(name).elsewhere(value):  # what is on its way may never be told there
            unwanted = [kind for kind in _known(name).kinds if not _known(name).brings(kind, value)]
            ledger.unwanted(tx, person, name, unwanted, UNWANTED)
        if name == TALKS and tell:
            emit(tx, "talks.chosen", f"person/{person}", {"person": person, "wanted": value != lists.NONE})
        _log.info("preference.changed", list=name, choice=value)
    return {name: before[name] for name in changed}


def _write(tx: Connection, person: str, name: str, value: str) -> None:
    """Keep a choice. One that is taken back soon makes what was before it no younger: no letter's month is lost."""
    theirs = (preference.c.person == person, preference.c.list == name)
    before, now = tx.execute(sa.select(preference).where(*theirs)).first(), clock.now()
    row: dict[str, Any] = {"choice": value, "at": now}
    if before:
        row |= {"was": before.choice, "was_at": before.at}
        if before.was == value and now - before.at <= TAKEN_BACK:
            row["at"] = before.was_at
    insert = db.insert(tx, preference).values(person=person, list=name, **row)
    tx.execute(insert.on_conflict_do_update(index_elements=["person", "list"], set_=row))


def unsubscribe(tx: Connection, id: str, person: str, name: str) -> bool:
    """The one click of a mail's header: none of that list any more. Each mail has one; used again, it changes nothing.

    Of a mail whose line is gone by age nothing says whether it was used, so it counts.
    """
    unused = mail.update().where(mail.c.id == id, mail.c.person == person, mail.c.unsubscribed_at.is_(None))
    used = not tx.execute(unused.values(unsubscribed_at=clock.now())).rowcount
    if used and tx.execute(sa.select(mail.c.id).where(mail.c.id == id)).first():
        return False
    choose(tx, person, {name: lists.NONE})
    return True


def forget(tx: Connection, person: str) -> None:
    """Nothing is known any more of what they wanted."""
    tx.execute(preference.delete().where(preference.c.person == person))


def _known(name: str) -> lists.List:
    found = list_called(name)
    assert found, name
    return found


def _can_be(tx: Connection, person: str, name: str, value: str) -> bool:
    found = list_called(name)
    if found is None or value not in dict(found.choices):
        return False
    return value != lists.CHAT or chat_can_be(tx, person, found)


def silent(tx: Connection, person: str, of: lists.List) -> bool:
    """Whether they have it in the chat alone, which does not tell of it now: it comes by mail."""
    return choice(tx, person, of) == lists.CHAT and not told_in_chat(tx, person, of)


def choosable(tx: Connection, person: str, of: lists.List) -> bool:
    """Whether there is more than one way to have it."""
    return len(of.without_chat().choices) > 1 or chat_can_be(tx, person, of)


def chat_can_be(tx: Connection, person: str, of: lists.List) -> bool:
    """Whether the chat can be chosen: it tells of that, or was chosen before."""
    return told_in_chat(tx, person, of) or choice(tx, person, of) == lists.CHAT


def _wrong(name: str) -> dict[str, str]:
    return {"field": name, "message": "This is no choice of that list.", "remedy": "Choose one of those on the page."}
