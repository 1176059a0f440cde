"""Take what is due to the chats' servers: one message at a time to each channel, one a second, none twice.

A message is marked and committed before its request goes out. So a message whose sender died is held, not posted again:
nobody can know whether it is there. A channel that fails rests for longer and longer, and the others go on. All of this
is done by the queue of slow tasks: a server that never answers keeps no mail waiting.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, die, log, sealing

from .. import rules as states
from ..mail import instead
from ..models import SERVICE, chat_channel, chat_message
from ..rules import State, Step
from ..rules import chat as rules
from . import channels, services

WITHIN = 20.0  # seconds for which one task posts
SOON = 2.0  # seconds that are waited for a channel's next turn; for more there is the tick
_QUEUED, _SENDING = sa.text("chat_message.state = 'queued'"), sa.text("chat_message.state = 'sending'")
_log = log.get("notifications.chat")
_pause: Callable[[float], Any] = threading.Event().wait


def due(tx: Connection) -> bool:
    """Whether there is something to post, to drop or to take back now, or a mail that rests in vain."""
    now = clock.machine()
    ready = _waiting().where(sa.or_(chat_channel.c.due <= now, chat_channel.c.off_at.is_not(None)))
    stale = sa.select(chat_message.c.id).where(_SENDING, chat_message.c.claimed_at < now - rules.LEASE)
    return any(tx.execute(query.limit(1)).first() for query in (ready, stale)) or instead.waits(tx)


def post_due() -> None:
    """Post what is due, for some 20 seconds at most."""
    until = clock.machine() + WITHIN
    while clock.machine() < until:
        with db.write(SERVICE) as tx:
            _sweep(tx)
            row, wait = _claim(tx)
        if row is None:
            if wait is None or wait > SOON:
                return
            _pause(wait)
            continue
        die.at("chat.claimed")
        verdict = _post(row)
        die.at("chat.posted")
        with db.write(SERVICE) as tx:
            _settle(tx, row, verdict)


def _waiting() -> Any:
    return (
        sa.select(chat_message.c.id)
        .join(chat_channel, chat_channel.c.id == chat_message.c.channel)
        .where(_QUEUED)
        .order_by(chat_channel.c.due, chat_message.c.created_at, chat_message.c.id)
    )


def _sweep(tx: Connection) -> None:
    """Hold what a sender left behind; drop what is no news any more, or whose channel is off."""
    left = chat_message.update().where(_SENDING, chat_message.c.claimed_at < clock.machine() - rules.LEASE)
    words = "Its sender died while it was posted; nobody can know whether it is there."
    tx.execute(left.values(state=states.TRANSITIONS[State.SENDING, Step.LOSE].value, error=words))
    over = states.TRANSITIONS[State.QUEUED, Step.LATE].value
    late = chat_message.update().where(_QUEUED, chat_message.c.deadline <= clock.now())
    tx.execute(late.values(state=over, error=_first("It was no news any more.")))
    silent = sa.select(chat_channel.c.id).where(chat_channel.c.off_at.is_not(None))
    off = chat_message.update().where(_QUEUED, chat_message.c.channel.in_(silent))
    tx.execute(off.values(state=over, error=_first("The channel was off.")))
    instead.untold(tx)


def _first(words: str) -> Any:
    """These, unless its server has said more."""
    return sa.func.coalesce(chat_message.c.error, words)


def _claim(tx: Connection) -> tuple[Any, float | None]:
    """The next message with its channel, marked as ours; or None, and in how many seconds there may be one."""
    now = clock.machine()
    columns = (chat_message, chat_channel.c.address, chat_channel.c.due, chat_channel.c.host)
    row = tx.execute(_waiting().with_only_columns(*columns).limit(1)).first()
    if row is None or row.due > now:
        return None, None if row is None else row.due - now
    # Whoever moves the channel on has it; the other looks again.
    turn = chat_channel.update().where(chat_channel.c.id == row.channel, chat_channel.c.due == row.due)
    if not tx.execute(turn.values(due=now + rules.LEASE)).rowcount:
        return None, 0.0
    claim = db.new_id()
    ours = chat_message.update().where(chat_message.c.id == row.id, _QUEUED)
    taken = {"state": states.TRANSITIONS[State.QUEUED, Step.CLAIM].value, "claim": claim, "claimed_at": now}
    if not tx.execute(ours.values(**taken)).rowcount:
        return None, 0.0
    return {**row._mapping, "claim": claim}, None


def _post(row: Any) -> rules.Verdict:
    try:
        to = channels.address(row["address"])
    except sealing.Unsealable:
        return rules.Verdict(
            Step.RETRY, "BATON_SECRET has changed, so its address cannot be read: paste it anew.", True
        )
    if not to:
        return rules.Verdict(Step.RETRY, "BATON_SLACK_WEBHOOK_URL is not set any more.", off=True)
    if services.asks(to):  # it was saved when such addresses were let through
        return rules.Verdict(Step.RETRY, services.BARE, off=True)
    from . import webhook  # here: what talks to webhooks is large

    try:
        return (services if services.called(to) else webhook).post(to, row["text"])
    except Exception as error:  # the words of what broke may hold the address
        _log.warning("chat.broken", message=row["id"], error=type(error).__name__)
        return rules.judge(None, type(error).__name__)


def _settle(tx: Connection, row: Any, verdict: rules.Verdict) -> None:
    """Write down how it ended, for the message if it is still ours, and for its channel."""
    now = clock.machine()
    step = verdict.step
    values: dict[str, Any] = {"error": verdict.words or None}
    if step is not Step.RELEASE:
        values["attempts"] = row["attempts"] + 1
    if step in (Step.RETRY, Step.RELEASE):
        values |= {"claim": None, "claimed_at": None}
    if step is Step.ACCEPT:
        values["posted_at"] = now
    mine = (chat_message.c.id == row["id"], chat_message.c.claim == row["claim"])
    target = states.TRANSITIONS[State.SENDING, step].value
    # Emptied meanwhile: there is nothing left to post.
    state = sa.case((chat_message.c.text == "", State.DROPPED.value), else_=target) if target == "queued" else target
    still = chat_message.c.state.in_([State.SENDING.value, State.HELD.value])
    tx.execute(chat_message.update().where(*mine, still).values(state=state, **values))
    if step is Step.ACCEPT:
        instead.told(tx, row["id"])
    where = chat_channel.c.id == row["channel"]
    found = tx.execute(sa.select(chat_channel.c.failures, chat_channel.c.failing_since).where(where)).first()
    if found is None:
        return
    fresh: dict[str, Any] = {"due": now + verdict.wait}
    failures, since = found.failures + 1, found.failing_since if found.failing_since is not None else now
    if verdict.down:
        fresh["due"] = now + max(verdict.wait, rules.backoff(failures))
    if verdict.down or verdict.off:
        fresh |= {"failures": failures, "failing_since": since, "said": verdict.words[:500]}
    elif step is Step.ACCEPT:
        fresh |= {"failures": 0, "failing_since": None, "said": None, "posted_at": now}
    tx.execute(chat_channel.update().where(where).values(fresh))
    if verdict.off or (verdict.down and rules.hopeless(failures, since, now)):
        channels.end(tx, row["channel"], verdict.words, clock.now())
    _log.info("chat." + step.value, message=row["id"], what=row["what"])
