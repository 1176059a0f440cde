"""The end of a run: wait until nothing is owed, queued or in flight, or say what still is."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from unittest import mock

import sqlalchemy as sa

from shared import clock, db
from shared.config import SERVICES

from .crowd import Crowd
from .post import PostOffice

QUIET = 1.5  # seconds for which nothing may be left
SILENT = 6.0  # seconds without any mail after which a `sending` one has no sender any more


def left() -> dict[str, int]:
    """What is still to be done: deliveries owed, mails by state. Dead deliveries are over: the verdict has them."""
    found = {"owed": 0, "queued": 0, "sending": 0}
    for service in SERVICES:
        with db.read(service) as tx:
            found["owed"] += tx.execute(_OWED).scalar_one()
    with db.read("notifications") as tx:
        found["queued"] = tx.execute(_MAILS, {"state": "queued"}).scalar_one()
        found["sending"] = tx.execute(_MAILS, {"state": "sending"}).scalar_one()
    return found


def settle(crowd: Crowd, post: PostOffice, step: Callable[[], None], within: float) -> str:
    """Call `step` until nothing is left; returns "" or, when `within` seconds were not enough, what is left.

    A mail whose sender was killed is taken back or held once its lease of two minutes is over. When nothing else is
    left and the post office hears no more, the harness does not wait for that: it sweeps itself, with the ledger's own
    function, two minutes ahead.
    """
    end = time.monotonic() + within
    quiet_since = mail_since = time.monotonic()
    count = -1
    while time.monotonic() < end:
        step()
        time.sleep(0.2)
        now = time.monotonic()
        rest = left()
        if len(post.taken) != count:
            count, mail_since = len(post.taken), now
        if any(rest.values()) or not crowd.idle():
            quiet_since = now
        elif now - quiet_since > QUIET:
            return ""
        only_sending = rest["sending"] and not rest["owed"] and not rest["queued"] and crowd.idle()
        if only_sending and now - mail_since > SILENT:
            _sweep()
            mail_since = now
    waiting = ", ".join(f"{count} {what}" for what, count in left().items() if count)
    return f"not settled after {within:.0f} s: {waiting or 'people still trying'}"


def _sweep() -> None:
    ledger = importlib.import_module("services.notifications.mail.ledger")
    rules = importlib.import_module("services.notifications.rules")
    real = clock.machine
    with mock.patch.object(clock, "machine", lambda: real() + rules.LEASE), db.write("notifications") as tx:
        ledger.sweep(tx)


_OWED = sa.text("SELECT count(*) FROM delivery WHERE confirmed_at IS NULL AND dead_at IS NULL")
_MAILS = sa.text("SELECT count(*) FROM mail WHERE state = :state")
