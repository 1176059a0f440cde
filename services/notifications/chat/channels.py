"""Channels: where messages go, what each wants, off and on. Their addresses are said to nobody once they are typed."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, log, reach, sealing
from shared.events import emit

from ..mail import letter
from ..models import chat_channel, chat_message, stream
from ..rules import chat as rules
from . import services

SETTING = str(uuid.uuid5(uuid.NAMESPACE_URL, "baton:chat/setting"))  # the channel of BATON_SLACK_WEBHOOK_URL
MOST = 50
_SHOWN = [c for c in chat_channel.c if c.name != "address"]
ANSWERS = (chat_channel.c.off_at.is_(None), chat_channel.c.failures == 0)  # it is on, and nothing is wrong with it
_log = log.get("notifications.chat")


class Wrong(Exception):
    """What was typed cannot be taken: `problems` are {field, message, remedy}."""

    def __init__(self, *problems: dict[str, str]) -> None:
        super().__init__(problems)
        self.problems = list(problems)


class Refused(ValueError):
    """This cannot be done to that channel; the message says why."""


@dataclass(frozen=True)
class Typed:
    """A channel as somebody typed it, found right. :param address: empty: as it is."""

    name: str
    address: str
    host: str
    stream: str | None
    wants: tuple[str, ...]


def checked(typed: Mapping[str, Any], streams: Mapping[str, str], new: bool) -> Typed:
    """What was typed, once it is right. Asks for the address of the host, so it is not for within a transaction.

    :param typed: `name`, `address`, `stream` (slug, or empty for all), `wants` (a list).
    :raises Wrong: with everything that is wrong.
    """
    wrong = []
    name, address = letter.line(typed.get("name") or "", 80), (typed.get("address") or "").strip()
    if not name:
        wrong.append(_wrong("name", "The name is missing.", "Write what the channel is called, as in #mentors."))
    host = ""
    if address or new:
        try:
            host = _host(address)
        except reach.Unreachable as error:
            wrong.append(_wrong("address", error.words, ""))
    of = typed.get("stream") or None
    if of and of not in streams:
        wrong.append(_wrong("stream", "There is no such stream.", "Choose one from the list."))
    wants = tuple(each for each in rules.KINDS if each in (typed.get("wants") or ()))
    if not wants or len(wants) != len(set(typed.get("wants") or ())):
        wrong.append(_wrong("wants", "It would hear nothing.", "Choose at least one thing from the list."))
    if wrong:
        raise Wrong(*wrong)
    return Typed(name, address, host, of, wants)


def _host(address: str) -> str:
    """What of an address may be shown.

    :raises reach.Unreachable: nothing can be posted there.
    """
    if not address:
        raise reach.Unreachable("The address is missing. Copy it from the chat’s page about incoming webhooks.")
    scheme = address.partition("://")[0]
    if scheme not in ("https", "http"):
        service = services.called(address)
        if services.asks(address):
            raise reach.Unreachable(services.BARE)
        if service is None:
            raise reach.Unreachable("This is no address of a webhook. Paste one that begins with https://")
        if not services.installed():
            raise reach.Unreachable(f"{service} needs apprise, which is not installed here: see docs/operations.md.")
        if not services.understood(address):
            raise reach.Unreachable("apprise does not understand this address. Look at its page about the service.")
        return service
    if not all("!" <= c <= "~" for c in address) or len(address) > 1000:
        raise reach.Unreachable("This is no web address. Paste one that begins with https://")
    from . import webhook  # here: what talks to webhooks is large

    return webhook.place(address).host[:200]


def listed(tx: Connection) -> list[dict[str, Any]]:
    """All channels, without their addresses; those that hear nothing any more last."""
    query = sa.select(*_SHOWN).order_by(
        chat_channel.c.off_at.is_not(None), chat_channel.c.created_at, chat_channel.c.id
    )
    return [dict(row) for row in tx.execute(query).mappings() if row["id"] != SETTING or _setting()]


def one(tx: Connection, id: str) -> dict[str, Any] | None:
    """That channel, without its address."""
    return next((each for each in listed(tx) if each["id"] == id), None)


def off(tx: Connection) -> list[str]:
    """The names of those that Baton turned off, since nobody answers there any more."""
    query = sa.select(chat_channel.c.name).where(chat_channel.c.off_why.is_not(None)).order_by(chat_channel.c.name)
    return list(tx.execute(query).scalars())


def hearing(tx: Connection, what: str, of: str | None) -> list[str]:
    """The ids of those that want to hear that, of that stream."""
    there = sa.select(chat_channel.c.id, chat_channel.c.stream, chat_channel.c.wants).where(
        chat_channel.c.off_at.is_(None)
    )
    return [row.id for row in tx.execute(there) if what in row.wants and row.stream in (None, of)]


def tells(tx: Connection, what: str, of: str | None) -> bool:
    """Whether who reads that stream's channels, and those of all, is told that there now: one is on, and answers."""
    on = sa.select(chat_channel.c.stream, chat_channel.c.wants).where(*ANSWERS)
    return any(what in row.wants and row.stream in (None, of) for row in tx.execute(on))


def address(kept: str) -> str:
    """Where messages go to a channel whose address is kept so.

    :raises sealing.Unsealable: it was typed under another BATON_SECRET.
    """
    return sealing.unseal(kept) if kept else _setting()


def _setting() -> str:
    return config.current().slack_webhook_url


def keep_setting(tx: Connection) -> None:
    """Let there be a channel for the webhook of the settings, or none: it hears everything until somebody says less."""
    host = urlsplit(_setting()).hostname or ""
    row = tx.execute(sa.select(chat_channel.c.host).where(chat_channel.c.id == SETTING)).first()
    if not host:
        if row:
            _forget(tx, SETTING)
    elif row is None:
        made = {"id": SETTING, "name": "Chat", "address": "", "host": host, "stream": None, "wants": list(rules.KINDS)}
        tx.execute(db.insert(tx, chat_channel).values(**made, **_fresh()).on_conflict_do_nothing())
    elif row.host != host:
        tx.execute(
            chat_channel.update().where(chat_channel.c.id == SETTING).values(host=host, off_at=None, off_why=None)
        )


def setting_differs(tx: Connection) -> bool:
    """Whether `keep_setting` has something to do."""
    host = urlsplit(_setting()).hostname
    return tx.execute(sa.select(chat_channel.c.host).where(chat_channel.c.id == SETTING)).scalar() != host


def _fresh() -> dict[str, Any]:
    return {"created_at": clock.now(), "due": clock.machine(), "failures": 0}


def add(tx: Connection, typed: Typed, by: str) -> str:
    """A new channel; its id.

    :raises Refused: there are too many.
    """
    if (tx.execute(sa.select(sa.func.count()).select_from(chat_channel)).scalar() or 0) >= MOST:
        raise Refused(f"There are {MOST} channels already. Remove one first.")
    id = db.new_id()
    row = {"id": id, "name": typed.name, "address": sealing.seal(typed.address), "host": typed.host}
    tx.execute(chat_channel.insert().values(**row, stream=typed.stream, wants=list(typed.wants), **_fresh()))
    _told(tx, id, f"The chat channel “{typed.name}” hears what happens", by)
    return id


def change(tx: Connection, id: str, typed: Typed, by: str) -> None:
    """Let it hear other things, or be elsewhere; a new address turns it on.

    :raises Refused: it is gone, or has its address from the settings.
    """
    values: dict[str, Any] = {"name": typed.name, "stream": typed.stream, "wants": list(typed.wants)}
    if typed.address:
        if id == SETTING:
            raise Refused("Its address is BATON_SLACK_WEBHOOK_URL: change it there, or add another channel.")
        values |= {"address": sealing.seal(typed.address), "host": typed.host, **_ON, "due": clock.machine()}
    _set(tx, id, **values)
    _told(tx, id, f"The chat channel “{typed.name}” was changed", by)


_ON = {"off_at": None, "off_why": None, "failures": 0, "failing_since": None, "said": None}


def turn_off(tx: Connection, id: str, by: str) -> None:
    """Post nothing there any more; what waits for it is dropped. `turn_on` takes it back."""
    name = _set(tx, id, off_at=clock.now(), off_why=None)
    _told(tx, id, f"The chat channel “{name}” was turned off", by)


def turn_on(tx: Connection, id: str, by: str) -> None:
    """Post there again, from the next message on."""
    name = _set(tx, id, **_ON, due=clock.machine())
    _told(tx, id, f"The chat channel “{name}” was turned on", by)


def remove(tx: Connection, id: str, by: str) -> None:
    """Forget it, its address and what was posted there.

    :raises Refused: it is on, or has its address from the settings.
    """
    row = one(tx, id)
    if row is None:
        raise _gone()
    if id == SETTING or row["off_at"] is None:
        raise Refused("Turn it off first." if id != SETTING else "Take BATON_SLACK_WEBHOOK_URL out of the settings.")
    _told(tx, id, f"The chat channel “{row['name']}” was removed", by)
    _forget(tx, id)


def _forget(tx: Connection, id: str) -> None:
    tx.execute(chat_message.delete().where(chat_message.c.channel == id))
    tx.execute(chat_channel.delete().where(chat_channel.c.id == id))


def _set(tx: Connection, id: str, **values: Any) -> str:
    query = chat_channel.update().where(chat_channel.c.id == id).values(values).returning(chat_channel.c.name)
    name = tx.execute(query).scalar()
    if name is None:
        raise _gone()
    return str(name)


def _gone() -> Refused:
    return Refused("There is no such channel: somebody may have removed it. Look at the list again.")


def _told(tx: Connection, id: str, words: str, by: str) -> None:
    emit(tx, "chat.arranged", f"chat/{id}", {"words": words, "by": by, "through": log.through()})


def end(tx: Connection, id: str, why: str, since: datetime) -> None:
    """Turn it off by itself: nobody is there any more. Told to organizers by dashboard and page."""
    where = (chat_channel.c.id == id, chat_channel.c.off_at.is_(None))
    if tx.execute(chat_channel.update().where(*where).values(off_at=since, off_why=why[:500])).rowcount:
        _log.warning("chat.turned_off", channel=id)


def streams(tx: Connection) -> dict[str, str]:
    """The streams that a channel can be of: names by slug."""
    query = sa.select(stream.c.slug, stream.c.name).where(stream.c.position.is_not(None)).order_by(stream.c.position)
    return {row.slug: row.name for row in tx.execute(query)}


def _wrong(field: str, message: str, remedy: str) -> dict[str, str]:
    return {"field": field, "message": message, "remedy": remedy}
