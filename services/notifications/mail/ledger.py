"""The ledger: what the table `mail` says about each mail's way out, and the only code that moves a mail on.

Every change names the states it may start from (rules.TRANSITIONS) and, for a sender's changes, the claim it holds: a
sender that was frozen past its lease finds that its rows no longer match, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db
from shared.quick import Quick, listed, one_of

from .. import rules
from ..models import content, doubt, mail, mention, suppression
from ..rules import State, Step

# Literals, so that the partial indexes apply: with bound parameters no planner can know.
_QUEUED = sa.text("state = 'queued'")
_SENDING = sa.text("state = 'sending'")
_later = mail.alias("later")
_OLD = sa.exists().where(
    _later.c.topic == mail.c.topic, _later.c.person == mail.c.person, _later.c.rank > mail.c.rank
)  # somebody was, or will be, told of a later state
_earlier = mail.alias("earlier")
_ahead = sa.exists().where(
    _earlier.c.topic == mail.c.topic, _earlier.c.person == mail.c.person, _earlier.c.rank < mail.c.rank,
    sa.text("earlier.state = 'sending'"), _earlier.c.data_at.is_not(None),
)  # an earlier state is on its way to them, so this one would come first  # fmt: skip
_FREE = sa.or_(mail.c.topic.is_(None), ~_ahead)  # with `or`, PostgreSQL asks mail_topic for each, and joins nothing
_IN_HAND = (State.SENDING, State.HELD)  # held, too: its sender may only have been frozen, and knows how it ended


@dataclass(frozen=True)
class Claimed:
    """A mail in the hands of one sender, until its lease is over."""

    id: str
    claim: str
    kind: str
    address: str
    raw: bytes
    duty: bool
    bulk: bool
    attempts: int
    claimed_at: float
    deadline: datetime | None
    expires: float | None


@dataclass(frozen=True)
class Outcome:
    """How a try ended: the step, and the words for whoever reads the ledger."""

    mail: Claimed
    step: Step
    words: str = ""
    suppress: bool = False


_CLAIMED = [mail.c[name] for name in "id kind address duty bulk attempts deadline expires".split()]


def claim(tx: Connection, most: int) -> list[Claimed]:
    """Take up to `most` due mails for one sender, bulk last; those that came too late are dropped on the way.

    What tells of a later state waits until it is known how the mail of the earlier one ended, or its lease is over.
    """
    machine, now = clock.machine(), clock.now()
    due = (
        sa.select(*_CLAIMED, _OLD.label("old"))
        .where(_QUEUED, mail.c.due <= machine, _FREE)
        .order_by(mail.c.bulk, mail.c.due)
        .limit(most)
        .with_for_update(skip_locked=True, of=mail)
    )
    ready: dict[str, dict[str, Any]] = {}
    for row in tx.execute(due).mappings():
        told = dict(row)
        late = rules.SUPERSEDED if told.pop("old") else rules.too_late(row["deadline"], row["expires"], now, machine)
        if late is None:
            ready[row["id"]] = told
        else:
            _move(tx, row["id"], (State.QUEUED,), Step.LATE, error=late)
    if not ready:
        return []
    held: dict[str, Any] = {"claim": db.new_id(), "claimed_at": machine}
    ids = listed(tx, ready)
    _TAKE(tx, {"ids": ids, **held})
    raw = dict(_RAW(tx, {"ids": ids}).fetchall())
    return [Claimed(**told, **held, raw=bytes(raw[id])) for id, told in ready.items()]


_TAKE = Quick(
    lambda tx: sa.text(
        f"UPDATE mail SET state = '{State.SENDING.value}', claim = :claim, claimed_at = :claimed_at, data_at = NULL"
        f" WHERE id {one_of(tx, 'ids')} AND state = 'queued'"
    )
)
_RAW = Quick(lambda tx: sa.text(f"SELECT mail, raw FROM content WHERE mail {one_of(tx, 'ids')}"))


def mark_data(tx: Connection, row: Claimed) -> bool:
    """Write down that the server may have this mail from now on; False when it is no longer ours to send.

    Or it tells of what a later mail has overtaken: it is taken back when its lease is over, and dropped then.
    """
    marks = {"mail": row.id, "held": row.claim, "now": clock.machine()}
    return bool(_MARK(tx, marks).rowcount)


_MARK = Quick(
    lambda _: (
        mail.update()
        .where(mail.c.id == sa.bindparam("mail"), mail.c.claim == sa.bindparam("held"), _SENDING)
        .where(mail.c.data_at.is_(None), ~_OLD)
        .values(data_at=sa.bindparam("now", type_=mail.c.data_at.type))
    )
)


def settle(tx: Connection, outcomes: Sequence[Outcome]) -> None:
    """Write down how tries ended."""
    sent = [
        {"mail": each.mail.id, "held": each.mail.claim, "tries": each.mail.attempts + 1, "now": clock.now()}
        for each in outcomes
        if each.step is Step.ACCEPT
    ]
    if sent:
        _ACCEPT(tx, *sent)
    for outcome in outcomes:
        row, step, words = outcome.mail, outcome.step, outcome.words
        if step is Step.ACCEPT:
            continue
        values: dict[str, Any] = {"error": words or None}
        if step is not Step.RELEASE:
            values["attempts"] = row.attempts + 1
        if step is Step.RETRY:
            wait = rules.retry_after(row.attempts + 1)
            if wait is None:
                step, values["error"] = Step.LATE, f"Given up after three days. Last answer: {words}"
            else:
                values["due"] = clock.machine() + wait
        if step in (Step.RELEASE, Step.RETRY):
            values.update(claim=None, claimed_at=None, data_at=None)
        # Emptied while in flight: the server's words would bring the address back.
        values["error"] = sa.case((mail.c.address == "", mail.c.error), else_=values["error"])
        _move(tx, row.id, _IN_HAND, step, held=row.claim, **values)
        if outcome.suppress and tx.execute(sa.select(mail.c.address).where(mail.c.id == row.id)).scalar():
            suppress(tx, row.address, row.duty, words, row.id)


def _accept(_: Connection) -> Any:
    """What `_move` would write, for how nearly every mail ends."""
    hers = mail.update().where(mail.c.id == sa.bindparam("mail"), mail.c.claim == sa.bindparam("held"))
    kept = sa.case((mail.c.address == sa.literal_column("''"), mail.c.error), else_=sa.null())  # as in `settle`
    return hers.where(sa.text("state IN ('sending', 'held')")).values(
        state=sa.literal_column(f"'{rules.TRANSITIONS[State.SENDING, Step.ACCEPT]}'"),
        attempts=sa.bindparam("tries", type_=sa.Integer),
        sent_at=sa.bindparam("now", type_=mail.c.sent_at.type),
        error=kept,
    )


_ACCEPT = Quick(_accept)


def sweep(tx: Connection) -> list[tuple[str, Step]]:
    """Take back what dead senders left: unsent mails go out again, those that may have gone are held."""
    over = clock.machine() - rules.LEASE
    stale = (
        sa.select(mail.c.id, mail.c.data_at)
        .where(_SENDING, mail.c.claimed_at < over)
        .limit(500)
        .with_for_update(skip_locked=True)
    )
    done = []
    for row in tx.execute(stale).all():
        step = rules.after_lease(row.data_at)
        if step is Step.RELEASE:
            _move(tx, row.id, (State.SENDING,), step, claim=None, claimed_at=None)
        else:
            words = "The sender died while this mail was in flight; nobody can know whether the server took it."
            # The claim stays: if the sender was only frozen, its answer still counts.
            _move(tx, row.id, (State.SENDING,), step, error=words)
        done.append((row.id, step))
    return done


def waiting(tx: Connection) -> bool:
    """True when there is something for a sender to do now: a due mail, or one whose sender is gone."""
    due = sa.select(sa.literal(1)).select_from(mail).where(_QUEUED, mail.c.due <= clock.machine()).limit(1)
    return tx.execute(due).first() is not None or stale(tx)


def stale(tx: Connection) -> bool:
    """True when a sender is gone, and its mails are not taken back (`sweep`)."""
    over = clock.machine() - rules.LEASE
    left = sa.select(sa.literal(1)).select_from(mail).where(_SENDING, mail.c.claimed_at < over).limit(1)
    return tx.execute(left).first() is not None


def waits(tx: Connection, person: str, kind: str) -> bool:
    """Whether a mail of that kind to them is on its way out."""
    hers = sa.select(mail.c.id).where(mail.c.person == person, mail.c.kind == kind)
    return tx.execute(hers.where(mail.c.state.in_([State.QUEUED, State.SENDING])).limit(1)).first() is not None


def unwanted(tx: Connection, person: str, list: str, kinds: Iterable[str], words: str) -> None:
    """Drop what waits for a sender by that list, of these kinds: its reader wants no more of it."""
    hers = sa.select(mail.c.id).where(_QUEUED, mail.c.person == person, mail.c.list == list)
    drop(tx, tx.execute(hers.where(mail.c.kind.in_([*kinds]))).scalars().all(), words)


def drop(tx: Connection, ids: Iterable[str], words: str) -> None:
    """Do not send these, which wait for a sender."""
    for id in ids:
        _move(tx, id, (State.QUEUED,), Step.LATE, error=words)


# ---- addresses that refuse ----


def suppress(tx: Connection, address: str, duty: bool, reason: str, id: str | None = None) -> None:
    """Remember that a server refused this address for good. :param id: the mail that it refused."""
    for scope in rules.scopes(duty):
        until = clock.machine() + rules.SUPPRESSED_DUTY if scope == "duty" else None
        _suppress(tx, address, scope, reason, until, id)


def rest(tx: Connection, address: str, reason: str, until: float, id: str) -> None:
    """Give this address no mail but duty mail until then; one that is refused for good stays so."""
    for_good = suppression.c.until.is_(None) & suppression.c.lifted_at.is_(None)
    where = sa.select(suppression.c.scope).where(suppression.c.address == address.lower(), for_good)
    if tx.execute(where).first() is None:
        _suppress(tx, address, "other", reason, until, id)


def _suppress(tx: Connection, address: str, scope: str, reason: str, until: float | None, id: str | None) -> None:
    fresh = {"reason": reason, "until": until, "created_at": clock.now(), "mail": id}
    fresh |= {"lifted_at": None, "lifted_by": None}
    insert = db.insert(tx, suppression).values(address=address.lower(), scope=scope, **fresh)
    tx.execute(insert.on_conflict_do_update(index_elements=["address", "scope"], set_=fresh))


def suppressed(tx: Connection, address: str, duty: bool) -> str | None:
    """Why this address gets no such mail at present, or None."""
    row = _SUPPRESSED(tx, {"of": address.lower(), "mail": "duty" if duty else "other"}).fetchone()
    if row is None or (row[1] is not None and row[1] <= clock.machine()):
        return None
    return str(row[0])


_SUPPRESSED = Quick(
    lambda _: sa.select(suppression.c.reason, suppression.c.until).where(
        suppression.c.address == sa.bindparam("of"),
        suppression.c.scope == sa.bindparam("mail"),
        suppression.c.lifted_at.is_(None),
    )
)


def came_back(tx: Connection, id: str, words: str) -> bool:
    """A server further on did not take it; False when it is neither sent nor held."""
    return _move(tx, id, (State.SENT, State.HELD), Step.RETURN, error=words, decided=None, decided_by=None)


# ---- erasing ----

EMPTY: dict[str, Any] = {"address": "", "name": "", "subject": ""}


def erase(tx: Connection, ids: Sequence[str], words: str) -> None:
    """Empty these mails; what has not begun to go out never will."""
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        tx.execute(mail.update().where(mail.c.id.in_(some)).values(**EMPTY, error=words, emptied_at=clock.now()))
        tx.execute(content.delete().where(content.c.mail.in_(some)))
        unsent = mail.update().where(mail.c.id.in_(some), _QUEUED)
        tx.execute(unsent.values(state=rules.TRANSITIONS[State.QUEUED, Step.ERASE].value))


# ---- what a person decides about a held mail ----


def arrived(tx: Connection, id: str, by: str) -> bool:
    """It reached its reader, says a person; False when it is not held."""
    return _move(tx, id, (State.HELD,), Step.ARRIVED, **_decided("arrived", by))


def again(tx: Connection, id: str, by: str) -> bool:
    """It did not reach its reader, says a person, so it goes out once more; False when it is not held.

    The claim ends: a sender that was only frozen finds that the mail is no longer its own.
    """
    fresh: dict[str, Any] = {"claim": None, "claimed_at": None, "data_at": None, "due": clock.machine(), "error": None}
    return _move(tx, id, (State.HELD,), Step.AGAIN, **fresh, **_decided("again", by))


def hold(tx: Connection, id: str) -> bool:
    """Take `arrived` back; False when no person said so."""
    table = sa.select(mail.c.decided).where(mail.c.id == id, mail.c.state == State.SENT.value)
    if tx.execute(table).scalar() != "arrived":
        return False
    words = "Held again: it was marked as arrived by mistake."
    return _move(tx, id, (State.SENT,), Step.HOLD, error=words, decided=None, decided_by=None, decided_at=None)


def _decided(what: str, by: str) -> dict[str, Any]:
    return {"decided": what, "decided_by": by, "decided_at": clock.machine()}


# ---- age ----

STEP = 500
LIFTED_SHOWN = 30 * 86_400.0  # seconds for which a person can take back that they lifted a suppression
_DONE = sa.text("state IN ('sent', 'failed', 'dropped', 'kept')")
_WHOLE = sa.text("emptied_at IS NULL")


def prune(tx: Connection) -> bool:
    """Empty a step of old mails of their text, and delete a step of very old ones; True while there may be more.

    What waits for a sender or for a person stays whole.
    """
    kept, now = config.current(), clock.now()
    old = sa.select(mail.c.id).where(_DONE, _WHOLE, mail.c.created_at < now - timedelta(days=kept.keep_mail_texts))
    texts = list(tx.execute(old.order_by(mail.c.created_at).limit(STEP)).scalars())
    if texts:
        tx.execute(mail.update().where(mail.c.id.in_(texts)).values(emptied_at=now))
        tx.execute(content.delete().where(content.c.mail.in_(texts)))
    older = sa.select(mail.c.id).where(_DONE, mail.c.created_at < now - timedelta(days=kept.keep_mails))
    lines = list(tx.execute(older.order_by(mail.c.created_at, mail.c.id).limit(STEP)).scalars())
    if lines:
        tx.execute(mention.delete().where(mention.c.mail.in_(lines)))
        tx.execute(content.delete().where(content.c.mail.in_(lines)))
        tx.execute(mail.delete().where(mail.c.id.in_(lines)))
    tx.execute(doubt.delete().where(doubt.c.until < clock.machine()))
    over = sa.or_(suppression.c.until < clock.machine(), suppression.c.lifted_at < clock.machine() - LIFTED_SHOWN)
    tx.execute(suppression.delete().where(over))
    return len(texts) == STEP or len(lines) == STEP


# ---- the one place that writes a state ----


def _move(
    tx: Connection, id: str, sources: tuple[State, ...], step: Step, held: str | None = None, **values: Any
) -> bool:
    """Move one mail along `TRANSITIONS`; with `held`, only while it is still under that claim."""
    targets = {rules.TRANSITIONS[source, step] for source in sources}
    assert len(targets) == 1, (sources, step)
    target: Any = targets.pop().value
    if target == State.QUEUED.value:
        # Erased while in flight: there is nothing left to send again.
        target = sa.case((mail.c.address == "", State.DROPPED.value), else_=target)
    where = [mail.c.id == id, mail.c.state.in_([source.value for source in sources])]
    if held is not None:
        where.append(mail.c.claim == held)
    return bool(tx.execute(mail.update().where(*where).values(state=target, **values)).rowcount)
