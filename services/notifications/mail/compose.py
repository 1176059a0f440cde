"""Write a mail: render it, and put it in the ledger with the handling of its cause, so that one cause makes one mail.

Nothing is sent here: after the commit the doorbell is rung (`ring`), and the tick is there if nobody hears it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, log, tokens
from shared.calendar.event import Invite
from shared.events import NotYet, inbox
from shared.quick import Quick, params

from ..models import content, doubt, mail, mention, program, stream
from ..rules import State, lists
from . import dkim, instead, ledger, letter, preferences, proof, quiet, rewording, text
from .kinds import KINDS, list_of

NAMESPACE = uuid.UUID("6f0c5d0e-5d8c-5a0e-9d53-0b6c7a1f4e21")  # of mails; never to change, or causes would mail again
_log = log.get("notifications.compose")
_rings: list[Callable[[], None]] = []


@dataclass(frozen=True)
class Reader:
    """Whom a mail is for. `timezone` is that of the person, or of the program when theirs is not known."""

    person: str
    name: str
    email: str
    timezone: str


@dataclass(frozen=True)
class Told:
    """The state that a mail tells of its `topic`. A mail is not sent any more once there is one of a higher `rank`."""

    topic: str
    rank: int
    invite: Invite | None = None


@dataclass(frozen=True)
class Program:
    """What mails say about the program."""

    name: str
    timezone: str
    chat_invite: str | None
    charter_version: str


def the_program(tx: Connection) -> Program:
    """The program as last told.

    :raises NotYet: signup has not told of it so far.
    """
    row = _PROGRAM(tx, {}).fetchone()
    if row is None:
        raise NotYet("the program is not known yet")
    return Program(*row)


def stream_name(tx: Connection, slug: str | None) -> str | None:
    """What a stream is called; None for nobody's stream.

    :raises NotYet: signup has not told of it so far.
    """
    if not slug:
        return None
    row = _STREAM_NAME(tx, {"slug": slug}).fetchone()
    if row is None:
        raise NotYet(f"stream {slug} is not known yet")
    return str(row[0])


_PROGRAM = Quick(
    lambda _: sa.select(program.c.name, program.c.timezone, program.c.chat_invite, program.c.charter_version)
)
_STREAM_NAME = Quick(lambda _: sa.select(stream.c.name).where(stream.c.slug == sa.bindparam("slug")))


@lru_cache(512)  # it is asked for ahead, and where it counts
def mail_id(cause: str, person: str, kind: str) -> str:
    """The one id of the mail of this kind to this person for this cause."""
    return str(uuid.uuid5(NAMESPACE, f"{cause}/{person}/{kind}"))


def write(
    tx: Connection,
    kind: str,
    cause: str,
    to: Reader,
    context: dict[str, Any],
    claims: dict[str, Any] | None = None,
    link: str | None = None,
    mentions: Iterable[str] = (),
    deadline: datetime | None = None,
    told: Told | None = None,
    links: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
    list: str | None = None,
    answer_to: str = "",
    of: lists.Of | None = None,
) -> str | None:
    """Write one mail into the ledger; its id, or None when it is there already, is not wanted, or has no address.

    :param claims: what the link in it says, beside the person.
    :param link: the purpose of that link, when it is not the usual one of this kind.
    :param mentions: other persons it speaks of; `context` must then be plain enough for JSON, or there be a link or a
        deadline.
    :param deadline: program time from which on it would mislead, as when what it asks about is over.
    :param told: the state that it tells of something, for the reader's calendar too.
    :param answer_to: whose address an answer goes to, when it is not the program's.
    :param links: more links of the reader's: {name in the template's `links`: (purpose, claims)}.
    :param list: the list by which it comes, when it is not the usual one of this kind.
    :param of: what it is of, for whoever reads that elsewhere; None of duty mail: it comes in any case.
    """
    with Round(tx, kind, cause) as alone:
        id = alone.write(to, context, claims, link, mentions, deadline, told, links, list, answer_to, of)
    return id if alone.written else None


@dataclass(frozen=True)
class _Source:
    """What a mail is made of: of the same comes the same, but for its hour and its signatures."""

    kind: str
    about: Program
    to: Reader
    context: dict[str, Any]
    claims: dict[str, Any] | None
    purpose: str | None  # of its link
    links: dict[str, tuple[str, dict[str, Any]]]
    list: str | None
    way: str | None  # the list whose way to the reader they may choose by a link in it
    answer_to: str
    invite: Invite | None


_own = threading.local()


@contextmanager
def drafting() -> Iterator[None]:
    """What is written inside is made, and not put down. Who writes the same mail for the events that are handled then
    has it made already.

    The same is of the same source: whatever changed in between, what is put down tells it.
    """
    _own.drafting = True
    try:
        yield
    finally:
        _own.drafting = False


class Round:
    """The mails of one kind for one cause: what is true of all is asked once, and they are put down together."""

    def __init__(self, tx: Connection, kind: str, cause: str) -> None:
        self.tx, self.kind, self.cause = tx, kind, cause
        self.rows: dict[str, dict[str, Any]] = {}
        self.mentions: dict[str, Iterable[str]] = {}
        self.written = 0
        self.now = clock.now()
        self.drafting: bool = getattr(_own, "drafting", False)

    @cached_property
    def about(self) -> Program:
        return the_program(self.tx)

    @cached_property
    def original(self) -> bool:
        return rewording.original(self.tx, self.kind)

    @cached_property
    def doubted(self) -> str | None:
        return doubted(self.tx, self.cause, KINDS[self.kind].duty)

    def __enter__(self) -> Round:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        if failed is None and not self.drafting:
            self._put()

    def write(
        self,
        to: Reader,
        context: dict[str, Any],
        claims: dict[str, Any] | None = None,
        link: str | None = None,
        mentions: Iterable[str] = (),
        deadline: datetime | None = None,
        told: Told | None = None,
        links: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
        list: str | None = None,
        answer_to: str = "",
        of: lists.Of | None = None,
    ) -> str | None:
        """Write one of them, as `write` does; it is put down at the end."""
        if not to.email:
            return None
        tx, kind = self.tx, self.kind
        what, on = KINDS[kind], list_of(kind, list)
        by, message = on or (lists.owed(kind) if of else None), None
        if by:
            wanted, message = preferences.comes(tx, to.person, by, kind, of)
            if not wanted or (message and not config.current().smtp_url):
                if not self.drafting:
                    _log.info("mail.unwanted", kind=kind, list=by.name)
                return None
        about, id, purpose = self.about, mail_id(self.cause, to.person, kind), link or what.link
        works = timedelta(seconds=tokens.LINKS[purpose]) if purpose else timedelta(0)
        way = by.name if by and by.owed and preferences.choosable(tx, to.person, by) else None
        source = _Source(
            kind, about, to, context, claims, purpose, dict(links or {}), on.name if on else None, way,
            answer_to, told.invite if told else None,
        )  # fmt: skip
        if self.drafting:
            if self.original:  # words of organizers may fail, and who sees that writes it down
                inbox.kept()["mail", id] = source, self._made(id, source, self.now + works)
            return id
        before, made = inbox.kept().get(("mail", id), (None, None))
        if made is None or before != source or not self.original:
            made = self._made(id, source, self.now + works)
        others = [other for other in dict.fromkeys(mentions) if other != to.person]
        row = {
            "id": id,
            "cause": self.cause,
            "person": to.person,
            "kind": kind,
            "address": to.email,
            "name": letter.line(to.name),
            "duty": what.duty,
            "bulk": what.bulk,
            "attempts": 0,
            "due": clock.machine(),
            "deadline": deadline,
            "expires": clock.machine() + works.total_seconds() if purpose == "sign-in" else None,
            # The link in a mail is nowhere else: one with a link is not written anew, but emptied.
            "rests_until": None,
            "chat": None,
            "made_of": context if others and not (purpose or links or way or deadline) else None,
            "topic": told.topic if told else None,
            "rank": told.rank if told else None,
            "list": on.name if on else None,
            "created_at": self.now,
            **_state(tx, to.email, what.duty, lambda: self.doubted),
            **made,
        }
        if row["state"] == State.QUEUED.value:
            rests = _rests(tx, to.timezone or about.timezone, deadline) if what.rests else {}
            told_there = instead.rests(message, rests.get("rests_until"), deadline) if message else None
            row |= told_there or rests
        self.rows[id], self.mentions[id] = row, others
        return id

    def _made(self, id: str, of: _Source, until: datetime) -> dict[str, Any]:
        """What the mail says, and how it looks on the wire. :param until: its link works."""
        stop = _stop(of.to, id, of.list) if of.list else None
        url = _link(of.to, of.purpose, of.claims) if of.purpose else None
        links = {name: _link(of.to, *each) for name, each in of.links.items()}
        if of.way:
            links["way"] = _stop(of.to, id, of.way)
        values = {**frame(of.about, of.to, url, until), "preferences": stop, **of.context, "links": links}
        words = text.render(of.kind, values) if self.original else rewording.render(self.tx, of.kind, values)
        return {
            "subject": letter.line(words.subject, 200),
            **_letter(
                id, of.list or of.kind, config.current(), of.about, of.to, words, self.now, of.invite, stop,
                of.answer_to,
            ),
        }  # fmt: skip

    def _put(self) -> None:
        if not self.rows:
            return
        self.written = _put(self.tx, [*self.rows.values()])
        mentions = [{"person": other, "mail": id} for id, others in self.mentions.items() for other in others]
        if self.written and mentions:
            _MENTION(self.tx, *mentions)


def write_test(tx: Connection, kind: str, id: str, to: Reader, words: text.Text) -> str | None:
    """Write a mail that only shows how one of that kind looks, to an organizer; its id, or None if it is there already.

    :param id: of the press that asked for it, a UUID: pressed twice, it is one mail.
    """
    cause, settings, about, now = f"test/{id}", config.current(), the_program(tx), clock.now()
    mail = mail_id(cause, to.person, kind)
    row = {
        **dict.fromkeys([*_WRITTEN, *_SAID]),
        "id": mail,
        "cause": cause,
        "person": to.person,
        "kind": kind,
        "address": to.email,
        "name": letter.line(to.name),
        "subject": letter.line(words.subject, 200),
        "duty": True,
        "bulk": False,
        "attempts": 0,
        "due": clock.machine(),
        "created_at": now,
        **_state(tx, to.email, True, lambda: doubted(tx, cause, True)),
        **_letter(mail, "test", settings, about, to, words, now),
    }
    return mail if _put(tx, [row]) else None


def _put(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """How many of these, all of one kind and cause, are new."""
    new = int(_INSERT(tx, *rows).rowcount)
    if new:
        _SAY(tx, *rows)
        first, states = rows[0], {row["state"] for row in rows}
        if State.QUEUED.value in states:
            for ring in _rings:
                db.after_commit(tx, ring)
        of = {"mail": first["id"]} if len(rows) == 1 else {"cause": first["cause"], "mails": new}
        _log.info("mail.written", **of, kind=first["kind"], state=" ".join(sorted(states)))
    return new


def _link(to: Reader, purpose: str, claims: dict[str, Any] | None) -> str:
    signed = tokens.sign(purpose, {"person": to.person, **(claims or {})})
    return f"{config.current().base_url}{tokens.path(purpose, signed)}"


def _stop(to: Reader, id: str, list: str) -> str:
    """Where the reader says what they want of that list; a POST of one click there ends it (RFC 8058)."""
    return _link(to, "preferences", {"jti": id, "list": list})


_WRITTEN = (
    "id cause person kind address name subject duty bulk state attempts due deadline expires rests_until chat"
    " error topic rank list created_at"
).split()
_SAID = "text html headers raw made_of".split()
_INSERT = Quick(lambda tx: db.insert(tx, mail).values(params(mail, _WRITTEN)).on_conflict_do_nothing())


def _say(tx: Connection) -> Any:
    """What a mail says, unless it is there already, and was emptied since."""
    said = sa.select(mail.c.id, *params(content, _SAID).values())
    whole = said.where(mail.c.id == sa.bindparam("id"), mail.c.emptied_at.is_(None))
    return db.insert(tx, content).from_select(["mail", *_SAID], whole).on_conflict_do_nothing()


_SAY = Quick(_say)
_MENTION = Quick(lambda tx: db.insert(tx, mention).values(params(mention, ["person", "mail"])).on_conflict_do_nothing())


def write_anew(tx: Connection, id: str, context: dict[str, Any], why: str) -> None:
    """Write a mail that names others once more, of `context`: whoever it named too much is in it no longer.

    What is in a sender's hands or gone already cannot be called back; what waits here goes as it is now.
    """
    row = tx.execute(sa.select(mail, content.c.raw).join(content).where(mail.c.id == id)).one()
    settings, about = config.current(), the_program(tx)
    to = Reader(row.person, row.name, row.address, about.timezone)
    stop = _stop(to, id, row.list) if row.list else None
    words = _words(tx, row.kind, about, to, None, row.created_at, context, stop)
    ledger_ = {"subject": letter.line(words.subject, 200), "error": sa.func.coalesce(mail.c.error, why)}
    said = {"text": words.text, "html": words.html, "made_of": context}
    if row.raw:
        made = _letter(id, row.list or row.kind, settings, about, to, words, row.created_at, stop=stop)
        said |= {name: made.pop(name) for name in ("headers", "raw", "text", "html")}
        ledger_ |= made
    tx.execute(mail.update().where(mail.c.id == id).values(ledger_))
    tx.execute(content.update().where(content.c.mail == id).values(said))


def _words(
    tx: Connection,
    kind: str,
    about: Program,
    to: Reader,
    link: str | None,
    until: datetime,
    context: dict[str, Any],
    stop: str | None,
) -> text.Text:
    values = frame(about, to, link, until)
    return rewording.render(tx, kind, {**values, "preferences": stop, **context})


def frame(about: Program, to: Reader, link: str | None, until: datetime) -> dict[str, Any]:
    """The values that every mail knows."""
    return {
        "program": letter.line(about.name),
        "name": letter.line(to.name),
        "zone": to.timezone or about.timezone,
        "base_url": config.current().base_url,
        "link": link,
        "links": {},
        "preferences": None,
        "until": until,
        "chat": web(about.chat_invite),
        "charter_version": about.charter_version,
    }


def rings(bell: Callable[[], None]) -> Callable[[], None]:
    """Register what is called once after a commit that queued mails (tasks.py rings Celery)."""
    _rings.append(bell)
    return bell


def _state(tx: Connection, address: str, duty: bool, why: Callable[[], str | None]) -> dict[str, Any]:
    """The state a new mail begins in. :param why: asks whether it may have gone out already."""
    if not config.current().smtp_url:
        return {"state": State.KEPT.value, "error": None}
    reason = ledger.suppressed(tx, address, duty)
    if reason is not None:
        return {"state": State.DROPPED.value, "error": f"This address was refused before: {reason}"}
    words = why()
    if words is not None:
        return {"state": State.HELD.value, "error": words}
    return {"state": State.QUEUED.value, "error": None}


def _rests(tx: Connection, zone: str, deadline: datetime | None) -> dict[str, Any]:
    """When a mail is due that may rest. Its machine time is as if the program's clock were nobody's to set."""
    until = quiet.rests(tx, zone, deadline)
    if until is None:
        return {}
    return {"rests_until": until, "due": clock.machine() + (until - clock.now()).total_seconds()}


_DOUBT = Quick(
    lambda _: (
        sa.select(doubt.c.cause, doubt.c.words)
        .where(
            sa.or_(doubt.c.cause == sa.bindparam("cause"), doubt.c.cause == sa.bindparam("chain"), doubt.c.cause == "*")
        )
        .where(doubt.c.until > sa.bindparam("now"))
    )
)


def doubted(tx: Connection, cause: str, duty: bool) -> str | None:
    """Why this mail may have gone out already, before a restore; None for nearly every mail there is."""
    chain = log.correlation() or cause
    found = _DOUBT(tx, {"cause": cause, "chain": chain, "now": clock.machine()}).fetchall()
    own = [words for of, words in found if of != "*"]
    # What came in before the restore may be read from its mailbox once more.
    timely = [words for _, words in found if not duty or cause.startswith("inbound/")]
    return next(iter([*own, *timely]), None)


def _letter(
    id: str,
    list: str,
    settings: config.Config,
    about: Program,
    to: Reader,
    words: text.Text,
    now: datetime,
    invite: Invite | None = None,
    stop: str | None = None,
    answer_to: str = "",
) -> dict[str, Any]:
    """The finished letter, or, for an address that cannot be one, a mail that has failed and says so."""
    host = urlsplit(settings.base_url).hostname or "localhost"
    try:
        own = {proof.HEADER: proof.make(id), **(letter.stopping(stop) if stop else {})}
        if answer_to.isascii() and answer_to:  # others cannot stand in a header that every server takes
            own["Reply-To"] = letter.wire(answer_to)
        done = letter.write(id, list, settings.mail_from, about.name, to.name, to.email, words, now, host, invite, own)
    except ValueError as error:
        failed = {"state": State.FAILED.value, "error": f"No such address can be: {error}"}
        return {"headers": [], "raw": b"", "text": words.text, "html": words.html, **failed}
    return {"headers": done.headers, "raw": dkim.sign(done.raw, settings), "text": None, "html": None}


def web(url: str | None) -> str | None:
    """An address of elsewhere, when it is one of the web: a mail must not carry any other kind of link."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None
