"""The mailbox that answers and returned mails come to, read by IMAP (BATON_IMAP_URL).

It is opened for reading only: nothing is deleted in it, nor marked as read. Which mails were handled is in SQL, by the
folder's UIDVALIDITY and UID (RFC 3501, 2.3.1.1), in the transaction that handles them. A mailbox that was not read
before, or whose UIDs were given anew, is read back for FRESH days: what of that was handled is known by its row.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, config, db, log
from shared.calendar.text import line

from ..models import SERVICE, mailbox
from . import taking

EVERY = 60.0  # seconds between two looks
LONGEST = 3600.0  # after failures
LEASE = 120.0  # whoever reads has this long, more than a task may take
WITHIN = 20.0  # seconds after which no further mail is begun
TIMEOUT = 10.0  # of one answer
AT_ONCE = 200  # mails in one look
FRESH = timedelta(days=14)  # less than BATON_KEEP_REPLIES can be
TRIES = 3  # looks at a mail that cannot be handled, before it is passed over
_SIZE = re.compile(rb"UID (\d+)[^)]*RFC822\.SIZE (\d+)|RFC822\.SIZE (\d+)[^)]*UID (\d+)")
_log = log.get("notifications.mailbox")


class Unreachable(Exception):
    """It cannot be read; the message says why, without the password."""


@dataclass(frozen=True)
class Where:
    """A mailbox as BATON_IMAP_URL names it: `imaps://user:password@host:port/folder`; `imap://` asks for STARTTLS."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    tls: bool

    @classmethod
    def parse(cls, url: str) -> Where:
        parts = urlsplit(url)
        tls = parts.scheme == "imaps"
        folder = unquote(parts.path.removeprefix("/")) or "INBOX"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname or "", parts.port or (993 if tls else 143), user, password, folder, tls)

    @property
    def near(self) -> bool:
        """On this machine: nobody listens in between, and certificates there are self-made."""
        return self.host in config.LOOPBACK

    @property
    def name(self) -> str:
        """What it is known by in SQL and in words."""
        return f"{self.user}@{self.host}:{self.port}/{self.folder}"[:300]


@dataclass(frozen=True)
class Box:
    """What is known of it. :param down_since: machine time; None while it can be read, or was never asked."""

    name: str = ""
    uidvalidity: int | None = None
    uid: int = 0
    due: float = 0.0
    failures: int = 0
    down_since: float | None = None
    asked: float | None = None
    said: str | None = None


def state(tx: Connection) -> Box:
    """How it was found when it was last read."""
    columns = [mailbox.c[name] for name in Box.__dataclass_fields__]
    row = tx.execute(sa.select(*columns).where(mailbox.c.id == 1)).first()
    return Box(**row._mapping) if row else Box()


def due() -> bool:
    """Whether it is time to look."""
    if not config.current().imap_url:
        return False
    with db.read(SERVICE) as tx:
        return state(tx).due <= clock.machine()


def read() -> bool:
    """Take what is new in it, for at most some 20 seconds; True when there is more."""
    url = config.current().imap_url
    if not url or not _claim():
        return False
    where = Where.parse(url)
    try:
        with opened(where) as (box, uidvalidity):
            more = _take(box, where, uidvalidity)
    except Unreachable as error:
        _away(str(error))
        return False
    _back(more)
    return more


@contextlib.contextmanager
def opened(where: Where) -> Iterator[tuple[imaplib.IMAP4, int]]:
    """Sign on and open the folder for reading; the connection, and the folder's UIDVALIDITY.

    :raises Unreachable: it cannot be, or breaks while it is read.
    """
    try:
        box = _connected(where)
        try:
            box.login(where.user, where.password)
            folder = where.folder.replace("\\", "\\\\").replace('"', '\\"')
            kind, told = box.select(f'"{folder}"', readonly=True)
            if kind != "OK":
                raise Unreachable(f"the folder {where.folder} cannot be opened: {_words(told)}")
            validity: Any = box.untagged_responses.get("UIDVALIDITY") or [b"0"]
            yield box, int(validity[-1])
        finally:
            with contextlib.suppress(Exception):
                box.logout()
    except (OSError, imaplib.IMAP4.error, ValueError, EOFError) as error:
        said = line(str(error) or type(error).__name__, 300)
        if where.password:
            said = said.replace(where.password, "…")
        raise Unreachable(f"{where.host}:{where.port} cannot be read: {said}") from None


def _connected(where: Where) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if where.near:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if where.tls:
        return imaplib.IMAP4_SSL(where.host, where.port, ssl_context=context, timeout=TIMEOUT)
    box = imaplib.IMAP4(where.host, where.port, timeout=TIMEOUT)
    try:
        if not where.near:
            box.starttls(context)
    except BaseException:
        box.shutdown()
        raise
    return box


def _take(box: imaplib.IMAP4, where: Where, uidvalidity: int) -> bool:
    """Handle what is new, the oldest first; True when there is more."""
    until = clock.machine() + WITHIN
    with db.read(SERVICE) as tx:
        known = state(tx)
    same = (known.name, known.uidvalidity) == (where.name, uidvalidity)
    last = known.uid if same else 0
    # Of the machine's clock: the server's dates are of the real world.
    since = datetime.fromtimestamp(clock.machine(), UTC) - FRESH
    months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
    fresh = f"SINCE {since.day:02}-{months[since.month - 1]}-{since.year}"
    found = _said(box.uid("SEARCH", f"UID {last + 1}:*" if same else fresh))
    words = b" ".join(each for each in found if isinstance(each, bytes)).split()
    uids = sorted(uid for uid in map(int, words) if uid > last)
    some = uids[:AT_ONCE]
    sizes = _sizes(box, some) if some else {}
    for uid in some:
        if clock.machine() > until:
            return True
        large = sizes.get(uid, 0) > taking.MOST
        raw = _fetched(box, uid, f"BODY.PEEK[]<0.{taking.PART}>" if large else "BODY.PEEK[]")
        _handle(where, uidvalidity, uid, raw, large, known.failures >= TRIES)
    if not some:
        with db.write(SERVICE) as tx:
            _note(tx, name=where.name, uidvalidity=uidvalidity, uid=last)
    return len(uids) > len(some)


def _handle(where: Where, uidvalidity: int, uid: int, raw: bytes | None, large: bool, last_try: bool) -> None:
    place = {"name": where.name, "uidvalidity": uidvalidity, "uid": uid}
    try:
        with db.write(SERVICE) as tx:
            if raw is not None:
                taking.take(tx, raw, "mailbox", cut=large)
            _note(tx, **place, failures=0)
    except Exception as error:
        if not last_try:
            raise Unreachable(f"mail {uid} could not be handled: {type(error).__name__}") from error
        _log.error("mailbox.passed_over", uid=uid, error=type(error).__name__)
        with db.write(SERVICE) as tx:
            _note(tx, **place, failures=0)


def _sizes(box: imaplib.IMAP4, uids: list[int]) -> dict[int, int]:
    told = _said(box.uid("FETCH", ",".join(map(str, uids)), "(UID RFC822.SIZE)"))
    sizes = {}
    for each in told:
        found = _SIZE.search(each) if isinstance(each, bytes) else None
        if found:
            uid, size = (found[1], found[2]) if found[1] else (found[4], found[3])
            sizes[int(uid)] = int(size)
    return sizes


def _fetched(box: imaplib.IMAP4, uid: int, what: str) -> bytes | None:
    """A mail's octets; None when it is gone."""
    told = _said(box.uid("FETCH", str(uid), f"({what})"))
    return next((each[1] for each in told if isinstance(each, tuple) and len(each) == 2), None)


def _said(answer: tuple[str, list[Any]]) -> list[Any]:
    if answer[0] != "OK":
        raise Unreachable(f"the server said: {_words(answer[1])}")
    return answer[1]


def _words(told: list[Any]) -> str:
    return line(" ".join(each.decode("utf-8", "replace") for each in told if isinstance(each, bytes)), 300)


# ---- what is known of it ----


def _claim() -> bool:
    """Make it ours for a while; False when somebody else reads, or it is not time."""
    now = clock.machine()
    with db.write(SERVICE) as tx:
        tx.execute(db.insert(tx, mailbox).values(id=1, name="", uid=0, due=0.0, failures=0).on_conflict_do_nothing())
        ours = mailbox.update().where(mailbox.c.id == 1, mailbox.c.due <= now).values(due=now + LEASE, asked=now)
        return bool(tx.execute(ours).rowcount)


def _away(said: str) -> None:
    """It cannot be read; asked again later and later, and told to people once until it can."""
    now = clock.machine()
    with db.write(SERVICE) as tx:
        known = state(tx)
        wait = min(EVERY * 2 ** min(known.failures, 10), LONGEST)
        since = known.down_since if known.down_since is not None else now
        _note(tx, due=now + wait, failures=known.failures + 1, down_since=since, said=said[:1000])
    if known.down_since is None:
        _log.warning("mailbox.away", said=said[:300])


def _back(more: bool) -> None:
    now = clock.machine()
    with db.write(SERVICE) as tx:
        known = state(tx)
        _note(tx, due=now if more else now + EVERY, failures=0, down_since=None, said=None)
    if known.down_since is not None:
        _log.info("mailbox.back", away_seconds=round(now - known.down_since))


def _note(tx: Connection, **values: Any) -> None:
    tx.execute(mailbox.update().where(mailbox.c.id == 1).values(values))
