"""Mails that come back: which of ours it was, and what follows for it and its address.

A server says it in a report (RFC 3464); some say it in words only. Either counts when it carries the proof that it has
seen the mail (mail/proof.py); without, it is left, so that nobody can silence somebody by a forged report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared import clock, db, log
from shared.calendar.text import line

from ..mail import ledger, proof
from ..models import mail, soft_bounce
from ..rules import State
from ..rules.bounces import SOFT_DAYS, SOFT_FOR, SOFT_WITHIN, Back, judge
from . import reading
from .reading import Opened

_log = log.get("notifications.bounces")
_REPORTS = {"message/delivery-status", "message/global-delivery-status"}
_POSTMEN = re.compile(r"(mailer-daemon|postmaster|microsoftexchange[0-9a-f]+)@", re.IGNORECASE)
_WAITS = re.compile(r"delay|still trying|will (be retried|retry|try again)|no need to|not yet been delivered", re.I)
_RECIPIENTS = 100  # of one report; ours have one


@dataclass(frozen=True)
class Report:
    """What a server says became of a mail. :param said: its words."""

    back: Back
    said: str


def read(came: Opened) -> Report | None:
    """What it reports, None when it is no report."""
    parts = list(islice(reading.parts(came.whole), reading.PARTS))
    report = next((part for part in parts if part.get_content_type() in _REPORTS), None)
    if report is not None:
        blocks = _blocks(report)
        if blocks:
            judged = [Report(judge(*block), _said(*block)) for block in blocks]
            return max(judged, key=lambda each: each.back)
    if report is None and not _from_postman(came):
        return None
    words = " ".join(reading.text(part)[:20_000] for part in parts if part.get_content_type() == "text/plain")
    if _WAITS.search(f"{came.subject} {words[:3000]}"):
        return Report(Back.NONE, "")
    return Report(judge("failed", "", words), line(_telling(words), 300))


def take(tx: Connection, came: Opened, report: Report) -> tuple[str, str | None]:
    """Do what follows; why it was left (empty: it was taken), and the id of the mail that came back."""
    id = next(_proven(came), None)
    if id is None:
        return "unproven-bounce", None
    if report.back is Back.NONE:
        return "not-failed", id
    query = sa.select(mail.c.address, mail.c.duty, mail.c.state).where(mail.c.id == id)
    row = tx.execute(query.with_for_update()).first()
    if row is None or not row.address:
        return "mail-unknown", None
    if row.state == State.FAILED and report.back is Back.HARD:
        return "known-already", id  # and perhaps lifted since
    said = report.said or "no reason was given"
    ledger.came_back(tx, id, f"It came back: {said}")
    if report.back is Back.HARD:
        ledger.suppress(tx, row.address, row.duty, said, id)
    elif report.back is Back.SOFT:
        _score(tx, row.address, said, id)
    _log.info("bounce.taken", mail=id, back=report.back.name.lower())
    return "", id


def _score(tx: Connection, address: str, said: str, id: str) -> None:
    """Once a day; the day on which it is one too often stops other mail for a while."""
    today = clock.now().date()
    row = {"address": address.lower(), "day": today.isoformat()}
    tx.execute(db.insert(tx, soft_bounce).values(row).on_conflict_do_nothing())
    since = (today - SOFT_WITHIN).isoformat()
    days = sa.select(sa.func.count()).where(soft_bounce.c.address == row["address"], soft_bounce.c.day > since)
    if (tx.execute(days).scalar() or 0) >= SOFT_DAYS:
        ledger.rest(tx, address, f"on {SOFT_DAYS} days within a month: {said}", clock.machine() + SOFT_FOR, id)


def _blocks(report: Message) -> list[tuple[str, str, str]]:
    """(action, status, diagnostic) of each recipient."""
    payload = report.get_payload()
    if isinstance(payload, list):
        fields = [each for each in payload[: _RECIPIENTS + 1] if isinstance(each, Message)]
        told = [tuple(str(each.get(name, ""))[:2000] for name in ("Action", "Status", "Diagnostic-Code"))
                for each in fields]  # fmt: skip
    else:  # a report within a transfer encoding, as some gateways make them
        text = reading.text(report)[:50_000].replace("\r\n", "\n")
        told = [tuple(_field(each, name) for name in ("Action", "Status", "Diagnostic-Code"))
                for each in text.split("\n\n")[: _RECIPIENTS + 1]]  # fmt: skip
    return [(action, status, diagnostic) for action, status, diagnostic in told if action or status]


def _field(block: str, name: str) -> str:
    found = re.search(rf"(?im)^{name}:(.*(?:\n[ \t].*)*)", block)
    return found[1].strip()[:2000] if found else ""


def _said(action: str, status: str, diagnostic: str) -> str:
    words = diagnostic.partition(";")[2] or diagnostic
    status = status.strip()
    return line(words if status in words else f"{status} {words}", 300)


def _from_postman(came: Opened) -> bool:
    """Whether a mail server speaks, not somebody who is away: they answer to the same address (RFC 3834, 4)."""
    kind, whole = came.whole.get_content_type(), came.whole
    marked = "X-Failed-Recipients" in whole or "X-MS-Exchange-Message-Is-Ndr" in whole
    return marked or kind == "multipart/report" or bool(_POSTMEN.match(came.sender))


def _telling(words: str) -> str:
    """The line with the code in it, or the first one."""
    lines = [each.strip() for each in words.splitlines() if each.strip()]
    return next(
        (each for each in lines if re.search(r"\b[45]\.\d+\.\d+\b|\b[45]\d\d[ -]", each)), lines[0] if lines else ""
    )


def _proven(came: Opened) -> Iterator[str]:
    """The ids of our mails that it has seen, those named in its headers first."""
    yield from proof.find(came.raw)
    for part in islice(reading.parts(came.whole), reading.PARTS):
        content = None if part.is_multipart() else part.get_payload(decode=True)
        if isinstance(content, bytes):
            yield from proof.find(content)
