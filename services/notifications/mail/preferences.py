"""What people want of mail that is no duty: read where mail is composed, written by themselves alone.

What they want no more of and what still waits for a sender does not go out.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.events import emit
from shared.quick import Quick

from ..chat import channels
from ..models import mail, place, preference
from ..models import person as person_
from ..rules import lists, monthly
from . import ledger
from .kinds import list_called

TALKS = "talks"  # whom they invite is for sessions to say, so it is told what people want of them
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


def wants(tx: Connection, person: str, of: lists.List, kind: str, about: lists.Of | None = None) -> bool:
    """Whether a mail of that kind, on its way by that list, is wanted.

    Whoever reads it elsewhere gets it by mail all the same, where it is not told there: no channel hears of it (any
    more), or it is of another circle than the letter of their stream tells of.

    :param about: what it is of; None: of no circle.
    """
    wanted = choice(tx, person, of)
    if not of.elsewhere(wanted):
        return of.brings(kind, wanted)
    if about is None:
        return True
    if wanted == lists.CHAT:
        return not channels.hearing(tx, of.chat, about.stream)
    return not _in_letter(tx, person, about)


def _in_letter(tx: Connection, id: str, about: lists.Of) -> bool:
    """Whether their monthly letter, which they get, tells what the minutes of that circle say."""
    if choice(tx, id, _known("stream")) != lists.MAIL:
        return False
    here = (person_.c.id == id, person_.c.stream == about.stream, person_.c.state.in_(monthly.TAKES_PART))
    theirs = sa.exists().where(place.c.person == person_.c.id, place.c.circle == about.circle)
    return tx.execute(sa.select(person_.c.id).where(*here, theirs)).first() is not None


def told_in_chat(tx: Connection, id: str, of: lists.List) -> bool:
    """Whether a chat's channel hears what comes by that list, of their stream."""
    if not of.chat:
        return False
    stream = tx.execute(sa.select(person_.c.stream).where(person_.c.id == id)).scalar()
    return bool(channels.hearing(tx, of.chat, stream))


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
        row = {"person": person, "list": name, "choice": value, "at": clock.now()}
        insert = db.insert(tx, preference).values(row)
        fresh = {"choice": value, "at": row["at"]}
        tx.execute(insert.on_conflict_do_update(index_elements=["person", "list"], set_=fresh))
        if not _known(name).elsewhere(value):  # what is on its way may never be told there
            unwanted = [kind for kind in _known(name).kinds if not _known(name).brings(kind, value)]
            ledger.unwanted(tx, person, name, unwanted, UNWANTED)
        if name == TALKS and tell:
            emit(tx, "talks.chosen", f"person/{person}", {"person": person, "wanted": value != lists.NONE})
        _log.info("preference.changed", list=name, choice=value)
    return {name: before[name] for name in changed}


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


def chat_can_be(tx: Connection, person: str, of: lists.List) -> bool:
    """Whether the chat can be chosen: it tells of that, or was chosen before."""
    return told_in_chat(tx, person, of) or choice(tx, person, of) == lists.CHAT


def _wrong(name: str) -> dict[str, str]:
    return {"field": name, "message": "This is no choice of that list.", "remedy": "Choose one of those on the page."}
