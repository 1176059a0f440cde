"""Which events make which message: rows for channels that want to hear it, written with the handling of the event.

One cause makes one message in a channel, whatever event tells of it again (minutes that are corrected, say). They name
nobody: a channel is read by more people than a circle has.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, face
from shared.calendar.session import page
from shared.events import Event
from shared.schedule import soonest

from ..mail import compose
from ..models import chat_channel, chat_message, gathering, meeting
from ..rules import State
from ..rules import chat as rules
from . import channels

NAMESPACE = uuid.UUID("5b0f6c0a-3f0e-5d2b-8a56-6f1f0a0c9b77")  # of messages; never to change
NEWS = timedelta(days=3)  # for which something is news
DAY = timedelta(days=1)
LONGEST = 600  # letters of a message


def joined(tx: Connection, event: Event) -> None:
    """Somebody confirmed."""
    of = event.data["stream"]
    where = f" in {compose.stream_name(tx, of)}" if of else ""
    _tell(tx, "joined", f"joined/{event.data['person']}", of, f"Somebody new has joined us{where}. Welcome.", event.id)


def minuted(tx: Connection, event: Event) -> list[str]:
    """Minutes are out; what they say stays with the circle."""
    data = event.data
    if not data["circle"]:
        return []
    text = f"The minutes of {data['title']}, {_when(tx, data['starts_at'], short=True)}, are out."
    return _tell(
        tx, "minutes", f"minutes/{data['session']}", data["stream"], text, event.id, link=_page(data["session"])
    )


def published(tx: Connection, event: Event, of: str | None) -> list[str]:
    """A post is public: its title is, too. :param of: its author's stream."""
    data = event.data
    if not data["title"]:
        return []
    text = f"A new post is on the program’s blog: “{data['title']}”"
    link = compose.web(data["original"]) or ""
    return _tell(tx, "post", f"post/{data['post']}", of, text, event.id, link=link, person=data["person"])


def opened(tx: Connection, event: Event) -> list[str]:
    """Nobody was found to coordinate, or to mentor: anyone of the circle may."""
    data = event.data
    text = f"{data['name']} needs a {data['role']} on {_when(tx, data['starts_at'])}. Who takes it?"
    link = f"{config.current().base_url}/sessions/circles/{data['circle']}/turns"
    starts_at = datetime.fromisoformat(data["starts_at"])
    cause = f"turn/{data['session']}/{data['role']}"
    return _tell(tx, "turn", cause, data["stream"], text, event.id, link=link, deadline=starts_at)


def tomorrow(tx: Connection) -> None:
    """Sessions, talks and meetings that begin within a day and were not told of."""
    if not _any(tx):
        return
    now, zone = clock.now(), clock.zone(compose.the_program(tx).timezone)
    for table in (meeting, gathering):
        near = (~table.c.cancelled, table.c.starts_at > now, table.c.starts_at <= now + DAY)
        for row in tx.execute(sa.select(table).where(*near).order_by(table.c.starts_at)).all():
            day = "Today" if row.starts_at.astimezone(zone).date() == now.astimezone(zone).date() else "Tomorrow"
            stream = row.stream if table is meeting else None  # what is for everybody is told where all streams are
            what = f"{row.name} meets" if table is meeting else _title(row)
            text = f"{day}: {what}, {_when(tx, row.starts_at.isoformat())}."
            cause = _near(row.id, row.starts_at)
            _tell(tx, "session", cause, stream, text, cause, link=_page(row.id), deadline=row.starts_at)


def _near(session: str, starts_at: datetime) -> str:
    return f"session/{session}/{int(starts_at.timestamp())}"


def of_session(tx: Connection, session: str, starts_at: datetime) -> list[str]:
    """The messages by which the chat was told that it is near."""
    query = sa.select(chat_message.c.id).where(chat_message.c.cause == _near(session, starts_at))
    return list(tx.execute(query).scalars())


def _title(row: Any) -> str:
    return f"“{row.title}”, a talk" if row.kind == "talk" else f"{row.title} (organizers and coordinators)"


def next_tomorrow(tx: Connection, now: datetime) -> datetime | None:
    """When there is one to tell of next."""
    if not _any(tx):
        return None
    first = [
        tx.execute(sa.select(sa.func.min(each.c.starts_at)).where(~each.c.cancelled, each.c.starts_at > now + DAY))
        for each in (meeting, gathering)
    ]
    found = soonest(*(each.scalar() for each in first))
    return found - DAY if found else None


def _any(tx: Connection) -> bool:
    return tx.execute(sa.select(chat_channel.c.id).where(chat_channel.c.off_at.is_(None)).limit(1)).first() is not None


def test(tx: Connection, channel: str, press: str) -> None:
    """A message that only shows that it works. :param press: of the button: pressed twice, it is one message."""
    text = f"This is a test: what happens in {compose.the_program(tx).name} will be told here."
    _put(tx, channel, rules.TEST, f"test/{press}", text, clock.now() + timedelta(hours=1), f"test/{press}", None)


def _tell(
    tx: Connection,
    what: str,
    cause: str,
    of: str | None,
    text: str,
    event: str,
    link: str = "",
    deadline: datetime | None = None,
    person: str | None = None,
) -> list[str]:
    """The ids of the messages that are new with this."""
    words = rules.plain(text)
    if len(words) > LONGEST:
        words = words[: LONGEST - 1] + "…"
    whole, until = f"{words} {link}".strip(), deadline or clock.now() + NEWS
    put = [_put(tx, channel, what, cause, whole, until, event, person) for channel in channels.hearing(tx, what, of)]
    return [id for id in put if id]


def _put(
    tx: Connection, channel: str, what: str, cause: str, text: str, deadline: datetime, event: str, person: str | None
) -> str | None:
    doubt = compose.doubted(tx, event, duty=False)
    row: dict[str, Any] = {
        "id": str(uuid.uuid5(NAMESPACE, f"{cause}/{channel}")),
        "channel": channel,
        "cause": cause,
        "what": what,
        "person": person,
        "text": text,
        "state": (State.HELD if doubt else State.QUEUED).value,
        "error": doubt,
        "attempts": 0,
        "deadline": deadline,
        "created_at": clock.now(),
    }
    new = tx.execute(db.insert(tx, chat_message).values(row).on_conflict_do_nothing()).rowcount
    return str(row["id"]) if new else None


def _when(tx: Connection, moment: str, short: bool = False) -> str:
    """By the program's clock: readers may live anywhere."""
    return face.local(datetime.fromisoformat(moment), compose.the_program(tx).timezone, short)


def _page(session: str) -> str:
    return page(config.current().base_url, session)
